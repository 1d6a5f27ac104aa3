# SPDX-License-Identifier: BSD-2-Clause
"""One examination: what was asked for, and what the checks have learnt so far."""

import secrets
import time

import advice
from event_stream import Stream
from http1 import Response
from resp import RedisTrouble

AS_A_BROWSER = "gzip, deflate, br, zstd"


class Enough(Exception):
    """What follows could not be checked any more."""


class Case:
    """Handed from check to check."""

    def __init__(self, target, options, report, redis):
        self.target = target
        self.options = options
        self.report = report
        self.redis = redis  # None: not given, or not usable
        self.channel = options.channel or f"doctor-{secrets.token_hex(4)}"
        self.round_trip = 0.0  # seconds that the network takes
        self.heartbeat = None  # seconds, once it was seen
        self.accept_encoding = AS_A_BROWSER
        self.offers_http2 = False
        report.mount = target.path.rstrip("/") or "/events"

    def ask(self, resource, method="GET", headers=(), timeout=None):
        """An answer whose headers have come; Trouble when they do not."""
        response = Response(
            self.target, resource, timeout or self.options.timeout, method, headers, self.options.is_insecure
        )
        self.learn_server(response.headers)
        return response

    def learn_server(self, headers):
        self.report.server = self.options.server or advice.kind_of(headers.get("server", ""))

    def test_resource(self, **parameters):
        """The stream of the channel to which test events go; without Redis, what the URL asks for."""
        if self.redis:
            parameters["channel"] = self.channel
        elif not self.target.channel:
            parameters.setdefault("channel", self.options.channel or self.channel)
        return self.target.resource(**parameters)

    def open(self, resource, headers=(), encoding=None, timeout=None):
        """A stream whose headers have come."""
        headers = {"Accept": "text/event-stream", "Accept-Encoding": encoding or self.accept_encoding, **dict(headers)}
        return Stream(self.ask(resource, headers=headers, timeout=timeout))

    def publish(self, *texts):
        """PUBLISHes to the test channel; the least number of subscribers that heard one."""
        for text in texts:
            self.redis.send("PUBLISH", self.options.prefix + self.channel, text)
        return min(self.redis.answer() for _ in texts)

    def let_go_of_closed(self):
        """Web servers notice that streams of HTTP/1.1 were closed when they write, Apache the second time."""
        try:
            for text in ("doctor has left", "doctor has left indeed") if self.redis else ():
                self.publish(text)
                time.sleep(0.1)
        except RedisTrouble:
            pass  # then the streams of earlier checks still count
