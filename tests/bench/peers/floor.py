# SPDX-License-Identifier: BSD-2-Clause
"""The floor: a bare loop in C that writes the same bytes to the same number of TCP sockets."""

from servers import BUILD

from peers.peer import Peer, Program, http_address


class FloorServer(Program):
    name = "floor"

    def argv(self):
        return [BUILD / "tests" / "bench" / "floor", self.port, self.redis_path, "push:bench"]


class Floor(Peer):
    name = "floor"
    title = "floor: bare C loop"

    def __init__(self, stage):
        self.stage = stage
        self.server = stage.add(FloorServer(stage.place("f"), stage.redis.path)).start()

    def receiving(self, channels):
        assert channels == 1, "the floor has one channel"
        return ["--http", http_address(self.server), "--path", "/"]

    def processes(self):
        return {"floor": [self.server.pid], "redis": [self.stage.redis.pid]}
