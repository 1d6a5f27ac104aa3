# SPDX-License-Identifier: BSD-2-Clause
"""A FastCGI 1.0 client that speaks raw records, right or wrong, split anywhere."""

import collections
import json
import socket
import struct
import time

from sse import Stream
from web import Headers

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST = 1, 2, 3
PARAMS, STDIN, STDOUT, STDERR, DATA = 4, 5, 6, 7, 8
GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 9, 10, 11
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
KEEP_CONN = 1
REQUEST_COMPLETE, CANT_MPX_CONN, OVERLOADED, UNKNOWN_ROLE = 0, 1, 2, 3

Record = collections.namedtuple("Record", "type id content padding")


def record(type_, id_=1, content=b"", padding=0, version=1):
    return struct.pack("!BBHHBx", version, type_, id_, len(content), padding) + content + bytes(padding)


def length(n):
    return struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 0x80000000)


def pairs(params):
    """Encodes a dict or a list of (name, value); str or bytes."""
    encoded = b""
    for name, value in params.items() if isinstance(params, dict) else params:
        name, value = (x.encode() if isinstance(x, str) else x for x in (name, value))
        encoded += length(len(name)) + length(len(value)) + name + value
    return encoded


def parse_pairs(data):
    found = []
    while data:
        sizes = []
        for _ in range(2):
            if data[0] < 128:
                sizes.append(data[0])
                data = data[1:]
            else:
                sizes.append(struct.unpack("!I", data[:4])[0] & 0x7FFFFFFF)
                data = data[4:]
        name, value, data = data[: sizes[0]], data[sizes[0] : sum(sizes)], data[sum(sizes) :]
        found.append((name.decode(), value.decode()))
    return found


def begin(id_=1, role=RESPONDER, flags=0):
    return record(BEGIN_REQUEST, id_, struct.pack("!HB5x", role, flags))


def params_of(query="", method="GET", path_info="", script_name="/events", **more):
    """What a web server sends; more: further parameters, those with the value None are left out."""
    params = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path_info,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "CONTENT_LENGTH": "0",
        **more,
    }
    return {name: value for name, value in params.items() if value is not None}


def stream_records(type_, id_, data, padding=0):
    """data in records of at most 65,535 bytes, then the empty one."""
    parts = [data[i : i + 65535] for i in range(0, len(data), 65535)]
    return b"".join(record(type_, id_, part, padding) for part in parts) + record(type_, id_)


def request(params, body=b"", id_=1, flags=0, role=RESPONDER, padding=0):
    head = begin(id_, role, flags) + stream_records(PARAMS, id_, pairs(params), padding)
    return head + stream_records(STDIN, id_, body)


def family_of(address):
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


class Connection:
    """One socket to the responder: a path, or (host, port)."""

    def __init__(self, address, receive_buffer=None, timeout=5.0):
        self.socket = socket.socket(family_of(address))
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self._buffer = bytearray()

    def send(self, data, step=None):
        """All at once, or step bytes at a time, each in a write of its own."""
        for i in range(0, len(data), step or max(1, len(data))):
            self.socket.sendall(data[i : i + (step or len(data))])

    def read_record(self, timeout=5.0):
        """The next record; None at the end of file; TimeoutError."""
        deadline = time.monotonic() + timeout
        while not (found := self._take_record()):
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                chunk = self.socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                chunk = b""
            if not chunk:
                assert not self._buffer, f"the connection ended inside a record: {bytes(self._buffer[:64])!r}"
                return None
            self._buffer += chunk
        return found

    def _take_record(self):
        if len(self._buffer) < 8:
            return None
        version, type_, id_, size, padding = struct.unpack("!BBHHBx", self._buffer[:8])
        assert version == 1, f"a record of version {version}"
        end = 8 + size + padding
        if len(self._buffer) < end:
            return None
        content = bytes(self._buffer[8 : 8 + size])
        del self._buffer[:end]
        return Record(type_, id_, content, padding)

    def wait_closed(self, timeout=5.0):
        """Until the responder closes; what came before that."""
        records, deadline = [], time.monotonic() + timeout
        while (found := self.read_record(deadline - time.monotonic())) is not None:
            records.append(found)
        return records

    def response(self, id_=1, timeout=5.0):
        """A whole response, read to its END_REQUEST."""
        response = Response(self, id_)
        response.read_head(timeout)
        response.body(timeout)
        return response

    def ask(self, params, timeout=5.0, **how):
        self.send(request(params, **how))
        return self.response(how.get("id_", 1), timeout)

    def open_stream(self, query="channel=news", timeout=5.0, flags=0, id_=1, **more):
        """Asks for a stream; it, when its opening has arrived."""
        self.send(request(params_of(query, **more), flags=flags, id_=id_))
        return self.stream(id_, timeout)

    def stream(self, id_=1, timeout=5.0):
        """The stream that was asked for, when its opening has arrived."""
        response = Response(self, id_)
        response.read_head(timeout)
        assert response.status == 200, f"{response.status}: {response.body()!r}"
        return Stream(response).wait_open(timeout)

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Response:
    """STDOUT of one request as HTTP: the source of an sse.Stream."""

    def __init__(self, connection, id_=1):
        self._connection = connection
        self._id = id_
        self._early = b""
        self._has_ended = False
        self._saw_empty_stdout = False
        self.end = None  # (application status, protocol status)

    def read_head(self, timeout=5.0):
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = self.read(timeout)
            assert chunk, f"the response ended inside its head: {head!r}"
            head += chunk
        head, _, self._early = head.partition(b"\r\n\r\n")
        self.headers = Headers.parse(head.decode("latin-1").split("\r\n"))
        self.status = int(self.headers.get("status", "200").split()[0])

    @property
    def ended_properly(self):
        """FastCGI 1.0 5.3, 5.5: an empty STDOUT record, then END_REQUEST."""
        return self._saw_empty_stdout and self.end == (0, REQUEST_COMPLETE)

    def read(self, timeout):
        if self._early:
            early, self._early = self._early, b""
            return early
        deadline = time.monotonic() + timeout
        while not self._has_ended:
            found = self._connection.read_record(max(0.001, deadline - time.monotonic()))
            if found is None:
                self._has_ended = True
            else:
                assert found.id == self._id, f"a record of another request: {found}"
                if found.type == STDOUT and found.content:
                    assert not self._saw_empty_stdout, "STDOUT goes on after its end"
                    return found.content
                self._take_end(found)
        return b""

    def _take_end(self, found):
        if found.type == STDOUT:
            self._saw_empty_stdout = True
        elif found.type == END_REQUEST:
            self.end = struct.unpack("!IB3x", found.content)
            self._has_ended = True
        else:
            raise AssertionError(f"an unexpected record: {found}")

    def body(self, timeout=5.0):
        if not hasattr(self, "_body"):
            chunks = []
            while chunk := self.read(timeout):
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    def error_code(self):
        return json.loads(self.body())["error"]

    def close(self):
        self._connection.close()

    def reset(self):
        self._connection.reset()
