# SPDX-License-Identifier: BSD-2-Clause
"""sse.fcgi: behind lighttpd with the file of examples/, or asked straight; with and without a history in Redis."""

import json

from crowd import wait_holder

from peers.lighttpd import Lighttpd
from peers.peer import Peer, channel_of, http_address, tree_of


class Straight(Peer):
    """FastCGI between the generator and the responder, as a web server speaks it."""

    name = "straight"
    title = "fcgi-push, no web server"
    history = "memory"
    options = {}

    def __init__(self, stage):
        self.stage = stage
        self.responder = stage.responder(history=self.history, **self.options)
        if self.history == "redis":
            wait_holder(stage.redis, [self.responder])

    def receiving(self, channels):
        return ["--fastcgi", self.responder.path, "--path", "/events?channel=" + channel_of(channels)]

    def processes(self):
        return {"sse.fcgi": [self.responder.pid], "redis": [self.stage.redis.pid]}


class StraightRecorded(Straight):
    name = "straight-redis"
    title = "fcgi-push, no web server, history in Redis"
    history = "redis"


class Behind(Straight):
    """Behind lighttpd."""

    name = "memory"
    title = "fcgi-push, history in memory"
    streams_max = 7_500

    def __init__(self, stage):
        super().__init__(stage)
        self.lighttpd = stage.lighttpd(self.responder, kind=Lighttpd)

    def receiving(self, channels):
        return ["--http", http_address(self.lighttpd), "--path", "/events?channel=" + channel_of(channels)]

    def processes(self):
        return {**super().processes(), "lighttpd": tree_of(self.lighttpd.pid)}


class Recorded(Behind):
    """As installed: each event is recorded before it is sent."""

    name = "fcgi-push"
    title = "fcgi-push"
    history = "redis"


# At thousands of messages a second the usual 1,000 events are a fraction of a second: who falls behind that far, or
# is away that long, has missed something. Ten seconds of what is published are recommended.
TEN_SECONDS = {"history_length": 20_000}  # of 2,000 messages/s
LONG = {"history_length": 100_000}


class TenSecondsBehind(Behind):
    options = TEN_SECONDS


class TenSecondsRecorded(Recorded):
    options = TEN_SECONDS


class LongStraight(Straight):
    options = LONG


class LongStraightRecorded(StraightRecorded):
    options = LONG


class LongBehind(Behind):
    options = LONG


class LongRecorded(Recorded):
    options = LONG


class Lists(Peer):
    """longpoll.fcgi, asked straight for what is kept."""

    name = "longpoll"
    title = "fcgi-push, no web server"

    def __init__(self, stage):
        self.stage = stage
        self.responder = stage.longpoll(history="redis")
        wait_holder(stage.redis, [self.responder])

    def processes(self):
        return {"longpoll.fcgi": [self.responder.pid], "redis": [self.stage.redis.pid]}

    def has_events(self, count):
        """Whether /list answers so many."""
        answer = self.stage.ask(self.responder, "channel=bench", script_name="/list")
        return len(json.loads(answer.body())) >= count
