# SPDX-License-Identifier: BSD-2-Clause
"""The floor: a bare loop in C that writes the same bytes to the same number of TCP sockets."""

from process import Process, free_port
from servers import BUILD

from peers.peer import Peer, http_address


class FloorServer(Process):
    name = "floor"

    def __init__(self, directory, redis_path):
        super().__init__(directory)
        self.port = free_port()
        self._redis_path = redis_path

    def argv(self):
        return [BUILD / "tests" / "bench" / "floor", self.port, self._redis_path, "push:bench"]

    def is_ready(self):
        return "listening" in self.log()


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
