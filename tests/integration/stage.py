# SPDX-License-Identifier: BSD-2-Clause
"""What a test plays on: it starts servers on demand and judges them at the end."""

import contextlib
import pathlib
import shutil
import tempfile

import fastcgi
import servers
import web
import webservers


# What may be read is the program's to say, in all tests but those of the examples.
EVERY_CHANNEL = {'setenv.add-environment = ("PUSH_CHANNELS" => "news,clock,public:*")': ""}


class Stage:
    """Servers of one test, in a private directory; the first of each kind by attribute."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self._servers = []
        self._redis = None
        self._connections = []
        self.shared_responder = None  # where the tests of a module share one

    def place(self, kind):
        """A directory for one server; unix socket paths must stay under 108 bytes."""
        place = self.directory / f"{kind}{len(self._servers)}"
        place.mkdir()
        return place

    def add(self, server):
        """A server of the test's own making; it is judged and ended with the others."""
        self._servers.append(server)
        return server

    @property
    def redis(self):
        return self._redis or self.start_redis()

    def start_redis(self, *arguments, **how):
        self._redis = self.new_redis(*arguments, **how)
        return self._redis.start()

    def new_redis(self, *arguments, **how):
        """A Redis that is not yet started."""
        self._redis = self.add(servers.Redis(self.place("r"), *arguments, **how))
        return self._redis

    def new_responder(self, kind=servers.Responder, **options):
        """An sse.fcgi, or another kind, not yet started; it follows this stage's Redis unless told otherwise."""
        options.setdefault("redis", self.redis.url if "redis" not in options else None)
        return self.add(kind(self.place("s"), **options))

    def responder(self, **options):
        """A started sse.fcgi that has subscribed."""
        responder = self.new_responder(**options).start()
        responder.wait_subscribed()
        return responder

    def longpoll(self, **options):
        """A started longpoll.fcgi that has subscribed."""
        return self.responder(kind=servers.LongPoll, **options)

    def lighttpd(self, responder=None, longpoll=None, port=None, kind=webservers.Lighttpd):
        """A started lighttpd before an sse.fcgi, or before longpoll=…, or both; a mount whose program it is not given
        leads to a socket that is not there."""
        place = self.place("l")
        sockets = {
            "/run/fcgi-push/sse.sock": responder.path if responder else place / "sse.sock",
            "/run/fcgi-push/longpoll.sock": longpoll.path if longpoll else place / "longpoll.sock",
            "/etc/fcgi-push.users": place / "users",
            **EVERY_CHANNEL,
        }
        return self.add(kind(place, ["unix.conf"], sockets, port=port)).start()

    def spawning_lighttpd(self, **environment):
        """lighttpd that starts both programs itself, and its sse.fcgi and longpoll.fcgi; options are environment
        variables, PUSH_HEARTBEAT="1s"."""
        place = self.place("l")
        paths = {
            "/usr/local/libexec/fcgi-push": servers.BUILD / "src",
            "/run/lighttpd": place,
            "/etc/fcgi-push.users": place / "users",
            "redis://127.0.0.1:6379": self.redis.url,
            **EVERY_CHANNEL,
        }
        environment = {"PUSH_HISTORY": "memory", "PUSH_GRACE": servers.QUICK_GRACE, **environment}  # as Responder has it
        lighttpd = self.add(webservers.Lighttpd(place, ["spawned.conf"], paths, environment)).start()
        spawned = [webservers.Spawned(lighttpd, kind) for kind in (servers.Responder, servers.LongPoll)]
        for program in spawned:
            program.wait_subscribed()
        return lighttpd, *spawned

    def connect(self, responder, **how):
        connection = fastcgi.Connection(responder.address, **how)
        self._connections.append(connection)
        return connection

    def ask(self, responder, query="", **params):
        """One request on a connection of its own; the whole response."""
        return self.connect(responder).ask(fastcgi.params_of(query, **params))

    def stream(self, responder, query="channel=news", **params):
        """An open stream straight from the responder."""
        return self.connect(responder).open_stream(query, **params)

    def http_stream(self, lighttpd, target="/events?channel=news", headers=(), **how):
        stream = web.open_stream(lighttpd.address, target, headers, **how)
        self._connections.append(stream)
        return stream

    def http(self, lighttpd, method, target, headers=(), body=b"", **how):
        response = web.HttpResponse(lighttpd.address, method, target, headers, body, **how)
        self._connections.append(response)
        return response

    def close(self):
        """Ends everything; returns what was wrong with the servers."""
        wrong = []
        for server in reversed(self._servers):
            try:
                wrong += getattr(server, "complaints", lambda: [])()
            except Exception as error:
                wrong.append(f"{server.name}: {error!r}")
        self.hang_up()
        for server in reversed(self._servers):
            server.kill()
        return wrong

    def hang_up(self):
        """Closes all connections that the test opened."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def logs(self):
        return "\n".join(f"--- {server.log_path}\n{server.log()[-20000:]}" for server in self._servers)


@contextlib.contextmanager
def open_stage():
    """A stage in a private directory with a short path: a unix socket's has 107 bytes at most."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="fcgi-push-test."))
    stage = Stage(directory)
    try:
        yield stage
    finally:
        wrong = stage.close()
        if wrong:
            print(stage.logs())
        shutil.rmtree(directory)
    assert not wrong, "; ".join(wrong)


def has_failed(request):
    return not getattr(request.node, "report_call", None) or request.node.report_call.failed
