# SPDX-License-Identifier: BSD-2-Clause
"""All clients come back at once, each with the id of what it has seen last, and each gets what it missed.

No more of them connect at a time than fit into lighttpd's queue (server.listen-backlog, and net.core.somaxconn): the
kernel of whoever finds it full tries again only after a second or three, and that is not the server's time.
"""

import generator
from peers.fcgi_push import Behind, Recorded

from scenarios.scenario import Figure, Scenario, Target

CLIENTS = 5000
EVENTS = 100
CONNECTING = 4000


class Storm(Scenario):
    name = "storm"
    title = f"{CLIENTS:,} clients return with an id, {EVENTS} events each to replay"
    peers = (Recorded, Behind)
    figures = (Figure("all served", "s", 2, True), Figure("lost", "", 0), Figure("own cpu", "s", 2), Figure("cpu", "s", 2))
    rounds = 5
    targets = (
        Target("until all are served, s", lambda of: of["fcgi-push"]["all served"], at_most=2.0),
        Target("lost", lambda of: of["fcgi-push"]["lost"], at_most=0),
    )

    def measure(self, start):
        with start() as peer:
            position = position_of(peer)
            generator.run(peer, "--streams", 1, "--rate", 1000, "--seconds", EVENTS / 1000)
            before = cpu_seconds(peer)
            report = generator.run(
                peer,
                *("--streams", CLIENTS, "--replay", EVENTS, "--last-event-id", position),
                *("--connect-burst", CONNECTING),
                is_publishing=False,
            )
            used = {name: seconds - before[name] for name, seconds in cpu_seconds(peer).items()}
            return {
                "all served": report["last_seconds"],
                "lost": report["lost"],
                "own cpu": used["sse.fcgi"],
                "cpu": sum(used.values()),
            }


def position_of(peer):
    """The id that a stream has that opens now."""
    stream = peer.stage.stream(peer.responder, "channel=bench")
    stream.pump_until(lambda: stream.last_id, 5, "the position of a stream")
    return stream.last_id


def cpu_seconds(peer):
    """Of each process on the way; also what opening costs, which is no part of the generator's measuring."""
    return {name: sum(map(cpu_seconds_of, pids)) for name, pids in peer.processes().items()}


def cpu_seconds_of(pid):
    with open(f"/proc/{pid}/schedstat") as schedstat:
        return int(schedstat.read().split()[0]) / 1e9
