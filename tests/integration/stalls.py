# SPDX-License-Identifier: BSD-2-Clause
"""Times in which the machine let nobody run, as busy virtual ones do now and then for a second: who measures how fast
something is leaves them out, and who measures how slow it is has nothing to do with them."""

import threading
import time

TICK_S = 0.01
NOTABLE_S = 0.03  # later than that it comes by no chance


class _Ticker(threading.Thread):
    """Wants to run a hundred times a second, and remembers when it could not."""

    def __init__(self):
        super().__init__(daemon=True)
        self.found = []  # (from, to)
        self.last = time.monotonic()

    def run(self):
        while True:
            time.sleep(TICK_S)
            due, now = self.last + TICK_S, time.monotonic()
            if now - due > NOTABLE_S:
                self.found.append((due, now))
            self.last = now


_ticker = _Ticker()
_ticker.start()


def lost_s(begin, end):
    """How much of the time between two moments of the monotonic clock was such, in seconds."""
    while _ticker.last < end:
        time.sleep(TICK_S / 2)
    return sum(max(0.0, min(end, to) - max(begin, from_)) for from_, to in _ticker.found)


def elapsed_s(begin, end=None):
    """The time between two moments, or until now, in which somebody could run."""
    end = time.monotonic() if end is None else end
    return end - begin - lost_s(begin, end)


def must_take(least_s, most_s, begin, end=None):
    """From one moment to the other, or until now; a stall makes anything longer, and is not held against it."""
    end = time.monotonic() if end is None else end
    assert end - begin > least_s, f"{end - begin:.3f} s"
    assert elapsed_s(begin, end) < most_s, f"{end - begin:.3f} s, {lost_s(begin, end):.3f} s of it lost"
