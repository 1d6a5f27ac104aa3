# SPDX-License-Identifier: BSD-2-Clause
"""Does a client that comes back with Last-Event-ID get what it missed, exactly?"""

from delivery import numbered, open_test_stream, report_miscount
from resp import RedisTrouble

MISSED = 3
SETTLE = 0.3  # seconds in which a repetition would come


def check(case):
    stream = open_test_stream(case)
    position = stream.last_id
    if case.redis:
        try:
            _check_missed(case, stream, position)
        except RedisTrouble as trouble:
            case.report.problem("resume", str(trouble), "redis")
    else:
        stream.close()
        _check_gap(case, position)


def _check_missed(case, stream, position):
    texts = numbered(MISSED)
    _publish_and_wait(case, stream, texts)
    by_header = _come_back(case, texts, {"Last-Event-ID": position})
    came = [event.text for event in by_header.events()]
    if came == texts:
        case.report.ok("resume", f"{MISSED} events published while it was away came once, in order, after {position}")
    elif not came and _come_back(case, texts, {}, lastEventId=position).events():
        text = "?lastEventId= brings what was missed, the header Last-Event-ID nothing"
        case.report.problem("resume", text, "header-lost")
    elif _has_gap(by_header):
        text = f"a gap stands before what was missed: this process does not know {position}"
        case.report.problem("resume", text, "not-resumed")
    else:
        report_miscount(case, "resume", by_header, texts, "not-resumed")


def _publish_and_wait(case, stream, texts):
    """Until the program has the events, which the first stream shows; a client that comes back with a position from
    before has missed them."""
    try:
        case.publish(*texts)
        stream.read_until(lambda: len(stream.events()) >= len(texts), case.options.timeout / 2)
    finally:
        stream.close()


def _come_back(case, texts, headers, **parameters):
    """A stream that was read until what was missed has come, and its repetition would have."""
    stream = open_test_stream(case, headers, **parameters)
    stream.read_until(lambda: len(stream.events()) >= len(texts), case.options.timeout / 2)
    stream.read_until(lambda: False, SETTLE)
    stream.close()
    return stream


def _has_gap(stream):
    return any(event.type == "gap" for event in stream.events())


def _check_gap(case, position):
    stream = open_test_stream(case, {"Last-Event-ID": position})
    stream.close()
    if _has_gap(stream):
        case.report.problem("resume", f"a gap follows at once: this process does not know {position}", "not-resumed")
    else:
        case.report.ok("resume", f"{position} is known; --redis tests whether what was missed comes")
