# SPDX-License-Identifier: BSD-2-Clause
"""Many clients of a site that come back as an EventSource does, and one that asks all the time."""

import threading
import time

from process import until
from sse import Stream


class Loop(threading.Thread):
    """Runs turn() until it is stopped; what turn() raises is a wrong."""

    def __init__(self, site):
        super().__init__()
        self.site = site
        self.wrongs = []
        self.is_done = threading.Event()

    def run(self):
        while not self.is_done.is_set():
            try:
                self.turn()
            except Exception as error:
                self.wrongs.append(repr(error))
                self.is_done.wait(0.1)

    def stop(self):
        self.is_done.set()
        self.join()


class EventSource(Loop):
    """A stream that is opened again after its retry time, with the last id."""

    def __init__(self, site, channel):
        super().__init__(site)
        self.target = f"/events?channel={channel}"
        self.last_id = ""
        self.texts = []
        self.openings = 0

    def turn(self):
        source = self.site.request("GET", self.target, {"Last-Event-ID": self.last_id} if self.last_id else {})
        if source.status != 200:
            raise AssertionError(f"{source.status} at opening {self.openings + 1}")
        stream = Stream(source)
        while not stream.is_ended and not self.is_done.is_set():
            self._take(stream)
        stream.close()
        retries = stream.of_kind("retry")
        self.is_done.wait(retries[-1].retry_ms / 1000 if retries else 3.0)

    def _take(self, stream):
        before = len(stream.items)
        stream.pump(0.5)
        for item in stream.items[before:]:
            if item.kind == "event":
                self.texts.append(item.text if item.type == "message" else f"{item.type} {item.text}")
            self.openings += item.kind == "position" and not stream.of_kind("position")[1:]
        self.last_id = stream.last_id or self.last_id


STREAMS = ("HEAD", "/events?channel=public:probe")
POLLS = ("GET", "/list?channel=public:probe")


class Probe(Loop):
    """Asks for each of the requests in turn, 50 times a second."""

    def __init__(self, site, requests):
        super().__init__(site)
        self._requests = requests
        self.count = 0
        self.longest_ms = 0
        self._due = time.monotonic()

    def turn(self):
        method, target = self._requests[self.count % len(self._requests)]
        self.count += 1
        self._due = max(self._due + 0.02, time.monotonic() - 0.5)
        asked = time.monotonic()
        response = self.site.request(method, target)
        response.body()
        self.longest_ms = max(self.longest_ms, round((time.monotonic() - asked) * 1000))
        response.close()
        if response.status != 200:
            raise AssertionError(f"{method} {target}: {response.status}")
        self.is_done.wait(max(0.0, self._due - time.monotonic()))


class Publisher(Loop):
    """Publishes numbers, ten a second."""

    def __init__(self, site, channel):
        super().__init__(site)
        self.channel = channel
        self.sent = []

    def turn(self):
        self.sent.append(f"{len(self.sent):06}")
        self.site.publish(self.channel, self.sent[-1])
        self.is_done.wait(0.1)


class Audience:
    """A context manager: so many event sources on one channel, a probe, and the publisher."""

    def __init__(self, site, channel, count, requests=(STREAMS, POLLS)):
        self.sources = [EventSource(site, channel) for _ in range(count)]
        self.probe = Probe(site, requests)
        self.publisher = Publisher(site, channel)
        self._loops = [*self.sources, self.publisher] + ([self.probe] if requests else [])

    def __enter__(self):
        for source in self.sources:
            source.start()
        self.wait_openings(1)
        for loop in self._loops[len(self.sources) :]:
            loop.start()
        return self

    def __exit__(self, *_):
        for loop in self._loops:
            loop.is_done.set()
        for loop in self._loops:
            if loop.ident:
                loop.join()

    def wrongs(self):
        return [f"{type(loop).__name__}: {wrong}" for loop in self._loops for wrong in loop.wrongs]

    def check(self):
        assert not self.wrongs(), "\n".join(self.wrongs()[:20])

    def openings(self):
        return min(source.openings for source in self.sources)

    def wait_openings(self, count, timeout=20.0):
        """Until every one has opened its stream so many times."""
        until(lambda: self.openings() >= count, f"all streams were opened {count} times", timeout, self.check)

    def finish(self, timeout=10.0):
        """Ends publishing; each source must have all that was sent, once and in order."""
        self.publisher.stop()
        sent = self.publisher.sent
        until(lambda: all(source.texts[-1:] == sent[-1:] for source in self.sources), "the last event", timeout)
        self.check()
        for source in self.sources:
            assert source.texts == sent
