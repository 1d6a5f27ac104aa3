# SPDX-License-Identifier: BSD-2-Clause
"""HTTP/2 over TLS with a connection for each request: what web.HttpResponse is for HTTP/1.1."""

import socket
import time

import h2.config
import h2.connection
import h2.events

from web import Headers, Response


class NotProcessed(ConnectionError):
    """The server went away and said that it had not looked at the request: it is to be sent again (RFC 9113 §8.7)."""


class Connection(h2.connection.H2Connection):
    """After a GOAWAY the streams that are open go on (RFC 9113 §6.8); h2 would take every further frame for an error."""

    last_processed = None

    def _receive_goaway_frame(self, frame):
        self.last_processed = frame.last_stream_id
        return [], []


class Http2Response(Response):
    """A response whose body is read as it comes; the source of an sse.Stream. tls: an SSLContext that offers h2."""

    def __init__(self, address, method, target, headers=(), body=b"", timeout=5.0, tls=None):
        self._socket = tls.wrap_socket(socket.create_connection(address, timeout), server_hostname="localhost")
        assert self._socket.selected_alpn_protocol() == "h2", "the server speaks no HTTP/2"
        self._connection = Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._body = b""
        self._is_done = False
        self.status = None
        self.headers = Headers()
        self.ended_properly = False
        self._send(method, target, dict(headers), body)
        deadline = time.monotonic() + timeout
        while self.status is None:
            if not self._receive(deadline):
                kind = NotProcessed if self._connection.last_processed == 0 else ConnectionError
                raise kind(f"closed before the response's head; last processed: {self._connection.last_processed}")

    def _send(self, method, target, headers, body):
        pseudo = {":method": method, ":path": target, ":authority": "localhost", ":scheme": "https"}
        own = {name.lower(): value for name, value in headers.items()}
        if body:
            own["content-length"] = str(len(body))
        self._connection.initiate_connection()
        self._connection.send_headers(1, list({**pseudo, **own}.items()), end_stream=not body)
        if body:
            self._connection.send_data(1, body, end_stream=True)
        self._flush()

    def _flush(self):
        if data := self._connection.data_to_send():
            self._socket.sendall(data)

    def _receive(self, deadline):
        """Takes what has come; False at the end of the connection."""
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        for event in self._connection.receive_data(data) if data else []:
            self._take(event)
        try:
            self._flush()
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it has sent before stays readable
        self._is_done |= not data
        return bool(data)

    def _take(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            fields = dict(event.headers)
            self.status = int(fields.pop(":status"))
            self.headers.update(fields)
        elif isinstance(event, h2.events.DataReceived):
            self._body += event.data
            self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._is_done = self.ended_properly = True
        elif isinstance(event, h2.events.StreamReset):
            self._is_done = True

    def read(self, timeout):
        """Some bytes of the body; b'' at its end; TimeoutError when nothing came."""
        deadline = time.monotonic() + timeout
        while not self._body and not self._is_done:
            self._receive(deadline)
        data, self._body = self._body, b""
        return data
