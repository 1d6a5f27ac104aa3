# SPDX-License-Identifier: BSD-2-Clause
"""What the machine itself took while something was measured, so that a reader can judge the figures.

Three things: the share of the cores' time that a hypervisor gave away ("steal" in /proc/stat), the share that processes
used which are not ours, and the longest pause: how late a thread woke up at most that sleeps all the time and goes before
everybody else (as root; else before nobody). A virtual machine may stand still without telling.
"""

import contextlib
import os
import resource
import threading
import time

NAP_S = 0.01
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# The places in the line "cpu" of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; what follows is
# counted in these, too.
BUSY, STEAL, EVERY = (0, 1, 2, 5, 6), 7, range(8)

# Figure, from where on a note under the table tells it, and its words.
NOTES = (
    ("stolen_percent", 5, "% of the cores were taken by the machine's host"),
    ("others_percent", 5, "% of the cores were used by other processes"),
    ("pause_ms", 100, "ms long the machine stood still"),
)


def shares(before, after, own_s):
    """Percent of the cores' time between two lines "cpu" of /proc/stat: stolen, and used by others than ourselves.

    own_s: CPU time of ours between the two.
    """
    ticks = [int(now) - int(then) for then, now in zip(before.split()[1:], after.split()[1:])]
    every = max(sum(ticks[place] for place in EVERY), 1)
    others = sum(ticks[place] for place in BUSY) - own_s * TICKS_PER_S
    return 100 * ticks[STEAL] / every, 100 * max(others, 0) / every


def read_stat():
    with open("/proc/stat") as stat:
        return stat.readline()


def own_cpu_seconds():
    """Of this process, and of all that it has started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


class Watch:
    """Watches from entering to leaving; then `found` is a dictionary of the figures.

    What is started meanwhile must have ended at leaving, or counts as others'.
    """

    def __init__(self):
        self.found = {}
        self._pause_s = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sleep_and_look, daemon=True)

    def __enter__(self):
        self._before, self._own_s = read_stat(), own_cpu_seconds()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()
        stolen, others = shares(self._before, read_stat(), own_cpu_seconds() - self._own_s)
        values = stolen, others, self._pause_s * 1e3
        self.found = {figure: round(value, 1) for (figure, _, _), value in zip(NOTES, values)}

    def _sleep_and_look(self):
        with contextlib.suppress(PermissionError):  # of this thread alone
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        woke_s = time.monotonic()
        while not self._is_over.wait(NAP_S):
            now_s = time.monotonic()
            self._pause_s = max(self._pause_s, now_s - woke_s - NAP_S)
            woke_s = now_s


def is_disturbed(found):
    return any(found[figure] > limit for figure, limit, _ in NOTES)


def count(results):
    """How many measurements were disturbed, and of how many."""
    found = [each for result in results for rounds in result.get("disturbances", {}).values() for each in rounds]
    return sum(map(is_disturbed, found)), len(found)


def notes_of(result):
    """A line for each peer that was disturbed; result: of a scenario, as it is stored."""
    titles = {peer["name"]: peer["title"] for peer in result["peers"]}
    for name, rounds in result.get("disturbances", {}).items():
        for figure, limit, words in NOTES:
            bad = [f"{each[figure]:,.0f}" for each in rounds if each[figure] > limit]
            if bad:
                yield f"disturbed: {titles[name]}, {len(bad)} of {len(rounds)} rounds: {', '.join(bad)} {words}"
