# SPDX-License-Identifier: BSD-2-Clause
"""examples/doctor, run as a user runs it, before sound configurations of each web server and broken ones."""

import os
import signal
import subprocess
import time

import broken
import pytest
import stalls
from process import Process, until
from servers import TOP

DOCTOR = TOP / "examples" / "doctor"
LIGHTTPD, APACHE, NGINX = broken.Lighttpd, broken.Apache, broken.Nginx
SERVERS = pytest.mark.parametrize("kind", [LIGHTTPD, APACHE, NGINX], ids=lambda kind: kind.name)
PROXY_LINE = 'ProxyPass "/events" "unix:/run/fcgi-push/sse.sock|fcgi://push/events" flushpackets=on timeout=300'


class Finding:
    """What a run said, and its exit status."""

    def __init__(self, result):
        self.status = result.returncode
        self.text = result.stdout + result.stderr
        self.lines = [line.strip() for line in self.text.splitlines()]
        assert "Traceback" not in self.text, self.text

    def line(self, verdict, name):
        """The line of that check, which must be there with that verdict."""
        found = [line for line in self.lines if line.startswith(f"{verdict:<8}  {name}")]
        assert found, f"no line '{verdict} {name}' in\n{self.text}"
        return found[0]

    def is_well(self):
        return self.status == 0 and "all is well" in self.lines

    def must_be_one_problem(self, name, line):
        assert self.status == 1, self.text
        self.line("PROBLEM", name)
        assert line in self.lines, f"no line '{line}' in\n{self.text}"
        assert self.text.count("PROBLEM") == 1, self.text


class Clinic:
    """Mounts of one test: an sse.fcgi, a longpoll.fcgi and a web server each."""

    def __init__(self, stage, certificate):
        self.stage = stage
        self._certificate = certificate
        self.responders = []
        self._servers = []
        os.chmod(stage.directory, 0o755)  # Apache's workers are another user

    def responder(self, start=True, **options):
        options = {"heartbeat": "1s", "socket_mode": "0666", **options}
        new = self.stage.responder(**options) if start else self.stage.new_responder(**options).expect_end()
        self.responders.append(new)
        return new

    def mount(self, kind, responder=None, has_polls=True, is_tls=False, **knobs):
        """A started web server of this kind."""
        responder = responder or self.responder()
        polls = self.stage.directory / "none"
        if has_polls:
            longpoll = self.stage.longpoll(socket_mode="0666", history=responder.options["history"])
            self.responders.append(longpoll)
            polls = longpoll.path
        place = self.stage.directory / f"w{len(self._servers)}"
        place.mkdir()
        server = kind(place, responder.path, polls, self._certificate if is_tls else None, **knobs)
        self._servers.append(server)
        return server.start()

    def command(self, url, *options, redis=True):
        patience = ("--timeout", "1.5", "--quiet", "4")
        address = ("--redis", self.stage.redis.url) if redis else ()
        return [str(word) for word in (DOCTOR, *patience, *address, *options, url)]

    def examine(self, url, *options, redis=True, meanwhile=lambda: None):
        """What it says; where the machine stood still it rightly told of that, and is asked again."""
        command = self.command(url, *options, redis=redis)
        for _ in range(3):
            began = time.monotonic()
            doctor = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            meanwhile()
            said = doctor.communicate(timeout=60)
            finding = Finding(subprocess.CompletedProcess(command, doctor.returncode, *said))
            if stalls.lost_s(began, time.monotonic()) < 0.2:
                break
        return finding

    def close(self):
        """The responders first: an Apache that holds a stream back waits for its end."""
        for responder in self.responders:
            if responder.is_alive():
                assert responder.expect_end().stop() == 0
        for server in self._servers:
            if server.is_alive():
                server.stop(20)


@pytest.fixture
def clinic(stage, certificate):
    clinic = Clinic(stage, certificate)
    yield clinic
    clinic.close()


# --- Sound configurations ---


@SERVERS
def test_a_sound_mount_is_well(clinic, kind):
    responder = clinic.responder()
    server = clinic.mount(kind, responder)
    finding = clinic.examine(server.url(), "--pid", responder.pid, "--counters", responder.log_path)
    assert finding.is_well(), finding.text
    checks = ("answer", "caching", "compression", "first bytes", "events", "resume", "long poll", "HTTP/1.1", "quiet")
    for name in checks:
        finding.line("ok", name)
    assert "came once, in order" in finding.line("ok", "resume")
    assert "was forgotten" in finding.line("ok", "vanished")


@SERVERS
def test_without_redis_heartbeats_are_seen(clinic, kind):
    finding = clinic.examine(clinic.mount(kind).url("/events?channel=news"), redis=False)
    assert finding.is_well(), finding.text
    assert "--redis" in finding.line("ok", "events")
    finding.line("-", "vanished")


def test_events_that_redis_keeps_are_resumed(clinic):
    server = clinic.mount(NGINX, clinic.responder(history="redis"))
    finding = clinic.examine(server.url())
    assert finding.is_well(), finding.text


def test_a_handler_of_apache_with_its_proxy_section_is_well(clinic):
    section = '<Proxy "unix:{socket}|fcgi://push">\n  ProxySet flushpackets=on timeout=300\n</Proxy>'
    finding = clinic.examine(clinic.mount(APACHE, mount=broken.APACHE_HANDLER + section).url())
    assert finding.is_well(), finding.text


@pytest.mark.parametrize(
    "kind, least, most, line",
    [
        (LIGHTTPD, 8, 8, 'server.feature-flags += ("server.h2proto" => "disable")'),
        (APACHE, 2, 31, "Protocols http/1.1"),
    ],
)
def test_a_cap_of_http2_streams_is_a_warning_that_counts_them(clinic, kind, least, most, line):
    finding = clinic.examine(clinic.mount(kind, is_tls=True).url(), "--insecure")
    assert finding.status == 0, finding.text
    words = finding.line("WARNING", "HTTP/2").split()
    assert least <= int(words[2]) <= most
    assert line in finding.lines


def test_http2_without_a_cap_is_well(clinic):
    finding = clinic.examine(clinic.mount(NGINX, is_tls=True).url(), "--insecure")
    assert finding.is_well(), finding.text
    assert "32 streams on one connection" in finding.line("ok", "HTTP/2")


def test_a_certificate_that_browsers_refuse_is_a_problem(clinic):
    finding = clinic.examine(clinic.mount(NGINX, is_tls=True, has_polls=False).url())
    assert finding.status == 1
    assert "--insecure" in finding.text
    assert "self-signed" in finding.line("PROBLEM", "TLS")


# --- Broken ones ---

BROKEN = {
    "lighttpd holds back": (LIGHTTPD, {"mount": ""}, "first bytes", "server.stream-response-body = 2"),
    "lighttpd has few connections": (
        LIGHTTPD,
        {"outside": "server.max-connections = 6"},
        "HTTP/1.1",
        "server.max-connections = 8000",
    ),
    "lighttpd loses a header": (
        LIGHTTPD,
        {"outside": 'setenv.set-request-header = ("Last-Event-ID" => "")'},
        "resume",
        'setenv.set-request-header = ("Last-Event-ID" => "")',
    ),
    "apache holds back": (APACHE, {"mount": broken.APACHE_PROXY + "flushpackets=off"}, "first bytes", PROXY_LINE),
    "apache's handler holds back": (
        APACHE,
        {"mount": broken.APACHE_HANDLER},
        "first bytes",
        "ProxySet flushpackets=on timeout=300",
    ),
    "apache compresses": (
        APACHE,
        {"outside": "AddOutputFilterByType DEFLATE text/event-stream"},
        "compression",
        "SetEnv no-gzip 1",
    ),
    "apache has few workers": (
        APACHE,
        {"outside": "ThreadsPerChild 6\nServerLimit 1\nMaxRequestWorkers 6"},
        "HTTP/1.1",
        "MaxRequestWorkers 2048",
    ),
    "apache loses a header": (
        APACHE,
        {"outside": "RequestHeader unset Last-Event-ID early"},
        "resume",
        "RequestHeader unset Last-Event-ID",
    ),
    "nginx holds back": (
        NGINX,
        {"mount": "fastcgi_ignore_headers X-Accel-Buffering; fastcgi_buffering on;"},
        "first bytes",
        "fastcgi_buffering off;",
    ),
    "nginx compresses": (NGINX, {"mount": "gzip on; gzip_types text/event-stream;"}, "compression", "gzip off;"),
    "nginx has few connections": (
        NGINX,
        {"events": "worker_connections 12;"},
        "HTTP/1.1",
        "events { worker_connections 16384; }",
    ),
    "nginx loses a header": (
        NGINX,
        {"mount": "include /etc/nginx/fastcgi_params; fastcgi_param HTTP_LAST_EVENT_ID '';"},
        "resume",
        "fastcgi_pass_request_headers on;",
    ),
    "nginx sends no parameters": (NGINX, {"mount": "fastcgi_param X y;"}, "answer", "include fastcgi_params;"),
}


@pytest.mark.parametrize("kind, knobs, check, line", BROKEN.values(), ids=BROKEN)
def test_a_broken_mount_is_told_with_the_line_that_mends_it(clinic, kind, knobs, check, line):
    clinic.examine(clinic.mount(kind, **knobs).url()).must_be_one_problem(check, line)


@pytest.mark.parametrize(
    "kind, knobs, line",
    [
        (LIGHTTPD, {"outside": "server.max-write-idle = 2"}, "server.max-write-idle = 360"),
        (APACHE, {"mount": broken.APACHE_PROXY + "flushpackets=on timeout=1"}, PROXY_LINE),
        (NGINX, {"mount": "fastcgi_read_timeout 1s;"}, "fastcgi_read_timeout 120s;"),
    ],
    ids=["lighttpd", "apache", "nginx"],
)
def test_an_idle_timeout_shorter_than_the_heartbeat_is_told(clinic, kind, knobs, line):
    server = clinic.mount(kind, clinic.responder(heartbeat="30s"), **knobs)
    clinic.examine(server.url(), "--quiet", "10").must_be_one_problem("quiet time", line)


@SERVERS
def test_a_program_that_does_not_run_is_told(clinic, kind):
    server = clinic.mount(kind, clinic.responder(start=False), has_polls=False)
    clinic.examine(server.url()).must_be_one_problem("answer", "sse.fcgi --listen unix:/run/fcgi-push/sse.sock")


@pytest.mark.parametrize(
    "kind, line",
    [
        (LIGHTTPD, '$HTTP["url"] =~ "^/elsewhere(/|$)" {'),
        (APACHE, PROXY_LINE.replace("/events", "/elsewhere")),
        (NGINX, "location /elsewhere {"),
    ],
    ids=["lighttpd", "apache", "nginx"],
)
def test_a_wrong_path_is_told_with_a_mount_for_it(clinic, kind, line):
    server = clinic.mount(kind, has_polls=False)
    clinic.examine(server.url("/elsewhere")).must_be_one_problem("answer", line)


def test_apache_that_waits_for_more_is_a_warning(clinic):
    finding = clinic.examine(clinic.mount(APACHE, mount=broken.APACHE_PROXY + "flushpackets=auto timeout=300").url())
    assert finding.status == 0, finding.text
    finding.line("WARNING", "events")
    assert PROXY_LINE in finding.lines


FLUSHING = broken.APACHE_PROXY + "flushpackets=on timeout=300"
COLLECTING = "fastcgi_ignore_headers X-Accel-Buffering; fastcgi_buffering on;"
MENDED = {
    "apache compresses no more": (
        APACHE,
        {
            "outside": "AddOutputFilterByType DEFLATE text/event-stream",
            "mount": FLUSHING + '\n<Location "/events">\nSetEnv no-gzip 1\nSetEnv no-brotli 1\n</Location>',
        },
    ),
    "nginx collects no more": (NGINX, {"mount": COLLECTING.replace("buffering on", "buffering off")}),
    "nginx compresses no more": (NGINX, {"outside": "gzip on; gzip_types text/event-stream;", "mount": "gzip off;"}),
    "lighttpd offers no HTTP/2": (
        LIGHTTPD,
        {"outside": 'server.feature-flags += ("server.h2proto" => "disable")', "is_tls": True},
    ),
    "apache offers no HTTP/2": (APACHE, {"outside": "Protocols http/1.1", "offered": "", "is_tls": True}),
}


@pytest.mark.parametrize("kind, how", MENDED.values(), ids=MENDED)
def test_a_line_that_was_told_mends_the_mount(clinic, kind, how):
    finding = clinic.examine(clinic.mount(kind, **how).url(), "--insecure")
    assert finding.is_well(), finding.text


# --- What is not the web server's fault ---


@pytest.mark.parametrize("times, verdict", [(1, "ok"), (2, "WARNING")])
def test_a_redis_that_stands_still_is_told_when_it_does_so_again(clinic, times, verdict):
    server = clinic.mount(LIGHTTPD)
    redis = clinic.stage.redis
    with redis.client() as client, client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe("push:news")

        def stand_still():
            for _ in range(times):
                until(lambda: (heard.get_message(timeout=1) or {"data": b""})["data"].endswith(b" 16"), "most came", 60)
                redis.pause()
                time.sleep(1.1)  # longer than is well, and shorter than the doctor waits
                redis.resume()

        finding = clinic.examine(server.url(), "--channel", "news", meanwhile=stand_still)
    assert finding.status == 0, finding.text
    finding.line(verdict, "events")
    assert ("Something stands still" in finding.text) == (verdict == "WARNING")


def test_two_processes_that_do_not_know_each_other_are_told(clinic):
    sockets = [clinic.responder().path for _ in range(2)]
    upstream = "upstream both {" + "".join(f" server unix:{path};" for path in sockets) + " }"
    server = clinic.mount(NGINX, clinic.responders[0], outside=upstream, backend="both")
    finding = clinic.examine(server.url())
    assert finding.status == 1
    assert "does not know" in finding.line("PROBLEM", "resume")
    assert "sse.fcgi --history redis" in finding.lines


def test_a_redis_that_nobody_listens_to_is_told(clinic):
    server = clinic.mount(NGINX, has_polls=False)
    finding = clinic.examine(server.url(), "--prefix", "other:")
    finding.must_be_one_problem("events", "sse.fcgi --redis URL --prefix push:")


def test_a_redis_that_is_not_there_is_told(clinic):
    finding = clinic.examine(clinic.mount(NGINX).url(), "--redis", "unix:///nonexistent/redis.sock", redis=False)
    assert finding.status == 1
    finding.line("PROBLEM", "redis")


def test_channels_that_may_not_be_read_are_told(clinic):
    server = clinic.mount(NGINX, clinic.responder(channels="news"), has_polls=False)
    refused = clinic.examine(server.url("/events?channel=chat"))
    refused.must_be_one_problem("answer", "sse.fcgi --channels NAME,PREFIX*")
    assert "'chat' may not be read" in refused.text
    untested = clinic.examine(server.url("/events?channel=news"))
    untested.must_be_one_problem("events", "doctor --redis … --channel NAME URL")


def test_events_go_to_a_channel_that_is_given(clinic):
    server = clinic.mount(NGINX, clinic.responder(channels="news"))
    finding = clinic.examine(server.url(), "--channel", "news")
    assert finding.is_well(), finding.text


def test_a_login_is_told_and_can_be_given(clinic):
    users = clinic.stage.directory / "users"
    users.write_text("alice:{PLAIN}secret\n")
    server = clinic.mount(NGINX, mount=f'auth_basic site; auth_basic_user_file "{users}";')
    clinic.examine(server.url()).must_be_one_problem("answer", "auth_basic off;")
    clinic.examine(server.url(), "--user", "alice:wrong").must_be_one_problem("answer", "auth_basic off;")
    known = clinic.examine(server.url(), "--user", "alice:secret")
    assert known.is_well(), known.text
    assert "Authorization" in known.line("-", "login")


def test_a_long_poll_that_is_down_is_a_problem_and_one_that_is_not_there_is_none(clinic):
    server = clinic.mount(LIGHTTPD, has_polls=False)
    down = clinic.examine(server.url())
    assert down.status == 1
    assert "/list" in down.line("PROBLEM", "long poll")
    absent = clinic.mount(LIGHTTPD, clinic.responders[0], has_polls=False)
    absent.stop()
    text = absent.directory / "server.conf"
    text.write_text(text.read_text().replace("^/(list|subscribe)$", "^/none$"))
    absent.start()
    finding = clinic.examine(absent.url())
    assert finding.status == 0, finding.text
    assert "404" in finding.line("-", "long poll")
    assert clinic.examine(absent.url(), "--list", "/list").status == 1


def test_a_client_that_is_not_forgotten_is_told(clinic):
    responder = clinic.responder(heartbeat="60s")
    server = clinic.mount(LIGHTTPD, responder)  # which notices when it writes, so never while all is quiet
    options = ("--quiet", "0.5", "--pid", responder.pid, "--counters", responder.log_path)
    finding = clinic.examine(server.url(), *options)
    assert finding.status == 1
    finding.line("WARNING", "quiet time")
    finding.line("PROBLEM", "vanished")
    assert "sse.fcgi --heartbeat 15s" in finding.lines


def test_counters_that_do_not_come_are_told(clinic):
    responder = clinic.responder()
    server = clinic.mount(NGINX, responder)
    other_log = clinic.responders[-1].log_path
    finding = clinic.examine(server.url(), "--pid", responder.pid, "--counters", other_log)
    assert finding.status == 1
    assert f"SIGUSR1 to {responder.pid}" in finding.line("PROBLEM", "vanished")


def test_a_process_that_is_not_ours_gets_no_signal(clinic):
    responder = clinic.responder()
    server = clinic.mount(NGINX, responder)
    with subprocess.Popen(["sleep", "60"]) as other:
        finding = clinic.examine(server.url(), "--pid", other.pid, "--counters", responder.log_path)
        assert other.poll() is None
        other.kill()
    assert "is sleep, not sse.fcgi" in finding.line("PROBLEM", "vanished")


# --- The command ---


class Run(Process):
    """A doctor that is at work."""

    name = "doctor"

    def __init__(self, directory, command):
        super().__init__(directory)
        self._command = command

    def argv(self):
        return self._command


@pytest.mark.parametrize("moment", ["connection", "HTTP/1.1"])
def test_an_interrupt_ends_it_at_once_and_quietly(clinic, tmp_path, moment):
    server = clinic.mount(NGINX, clinic.responder(heartbeat="60s"))
    run = Run(tmp_path, clinic.command(server.url(), "--quiet", "60")).start()
    until(lambda: moment in run.log(), f"{moment} is checked", 20)
    run.signal(signal.SIGINT)
    assert run.wait(5) == 130
    assert "Traceback" not in run.log()


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ([], "URL"),
        (["ftp://host/events"], "ftp://host/events"),
        (["http://host:99999/"], "ort"),
        (["--redis", "host", "http://host/"], "redis://"),
        (["--user", "alice", "http://host/"], "NAME:PASSWORD"),
        (["--timeout", "0", "http://host/"], "--timeout"),
        (["--timeout", "x", "http://host/"], "--timeout"),
        (["--counters", "log", "http://host/"], "--pid"),
        (["--counters", "log", "--pid", "-1", "http://host/"], "--pid"),
        (["--prune", "http://host/"], "--prune"),
    ],
)
def test_a_mistake_in_the_command_is_one_clear_line(arguments, complaint):
    result = subprocess.run([DOCTOR, *arguments], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stdout == "" and len(result.stderr.splitlines()) == 1
    assert complaint in result.stderr


def test_it_runs_through_a_link_and_leaves_no_files(tmp_path):
    link = tmp_path / "examine"
    link.symlink_to(DOCTOR)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    result = subprocess.run([link, "--help"], capture_output=True, text=True, env=environment)
    assert result.returncode == 0 and "exit status" in result.stdout
    assert not list((TOP / "examples").glob("**/__pycache__"))
