# SPDX-License-Identifier: BSD-2-Clause
"""The programs under test and what they follow: Redis, Responder (sse.fcgi), LongPoll."""

import os
import pathlib
import re

import redis

from examples import TOP
from process import Process, free_port

BUILD = pathlib.Path(os.environ.get("FCGI_PUSH_BUILD", TOP)).resolve()
PROGRAM = BUILD / "src" / "sse.fcgi"
QUICK_GRACE = "200ms"  # a test that ends with open streams shall not wait for them
SANITIZER_REPORT = re.compile(r"ERROR: AddressSanitizer|runtime error:|LeakSanitizer|ERROR: \w+Sanitizer")


def sanitizer_environment():
    """Reports end the process, so that they are seen even where no log is."""
    return {
        "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks=1:detect_stack_use_after_return=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    }


class Redis(Process):
    """A private Redis on a unix socket and a loopback port; nothing on disk."""

    name = "redis"

    def __init__(self, directory, *arguments, password=None, host="127.0.0.1"):
        super().__init__(directory)
        self.path = str(self.directory / "redis.sock")
        self.host = host
        self.port = free_port(host)
        self.password = password
        self._arguments = arguments

    @property
    def url(self):
        return f"unix://{self.path}"

    def argv(self):
        secret = ["--requirepass", self.password] if self.password else []
        return [
            *("redis-server", "--bind", self.host, "--port", self.port, "--unixsocket", self.path),
            *("--save", "", "--appendonly", "no", "--dir", self.directory, "--daemonize", "no"),
            *secret,
            *self._arguments,
        ]

    def client(self):
        return redis.Redis(unix_socket_path=self.path, password=self.password, socket_timeout=10)

    def is_ready(self):
        try:
            with self.client() as client:
                return client.ping()
        except redis.ResponseError:
            return True  # it answers; what it thinks of us is the test's affair
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    def subscribers(self):
        """How many connections have subscribed to patterns."""
        with self.client() as client:
            return sum(one["psub"] != "0" for one in client.client_list())

    def publish(self, channel, payload, prefix="push:"):
        """PUBLISH; the number of subscribers that got it."""
        with self.client() as client:
            return client.publish(prefix + channel, payload)

    def try_publish(self, channel, payload):
        """PUBLISH while Redis may be away, in which case nobody gets it."""
        try:
            self.publish(channel, payload)
        except (redis.RedisError, AttributeError):
            pass  # redis-py 4.3 names the host in an error of a unix socket, which has none

    def publish_all(self, channel, payloads):
        """Many at once, in order, in one round trip."""
        with self.client() as client, client.pipeline(transaction=False) as pipeline:
            for payload in payloads:
                pipeline.publish("push:" + channel, payload)
            return pipeline.execute()


class Responder(Process):
    """sse.fcgi. Options are keywords: heartbeat="1s" is --heartbeat 1s; None leaves one out. Unless told otherwise it
    is one process without a parent, so that its pid is that of who serves, and keeps its events in memory."""

    name = "sse.fcgi"
    program = PROGRAM
    following = "subscribed to"  # what it logs once it follows Redis

    def __init__(self, directory, environment=None, launcher=(), wait_for="listening on", **options):
        super().__init__(directory)
        self.path = str(self.directory / "fcgi.sock")
        defaults = {"listen": f"unix:{self.path}", "history": "memory", "workers": 0, "grace": QUICK_GRACE}
        self.options = {**defaults, **options}
        self.is_expected_to_live = True
        self._environment = {**sanitizer_environment(), **(environment or {})}
        self._launcher = launcher
        self._wait_for = wait_for

    @property
    def address(self):
        """Where a FastCGI client connects to."""
        listen = self.options["listen"]
        if not listen or listen.startswith("unix:"):
            return self.path
        host, _, port = listen.rpartition(":")
        return host.strip("[]"), int(port)

    def argv(self):
        words = []
        for name, value in self.options.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                words += [] if one is None else ["--" + name.replace("_", "-"), str(one)]
        return [*self._launcher, self.program, *words]

    def environment(self):
        return self._environment

    def is_ready(self):
        return self._wait_for in self.log_since_start()

    def wait_subscribed(self, timeout=10.0, after=0):
        """Until it follows Redis; the log's length then."""
        return self.wait_log(self.following, timeout, after)

    def restart(self):
        self.start()
        self.wait_log(self.following, after=self._log_start)
        return self

    def expect_end(self):
        """The test ends it itself."""
        self.is_expected_to_live = False
        return self

    def must_be_well(self):
        self.must_be_alive()
        assert not SANITIZER_REPORT.search(self.log_since_start()), "a sanitizer reported"

    def complaints(self):
        """What the end of every test asserts, as a list of what is wrong."""
        wrong = []
        if self.is_expected_to_live and not self.is_alive():
            wrong.append(f"{self.name} ended by itself with status {self._child.poll()}")
        if self.is_alive():
            self.resume()
            status = self.stop()
            if status != 0:
                wrong.append(f"{self.name} exited with {status} after SIGTERM")
        if SANITIZER_REPORT.search(self.log()):
            wrong.append("a sanitizer reported")
        return wrong


class LongPoll(Responder):
    """longpoll.fcgi."""

    name = "longpoll.fcgi"
    program = BUILD / "src" / "longpoll.fcgi"


class Part(Responder):
    """sse.fcgi in one part of recording: "records", "stands back" or "reads"."""

    program = BUILD / "tests" / "integration" / "part.fcgi"
    following = "ready at"

    def __init__(self, directory, part, **options):
        super().__init__(directory, {"RECORDING_PART": part}, **{"history": "redis", **options})

    def ready_ms(self):
        """When it was ready, by the monotonic clock."""
        return int(re.findall(r"ready at (\d+)", self.log_since_start())[0])
