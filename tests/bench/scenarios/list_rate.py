# SPDX-License-Identifier: BSD-2-Clause
"""How many requests for what is kept are answered."""

import json
import subprocess

import generator
from peers.fcgi_push import Lists
from process import until

from scenarios.scenario import Figure, Scenario, Target

EVENTS = 100
CONNECTIONS = 16
SECONDS = 3


class ListRate(Scenario):
    name = "list"
    title = f"/list of {EVENTS} events of 100 bytes, {CONNECTIONS} connections, no web server"
    peers = (Lists,)
    figures = (
        Figure("answers", "/s", 0),
        Figure("per core", "answers/s", 0),
        Figure("p99", "ms", 2),
        Figure("body", "bytes", 0),
    )
    targets = (Target("answers/s of a core", lambda of: of["longpoll"]["per core"], at_least=20_000),)

    def measure(self, start):
        with start() as peer:
            peer.stage.redis.publish_all("bench", [f"{number} ".ljust(100, "x") for number in range(EVENTS)])
            until(lambda: peer.has_events(EVENTS), f"/list has {EVENTS} events")
            report = ask(peer)
            return {
                "answers": report["answers_per_second"],
                "per core": report["answers"] / report["cpu_seconds"],
                "p99": report["latency_us"]["p99"] / 1e3,
                "body": report["bytes"] / report["answers"],
            }


def ask(peer):
    words = [generator.BENCH / "asks", "fastcgi", peer.responder.path, "/list?channel=bench"]
    words += [CONNECTIONS, SECONDS, peer.responder.pid]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr.strip()
    return json.loads(done.stdout)
