# SPDX-License-Identifier: BSD-2-Clause
"""One process of Node with the package `redis`: one subscription for all its clients."""

import subprocess

from process import Process, free_port

from peers.peer import HERE, Peer, answers, channel_of, http_address

DIRECTORY = HERE / "node"


def install():
    """The pinned packages; once."""
    if not (DIRECTORY / "node_modules" / "redis").is_dir():
        words = ["npm", "ci", "--prefix", str(DIRECTORY), "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class NodeServer(Process):
    name = "node"

    def __init__(self, directory, redis_path):
        super().__init__(directory)
        self.port = free_port()
        self._redis_path = redis_path

    def argv(self):
        return ["node", DIRECTORY / "server.mjs", self.port, self._redis_path]

    def environment(self):
        return {"NODE_ENV": "production"}

    def is_ready(self):
        return answers(("127.0.0.1", self.port))


class Node(Peer):
    name = "node"
    title = "Node 20, redis"

    def __init__(self, stage):
        install()
        self.stage = stage
        self.server = stage.add(NodeServer(stage.place("n"), stage.redis.path)).start()

    def receiving(self, channels):
        return ["--http", http_address(self.server), "--path", "/events?channel=" + channel_of(channels)]

    def processes(self):
        return {"node": [self.server.pid], "redis": [self.stage.redis.pid]}
