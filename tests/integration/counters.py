# SPDX-License-Identifier: BSD-2-Clause
"""The responder's counters, as SIGUSR1 makes it log them."""

import collections
import os
import re
import signal
import time

LINE = re.compile(r"counters: (.*)")


def read(responder, timeout=5.0):
    """Asks for the counters and returns them by name."""
    seen = len(LINE.findall(responder.log()))
    os.kill(responder.pid, signal.SIGUSR1)
    deadline = time.monotonic() + timeout
    while len(found := LINE.findall(responder.log())) <= seen:
        responder.must_be_alive()
        assert time.monotonic() < deadline, f"no counters in the log {timeout} s after SIGUSR1"
        time.sleep(0.005)
    return {name: int(value) for name, value in re.findall(r"(\S+)=(-?\d+)", found[-1])}


def read_all(responder, workers, timeout=5.0):
    """The sums over so many workers of a responder."""
    seen = len(LINE.findall(responder.log()))
    os.kill(responder.pid, signal.SIGUSR1)
    deadline = time.monotonic() + timeout
    while len(found := LINE.findall(responder.log())[seen:]) < workers:
        responder.must_be_alive()
        assert time.monotonic() < deadline, f"{len(found)} of {workers} workers logged counters within {timeout} s"
        time.sleep(0.005)
    sums = collections.Counter()
    for line in found:
        for name, value in re.findall(r"(\S+)=(-?\d+)", line):
            sums[name] += int(value)
    return sums


def wait(responder, condition, timeout=5.0):
    """Until the condition holds for the counters, which are returned."""
    deadline = time.monotonic() + timeout
    while not condition(counters := read(responder)):
        assert time.monotonic() < deadline, f"after {timeout} s the counters are {counters}"
        time.sleep(0.02)
    return counters


def wait_streams(responder, count, timeout=5.0):
    return wait(responder, lambda c: c["streams.open"] == count, timeout)
