# SPDX-License-Identifier: BSD-2-Clause
"""How many streams go at once: over connections of their own, and over one of HTTP/2?"""

import concurrent.futures

from case import Enough
from http2 import Connection
from wire import Trouble

CONNECTIONS = 8
STREAMS = 32
PAUSE = 2.0  # seconds without a frame after which no more streams begin


def check_http1(case):
    case.let_go_of_closed()
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        opened = list(pool.map(lambda _: _open(case), range(CONNECTIONS)))
    streams = [stream for stream, _ in opened if stream]
    reasons = sorted({reason for stream, reason in opened if not stream})
    for stream in streams:
        stream.close()
    if len(streams) == CONNECTIONS:
        case.report.ok("HTTP/1.1", f"{CONNECTIONS} streams at once")
    else:
        text = f"of {CONNECTIONS} streams at once {len(streams)} begin ({'; '.join(reasons)})"
        case.report.problem("HTTP/1.1", text, "few-streams")
        raise Enough


def _open(case):
    """(stream, None) or (None, reason)."""
    try:
        stream = case.open(case.test_resource())
        if stream.response.status != 200:
            reason = f"status {stream.response.status}"
        elif stream.wait_open(case.options.timeout):
            return stream, None
        else:
            reason = "the stream stays empty"
        stream.close()
    except Trouble as trouble:
        reason = str(trouble)
    return None, reason


def check_http2(case):
    if not case.offers_http2:
        why = "is not offered" if case.target.is_tls else "needs https, in browsers too"
        case.report.unknown("HTTP/2", why)
        return
    try:
        connection = Connection(case.target, case.options.timeout, case.options.is_insecure)
        try:
            _count_streams(case, connection)
        finally:
            connection.close()
    except Trouble as trouble:
        case.report.problem("HTTP/2", str(trouble), "no-http2")


def _count_streams(case, connection):
    announced = connection.streams_announced
    asked = STREAMS if announced is None else min(STREAMS, announced)
    for _ in range(asked):
        connection.open(case.test_resource())
    seen = -1
    while connection.streaming > seen:
        seen = connection.streaming
        connection.read_until(lambda: connection.streaming > seen, PAUSE)
    limit = "no limit" if announced is None else f"{announced}"
    if seen == 0:
        case.report.problem("HTTP/2", f"none of {asked} streams on one connection begins", "no-http2")
    elif seen < STREAMS:
        text = f"{seen} streams on one connection (announced: {limit})"
        case.report.warning("HTTP/2", text, "http2-cap")
    else:
        case.report.ok("HTTP/2", f"{seen} streams on one connection (announced: {limit})")
