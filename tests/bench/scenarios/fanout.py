# SPDX-License-Identifier: BSD-2-Clause
"""Streams of one channel, each of which gets every message; who is closed comes back, as browsers do."""

import generator
from peers.fcgi_push import Behind, LongStraight, Recorded, TenSecondsBehind, TenSecondsRecorded
from peers.floor import Floor
from peers.nchan import Nchan, NchanRedis
from peers.node import Node
from peers.php_fpm import Php

from scenarios.scenario import Figure, Scenario, Target

FIGURES = (
    Figure("deliveries", "/s", 0, True),
    Figure("lost", "", 0),
    Figure("p50", "ms", 2),
    Figure("p99", "ms", 2, True),
    Figure("cpu", "µs a delivery", 2, True),
    Figure("own cpu", "µs a delivery", 2),
    Figure("closed", "streams", 0),
)


def figures_of(report, own):
    """The figures above; own: the name of the peer's own process."""
    delivered = max(report["delivered"], 1)
    latency = report["latency_us"] or {"p50": None, "p99": None}
    return {
        "deliveries": report["deliveries_per_second"],
        "lost": report["lost"],
        "p50": latency["p50"] / 1e3 if latency["p50"] is not None else None,
        "p99": latency["p99"] / 1e3 if latency["p99"] is not None else None,
        "cpu": generator.cpu_seconds(report) * 1e6 / delivered,
        "own cpu": generator.cpu_seconds(report, own) * 1e6 / delivered,
        "closed": report["disconnects"],
    }


TEN_SECONDS_REMARK = "fcgi-push keeps 20,000 events (--history-length), ten seconds of 2,000 messages/s"


def to_nchan(figure):
    """The value of a target: the ratio of a figure to Nchan's."""
    return lambda of: of["fcgi-push"][figure] / of["nchan"][figure]


def all_offered(streams, rate):
    """A target: deliveries keep up with publishing, but for the latency of the last."""
    return Target(
        "deliveries/s, of those offered", lambda of: of["fcgi-push"]["deliveries"] / (streams * rate), at_least=0.97
    )


class Fanout(Scenario):
    figures = FIGURES
    streams = 1000
    rate = None
    seconds = 3

    def measure(self, start):
        with start() as peer:
            words = ("--streams", self.streams, "--rate", self.rate, "--seconds", self.seconds, "--reconnect")
            report = generator.run(peer, *words)
            return figures_of(report, next(iter(peer.processes())))


class Fanout50(Fanout):
    name = "1000x50"
    title = "1,000 streams × 50 messages/s of 100 bytes"
    peers = (Recorded, Behind, Nchan, NchanRedis, Node, Php, Floor)
    rate = 50
    rounds = 5
    targets = (
        Target("own CPU per delivery, µs", lambda of: of["fcgi-push"]["own cpu"], at_most=2.0),
        Target("CPU per delivery of the whole path, × Nchan", to_nchan("cpu"), at_most=1.4),
        Target("p99 latency, × Nchan", to_nchan("p99"), at_most=1.3),
    )


class Fanout1000(Fanout):
    name = "1000x1000"
    title = "1,000 streams × 1,000 messages/s offered"
    remark = TEN_SECONDS_REMARK
    peers = (TenSecondsRecorded, TenSecondsBehind, Nchan, NchanRedis, Node, Floor)
    rate = 1000
    targets = (
        all_offered(Fanout.streams, rate),
        Target("lost", lambda of: of["fcgi-push"]["lost"], at_most=0),
        Target("p99 latency, ms", lambda of: of["fcgi-push"]["p99"], at_most=100),
    )


class Fanout2000(Fanout):
    name = "1000x2000"
    title = "1,000 streams × 2,000 messages/s offered"
    remark = TEN_SECONDS_REMARK
    peers = (TenSecondsRecorded, TenSecondsBehind, Floor)
    rate = 2000
    targets = (
        all_offered(Fanout.streams, rate),
        Target("lost", lambda of: of["fcgi-push"]["lost"], at_most=0),
        Target("p99 latency, ms", lambda of: of["fcgi-push"]["p99"], at_most=150),
    )


class Saturated(Fanout):
    name = "straight"
    title = "1,000 streams, no web server, 6,000 messages/s offered"
    peers = (LongStraight, Floor)
    rate = 6000
    targets = (
        Target("deliveries/s", lambda of: of["straight"]["deliveries"], at_least=5e6),
        # 5.0 of the 5.9 million that the floor makes on a machine which is faster than most.
        Target("deliveries/s, × the floor's", lambda of: of["straight"]["deliveries"] / of["floor"]["deliveries"],
               at_least=0.85),
        Target("lost", lambda of: of["straight"]["lost"], at_most=0),
    )
