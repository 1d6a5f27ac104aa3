# SPDX-License-Identifier: BSD-2-Clause
"""Does longpoll.fcgi answer beside the mount? That it is not there is no fault unless its paths were given."""

import json
import time

from delivery import numbered
from opening import describe_status, said_by_program
from wire import Trouble


def check(case):
    list_path = case.options.list or case.target.sibling("list")
    subscribe_path = case.options.subscribe or case.target.sibling("subscribe")
    try:
        position = _check_list(case, list_path)
        if position and case.redis:
            _check_subscribe(case, subscribe_path, position)
        elif position:
            _check_head(case, subscribe_path)
    except Trouble as trouble:
        case.report.problem("long poll", str(trouble), "poll")


def _is_ours(response):
    return response.status == 200 and "push-position" in response.headers


def _check_list(case, path):
    """The position that /list gives; None when there is none."""
    response = case.ask(case.test_resource(path=path))
    try:
        took = time.monotonic() - response.asked_at
        if _is_ours(response):
            case.report.ok("long poll", f"{path} answers in {took * 1000:.1f} ms, with a position")
            return response.headers["push-position"]
        _report_strange(case, path, response, is_wanted=case.options.list or response.status >= 500)
        return None
    finally:
        response.close()


def _report_strange(case, path, response, is_wanted):
    if response.status == 200:
        said = "an answer without the header Push-Position"
    else:
        said = describe_status(response, said_by_program(response, case.options.timeout))
    if is_wanted:
        case.report.problem("long poll", f"{path}: {said}", "poll")
    else:
        case.report.unknown("long poll", f"none at {path} ({said}); --list PATH --subscribe PATH say where it is")


def _check_subscribe(case, path, position):
    texts = numbered(1)
    case.publish(*texts)
    started = time.monotonic()
    response = case.ask(case.test_resource(path=path, since=position))
    try:
        if not _is_ours(response):
            return _report_strange(case, path, response, is_wanted=True)
        came = _data_of(response.body(case.options.timeout))
        if came == texts:
            took = time.monotonic() - started
            case.report.ok("long poll", f"{path} answers in {took * 1000:.1f} ms, with the event published before")
        else:
            case.report.problem("long poll", f"{path} answers without the event published before", "poll")
    finally:
        response.close()


def _data_of(body):
    try:
        return [event["data"] for event in json.loads(body)]
    except (ValueError, KeyError, TypeError):
        return None


def _check_head(case, path):
    response = case.ask(case.test_resource(path=path), "HEAD")
    response.close()
    if response.status == 200:
        case.report.ok("long poll", f"{path} is there; --redis tests whether events come")
    else:
        _report_strange(case, path, response, is_wanted=True)
