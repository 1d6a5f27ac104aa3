# SPDX-License-Identifier: BSD-2-Clause
"""Times in which the machine let nobody run on a core, as busy virtual ones do now and then for a second: who measures
how fast something is leaves them out, and who measures how slow it is has nothing to do with them."""

import os
import threading
import time

TICK_S = 0.01
NOTABLE_S = 0.03  # later than that it comes by no chance


class _Ticker(threading.Thread):
    """Wants to run on one core a hundred times a second, and remembers when it could not."""

    def __init__(self, core):
        super().__init__(daemon=True)
        self._core = core
        self.found = []  # (from, to)
        self.last = time.monotonic()

    def run(self):
        os.sched_setaffinity(threading.get_native_id(), {self._core})
        while True:
            time.sleep(TICK_S)
            due, now = self.last + TICK_S, time.monotonic()
            if now - due > NOTABLE_S:
                self.found.append((due, now))
            self.last = now


_tickers = [_Ticker(core) for core in os.sched_getaffinity(0)]
for _ticker in _tickers:
    _ticker.start()


def lost_s(begin, end):
    """How much of the time between two moments of the monotonic clock was such on any core, in seconds."""
    while min(ticker.last for ticker in _tickers) < end:
        time.sleep(TICK_S / 2)
    lost, known = 0.0, begin
    for from_, to in sorted(stall for ticker in _tickers for stall in ticker.found):
        lost += max(0.0, min(end, to) - max(known, from_))
        known = max(known, to)
    return lost


def elapsed_s(begin, end=None):
    """The time between two moments, or until now, in which somebody could run."""
    end = time.monotonic() if end is None else end
    return end - begin - lost_s(begin, end)


def must_take(least_s, most_s, begin, end=None):
    """From one moment to the other, or until now; a stall makes anything longer, and is not held against it."""
    end = time.monotonic() if end is None else end
    assert end - begin > least_s, f"{end - begin:.3f} s"
    assert elapsed_s(begin, end) < most_s, f"{end - begin:.3f} s, {lost_s(begin, end):.3f} s of it lost"
