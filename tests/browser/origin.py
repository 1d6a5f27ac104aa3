# SPDX-License-Identifier: BSD-2-Clause
"""What PushSources are tested against: both programs behind a web server, and the page that holds the sources."""

import contextlib
import dataclasses
import pathlib
import shutil

import counters
import examples
import pytest
import requests
import webservers
from browsers import BROWSERS
from eventsources import Loop
from process import until
from stage import EVERY_CHANNEL

PATIENT = 10_000  # what a source that shall not come back, however slow the machine, takes for the heartbeat, in ms
HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Front:
    """A web server, the files of its mode, and how one of them is made to hold streams back."""

    server: type
    files: tuple
    away: int  # the status of its answers while nobody is behind it
    held: dict  # what is replaced by what in the last of the files


LIGHTTPD = Front(
    webservers.Lighttpd, ("unix.conf",), 503, {"server.stream-response-body = 2": "server.stream-response-body = 0"}
)
APACHE = Front(webservers.Apache, ("proxypass-unix.conf",), 503, {" flushpackets=on": ""})
NGINX = Front(
    webservers.Nginx,
    ("unix.conf", "locations.conf"),
    502,
    {"fastcgi_pass sse;": "fastcgi_buffering on; fastcgi_ignore_headers X-Accel-Buffering; fastcgi_pass sse;"},
)


def _everywhere():
    """Chromium behind each web server, and the other browsers behind one of them."""
    pairs = [("chromium", front) for front in (LIGHTTPD, APACHE, NGINX)]
    pairs += [(browser, LIGHTTPD) for browser in BROWSERS if browser != "chromium"]
    return [pytest.param(browser, front, id=f"{browser}-{front.server.name}") for browser, front in pairs]


everywhere = pytest.mark.parametrize("browser, front", _everywhere(), indirect=["browser"])


class Origin:
    """A Redis, both programs with --history redis, a web server, all quick; options go to both programs."""

    def __init__(self, stage, front=LIGHTTPD, redis=(), **options):
        self.stage = stage
        self.front = front
        self.numbered = 0  # how many numbers were published
        stage.directory.chmod(0o755)  # Apache and nginx serve as another user when root starts them
        self.redis = stage.start_redis(*redis)
        options = {"history": "redis", "heartbeat": "1s", "retry": "300ms", "socket_mode": "0666", **options}
        self.sse, self.longpoll = stage.responder(**options), stage.longpoll(**options)
        self.server = self._start_server()
        self._mode = self.server.directory / front.files[-1]
        self._good = self._mode.read_text()

    def _start_server(self):
        place = self.stage.place("w")
        replacements = {
            "/run/fcgi-push/sse.sock": self.sse.path,
            "/run/fcgi-push/longpoll.sock": self.longpoll.path,
            "/etc/fcgi-push.users": place / "users",
            "/usr/share/fcgi-push/www": self._write_root(place),
        }
        if self.front is LIGHTTPD:
            replacements |= EVERY_CHANNEL
        return self.stage.add(self.front.server(place, self.front.files, replacements)).start()

    def _write_root(self, place):
        """A document root with the module and the page."""
        root = place / "root"
        root.mkdir()
        for file in (webservers.WWW / "push.js", HERE / "witness.html", HERE / "witness.js"):
            shutil.copy(file, root)
        return root

    @property
    def page(self):
        return self.server.url("/witness.html")

    def publish(self, channel, payload):
        return self.redis.publish(channel, payload)

    def get(self, target="/events?channel=news"):
        """What a client is answered now; a stream is not read."""
        with requests.get(self.server.url(target), stream=True, timeout=5) as response:
            return response

    def kept(self, channel="news"):
        """The events of /list."""
        return requests.get(self.server.url(f"/list?channel={channel}"), timeout=10).json()

    def streams(self):
        """How many are open."""
        return counters.read(self.sse)["streams.open"]

    def streams_opened(self):
        return counters.read(self.sse)["streams.opened"]

    @contextlib.contextmanager
    def absent_server(self):
        """The web server is gone meanwhile: connections are refused."""
        self.server.stop()
        yield
        self.server.start()

    # Another configuration.

    def rewrite(self, replacements):
        """Changes the last file of the web server's mode, and has it read anew."""
        examples.rewrite(self._mode, replacements)
        self._reload()

    def restore(self):
        self._mode.write_text(self._good)
        self._reload()

    def hold_streams(self):
        self.rewrite(self.front.held)

    def _reload(self):
        until(self.server.reload(), f"{self.server.name} has read its files")


class Numbers(Loop):
    """A context manager that publishes numbers, 20 a second, until it is left, or has published so many."""

    def __init__(self, origin, count=None, channel="news", pause=0.05):
        super().__init__(origin)
        self.sent = []
        self._count = count
        self._channel = channel
        self._pause = pause

    def turn(self):
        text = f"{self._channel} {self.site.numbered:04}"
        heard = self.site.publish(self._channel, text)
        assert heard, f"nobody heard '{text}'"
        self.sent.append(text)
        self.site.numbered += 1
        if len(self.sent) == self._count:
            self.is_done.set()
        self.is_done.wait(self._pause)

    def wait(self, count, timeout=20.0):
        """Until so many have been published."""
        until(lambda: len(self.sent) >= count, f"{count} are published", timeout, self.check)

    def wait_more(self, count):
        self.wait(len(self.sent) + count)

    def check(self):
        assert not self.wrongs, "\n".join(self.wrongs)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        """Those that are still to come are published when there is a count."""
        self.stop() if self._count is None else self.join()
        self.check()
