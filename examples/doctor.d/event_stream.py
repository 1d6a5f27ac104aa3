# SPDX-License-Identifier: BSD-2-Clause
"""An event stream as a browser reads it (WHATWG HTML 9.2.6), with what a browser does not show: comments, positions."""

import codecs
import time


class Item:
    """kind: event, comment, retry, or position; at: when its last byte came."""

    def __init__(self, kind, at, text="", type="", id=""):
        self.kind, self.at, self.text, self.type, self.id = kind, at, text, type, id


class Parser:
    """Turns bytes into items; what a piece leaves unfinished waits for the next."""

    def __init__(self):
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._begin_block()
        self._id = self.last_id = ""

    def _begin_block(self):
        self._data, self._type, self._has_id = [], "", False

    def feed(self, piece, at):
        text = self._rest + self._decoder.decode(piece)
        is_unsure = text.endswith("\r")  # a LF that belongs to it may follow
        lines = (text[:-1] if is_unsure else text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + ("\r" if is_unsure else "")
        return [item for line in lines for item in self._take(line, at)]

    def _take(self, line, at):
        if not line:
            return self._end_block(at)
        if line.startswith(":"):
            return [Item("comment", at, line[1:])]
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id, self._has_id = value, True
        elif name == "retry" and value.isascii() and value.isdigit():
            return [Item("retry", at, value)]
        return []

    def _end_block(self, at):
        data, type_, has_id = self._data, self._type, self._has_id
        self._begin_block()
        self.last_id = self._id
        if type_ == "push-position" or (has_id and not data):  # as an event, or without one
            return [Item("position", at, id=self.last_id)]
        return [Item("event", at, "\n".join(data), type_ or "message", self.last_id)] if data else []


class Stream:
    """An answer read as an event stream; items is all that came so far."""

    def __init__(self, response):
        self.response = response
        self.items = []
        self._parser = Parser()

    @property
    def last_id(self):
        return self._parser.last_id

    @property
    def is_ended(self):
        return self.response.is_ended

    def of_kind(self, kind):
        return [item for item in self.items if item.kind == kind]

    def events(self):
        return self.of_kind("event")

    def read_until(self, condition, timeout):
        """Reads until the condition holds, the stream ends or the time is over; whether it holds."""
        deadline = time.monotonic() + timeout
        while not condition() and not self.is_ended and (left := deadline - time.monotonic()) > 0:
            piece = self.response.read(left)
            if piece:
                self.items += self._parser.feed(piece, time.monotonic())
        return bool(condition())

    def wait_open(self, timeout):
        """Until the position that ends the opening has come; whether it has."""
        return self.read_until(lambda: self.of_kind("position"), timeout)

    def has_farewell(self):
        """Whether the responder itself ended it: then a retry, the second one, and a position stand behind all else."""
        last = {item.kind for item in self.items[-2:]}
        return self.is_ended and last == {"retry", "position"} and len(self.of_kind("retry")) > 1

    def close(self):
        self.response.close()
