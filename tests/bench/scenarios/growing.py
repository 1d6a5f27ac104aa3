# SPDX-License-Identifier: BSD-2-Clause
"""What 1, 4 and 16 times the work costs, and the exponent: 1 is linear, 0 is constant."""

import generator
from growth import exponent
from peers.fcgi_push import Straight, StraightRecorded

from scenarios.scenario import Figure, Scenario, Target

SECONDS = 3


class Growth(Scenario):
    peers = (StraightRecorded, Straight)
    figures = (
        Figure("1 ×", "s of CPU", 3),
        Figure("4 ×", "s of CPU", 3),
        Figure("16 ×", "s of CPU", 3),
        Figure("exponent", "", 2),
    )
    rounds = 1

    def loads(self):
        """Streams, channels and messages/s of each size."""
        raise NotImplementedError

    def measure(self, start):
        costs = []
        for streams, channels, rate in self.loads():
            with start() as peer:
                words = ("--streams", streams, "--rate", rate, "--seconds", SECONDS)
                costs.append(generator.cpu_seconds(generator.run(peer, *words, channels=channels), "sse.fcgi"))
        return {**dict(zip(("1 ×", "4 ×", "16 ×"), costs)), "exponent": exponent((1, 4, 16), costs)}


def at_most(limit):
    return (Target("exponent", lambda of: of["straight-redis"]["exponent"], at_most=limit),)


class GrowthOfStreams(Growth):
    name = "growth-streams"
    title = "500, 2,000, 8,000 streams × 20 messages/s"
    targets = at_most(1.1)

    def loads(self):
        return [(500 * factor, 1, 20) for factor in (1, 4, 16)]


class GrowthOfChannels(Growth):
    name = "growth-channels"
    title = "500, 2,000, 8,000 channels with one listener each, 2,000 messages/s in all"
    targets = at_most(0.3)

    def loads(self):
        return [(500 * factor, 500 * factor, 2000) for factor in (1, 4, 16)]


class GrowthOfRate(Growth):
    name = "growth-rate"
    title = "500 streams × 50, 200, 800 messages/s"
    targets = at_most(1.1)

    def loads(self):
        return [(500, 1, 50 * factor) for factor in (1, 4, 16)]
