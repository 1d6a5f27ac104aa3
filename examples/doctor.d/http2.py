# SPDX-License-Identifier: BSD-2-Clause
"""As much of HTTP/2 (RFC 9113) as it takes to open streams on one connection and to see which of them begin."""

import struct
import time

from wire import Trouble, Wire

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 0x2, 0x3
STATUS_200 = 0x88  # :status 200 of the static table (RFC 7541, appendix A)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _length(number):
    """A length without Huffman coding: an integer with a prefix of 7 bits (RFC 7541, section 5.1)."""
    if number < 127:
        return bytes([number])
    number -= 127
    octets = b"\x7f"
    while number >= 128:
        octets += bytes([number % 128 + 128])
        number //= 128
    return octets + bytes([number])


def literal(name, value):
    """A header field as a literal that is not indexed, with a name of its own (RFC 7541, section 6.2.2)."""
    name, value = name.encode("latin-1", "replace"), value.encode("latin-1", "replace")
    return b"\x00" + _length(len(name)) + name + _length(len(value)) + value


class Frames:
    """Cuts bytes into (kind, flags, stream, payload)."""

    def __init__(self):
        self._buffer = b""

    def feed(self, data):
        self._buffer += data
        frames = []
        while len(self._buffer) >= 9:
            length = int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < 9 + length:
                break
            kind, flags, stream = struct.unpack(">BBI", self._buffer[3:9])
            frames.append((kind, flags, stream & 0x7FFFFFFF, self._buffer[9 : 9 + length]))
            self._buffer = self._buffer[9 + length :]
        return frames


class Exchange:
    """One stream of the connection."""

    def __init__(self):
        self.is_200 = self.has_data = self.is_over = False

    @property
    def is_streaming(self):
        return self.is_200 and self.has_data and not self.is_over


class Connection:
    """streams_announced is the server's SETTINGS_MAX_CONCURRENT_STREAMS, None while it has set no limit."""

    def __init__(self, target, timeout, is_insecure):
        self._wire = Wire(target, timeout, ("h2",), is_insecure)
        self._target = target
        self._frames = Frames()
        self._exchanges = {}
        self.streams_announced = None
        self.is_ended = self._has_settings = False
        if self._wire.protocol != "h2":
            raise Trouble("the server does not take HTTP/2 after all")
        self._wire.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", ENABLE_PUSH, 0)))
        self.read_until(lambda: self._has_settings, timeout)
        if not self._has_settings:
            raise Trouble("the server accepts HTTP/2 and does not begin it")

    def open(self, resource):
        stream = 2 * len(self._exchanges) + 1
        fields = {":method": "GET", ":scheme": "https", ":authority": self._target.authority, ":path": resource}
        fields.update((name.lower(), value) for name, value in self._target.headers().items())
        fields["accept"] = "text/event-stream"
        block = b"".join(literal(name, value) for name, value in fields.items())
        self._exchanges[stream] = Exchange()
        self._wire.send(frame(HEADERS, END_STREAM | END_HEADERS, stream, block))

    @property
    def streaming(self):
        return sum(exchange.is_streaming for exchange in self._exchanges.values())

    def read_until(self, condition, timeout):
        """Reads until the condition holds, the connection ends, or nothing has come for the time."""
        deadline = time.monotonic() + timeout
        while not condition() and not self.is_ended:
            data = self._wire.receive(deadline - time.monotonic())
            if data is None:
                break
            self.is_ended = not data
            for one in self._frames.feed(data):
                self._take(*one)

    def _take(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            self._take_settings(payload)
        elif kind == PING and not flags & ACK:
            self._wire.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.is_ended = True
        elif stream in self._exchanges:
            self._take_answer(self._exchanges[stream], kind, flags, payload)

    def _take_settings(self, payload):
        for offset in range(0, len(payload) - 5, 6):
            name, value = struct.unpack_from(">HI", payload, offset)
            if name == MAX_CONCURRENT_STREAMS:
                self.streams_announced = value
        self._has_settings = True
        self._wire.send(frame(SETTINGS, ACK, 0))

    @staticmethod
    def _take_answer(exchange, kind, flags, payload):
        if kind == HEADERS:
            exchange.is_200 = STATUS_200 in payload[:8]  # a change of the table's size may stand before
        elif kind == DATA and payload:
            exchange.has_data = True
        if kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM):
            exchange.is_over = True

    def close(self):
        try:
            self._wire.send(frame(GOAWAY, 0, 0, bytes(8)))
        except Trouble:
            pass  # it is gone all the same
        self._wire.close()
