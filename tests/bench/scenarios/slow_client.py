# SPDX-License-Identifier: BSD-2-Clause
"""One client that does not read, among 1,000 that do."""

import generator
from peers.fcgi_push import Behind, Recorded
from peers.nchan import Nchan

from scenarios.scenario import Figure, Scenario, Target


class SlowClient(Scenario):
    name = "slow-client"
    title = "1,000 streams × 200 messages/s, without and with one client that does not read"
    peers = (Recorded, Behind, Nchan)
    figures = (
        Figure("p99 without", "ms", 2),
        Figure("p99 with", "ms", 2),
        Figure("ratio", "", 3, True),
        Figure("lost", "", 0),
    )
    rounds = 5
    targets = (
        Target("p99 of the others, with it × without", lambda of: of["fcgi-push"]["ratio"], at_most=1.1),
        Target("lost to the others", lambda of: of["fcgi-push"]["lost"], at_most=0),
    )

    def measure(self, start):
        reports = []
        for slow in (0, 1):
            with start() as peer:
                words = ("--streams", 1000 + slow, "--slow", slow, "--rate", 200, "--seconds", 4)
                reports.append(generator.run(peer, *words))
        without, with_one = (report["latency_us"]["p99"] / 1e3 for report in reports)
        lost = sum(report["lost"] for report in reports)
        return {"p99 without": without, "p99 with": with_one, "ratio": with_one / without, "lost": lost}
