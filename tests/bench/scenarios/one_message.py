# SPDX-License-Identifier: BSD-2-Clause
"""One message to very many streams. The last one has it when the generator has received what came before, too; own cpu
is what the writing alone takes.
"""

import generator
from growth import exponent
from peers.fcgi_push import Straight, StraightRecorded
from peers.floor import Floor

from scenarios.scenario import Figure, Scenario, Target

STREAMS = (1125, 4500, 18_000)


class OneMessage(Scenario):
    name = "one-message"
    title = "one message to 18,000 streams, no web server: until the last one has it"
    peers = (StraightRecorded, Straight, Floor)
    figures = (
        Figure("last", "ms", 1, True),
        Figure("of 4,500", "ms", 1),
        Figure("of 1,125", "ms", 1),
        Figure("exponent", "", 2),
        Figure("own cpu", "ms", 1),
    )
    targets = (
        Target("until the last stream has it, ms", lambda of: of["straight"]["last"], at_most=60),
        Target("exponent of the growth with streams", lambda of: of["straight"]["exponent"], at_most=1.1),
    )

    def measure(self, start):
        last_ms = []
        for streams in STREAMS:
            with start() as peer:
                report = generator.run(peer, "--streams", streams, "--once")
                last_ms.append(report["once_us"] / 1e3)
                own_ms = 1e3 * generator.cpu_seconds(report, next(iter(peer.processes())))
        return {
            "of 1,125": last_ms[0],
            "of 4,500": last_ms[1],
            "last": last_ms[2],
            "exponent": exponent(STREAMS, last_ms),
            "own cpu": own_ms,
        }
