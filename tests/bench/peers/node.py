# SPDX-License-Identifier: BSD-2-Clause
"""One process of Node with the package `redis`: one subscription for all its clients."""

import subprocess

from peers.peer import HERE, Peer, Program, channel_of, http_address

DIRECTORY = HERE / "node"


def install():
    """The pinned packages; once."""
    if not (DIRECTORY / "node_modules" / "redis").is_dir():
        words = ["npm", "ci", "--prefix", str(DIRECTORY), "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class NodeServer(Program):
    name = "node"

    def argv(self):
        return ["node", DIRECTORY / "server.mjs", self.port, self.redis_path]

    def environment(self):
        return {"NODE_ENV": "production"}


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
