# SPDX-License-Identifier: BSD-2-Clause
"""Tabs that share one connection."""

import time

import stalls
from process import until


class Shared:
    """So many tabs of an origin, each with a PushSource that shares; options as in push.d.ts."""

    def __init__(self, origin, open_tab, count, **options):
        self._origin = origin
        self._open_tab = open_tab
        self._options = {"share": True, "heartbeat": 1000, **options}
        self.sources = [self.add() for _ in range(count)]
        self.wait_leader()

    def add(self):
        """One more, which is not among the sources."""
        return self._open_tab(self._origin.page).listen(**self._options).wait_open()

    def leaders(self):
        return [source for source in self.sources if source.role() == "leader"]

    def wait_leader(self, timeout=10.0):
        """The only one that leads."""
        (leader,) = until(lambda: self._only(self.leaders()), "one of the tabs leads", timeout)
        return leader

    @staticmethod
    def _only(leaders):
        return leaders if len(leaders) == 1 else None

    def followers(self):
        return [source for source in self.sources if source.role() == "follower"]

    def end_leader(self, end):
        """Does something to the leader that ends it; it is none of the sources then. Returns when that began, in ms."""
        leader = self.wait_leader()
        self.sources.remove(leader)
        leader.tab.show()
        began = time.time() * 1000
        end(leader.tab)
        return began

    def must_lead_within(self, milliseconds, since):
        """One of the others has become the leader so soon after."""
        (role,) = self.wait_leader().entries("role")[-1:]
        lag = time.time() - time.monotonic()
        lost = 1000 * stalls.lost_s(since / 1000 - lag, role["at"] / 1000 - lag)
        assert role["role"] == "leader" and 0 <= role["at"] - since < milliseconds + lost, f"{role['at'] - since} ms"

    def must_have(self, texts):
        for source in self.sources:
            source.must_have(texts)
