# SPDX-License-Identifier: BSD-2-Clause
"""Is a client that vanishes noticed? Only the counters of sse.fcgi show it, so this needs its log and its process."""

import os
import re
import signal
import time

from delivery import open_test_stream
from wire import Trouble, reason_of

PROGRAM = "sse.fcgi"
LINE = re.compile(rb"counters: .*?\bstreams\.open=(\d+)")
SETTLE = 0.1  # seconds in which all processes of a parent have written
HEARTBEATS = 3


class Counters:
    """streams.open, which SIGUSR1 makes the process write into its log; of all its workers together."""

    def __init__(self, path, pid):
        self._path, self._pid = path, pid

    def _lines_after(self, offset):
        with open(self._path, "rb") as log:
            log.seek(offset)
            return LINE.findall(log.read())

    def _must_be_ours(self):
        """SIGUSR1 ends a process that does not expect it."""
        with open(f"/proc/{self._pid}/comm") as comm:
            name = comm.read().strip()
        if name != PROGRAM:
            raise Trouble(f"process {self._pid} is {name}, not {PROGRAM}: it got no signal")

    def streams(self, timeout):
        """The sum over what is written; Trouble when nothing is."""
        try:
            self._must_be_ours()
            offset = os.path.getsize(self._path)
            os.kill(self._pid, signal.SIGUSR1)
            deadline = time.monotonic() + timeout
            while not self._lines_after(offset):
                if time.monotonic() > deadline:
                    raise Trouble(f"no counters in {self._path} after SIGUSR1 to {self._pid}")
                time.sleep(0.01)
            time.sleep(SETTLE)
            return sum(int(number) for number in self._lines_after(offset))
        except OSError as error:
            raise Trouble(f"the counters of {self._pid} in {self._path}: {reason_of(error)}") from None


def check(case):
    if not case.options.counters:
        text = "not checked; on the machine of sse.fcgi: --counters LOG-FILE --pid PID"
        return case.report.unknown("vanished", text)
    counters = Counters(case.options.counters, case.options.pid)
    heartbeat = case.heartbeat or case.options.quiet
    try:
        _check_forgotten(case, counters, heartbeat)
    except Trouble as trouble:
        case.report.problem("vanished", str(trouble), "no-counters")


def _check_forgotten(case, counters, heartbeat):
    case.let_go_of_closed()
    stream = open_test_stream(case)
    with_it = counters.streams(case.options.timeout)
    closed_at = time.monotonic()
    stream.close()
    while (now := counters.streams(case.options.timeout)) >= with_it:
        if time.monotonic() - closed_at > HEARTBEATS * heartbeat + 1:
            text = f"{now} streams are counted {HEARTBEATS} heartbeats after one of {with_it} was closed"
            return case.report.problem("vanished", text, "not-forgotten")
        time.sleep(0.1)
    text = f"a closed stream was forgotten within {time.monotonic() - closed_at:.1f} s"
    case.report.ok("vanished", text + ", unless another one ended meanwhile")
