# SPDX-License-Identifier: BSD-2-Clause
"""How fast what is published is recorded: one listener hears each event once it stands in the log. With the long
history, because the usual one is 22 ms at this pace: a listener that is so late once is ended, and misses the rest."""

import generator
from peers.fcgi_push import LongStraightRecorded
from peers.nchan import NchanRedis

from scenarios.scenario import Figure, Scenario, Target

OFFERED = 45_000


class RecordedRate(Scenario):
    name = "recorded"
    title = f"publish → recorded → heard by one listener, {OFFERED:,} messages/s offered"
    peers = (LongStraightRecorded, NchanRedis)
    figures = (
        Figure("recorded", "/s", 0, True),
        Figure("lost", "", 0),
        Figure("gaps", "", 0),
        Figure("own cpu", "µs a message", 2),
        Figure("redis cpu", "µs a message", 2),
    )
    targets = (
        Target("recorded/s, sustained", lambda of: of["straight-redis"]["recorded"], at_least=40_000),
        Target("lost", lambda of: of["straight-redis"]["lost"], at_most=0),
    )

    def measure(self, start):
        with start() as peer:
            report = generator.run(peer, "--streams", 1, "--rate", OFFERED, "--seconds", 4, "--drain", 5)
            delivered = max(report["delivered"], 1)
            own = next(iter(peer.processes()))
            return {
                "recorded": report["deliveries_per_second"],
                "lost": report["lost"],
                "gaps": report["gaps"],
                "own cpu": generator.cpu_seconds(report, own) * 1e6 / delivered,
                "redis cpu": generator.cpu_seconds(report, "redis") * 1e6 / delivered,
            }
