# SPDX-License-Identifier: BSD-2-Clause
"""Streams on which nothing happens: what they hold, and what their heartbeats cost."""

import generator
from peers.fcgi_push import Behind, Recorded, Straight, StraightRecorded
from peers.nchan import Nchan
from peers.node import Node

from scenarios.scenario import Figure, Scenario, Target

SECONDS = 35  # two heartbeats of all streams


def heap_per_stream(report, names):
    known = [report["processes"][name]["heap_bytes_per_stream"] for name in names]
    return None if None in known else sum(known)


class IdleMemory(Scenario):
    name = "idle-memory"
    title = "memory of an idle stream, 5,000 streams"
    peers = (Recorded, Behind, Nchan, Node)
    figures = (Figure("own heap", "bytes a stream", 0), Figure("whole path", "bytes a stream", 0, True))
    targets = (Target("own heap, bytes a stream", lambda of: of["fcgi-push"]["own heap"], at_most=400),)

    def measure(self, start):
        with start() as peer:
            report = generator.run(peer, "--streams", 5000, "--idle", 0.1, is_publishing=False)
            names = [name for name in peer.processes() if name != "redis"]
            return {"own heap": heap_per_stream(report, names[:1]), "whole path": heap_per_stream(report, names)}


class IdleCpu(Scenario):
    name = "idle-cpu"
    title = f"18,000 idle streams in one process for {SECONDS} s, heartbeats included"
    peers = (StraightRecorded, Straight)
    figures = (Figure("own cpu", "% of a core", 2), Figure("heartbeats", "", 0))
    targets = (Target("CPU, % of a core", lambda of: of["straight-redis"]["own cpu"], at_most=1.0),)
    rounds = 1

    def measure(self, start):
        with start() as peer:
            report = generator.run(peer, "--streams", 18_000, "--idle", SECONDS, is_publishing=False)
            own = 100 * generator.cpu_seconds(report, "sse.fcgi") / report["measured_seconds"]
            return {"own cpu": own, "heartbeats": report["comments"] - report["streams"]}
