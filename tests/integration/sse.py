# SPDX-License-Identifier: BSD-2-Clause
"""An event-stream reader that sees what a browser sees, and what it does not.

Parser follows WHATWG HTML 9.2.6 line by line; beside the events it reports comments,
retry times and id-only blocks. Stream reads a byte source (see http.py, fastcgi.py)
and stamps every item with the time at which its last byte came.
"""

import codecs
import dataclasses
import json
import time


@dataclasses.dataclass
class Item:
    """One thing in a stream. kind: event, comment, retry, position, unknown."""

    kind: str
    at: float
    text: str = ""  # data of an event, text of a comment, name of an unknown field
    type: str = ""  # of an event
    id: str = ""  # last event id at that point
    retry_ms: int = 0

    def json(self):
        return json.loads(self.text)


class Parser:
    """Turns bytes into items; what a chunk leaves unfinished waits for the next."""

    def __init__(self):
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._is_first = True
        self._after_cr = False
        self._line = ""
        self._data = []
        self._type = ""
        self._id_buffer = ""
        self._has_id = False
        self.last_id = ""

    def feed(self, chunk, at):
        text = self._decoder.decode(chunk)
        if self._is_first and text:
            self._is_first = False
            text = text.removeprefix("\ufeff")
        items = []
        for line in self._lines(text):
            items.extend(self._take_line(line, at))
        return items

    def _lines(self, text):
        """Whole lines of text; CR, LF and CRLF end one, even when cut in between."""
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if not text:
            return []
        self._after_cr = text.endswith("\r")
        text = (self._line + text).replace("\r\n", "\n").replace("\r", "\n")
        *lines, self._line = text.split("\n")
        return lines

    def _take_line(self, line, at):
        if line == "":
            return self._dispatch(at)
        if line.startswith(":"):
            return [Item("comment", at, text=line[1:])]
        name, _, value = line.partition(":")
        return self._take_field(name, value.removeprefix(" "), at)

    def _take_field(self, name, value, at):
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id":
            if "\0" not in value:
                self._id_buffer = value
                self._has_id = True
        elif name == "retry":
            if value.isascii() and value.isdigit():
                return [Item("retry", at, retry_ms=int(value), text=value)]
        else:
            return [Item("unknown", at, text=name)]
        return []

    def _dispatch(self, at):
        self.last_id = self._id_buffer
        data, type_, has_id = self._data, self._type, self._has_id
        self._data, self._type, self._has_id = [], "", False
        if data:
            return [Item("event", at, "\n".join(data), type_ or "message", self.last_id)]
        return [Item("position", at, id=self.last_id)] if has_id else []


def is_position(item):
    return item.kind == "position" or (item.kind == "event" and item.type == "heartbeat" and bool(item.id))


class Stream:
    """An open stream over a source: status, headers, read(timeout) -> bytes, b'' at its end.

    The source raises TimeoutError when nothing came in time.
    """

    def __init__(self, source):
        self.source = source
        self.status = source.status
        self.headers = source.headers
        self.raw = bytearray()
        self.items = []
        self.is_ended = False
        self._parser = Parser()
        self._seen = 0

    @property
    def last_id(self):
        return self._parser.last_id

    def of_kind(self, kind):
        return [item for item in self.items if item.kind == kind]

    def pump(self, timeout):
        """Reads once; False when nothing came or the stream has ended."""
        if self.is_ended:
            return False
        try:
            chunk = self.source.read(timeout)
        except TimeoutError:
            return False
        if not chunk:
            self.is_ended = True
            return False
        self.raw += chunk
        self.items += self._parser.feed(chunk, time.monotonic())
        return True

    def pump_until(self, condition, timeout, what):
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or self.is_ended:
                state = "the stream ended" if self.is_ended else f"{timeout} s passed"
                raise AssertionError(f"{state} while waiting for {what}; tail: {bytes(self.raw[-300:])!r}")
            self.pump(left)

    def _next(self, is_wanted, timeout, what):
        """The first item after those handed out before that is wanted."""

        def find():
            for index in range(self._seen, len(self.items)):
                if is_wanted(self.items[index]):
                    return index
            return None

        self.pump_until(lambda: find() is not None, timeout, what)
        index = find()
        self._seen = index + 1
        return self.items[index]

    def next_event(self, timeout=5.0, type=None):
        return self._next(
            lambda i: i.kind == "event" and type in (None, i.type), timeout, f"an event of type {type or 'any'}"
        )

    def next_events(self, count, timeout=10.0):
        deadline = time.monotonic() + timeout
        return [self.next_event(max(0.01, deadline - time.monotonic())) for _ in range(count)]

    def skip(self):
        """What has arrived so far counts as handed out."""
        self._seen = len(self.items)

    def next_of(self, kind, timeout=5.0):
        return self._next(lambda i: i.kind == kind, timeout, f"a {kind}")

    def wait_open(self, timeout=5.0):
        """Until the position that ends the opening (and the replay) has come, by itself or in a heartbeat; returns self."""
        self.pump_until(lambda: any(map(is_position, self.items)), timeout, "the opening position")
        return self

    def quiet_events(self, seconds):
        """The events that come within the time; for asserting that there are none."""
        before = len(self.of_kind("event"))
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self.is_ended:
            self.pump(left)
        return self.of_kind("event")[before:]

    def wait_end(self, timeout=5.0):
        """Reads on to the end of the stream; returns whether it ended properly."""
        deadline = time.monotonic() + timeout
        while not self.is_ended:
            left = deadline - time.monotonic()
            assert left > 0, f"the stream is still open after {timeout} s"
            self.pump(left)
        return self.source.ended_properly

    def close(self):
        self.source.close()

    def reset(self):
        """Goes away with a TCP reset, as a vanished network does."""
        self.source.reset()
