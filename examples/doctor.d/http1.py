# SPDX-License-Identifier: BSD-2-Clause
"""HTTP/1.1, one request a connection, whose body is seen at the moment it comes.

http.client waits for whole chunks and tells neither when bytes came nor how a response ended.
"""

import time
import zlib

from wire import Trouble, Wire

HEAD_LIMIT = 65536


class Stalled(Trouble):
    """Nothing came in time."""


class Response:
    """An answer whose body is still coming.

    asked_at and head_at: when the request went out on an open connection, and when the headers were there.
    is_ended says that no more comes, is_complete that it ended as HTTP/1.1 says. A body in gzip is read decoded.
    """

    def __init__(self, target, resource, timeout, method="GET", headers=(), is_insecure=False):
        self._wire = Wire(target, timeout, is_insecure=is_insecure)
        self.asked_at = time.monotonic()
        self._buffer = b""
        self._left = None  # bytes of the current chunk, or of the body; None: unknown
        self._decoder = None
        self.is_ended = self.is_complete = False
        lines = {"Host": target.authority, **target.headers(), **dict(headers)}
        head = f"{method} {resource} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        try:
            self._wire.send(head.encode("latin-1", "replace") + b"\r\n")
            self._read_head(self.asked_at + timeout)
        except Trouble:
            self.close()
            raise
        if method == "HEAD" or self.status in (204, 304) or self._left == 0:
            self._end(True)

    def _read_head(self, deadline):
        while b"\r\n\r\n" not in self._buffer:
            piece = self._wire.receive(deadline - time.monotonic())
            if piece is None:
                raise Stalled("no answer came in time" if not self._buffer else "only a part of the headers came")
            if not piece or len(self._buffer) > HEAD_LIMIT:
                raise Trouble("the server closed the connection without an answer to the request")
            self._buffer += piece
        self.head_at = time.monotonic()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        words = status_line.split()
        if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
            raise Trouble(f"that is no HTTP server: it answers {status_line[:60]!r}")
        self.status = int(words[1])
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self._interpret()

    def _interpret(self):
        self._is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        length = self.headers.get("content-length", "")
        if length.isdecimal() and not self._is_chunked:
            self._left = int(length)
        self.encoding = self.headers.get("content-encoding", "identity").lower()
        self.is_readable = self.encoding in ("identity", "gzip", "deflate")
        if self.encoding in ("gzip", "deflate"):
            self._decoder = zlib.decompressobj(47 if self.encoding == "gzip" else 15)

    def _end(self, is_complete):
        self.is_ended, self.is_complete = True, is_complete

    def read(self, timeout):
        """Some bytes of the body; b'' at its end; None when nothing came in time."""
        deadline = time.monotonic() + timeout
        while True:
            data = self._decode(self._take_chunks() if self._is_chunked else self._take_plain())
            if data or self.is_ended:
                return data
            piece = self._wire.receive(deadline - time.monotonic())
            if piece is None:
                return None
            self._buffer += piece
            if not piece:
                self._end(not self._is_chunked and self._left is None)

    def _decode(self, data):
        if not self._decoder or not data:
            return data
        try:
            return self._decoder.decompress(data)
        except zlib.error:
            raise Trouble(f"the answer is marked as {self.encoding} and is none") from None

    def _take_plain(self):
        count = len(self._buffer) if self._left is None else self._left
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        if self._left is not None:
            self._left -= len(data)
            if self._left == 0:
                self._end(True)
        return data

    def _take_chunks(self):
        data = b""
        while not self.is_ended:
            if self._left is None:
                line, has_line, rest = self._buffer.partition(b"\r\n")
                if not has_line:
                    break
                self._begin_chunk(line)
                self._buffer = rest
            else:
                piece = self._buffer[: self._left]
                self._buffer = self._buffer[len(piece) :]
                self._left -= len(piece)
                data += piece
                if self._left > 0 or len(self._buffer) < 2:
                    break
                self._buffer, self._left = self._buffer[2:], None
        return data

    def _begin_chunk(self, line):
        try:
            self._left = int(line.split(b";")[0], 16)
        except ValueError:
            self._left = -1
        if self._left < 0:
            raise Trouble(f"the answer is chunked, but {line[:20]!r} is no length of a chunk")
        if self._left == 0:
            self._end(True)

    def body(self, timeout, limit=65536):
        """The whole body, or what of it came in time."""
        deadline = time.monotonic() + timeout
        data = b""
        while not self.is_ended and len(data) < limit and time.monotonic() < deadline:
            data += self.read(deadline - time.monotonic()) or b""
        return data

    def close(self):
        self._wire.close()
