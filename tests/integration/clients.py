# SPDX-License-Identifier: BSD-2-Clause
"""Clients of others that follow a stream, as processes: what they are told is what they print.

An event is (type, id, data). All of them hear messages and TYPES.
"""

import json

import examples
from process import Process, until
from sse import Parser

PROGRAMS = examples.TOP / "tests" / "clients"
TYPES = ["order", "gap"]

TARGET = "/events?channel=news,clock&channel=public:more"

# Channel, payload, and what a client is told: the type, what stands in the id behind ours, the data.
PUBLISHED = [
    ("news", "plain", ("message", "", "plain")),
    ("clock", '{"id": 7, "event": "order", "data": {"state": "paid"}}', ("order", "~7", '{"state":"paid"}')),
    ("public:more", "first\nsecond\r\n\n  third: \n", ("message", "", "first\nsecond\n\n  third: \n")),
    ("news", "Grüße, 世界 🌍, \u2028 and \x0b", ("message", "", "Grüße, 世界 🌍, \u2028 and \x0b")),
    ("news", '{"event": "order", "data": ""}', ("order", "", "")),
    ("clock", ": no comment\n\nid: 0\nevent: order", ("message", "", ": no comment\n\nid: 0\nevent: order")),
    ("news", '{"retry": 250, "data": "and a retry"}', ("message", "", "and a retry")),
]



class Follower:
    """One who is told of events. What it says are dicts with a kind: open, error, event …"""

    def objects(self):
        raise NotImplementedError

    def must_be_alive(self):
        """Raises when it will not be told anything any more."""

    def notes(self, kind):
        """What it says of that kind."""
        return [note for note in self.objects() if note["kind"] == kind]

    def events(self):
        return [(note["type"], note["id"], note["data"]) for note in self.notes("event")]

    def texts(self):
        return [data for _, _, data in self.events()]

    def wait_events(self, count, timeout=10.0):
        until(lambda: len(self.events()) >= count, f"{count} events", timeout, self.must_be_alive)
        return self.events()

    def wait_note(self, kind, count=1, timeout=10.0):
        until(lambda: len(self.notes(kind)) >= count, f"{count} times {kind}", timeout)
        return self.notes(kind)[count - 1]


class Client(Process, Follower):
    """A program on one URL."""

    name = "client"

    def __init__(self, directory, url, *arguments):
        super().__init__(directory)
        self.url = url
        self.arguments = arguments

    def said(self):
        """What it has printed, in whole lines."""
        return self.log().rpartition("\n")[0]

    def objects(self):
        return [json.loads(line) for line in self.said().split("\n") if line.startswith("{")]

    def complaints(self):
        if self.is_alive():
            self.stop()
        return []


class EventSource(Client):
    """npm "eventsource"."""

    def argv(self):
        return ["node", PROGRAMS / "eventsource.mjs", self.url, *TYPES]


class FetchEventSource(Client):
    """npm "@microsoft/fetch-event-source". It is told of events of every type: of positions, too. Who uses it skips
    those, as here."""

    def argv(self):
        return ["node", PROGRAMS / "fetch_event_source.mjs", self.url, *self.arguments]

    def events(self):
        return [(type or "message", id, data) for type, id, data in super().events() if type != "push-position"]

    def positions(self):
        """The ids of those."""
        return [id for type, id, _ in super().events() if type == "push-position"]


class Requests(Client):
    """Python's requests, in examples/follow.py."""

    def argv(self):
        return [examples.EXAMPLES / "follow.py", self.url, *self.arguments]

    def events(self):
        return [(event["event"], event["id"], event["data"]) for event in self.objects()]


class Curl(Client):
    """curl, in examples/follow.sh."""

    def argv(self):
        return [examples.EXAMPLES / "follow.sh", self.url, *self.arguments]

    def events(self):
        items = Parser().feed(self.said().encode() + b"\n", 0)
        return [(item.type, item.id, item.text) for item in items if item.kind == "event"]


class PushSource(Client):
    """push.js in Node, with npm "eventsource"."""

    def argv(self):
        return ["node", PROGRAMS / "push_source.mjs", self.url, *self.arguments]


class PollingPushSource(PushSource):
    """push.js in Node, which has no EventSource of its own."""

    def argv(self):
        return [*super().argv(), "poll"]


STREAMING = [EventSource, FetchEventSource, Requests, Curl, PushSource]
ALL = [*STREAMING, PollingPushSource]
