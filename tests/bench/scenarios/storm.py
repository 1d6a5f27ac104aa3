# SPDX-License-Identifier: BSD-2-Clause
"""All clients come back at once, each with the id of what it has seen last, and each gets what it missed."""

import generator
from peers.fcgi_push import Behind, Recorded

from scenarios.scenario import Figure, Scenario, Target

CLIENTS = 5000
EVENTS = 100


class Storm(Scenario):
    name = "storm"
    title = f"{CLIENTS:,} clients return with an id, {EVENTS} events each to replay"
    peers = (Recorded, Behind)
    figures = (Figure("all served", "s", 2, True), Figure("lost", "", 0), Figure("own cpu", "s", 2))
    targets = (
        Target("until all are served, s", lambda of: of["fcgi-push"]["all served"], at_most=2.0),
        Target("lost", lambda of: of["fcgi-push"]["lost"], at_most=0),
    )

    def measure(self, start):
        with start() as peer:
            position = position_of(peer)
            generator.run(peer, "--streams", 1, "--rate", 1000, "--seconds", EVENTS / 1000)
            before = own_cpu_seconds(peer)
            report = generator.run(
                peer,
                *("--streams", CLIENTS, "--replay", EVENTS, "--last-event-id", position),
                *("--connect-burst", CLIENTS),
                is_publishing=False,
            )
            own = own_cpu_seconds(peer) - before
            return {"all served": report["last_seconds"], "lost": report["lost"], "own cpu": own}


def position_of(peer):
    """The id that a stream has that opens now."""
    stream = peer.stage.stream(peer.responder, "channel=bench")
    stream.pump_until(lambda: stream.last_id, 5, "the position of a stream")
    return stream.last_id


def own_cpu_seconds(peer):
    """Also what opening costs, which is no part of the generator's measuring."""
    with open(f"/proc/{peer.responder.pid}/schedstat") as schedstat:
        return int(schedstat.read().split()[0]) / 1e9
