# SPDX-License-Identifier: BSD-2-Clause
"""Very many channels with one listener each."""

import generator
from peers.fcgi_push import Straight, StraightRecorded
from peers.nchan import Nchan
from peers.node import Node

from scenarios.fanout import FIGURES, figures_of
from scenarios.scenario import Scenario, Target

CHANNELS = 10_000


class Channels(Scenario):
    name = "10000-channels"
    title = "10,000 channels with one listener each, 10,000 messages/s"
    peers = (StraightRecorded, Straight, Nchan, Node)
    figures = FIGURES
    targets = (
        Target("lost", lambda of: of["straight-redis"]["lost"], at_most=0),
        Target("p99 latency, ms", lambda of: of["straight-redis"]["p99"], at_most=50),
    )

    def measure(self, start):
        with start() as peer:
            report = generator.run(
                peer, "--streams", CHANNELS, "--rate", 10_000, "--seconds", 4, "--drain", 5, channels=CHANNELS
            )
            return figures_of(report, next(iter(peer.processes())))
