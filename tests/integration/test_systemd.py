# SPDX-License-Identifier: BSD-2-Clause
"""Under systemd: the units of examples/systemd, and what their socket and their sandbox mean for the programs.

No systemd runs here: its tools judge the units, a socket that the test holds is systemd's, and strace shows what
the programs ask of the kernel.
"""

import re
import signal
import subprocess
import time

import counters
import fastcgi
import pytest
import servers
from activation import Probe, Socket, Systemd
from fastcgi import params_of
from process import until

UNITS = servers.TOP / "examples" / "systemd"
PROGRAMS = {"sse": servers.Responder, "longpoll": servers.LongPoll}
EXPOSURE_LIMIT = 1.5  # systemd-analyze security: 0 to 10, and 1.4 with Debian 12's


def run(*words, **how):
    """Runs a tool of systemd; status and all that it said."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, **how)
    return done.returncode, done.stdout


# --- The units ---


@pytest.fixture
def units(tmp_path):
    """A directory with the units as a user has them, whose programs are those that were built."""
    directory = tmp_path / "etc" / "systemd" / "system"
    directory.mkdir(parents=True)
    for kind in ("service", "socket"):
        text = (UNITS / f"fcgi-push@.{kind}").read_text()
        text = text.replace("/usr/local/libexec/fcgi-push", str(servers.BUILD / "src"))
        (directory / f"fcgi-push@.{kind}").write_text(text)
    return directory


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_units_are_what_systemd_expects(units, name):
    files = [str(units / f"fcgi-push@{name}.{kind}") for kind in ("service", "socket")]
    assert run("systemd-analyze", "verify", "--man=no", *files) == (0, "")


def test_a_unit_without_its_program_would_be_noticed(units):
    service = units / "fcgi-push@.service"
    service.write_text(service.read_text().replace(str(servers.BUILD), "/nonexistent"))
    status, said = run("systemd-analyze", "verify", "--man=no", str(units / "fcgi-push@sse.service"))
    assert status != 0
    assert "/nonexistent/src/sse.fcgi is not executable" in said


def test_the_service_is_exposed_to_little(units):
    status, said = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(units / "fcgi-push@.service"))
    assert status == 0
    assert float(re.search(r"Overall exposure level for \S+: (\S+)", said)[1]) <= EXPOSURE_LIMIT, said


def test_enabling_the_services_enables_their_sockets(units):
    """Both at boot: a program that only its first client starts has not heard what was published before."""
    root = units.parents[2]
    status, said = run("systemctl", f"--root={root}", "enable", *(f"fcgi-push@{name}" for name in PROGRAMS))
    assert status == 0, said
    for name in PROGRAMS:
        assert (units / "sockets.target.wants" / f"fcgi-push@{name}.socket").is_symlink()
        assert (units / "multi-user.target.wants" / f"fcgi-push@{name}.service").is_symlink()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_settings_of_the_example_are_good(stage, name):
    """As they are, and with each of the lines that are commented out."""
    text = (UNITS / "fcgi-push.conf").read_text()
    example = re.sub(r"(?m)^#(?=[a-z-]+ = )", "", text)
    assert example != text
    for i, settings in enumerate((text, example)):
        path = stage.directory / f"{i}.conf"
        path.write_text(settings)
        responder = stage.responder(kind=PROGRAMS[name], config=path, history=None)
        responder.expect_end().stop()


# --- The socket ---


@pytest.fixture
def activate(stage):
    """Makes Sockets, which are closed at the end."""
    made = []

    def make(name, **options):
        made.append(Socket(stage, PROGRAMS[name], **options))
        return made[-1]

    yield make
    for each in made:
        each.listener.close()


MOUNTS = {"sse": "/events", "longpoll": "/subscribe"}
QUESTIONS = {
    "sse": params_of("channel=news", method="HEAD"),
    "longpoll": params_of("channel=news", script_name="/list"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_next_start_finds_the_clients_that_waited(stage, activate, name):
    unit = activate(name)
    responder = unit.start()
    assert stage.connect(responder).ask(QUESTIONS[name]).status == 200
    unit.stop()
    waiting = [stage.connect(responder) for _ in range(50)]
    for connection in waiting:
        connection.send(fastcgi.request(QUESTIONS[name]))
    unit.start()
    assert [connection.response(timeout=20).status for connection in waiting] == [200] * 50


@pytest.mark.parametrize("is_accepted", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_who_asks_at_the_moment_of_the_end_is_answered(stage, activate, name, is_accepted):
    """By the program that ends or by the next one. Without a parent it is one process that can be paused."""
    unit = activate(name, workers=0)
    responder = unit.start()
    asking = [stage.connect(responder) for _ in range(100)]
    if is_accepted:
        counters.wait(responder, lambda c: c["connections.open"] == 100)
    responder.pause()
    for connection in asking:
        connection.send(fastcgi.request(QUESTIONS[name]))
    responder.signal(signal.SIGTERM)
    responder.resume()
    assert responder.wait() == 0
    unit.start()
    assert [connection.response(timeout=20).status for connection in asking] == [200] * 100


def test_a_stream_that_waited_for_the_start_is_served(stage, activate):
    unit = activate("sse")
    waiting = stage.connect(unit.responder)
    waiting.send(fastcgi.request(params_of("channel=news")))
    unit.start()
    stream = waiting.stream(timeout=20)
    stage.redis.publish("news", "at last")
    assert stream.next_event(type="message").text == "at last"


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_client_is_refused_while_the_program_restarts(stage, activate, name):
    unit = activate(name)
    responder = unit.start()
    with Probe(responder.path, QUESTIONS[name]) as probe:
        for _ in range(3):
            asked = probe.asked
            unit.stop()
            until(lambda: probe.asked > asked + 5, "clients that wait")
            unit.start()
            until(lambda: probe.is_idle(), "their answers")
    assert probe.wrong == []


# --- What systemd is told ---


@pytest.fixture
def systemd(stage):
    made = Systemd(stage.directory)
    yield made
    made.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_systemd_is_told_of_start_reload_upgrade_and_end(stage, activate, systemd, name):
    unit = activate(name, environment={"NOTIFY_SOCKET": systemd.path}, history="redis", workers=2)
    responder = unit.start()
    systemd.expect(responder.pid, "READY")
    for number in (signal.SIGHUP, signal.SIGUSR2):
        before_us = time.monotonic_ns() // 1000
        responder.signal(number)
        told = systemd.expect(responder.pid, "RELOADING")
        assert before_us <= int(told["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        systemd.expect(responder.pid, "READY")
        assert stage.connect(responder).ask(QUESTIONS[name]).status == 200
    unit.stop()
    systemd.expect(responder.pid, "STOPPING")


def test_a_reload_that_fails_is_over_and_the_old_settings_stay(stage, activate, systemd):
    config = stage.directory / "push.conf"
    config.write_text("heartbeat = 10s\n")
    unit = activate("sse", environment={"NOTIFY_SOCKET": systemd.path}, config=config)
    responder = unit.start()
    systemd.expect(responder.pid, "READY")
    config.write_text("heartbeat = never\n")
    responder.signal(signal.SIGHUP)
    systemd.expect(responder.pid, "RELOADING")
    systemd.expect(responder.pid, "READY")
    assert "heartbeat" in responder.log()
    assert stage.connect(responder).ask(QUESTIONS["sse"]).status == 200


# --- The sandbox ---


def settings_of(name):
    """The words behind each name= of the service, in order; one list a line."""
    text = (UNITS / "fcgi-push@.service").read_text()
    return [words.split() for words in re.findall(rf"(?m)^{name}=(.*)$", text)]


def system_calls(word):
    """The names that a word of SystemCallFilter= stands for: a call, or a group, which may contain others."""
    if not word.startswith("@"):
        return {word}
    status, said = run("systemd-analyze", "syscall-filter", "--no-pager", word)
    assert status == 0, said
    entries = [line.strip() for line in said.splitlines()[1:]]
    return set().union(*(system_calls(entry) for entry in entries if entry and not entry.startswith("#")))


def allowed_system_calls():
    allowed = set()
    for first, *rest in settings_of("SystemCallFilter"):
        calls = set().union(*(system_calls(word) for word in (first.removeprefix("~"), *rest)))
        allowed = allowed - calls if first.startswith("~") else allowed | calls
    return allowed


class Trace:
    """All system calls of a program and its children, from its start on. The program keeps the pid of its start."""

    def __init__(self, path):
        self.path = path
        self.launcher = ["strace", "-D", "-f", "-q", "-e", "signal=none", "-o", path]

    def read(self, pid):
        """When the process with this pid has ended."""
        end = re.compile(rf"(?m)^{pid} +\+\+\+ (exited|killed)")
        until(lambda: end.search(self.path.read_text()), "the trace's end")
        return self.path.read_text()


def use(stage, responder, name):
    """What a service goes through, as far as the kernel is concerned."""
    stream = stage.connect(responder)
    stream.send(fastcgi.request(params_of("channel=news", script_name=MOUNTS[name])))
    counters.wait(responder, lambda c: c["streams.open"] + c["polls.open"] == 1)
    stage.redis.publish("news", "x" * 100_000)
    assert stream.read_record(10)
    assert stage.connect(responder).ask(QUESTIONS[name]).status == 200


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_sandbox_allows_what_the_program_asks_of_the_kernel(stage, activate, systemd, name):
    """Through start, service, reload, upgrade in place and end."""
    trace = Trace(stage.directory / "trace")
    unit = activate(
        name,
        launcher=trace.launcher,
        # The sanitizer's search for leaks does not work under strace.
        environment={"ASAN_OPTIONS": "exitcode=99:detect_leaks=0", "NOTIFY_SOCKET": systemd.path},
        redis=f"redis://localhost:{stage.redis.port}",
        history="redis",
    )
    responder = unit.start()
    systemd.expect(responder.pid, "READY")
    for number in (signal.SIGHUP, signal.SIGUSR2):
        responder.signal(number)
        systemd.expect(responder.pid, "RELOADING")
        systemd.expect(responder.pid, "READY")
    use(stage, responder, name)
    unit.stop()
    calls = trace.read(responder.pid)

    used = set(re.findall(r"(?m)^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)", calls))
    assert {"epoll_wait", "accept4", "sendto"} <= used, "it served"
    assert len(re.findall(rf"(?m)^{responder.pid} +execve\(", calls)) > 1, "it was executed in place"
    assert not used - allowed_system_calls()

    # By netlink, glibc asks which families this machine has; refused, it takes it for all.
    families = set(re.findall(r"socket\((AF_\w+)", calls)) - {"AF_NETLINK"}
    assert families
    assert not families - set(*settings_of("RestrictAddressFamilies"))

    assert settings_of("MemoryDenyWriteExecute") == [["yes"]]
    assert not re.findall(r"mprotect\(.*PROT_EXEC|mmap\(.*PROT_WRITE\|PROT_EXEC", calls)
