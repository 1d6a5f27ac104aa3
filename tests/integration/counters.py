# SPDX-License-Identifier: BSD-2-Clause
"""The responder's counters, as SIGUSR1 makes it log them."""

import collections
import os
import re
import signal
import time

LINE = re.compile(r"counters: (.*)\n")  # whole: a log can be read in the middle of a write


def read(responder, timeout=5.0, workers=1):
    """Asks for the counters and returns them by name, summed over so many workers."""
    seen = len(LINE.findall(responder.log()))
    os.kill(responder.pid, signal.SIGUSR1)
    deadline = time.monotonic() + timeout
    while len(found := LINE.findall(responder.log())[seen:]) < workers:
        responder.must_be_alive()
        assert time.monotonic() < deadline, f"{len(found)} of {workers} logged counters within {timeout} s"
        time.sleep(0.005)
    sums = collections.Counter()
    for line in found:
        sums.update({name: int(value) for name, value in re.findall(r"(\S+)=(-?\d+)", line)})
    return dict(sums)  # so that a name that is none is an error


def wait(responder, condition, timeout=5.0):
    """Until the condition holds for the counters, which are returned."""
    deadline = time.monotonic() + timeout
    while not condition(counters := read(responder)):
        assert time.monotonic() < deadline, f"after {timeout} s the counters are {counters}"
        time.sleep(0.02)
    return counters


def wait_streams(responder, count, timeout=5.0):
    return wait(responder, lambda c: c["streams.open"] == count, timeout)
