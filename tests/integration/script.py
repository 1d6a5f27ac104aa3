# SPDX-License-Identifier: BSD-2-Clause
"""One of the programs as a web server starts it for plain CGI (RFC 3875): a process, its environment, and a pipe."""

import json
import os
import pathlib
import select
import subprocess
import time

import servers
from fastcgi import params_of
from process import until
from sse import Stream
from web import Headers


class Script:
    """A started program: the source of an sse.Stream, and the response of a request. Options are PUSH_ variables."""

    def __init__(self, kind, redis, params, arguments=(), program=None, log=None, **options):
        self.began = time.monotonic()
        settings = {"redis": redis, "grace": servers.QUICK_GRACE, "retry": "100ms", **options}
        settings.setdefault("log_level", "debug")  # at the usual one a script that is well says nothing
        variables = {f"PUSH_{name.upper()}": value for name, value in settings.items() if value is not None}
        self._process = subprocess.Popen(
            [program or kind.program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **servers.sanitizer_environment(), **variables, **params},
        )
        self._early = b""
        self._log = log

    @property
    def pid(self):
        return self._process.pid

    def hears(self):
        """Whether what is published arrives, as its log says."""
        return f"[{self.pid}] info: subscribed to" in pathlib.Path(self._log.name).read_text(errors="replace")

    def wait_hearing(self):
        until(self.hears, "it hears what is published")
        return self

    def read(self, timeout):
        """What comes next; b"" at the end, TimeoutError when nothing came in time."""
        if self._early:
            early, self._early = self._early, b""
            return early
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            raise TimeoutError
        return os.read(self._process.stdout.fileno(), 65536)

    def read_head(self, timeout=10.0):
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = self.read(timeout)
            assert chunk, f"the response ended inside its head: {head!r}"
            head += chunk
        self.head_at = time.monotonic()
        head, _, self._early = head.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status_line = lines.pop(0) if lines[0].startswith("HTTP/") else None
        self.headers = Headers.parse(lines)
        status = self.status_line.split(" ", 1)[1] if self.status_line else self.headers.get("status", "200")
        self.status = int(status.split()[0])
        return self

    def stream(self):
        """The stream, when its opening has arrived."""
        return self.read_head().stream_of_rest().wait_open()

    def stream_of_rest(self):
        """The stream behind a head that was read."""
        assert self.status == 200, self.body()
        return Stream(self)

    def body(self, timeout=10.0):
        """The rest, when the process has ended as it should."""
        chunks = []
        while chunk := self.read(timeout):
            chunks.append(chunk)
        assert self.wait() == 0
        return b"".join(chunks)

    def json(self):
        return json.loads(self.body())

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, timeout=10.0):
        """Its exit status."""
        return self._process.wait(timeout)

    @property
    def ended_properly(self):
        return self.wait() == 0

    def close(self):
        """The reader is gone."""
        self._process.stdout.close()

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self.wait()
        self.close()


def environment_of(query="", script_name="/cgi-bin/push", path_info="", method="GET", **more):
    """What a web server says of a request."""
    return params_of(query, method, path_info, script_name, **more)
