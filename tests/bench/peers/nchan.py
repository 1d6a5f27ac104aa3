# SPDX-License-Identifier: BSD-2-Clause
"""Nchan, as Debian has it, in an nginx with a worker for each core; messages come by POST."""

import contextlib
import os

import web
from process import until

from peers.peer import Nginx, Peer, channel_of, http_address, tree_of


class Nchan(Peer):
    name = "nchan"
    title = "Nchan, memory"

    def __init__(self, stage):
        self.stage = stage
        place = stage.place("n")
        stage.directory.chmod(0o711)
        self.nginx = stage.add(
            Nginx(place, "nchan/nginx.conf", WORKERS=os.cpu_count(), STORAGE=self.storage(), UPSTREAM=self.upstream())
        ).start()

    def upstream(self):
        return ""

    def storage(self):
        return ""

    def receiving(self, channels):
        return ["--http", http_address(self.nginx), "--path", "/events?channel=" + channel_of(channels)]

    def publishing(self, channels):
        return ["--post", http_address(self.nginx), "--publish", "/publish?channel=" + channel_of(channels)]

    def processes(self):
        return {"nginx": tree_of(self.nginx.pid)}


class NchanRedis(Nchan):
    name = "nchan-redis"
    title = "Nchan, Redis"

    def __init__(self, stage):
        super().__init__(stage)
        until(self._has_store, "Nchan has its Redis")

    def _has_store(self):
        """Until then it answers 503."""
        response = web.HttpResponse(("127.0.0.1", self.nginx.port), "POST", "/publish?channel=first", (), b"first")
        with contextlib.closing(response):
            return response.status < 300

    def upstream(self):
        return f"upstream store {{ nchan_redis_server redis://127.0.0.1:{self.stage.redis.port}; }}"

    def storage(self):
        return "nchan_redis_pass store;"

    def processes(self):
        return {**super().processes(), "redis": [self.stage.redis.pid]}
