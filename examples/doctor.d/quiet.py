# SPDX-License-Identifier: BSD-2-Clause
"""Does a stream without events live until its next heartbeat?"""

import time

from delivery import open_test_stream


def check(case):
    stream = open_test_stream(case)
    began = stream.items[-1].at
    seen = len(stream.items)
    stream.read_until(lambda: _life(stream, seen), case.options.quiet)
    stream.close()
    passed = time.monotonic() - began
    life = _life(stream, seen)
    if stream.has_farewell():
        text = f"sse.fcgi itself ended the stream after {passed:.1f} s, in good order (--max-age)"
        case.report.ok("quiet time", text)
    elif life:
        case.heartbeat = life[0].at - began
        what = "a heartbeat" if life[0].kind == "comment" else "an event"
        case.report.ok("quiet time", f"{what} after {case.heartbeat:.1f} s")
    elif stream.is_ended:
        case.report.problem("quiet time", f"the stream was cut after {passed:.1f} s without events", "cut")
    else:
        case.report.warning("quiet time", f"no heartbeat in {passed:.0f} s", "no-heartbeat")


def _life(stream, seen):
    return [item for item in stream.items[seen:] if item.kind in ("comment", "event")]
