# SPDX-License-Identifier: BSD-2-Clause
"""A connection to the web server, with deadlines. Whatever a network does becomes a Trouble."""

import functools
import socket
import ssl
import time


class Trouble(Exception):
    """What went wrong between us and a server, in words for its owner."""


class BadCertificate(Trouble):
    pass


def reason_of(error):
    """The system's words, without its number."""
    return getattr(error, "strerror", None) or str(error)


def resolve(host, port):
    """The addresses of a name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Trouble(f"the name '{host}' leads nowhere: {reason_of(error)}") from None
    return list(dict.fromkeys(address[0] for *_, address in found))


def _connect(host, port, timeout):
    try:
        return socket.create_connection((host, port), timeout)
    except (OSError, UnicodeError) as error:
        raise Trouble(f"no connection to {host}, port {port}: {reason_of(error)}") from None


@functools.lru_cache(maxsize=None)
def _context(protocols, is_insecure):
    """Reading all certificates of the system takes longer than most answers."""
    context = ssl.create_default_context()
    if is_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    return context


def _wrap(plain, host, context):
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise BadCertificate(f"the certificate is not trusted: {error.verify_message}") from None
    except (OSError, ValueError) as error:
        plain.close()
        raise Trouble(f"TLS does not come about: {reason_of(error)}") from None


class Wire:
    """Bytes to and from a target."""

    def __init__(self, target, timeout, protocols=("http/1.1",), is_insecure=False):
        context = _context(tuple(protocols), is_insecure) if target.is_tls else None
        began = time.monotonic()
        self._socket = _connect(target.host, target.port, timeout)
        self.round_trip = time.monotonic() - began  # seconds
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.protocol = None
        if context:
            self._socket = _wrap(self._socket, target.host, context)
            self.protocol = self._socket.selected_alpn_protocol()

    def send(self, data):
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Trouble(f"the connection broke while a request was sent: {reason_of(error)}") from None

    def receive(self, timeout):
        """Some bytes; b'' when the other side has ended; None when nothing came in time."""
        try:
            self._socket.settimeout(max(0.001, timeout))
            return self._socket.recv(65536)
        except (socket.timeout, ssl.SSLWantReadError):
            return None
        except OSError:
            return b""  # a reset ends it, too

    def close(self):
        try:
            self._socket.close()
        except OSError:
            pass  # it is gone all the same
