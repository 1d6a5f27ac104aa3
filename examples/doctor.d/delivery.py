# SPDX-License-Identifier: BSD-2-Clause
"""Do events come when they are published: each by itself, all, once, in order?"""

import secrets
import statistics
import time

from case import Enough
from opening import describe_status, finding_of_status, said_by_program
from resp import RedisTrouble

COUNT = 20
SPACING = 0.05
LATE = 0.008  # Apache's flushpackets=auto waits 10 ms
VERY_LATE = 1.0
FILLER = 100000  # bytes that push out what a buffer holds back


def check(case):
    if not case.redis:
        return _check_heartbeat(case)
    try:
        case.redis.connect()
    except RedisTrouble as trouble:
        case.report.problem("redis", str(trouble), "redis")
        case.redis = None
        return
    stream = open_test_stream(case)
    try:
        _check_events(case, stream)
    except RedisTrouble as trouble:
        case.report.problem("redis", str(trouble), "redis")
        raise Enough from None
    finally:
        stream.close()


def _check_heartbeat(case):
    """The first event that ?heartbeat=event asks for comes with the opening."""
    stream = case.open(case.test_resource(heartbeat="event"))
    is_there = stream.read_until(lambda: stream.events(), case.options.timeout)
    stream.close()
    if is_there:
        took = stream.events()[0].at - stream.response.asked_at
        case.report.ok("events", f"one that shows life came in {took * 1000:.1f} ms; --redis tests them exactly")
    else:
        case.report.problem("events", f"none came in {case.options.timeout:g} s", "buffered")


def open_test_stream(case, headers=(), **parameters):
    """A stream of the test channel, with its position."""
    stream = case.open(case.test_resource(**parameters), headers)
    if stream.response.status != 200:
        message = said_by_program(stream.response, case.options.timeout)
        finding = finding_of_status(stream.response, message)
        finding = "test-channel" if finding == "forbidden" else finding
        case.report.problem("events", describe_status(stream.response, message), finding)
    elif stream.wait_open(case.options.timeout):
        return stream
    else:
        case.report.problem("events", f"the stream of {case.channel} does not open", "no-position")
    stream.close()
    raise Enough


def numbered(count):
    """Texts that nobody else publishes."""
    nonce = secrets.token_hex(4)
    return [f"doctor {nonce} {number}" for number in range(count)]


def _check_events(case, stream):
    """What stood still for a moment is measured again; what a setting does, it does again."""
    for _ in range(2):
        published, delays = _measure(case, stream)
        finding = classify(delays, published, case.round_trip)
        if finding is None:
            break
    tell_delays(case, delays, finding)


def _measure(case, stream):
    """When each event was published, and how long it took; Enough when they did not all come once and in order."""
    texts = numbered(COUNT)
    published = []
    for text in texts:
        published.append(time.monotonic())
        case.redis.send("PUBLISH", case.options.prefix + case.channel, text)
        stream.read_until(lambda: False, published[-1] + SPACING - time.monotonic())
    heard = min(case.redis.answer() for _ in texts)
    stream.read_until(lambda: _arrivals(stream, texts)[-1], case.options.timeout)
    arrivals = _arrivals(stream, texts)
    if stream.is_ended:
        text = f"the stream ended after {sum(map(bool, arrivals))} of {COUNT} events"
        case.report.problem("events", text, "server-error")
        raise Enough
    if not any(arrivals):
        _explain_absence(case, stream, texts, heard)
        raise Enough
    if not all(len(times) == 1 for times in arrivals) or not is_ordered(stream, texts):
        report_miscount(case, "events", stream, texts)
        raise Enough
    return published, [at - sent for sent, (at,) in zip(published, arrivals)]


def _arrivals(stream, texts):
    """For each text the times at which it came."""
    times = {text: [] for text in texts}
    for event in stream.events():
        times.get(event.text, []).append(event.at)
    return [times[text] for text in texts]


def is_ordered(stream, texts):
    came = [event.text for event in stream.events() if event.text in texts]
    return came == sorted(came, key=texts.index)


def report_miscount(case, name, stream, texts, finding="lost"):
    arrivals = _arrivals(stream, texts)
    missing = sum(not times for times in arrivals)
    repeated = sum(len(times) > 1 for times in arrivals)
    text = f"of {len(texts)} events {missing} are missing and {repeated} came again"
    case.report.problem(name, text + ("" if is_ordered(stream, texts) else ", in a wrong order"), finding)


def _explain_absence(case, stream, texts, heard):
    if heard == 0:
        case.report.problem("events", "none came: PUBLISH answers 0, nobody listens to this Redis", "nobody-hears")
    else:
        case.publish("x" * FILLER)
        is_held = stream.read_until(lambda: any(_arrivals(stream, texts)), case.options.timeout)
        if is_held:
            case.report.problem("events", f"none came by itself, all when {FILLER // 1000} kB followed", "bundled")
        else:
            case.report.problem("events", f"none came, though PUBLISH reached {heard}", "lost")


def share_bundled(delays, published):
    """The share of events that came together with the one before, though they were published apart."""
    arrived = [sent + delay for sent, delay in zip(published, delays)]
    pairs = list(zip(published, published[1:], arrived, arrived[1:]))
    together = [pair for pair in pairs if pair[3] - pair[2] < (pair[1] - pair[0]) / 5]
    return len(together) / len(pairs)


def classify(delays, published, round_trip):
    """bundled, late (each of them), stalled (some, and most came at once), or None when all came as they should."""
    is_slow = statistics.median(delays) - round_trip > SPACING / 5
    if is_slow and share_bundled(delays, published) > 0.25:
        return "bundled"
    if min(delays) - round_trip > LATE:
        return "late"
    return "stalled" if max(delays) > VERY_LATE else None


def tell_delays(case, delays, finding):
    least, middle, most = (
        f"{value * 1000:.1f}" for value in (min(delays), statistics.median(delays), max(delays))
    )
    text = f"{len(delays)} published {SPACING * 1000:.0f} ms apart came after {least} to {most} ms, mostly {middle}"
    if finding == "bundled":
        case.report.problem("events", text + ", in bundles", finding)
    elif finding == "late":
        case.report.warning("events", text + ", none of them at once", finding)
    elif finding == "stalled":
        case.report.warning("events", text + ", as those before them", finding)
    else:
        case.report.ok("events", text)
