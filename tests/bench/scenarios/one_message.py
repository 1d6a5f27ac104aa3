# SPDX-License-Identifier: BSD-2-Clause
"""One message to very many streams. Until the last write: the generator receives nothing before all sockets are readable,
so it leaves the cores to the servers; until the last one has it, it then has received what came to all. Medians of some
messages, because the machine has hiccups that last longer than all of this.
"""

import generator
from growth import exponent
from peers.fcgi_push import Straight, StraightRecorded
from peers.floor import Floor

from scenarios.scenario import Figure, Scenario, Target

STREAMS = (1125, 4500, 18_000)
MESSAGES = 7


class OneMessage(Scenario):
    name = "one-message"
    title = f"one message to 18,000 streams, no web server: until the last write; medians of {MESSAGES} messages"
    peers = (StraightRecorded, Straight, Floor)
    figures = (
        Figure("last write", "ms", 1, True),
        Figure("of 4,500", "ms", 1),
        Figure("of 1,125", "ms", 1),
        Figure("exponent", "", 2),
        Figure("all received", "ms", 1),
        Figure("own cpu", "ms a message", 1),
    )
    targets = (
        Target("until the last write, ms", lambda of: of["straight"]["last write"], at_most=60),
        Target("exponent of the growth with streams", lambda of: of["straight"]["exponent"], at_most=1.1),
    )

    def measure(self, start):
        written_ms = []
        for streams in STREAMS:
            with start() as peer:
                report = generator.run(peer, "--streams", streams, "--once", "--messages", MESSAGES)
                assert report["written_us"] is not None, f"no message reached all of {streams} streams"
                written_ms.append(report["written_us"] / 1e3)
                own_ms = 1e3 * generator.cpu_seconds(report, next(iter(peer.processes()))) / MESSAGES
        return {
            "of 1,125": written_ms[0],
            "of 4,500": written_ms[1],
            "last write": written_ms[2],
            "exponent": exponent(STREAMS, written_ms),
            "all received": report["once_us"] / 1e3,
            "own cpu": own_ms,
        }
