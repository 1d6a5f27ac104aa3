# SPDX-License-Identifier: BSD-2-Clause
"""What lighttpd carries at most: more is offered than it can, and nothing may be lost. The history is long enough for
those that are closed because they are slow, and come back.
"""

import generator
from peers.fcgi_push import LongBehind, LongRecorded

from scenarios.fanout import FIGURES, figures_of
from scenarios.scenario import Figure, Scenario, Target

RATES = (3000, 4500, 6000)


class Most(Scenario):
    name = "most"
    title = "1,000 streams × 3,000, 4,500 and 6,000 messages/s offered: the most of the three"
    peers = (LongRecorded, LongBehind)
    figures = (*FIGURES, Figure("offered", "/s", 0))
    targets = (
        Target("deliveries/s", lambda of: of["fcgi-push"]["deliveries"], at_least=2.2e6),
        Target("lost", lambda of: of["fcgi-push"]["lost"], at_most=0),
    )

    def measure(self, start):
        """The rate at which most is delivered; the losses of all rates."""
        measured = []
        for rate in RATES:
            with start() as peer:
                report = generator.run(
                    peer, "--streams", 1000, "--rate", rate, "--seconds", 3, "--drain", 5, "--reconnect"
                )
                figures = figures_of(report, "sse.fcgi")
                measured.append({**figures, "offered": rate * 1000})
        best = max(measured, key=lambda figures: figures["deliveries"])
        return {**best, "lost": sum(figures["lost"] for figures in measured)}
