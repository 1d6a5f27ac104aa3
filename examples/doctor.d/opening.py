# SPDX-License-Identifier: BSD-2-Clause
"""Is there a stream, as the browser will ask for it, and does its beginning come at once?"""

import json

from case import Enough
from http1 import Stalled
from wire import Trouble

SETTLE = 0.2  # seconds in which an overloaded program ends a stream
STATUS_FINDINGS = {
    **{401: "login", 403: "forbidden", 404: "not-found", 500: "server-error"},
    **dict.fromkeys((502, 503, 504), "backend-down"),
}


def check(case):
    resource = case.target.resource() if case.target.channel else case.test_resource()
    try:
        stream = case.open(resource)
    except Stalled:
        stream = _open_plain(case, resource)
    except Trouble as trouble:
        case.report.problem("answer", str(trouble), "unreachable")
        raise Enough from None
    try:
        _judge_status(case, stream.response)
        _judge_headers(case, stream.response)
        stream = _without_compressor(case, stream, resource)
        _judge_beginning(case, stream, resource)
    finally:
        stream.close()


def _without_compressor(case, stream, resource):
    """The stream, or another one without compression if a compressor keeps its beginning or cannot be undone here."""
    response = stream.response
    if response.encoding == "identity" or (response.is_readable and stream.wait_open(case.options.timeout)):
        return stream
    stream.close()
    case.accept_encoding = "identity"
    return case.open(resource)


def _open_plain(case, resource):
    """The stream without compression, after it did not come as a browser asks for it; else the reason, and the end."""
    try:
        stream = case.open(resource, encoding="identity")
    except Trouble:
        _explain_silence(case, resource)
        raise Enough from None
    case.accept_encoding = "identity"
    case.report.problem("compression", "the stream comes only when it is not to be compressed", "compressed")
    return stream


def _explain_silence(case, resource):
    """HEAD is answered at once and whole, so an answer to it shows that streams are held back."""
    waited = f"nothing came in {case.options.timeout:g} s"
    try:
        response = case.ask(resource, "HEAD")
    except Trouble as trouble:
        case.report.problem("answer", f"{waited}, and HEAD: {trouble}", "no-answer")
        return
    response.close()
    if response.status == 200:
        text = f"{waited}, while HEAD is answered at once: the stream is held back"
        case.report.problem("first bytes", text, "buffered")
    else:
        case.report.problem("answer", f"{waited}, and HEAD has status {response.status}", "no-answer")


def said_by_program(response, timeout):
    """The message of an error that comes from our programs, and not from the web server; else None."""
    try:
        answer = json.loads(response.body(timeout))
        return str(answer["message"]) if "error" in answer else None
    except (ValueError, KeyError, TypeError, Trouble):
        return None


def describe_status(response, message):
    """'status 403, …': who answers so, and why. message is what said_by_program gave."""
    if 300 <= response.status < 400:
        return f"status {response.status}, redirected to {response.headers.get('location', 'nowhere')}"
    origin = f"the program says: {message}" if message else "from the web server, not from the program"
    return f"status {response.status}, {origin}"


def finding_of_status(response, message):
    """What the status means; message is what said_by_program gave."""
    if 300 <= response.status < 400:
        return "redirected"
    if response.status == 400 and message and "name a channel" in message:
        return "no-channel"
    if response.status == 405 and message:
        return "no-params"
    return STATUS_FINDINGS.get(response.status, "wrong-status")


def _judge_status(case, response):
    if response.status != 200:
        message = said_by_program(response, case.options.timeout)
        finding = finding_of_status(response, message)
        if finding == "forbidden" and message and not case.target.channel:
            finding = "test-channel"
        case.report.problem("answer", describe_status(response, message), finding)
        raise Enough
    type_ = response.headers.get("content-type", "")
    if type_.split(";")[0].strip().lower() != "text/event-stream":
        case.report.problem("content type", f"{type_ or 'none'} instead of text/event-stream", "wrong-type")
        raise Enough
    via = response.headers.get("via")
    server = response.headers.get("server", "a server that does not name itself")
    case.report.ok("answer", f"status 200, text/event-stream, from {server}" + (f", through {via}" if via else ""))
    if case.target.has_user:
        hint = " (Apache hands it on only with CGIPassAuth On)" if case.report.server == "apache" else ""
        case.report.unknown("login", f"this user gets in; whether the program sees Authorization does not show{hint}")


def _judge_headers(case, response):
    control = response.headers.get("cache-control", "")
    if "no-store" in control.lower() and "age" not in response.headers:
        case.report.ok("caching", control)
    else:
        case.report.problem("caching", f"Cache-Control: {control or 'none'}, which lets somebody keep it", "cached")
    if "content-length" in response.headers:
        text = f"Content-Length: {response.headers['content-length']}, on a stream that has no end"
        case.report.problem("length", text, "content-length")
    if response.encoding != "identity":
        case.report.problem("compression", f"the stream is compressed with {response.encoding}", "compressed")
    elif case.accept_encoding != "identity":
        case.report.ok("compression", "none, though the request allowed it")


def _judge_beginning(case, stream, resource):
    is_open = stream.wait_open(case.options.timeout)
    stream.read_until(lambda: stream.is_ended, SETTLE)
    if stream.is_ended and stream.of_kind("retry"):
        case.report.problem("first bytes", "the stream begins and ends at once", "overload")
    elif stream.is_ended:
        case.report.problem("first bytes", "the answer is empty, and ends at once", "server-error")
    elif is_open:
        _report_times(case, stream)
        return
    elif stream.items:
        case.report.problem("first bytes", "the stream opens, and its position does not come", "no-position")
    else:
        _explain_silence(case, resource)
    raise Enough


def _report_times(case, stream):
    moments = {"headers": stream.response.head_at, "position": stream.of_kind("position")[0].at}
    times = (f"{name} in {(at - stream.response.asked_at) * 1000:.1f} ms" for name, at in moments.items())
    case.report.ok("first bytes", ", ".join(times))
