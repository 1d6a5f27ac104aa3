# SPDX-License-Identifier: BSD-2-Clause
"""Every mode of examples/: a web server, how the two programs come to run behind it, and the protocol of its clients."""

import base64
import dataclasses
import os
import pathlib
import shutil
import subprocess

import counters
import examples
import servers
import web
import webservers
from http2_client import Http2Response, NotProcessed
from process import children_of, free_port, until
from sse import Stream

OPTIONS = {
    "history": "redis",
    "heartbeat": "1s",
    "poll_timeout": "1s",
    "retry": "300ms",
    "grace": "2s",
    "workers": "1",
}
SOCKETS = "/run/fcgi-push"
PROGRAMS = "/usr/local/libexec/fcgi-push"
REDIS = "redis://127.0.0.1:6379"
SETTINGS = "/etc/fcgi-push.conf"
USERS = "/etc/fcgi-push.users"
USER, PASSWORD = "alice", "secret"


# --- How the programs run ---


class Launched(servers.Responder):
    """sse.fcgi or longpoll.fcgi, run by a script of examples/ that takes "sse" or "longpoll"; options by environment."""

    def __init__(self, directory, script, name, replacements, environment):
        super().__init__(directory, {**environment_of(OPTIONS), **environment})
        self._script, self._word = script, name
        self.path = str(self.directory / f"{name}.sock")
        examples.write([script], self.directory, {SOCKETS: self.directory, **replacements})

    def argv(self):
        return [self.directory / self._script, self._word]


class Child:
    """One of the processes that another one started, as far as counters need it."""

    def __init__(self, parent, pid):
        self._parent, self.pid = parent, pid

    def log(self):
        """What it and its workers logged."""
        own = [f"[{pid}]" for pid in (self.pid, *children_of(self.pid))]
        lines = self._parent.log().splitlines(keepends=True)
        return "".join(line for line in lines if any(pid in line for pid in own))

    def must_be_alive(self):
        os.kill(self.pid, 0)


def environment_of(options):
    return {"PUSH_" + name.upper(): value for name, value in options.items()}


class Programs:
    """Both programs as a mode has them run: what stands in its files, and the processes whose streams are counted."""

    has_streams = True
    outlives_server = True  # a graceful restart of the web server leaves them as they are
    hears_always = True  # also between two requests
    is_reloadable = True  # the programs outlive a request, so that signals can make them begin anew

    def __init__(self, stage):
        self.stage = stage
        self.directory = stage.directory / "programs"  # where the user of the web server can get at them
        self.directory.mkdir()
        for name in ("sse.fcgi", "longpoll.fcgi"):
            for prefix in ("", "nph-"):
                shutil.copy(servers.BUILD / "src" / name, self.directory / (prefix + name))
        self.environment = {}  # of the web server
        self.replacements = {}

    @property
    def redis_url(self):
        return f"redis://127.0.0.1:{self.stage.redis.port}"

    def web_server_runs(self, server):
        """Called when the web server is up."""

    def streaming(self):
        """The processes that hold streams."""
        raise NotImplementedError

    def polling(self):
        """The processes that hold polls."""
        raise NotImplementedError

    def signal(self, number):
        for process in self.streaming() + self.polling():
            os.kill(process.pid, number)

    def open_streams(self):
        return sum(counters.read(process)["streams.open"] for process in self.streaming())

    def wait_hearing(self):
        """Until what is published arrives at all open streams."""

    def write_settings(self, **more):
        path = self.stage.directory / "push.conf"
        settings = {**OPTIONS, "redis": self.redis_url, **more}
        path.write_text("".join(f"{name.replace('_', '-')} = {value}\n" for name, value in settings.items()))
        return path


class OnUnixSockets(Programs):
    def __init__(self, stage):
        super().__init__(stage)
        self._sse = stage.responder(**OPTIONS, socket_mode="0666")
        self._longpoll = stage.longpoll(**OPTIONS, socket_mode="0666")
        self.replacements = {
            f"{SOCKETS}/sse.sock": self._sse.path,
            f"{SOCKETS}/longpoll.sock": self._longpoll.path,
        }

    def streaming(self):
        return [self._sse]

    def polling(self):
        return [self._longpoll]


class OnTcp(Programs):
    def __init__(self, stage):
        super().__init__(stage)
        ports = [free_port(), free_port()]
        self._sse = stage.responder(**OPTIONS, listen=f"127.0.0.1:{ports[0]}")
        self._longpoll = stage.longpoll(**OPTIONS, listen=f"127.0.0.1:{ports[1]}")
        self.replacements = {"9001": ports[0], "9002": ports[1]}

    def streaming(self):
        return [self._sse]

    def polling(self):
        return [self._longpoll]


class SpawnedByLighttpd(Programs):
    outlives_server = False

    def __init__(self, stage):
        super().__init__(stage)
        self.environment = environment_of(OPTIONS)
        self.replacements = {
            PROGRAMS: self.directory,
            "/run/lighttpd/": f"{stage.directory}/",
            REDIS: self.redis_url,
        }

    def web_server_runs(self, server):
        self._sse = webservers.Spawned(server, servers.Responder)
        self._longpoll = webservers.Spawned(server, servers.LongPoll)
        self._sse.wait_subscribed()
        self._longpoll.wait_subscribed()

    def streaming(self):
        return [self._sse]

    def polling(self):
        return [self._longpoll]


class BySpawnFcgi(Programs):
    script = "spawn-fcgi"

    def __init__(self, stage):
        super().__init__(stage)
        self._sse, self._longpoll = self._launch("sse"), self._launch("longpoll")
        self.replacements = {
            f"{SOCKETS}/sse.sock": self._sse.path,
            f"{SOCKETS}/longpoll.sock": self._longpoll.path,
        }

    def _launch(self, name):
        replacements = {PROGRAMS: self.directory, REDIS: self.redis_url}
        launched = Launched(self.stage.place("s"), self.script, name, replacements, {})
        self.stage.add(launched).start().wait_subscribed()
        return launched

    def streaming(self):
        return [self._sse]

    def polling(self):
        return [self._longpoll]


class ByMultiwatch(BySpawnFcgi):
    script = "multiwatch"

    def streaming(self):
        return [Child(self._sse, pid) for pid in children_of(self._sse.pid)]

    def polling(self):
        return [Child(self._longpoll, pid) for pid in children_of(self._longpoll.pid)]


class AsCgi(Programs):
    """A process for each request."""

    hears_always = False
    outlives_server = False
    is_reloadable = False
    prefix = ""

    def __init__(self, stage):
        super().__init__(stage)
        # At the usual level a script that is well says nothing.
        self.replacements = {SETTINGS: self.write_settings(log_level="debug"), **self.paths()}

    def web_server_runs(self, server):
        self._server = server

    def paths(self):
        bin = self.directory
        return {
            "/usr/lib/cgi-bin/sse.fcgi": bin / f"{self.prefix}sse.fcgi",
            "/usr/lib/cgi-bin/longpoll.fcgi": bin / f"{self.prefix}longpoll.fcgi",
        }

    def open_streams(self):
        return len(self._streams())

    def wait_hearing(self):
        """One may begin before that, and what comes meanwhile is told by a gap."""

        def hear():
            log = self._server.log()
            return all(f"[{pid}] info: subscribed to" in log for pid in self._streams())

        until(hear, "all streams hear")

    def _streams(self):
        return [process.name for process in pathlib.Path("/proc").glob("[0-9]*") if self._is_stream(process)]

    def _is_stream(self, process):
        try:
            program = (process / "exe").readlink()
        except OSError:  # it has ended, or is not ours to look at
            return False
        return program.parent == self.directory and program.name.endswith("sse.fcgi")


class AsApacheCgi(AsCgi):
    def paths(self):
        return {**super().paths(), '<Directory "/usr/lib/cgi-bin">': f'<Directory "{self.directory}">'}


class AsNphCgi(AsApacheCgi):
    prefix = "nph-"


class ByFcgid(Programs):
    """Long polls alone: mod_fcgid starts a process for each that waits."""

    has_streams = False
    is_reloadable = False

    def __init__(self, stage):
        super().__init__(stage)
        self.replacements = {PROGRAMS: self.directory, SETTINGS: self.write_settings()}


# --- The modes ---


@dataclasses.dataclass(frozen=True)
class Mode:
    name: str
    server: type
    files: tuple  # the mode's, and what it includes
    programs: type
    http: str = "1.1"  # or "1.1 TLS", "2"

    @property
    def is_tls(self):
        return self.http != "1.1"

    @property
    def has_streams(self):
        return self.programs.has_streams


def of(server, name, file, programs, *included, **more):
    return Mode(f"{server.folder}-{name}", server, (file, *included), programs, **more)


# Those stand last that some tests are not for: pytest goes by the place in a list when it orders tests so that each mode
# is started once.
MODES = [
    of(webservers.Lighttpd, "unix", "unix.conf", OnUnixSockets),
    of(webservers.Lighttpd, "tcp", "tcp.conf", OnTcp),
    of(webservers.Lighttpd, "tls", "tls.conf", OnUnixSockets, "unix.conf", http="1.1 TLS"),
    of(webservers.Lighttpd, "http2", "tls.conf", OnUnixSockets, "unix.conf", http="2"),
    of(webservers.Lighttpd, "spawn-fcgi", "unix.conf", BySpawnFcgi),
    of(webservers.Apache, "proxypass-unix", "proxypass-unix.conf", OnUnixSockets),
    of(webservers.Apache, "proxypass-tcp", "proxypass-tcp.conf", OnTcp),
    of(webservers.Apache, "proxypass-reuse", "proxypass-reuse.conf", OnUnixSockets),
    of(webservers.Apache, "sethandler-unix", "sethandler-unix.conf", OnUnixSockets),
    of(webservers.Apache, "sethandler-tcp", "sethandler-tcp.conf", OnTcp),
    of(webservers.Apache, "http2", "http2.conf", OnUnixSockets, "proxypass-unix.conf", http="2"),
    of(webservers.Nginx, "unix", "unix.conf", OnUnixSockets, "locations.conf"),
    of(webservers.Nginx, "tcp", "tcp.conf", OnTcp, "locations.conf"),
    of(webservers.Nginx, "keepalive", "keepalive.conf", OnUnixSockets, "locations.conf"),
    of(webservers.Nginx, "http2", "http2.conf", OnUnixSockets, "locations.conf", http="2"),
    of(webservers.Nginx, "multiwatch", "unix.conf", ByMultiwatch, "locations.conf"),
    of(webservers.Lighttpd, "spawned", "spawned.conf", SpawnedByLighttpd),
    of(webservers.Lighttpd, "cgi", "cgi.conf", AsCgi),
    of(webservers.Apache, "cgi", "cgi.conf", AsApacheCgi),
    of(webservers.Apache, "cgi-nph", "cgi.conf", AsNphCgi),
    of(webservers.Apache, "fcgid", "fcgid.conf", ByFcgid),
]


# --- A site: a mode that runs ---


class Site:
    """A mode that runs in a stage, with its Redis, and its clients."""

    def __init__(self, stage, mode, certificate):
        self.mode = mode
        self.stage = stage
        stage.directory.chmod(0o755)  # Apache and nginx serve as another user when root starts them
        self.programs = mode.programs(stage)
        self._contexts = {}
        replacements = dict(self.programs.replacements)
        if mode.has_streams:
            replacements[USERS] = self._write_users()
        if mode.is_tls:
            replacements |= {"/etc/ssl/certs/push.pem": certificate.path, "/etc/ssl/private/push.key": certificate.key}
            self._contexts["tls"] = certificate.context("h2" if mode.http == "2" else "http/1.1")
        self.server = stage.add(
            mode.server(
                stage.place("w"), mode.files, replacements, self.programs.environment, is_tls=mode.is_tls
            )
        )
        self.server.start()
        self.programs.web_server_runs(self.server)
        self._connections = []

    def _write_users(self):
        path = self.stage.directory / "users"
        subprocess.run(["htpasswd", "-bc", path, USER, PASSWORD], check=True, capture_output=True)
        return path

    def publish(self, channel, payload):
        return self.stage.redis.publish(channel, payload)

    # Clients.

    def request(self, method, target, headers=(), body=b"", timeout=10.0):
        """A response whose head has come; who asks closes it."""
        kind = Http2Response if self.mode.http == "2" else web.HttpResponse
        try:
            return kind(self.server.address, method, target, headers, body, timeout=timeout, **self._contexts)
        except NotProcessed:  # as every client of HTTP/2 does
            return self.request(method, target, headers, body, timeout)

    def ask(self, method, target, headers=(), body=b"", timeout=10.0):
        """A response whose head has come."""
        self._connections.append(self.request(method, target, headers, body, timeout))
        return self._connections[-1]

    def stream(self, target, headers=(), timeout=10.0):
        """A stream whose opening has come, and that hears."""
        stream = Stream(self.ask("GET", target, headers, timeout=timeout))
        assert stream.status == 200, f"{stream.status}: {stream.source.body()!r}"
        stream.wait_open(timeout)
        self.programs.wait_hearing()
        return stream

    def hang_up(self):
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    @property
    def curl(self):
        """A command without its target, which ends in url()."""
        protocol = "--http2" if self.mode.http == "2" else "--http1.1"
        return ["curl", "--silent", "--insecure", "--no-buffer", protocol]

    def url(self, target):
        host, port = self.server.address
        return f"{'https' if self.mode.is_tls else 'http'}://{host}:{port}{target}"

    @staticmethod
    def credentials(user=USER, password=PASSWORD):
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
