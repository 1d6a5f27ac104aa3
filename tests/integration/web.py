# SPDX-License-Identifier: BSD-2-Clause
"""HTTP/1.1 over a raw socket: a stream's bytes are seen at the moment they come.

The usual clients wait for whole chunks, hide how a response ended, and do not let
one choose the request's bytes.
"""

import json
import socket
import struct
import time

from sse import Stream


class Headers(dict):
    """Names are lower case; a header that comes twice is joined by a comma."""

    @classmethod
    def parse(cls, lines):
        headers = cls()
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return headers


class Response:
    """What responses have in common, whatever the protocol: read(timeout) gives the body as it comes."""

    def body(self, timeout=5.0):
        chunks = []
        while chunk := self.read(timeout):
            chunks.append(chunk)
        return b"".join(chunks)

    def error_code(self):
        return json.loads(self.body())["error"]

    def close(self):
        self._socket.close()

    def reset(self):
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


class HttpResponse(Response):
    """A response whose body is read as it comes; the source of an sse.Stream. tls: an SSLContext."""

    def __init__(self, address, method, target, headers=(), body=b"", timeout=5.0, receive_buffer=None, tls=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.socket(family)
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(timeout)
        self._socket.connect(address)
        if tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname="localhost")
        self._buffer = b""
        self._is_chunked = False
        self._left = None  # bytes of the current chunk or of the body; None: until the end of file
        self._is_done = False
        self.ended_properly = False
        self._send(method, target, dict(headers), body)
        self._read_head(method, time.monotonic() + timeout)

    def _send(self, method, target, headers, body):
        headers = {"Host": "127.0.0.1", **headers}
        if body:
            headers["Content-Length"] = str(len(body))
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        self._socket.sendall(head.encode("latin-1") + b"\r\n" + body)

    def _receive(self, deadline):
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            chunk = self._socket.recv(65536)
        except ConnectionResetError:
            chunk = b""
        self._buffer += chunk
        return len(chunk)

    def _read_head(self, method, deadline):
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive(deadline):
                raise ConnectionError(f"closed before the response's head was there: {self._buffer!r}")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(status_line.split()[1])
        self.headers = Headers.parse(lines)
        self._is_chunked = self.headers.get("transfer-encoding") == "chunked"
        if method == "HEAD" or self.status in (204, 304):
            self._finish(True)
        elif "content-length" in self.headers:
            self._left = int(self.headers["content-length"])
            if self._left == 0:
                self._finish(True)

    def _finish(self, is_proper):
        self._is_done = True
        self.ended_properly = is_proper

    def read(self, timeout):
        """Some bytes of the body; b'' at its end; TimeoutError when nothing came."""
        deadline = time.monotonic() + timeout
        while not self._is_done:
            data = self._take_chunked() if self._is_chunked else self._take_plain()
            if data or self._is_done:
                return data
            if not self._receive(deadline):
                self._finish(not self._is_chunked and self._left is None)
        return b""

    def _take_plain(self):
        count = len(self._buffer) if self._left is None else self._left
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        if self._left is not None:
            self._left -= len(data)
            if self._left == 0:
                self._finish(True)
        return data

    def _take_chunked(self):
        data = b""
        while True:
            if self._left is None:
                line, found, rest = self._buffer.partition(b"\r\n")
                if not found:
                    return data
                self._left, self._buffer = int(line.split(b";")[0], 16) + 2, rest
                if self._left == 2:
                    self._finish(True)
                    return data
            piece = self._buffer[: max(0, self._left - 2)]
            data += piece
            self._left -= len(piece)
            self._buffer = self._buffer[len(piece) :]
            if self._left > 2 or len(self._buffer) < 2:
                return data
            self._buffer, self._left = self._buffer[2:], None


def open_stream(address, target, headers=(), timeout=5.0, receive_buffer=None):
    """A stream whose opening has arrived."""
    stream = Stream(HttpResponse(address, "GET", target, headers, timeout=timeout, receive_buffer=receive_buffer))
    assert stream.status == 200, f"{stream.status}: {stream.source.body()!r}"
    return stream.wait_open(timeout)
