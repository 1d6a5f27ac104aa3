# SPDX-License-Identifier: BSD-2-Clause
"""The few words of Redis's protocol that it takes to PUBLISH."""

import socket
import urllib.parse

from wire import Trouble, reason_of


class RedisTrouble(Trouble):
    """What went wrong between us and Redis."""


def _parse(url):
    """(address, user, password) of redis://[user:password@]host[:port][/db] or unix:///path[?db=n]."""
    parts = urllib.parse.urlsplit(url)
    user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
    if parts.scheme == "unix" and parts.path:
        return parts.path, user, password
    if parts.scheme == "redis" and parts.hostname:
        return (parts.hostname, parts.port or 6379), user, password
    raise ValueError(f"'{url}' is no address of a Redis: give redis://[user:password@]host[:port] or unix:///path")


class Redis:
    """A connection. Commands are sent at once, their answers read when they are asked for."""

    def __init__(self, url, timeout):
        self._address, self._user, self._password = _parse(url)
        self._timeout = timeout
        self._reader = None

    def connect(self):
        try:
            if isinstance(self._address, str):
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.settimeout(self._timeout)
                self._socket.connect(self._address)
            else:
                self._socket = socket.create_connection(self._address, self._timeout)
        except (OSError, UnicodeError) as error:
            raise RedisTrouble(f"no connection to Redis: {reason_of(error)}") from None
        self._reader = self._socket.makefile("rb")
        if self._password:
            self.ask("AUTH", *([self._user] if self._user else []), self._password)
        return self

    def send(self, *words):
        parts = [word.encode() if isinstance(word, str) else word for word in words]
        command = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        try:
            self._socket.sendall(command)
        except OSError as error:
            raise RedisTrouble(f"the connection to Redis broke: {reason_of(error)}") from None

    def answer(self):
        """The oldest answer not yet read: a string or a number."""
        try:
            line = self._reader.readline(65536).rstrip(b"\r\n").decode("utf-8", "replace")
        except OSError as error:
            raise RedisTrouble(f"Redis does not answer: {reason_of(error)}") from None
        kind, text = line[:1], line[1:]
        if kind == "-":
            raise RedisTrouble(f"Redis refuses: {text}")
        if kind == ":" and text.lstrip("-").isdecimal():
            return int(text)
        if kind == "+":
            return text
        raise RedisTrouble(f"that is no Redis: it answers {line[:40]!r}")

    def ask(self, *words):
        self.send(*words)
        return self.answer()

    def close(self):
        if self._reader:
            self._reader.close()
            self._socket.close()
