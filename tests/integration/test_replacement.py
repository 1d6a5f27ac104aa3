# SPDX-License-Identifier: BSD-2-Clause
"""Other settings by SIGHUP and another version by SIGUSR2, while clients are there."""

import os
import signal
import socket

import fastcgi
import pytest
import servers
import workers
from fastcgi import params_of
from process import children_of, free_port, has_ended, pause, until

QUICK = params_of("channel=news", method="HEAD")


class Config:
    """A responder whose settings stand in a file."""

    def __init__(self, stage, program=None, **settings):
        self.path = stage.directory / "push.conf"
        self.write(**settings)
        options = {"config": self.path, "history": None, "grace": None, "workers": None}
        options["listen"] = None if "listen" in settings else f"unix:{stage.directory}/push.sock"
        self.responder = stage.new_responder(**options)
        self.responder.path = f"{stage.directory}/push.sock"
        if program is not None:
            self.responder.program = program.path
        self.responder.start()
        self.responder.wait_subscribed()
        self.responder.wait_log("serving; workers")

    def write(self, **settings):
        settings = {"grace": "200ms", "retry": "100ms", **settings}
        self.path.write_text("".join(f"{name.replace('_', '-')} = {value}\n" for name, value in settings.items()))

    def reload(self, **settings):
        """The pids of the workers before, which may still be ending."""
        self.write(**settings)
        return workers.replace(self.responder, signal.SIGHUP)

    def fail(self, number, error):
        """The signal has no effect but this error."""
        offset, before = len(self.responder.log()), workers.find(self.responder)
        self.responder.signal(number)
        self.responder.wait_log("nothing is changed: ", 20, offset)
        assert error in self.responder.log()[offset:]
        assert workers.find(self.responder) == before


def is_served(address):
    connection = fastcgi.Connection(address)
    try:
        return connection.ask(QUICK).status == 200
    finally:
        connection.close()


# --- SIGHUP ---


def test_new_requests_meet_the_new_settings(stage):
    config = Config(stage, retry="100ms", channels="news")
    responder = config.responder
    old = stage.stream(responder)
    assert stage.ask(responder, "channel=other").status == 403
    config.reload(retry="9s", channels="news,other")
    stream = stage.stream(responder, "channel=other")
    assert 6000 <= stream.of_kind("retry")[0].retry_ms <= 12000
    assert old.wait_end()
    stage.redis.publish("other", "by the new ones")
    assert stream.next_event(type="message").text == "by the new ones"


def test_the_number_of_workers_changes(stage):
    config = Config(stage, workers=1)
    for count in (3, 2):
        before = config.reload(workers=count)
        workers.wait(config.responder, count, without=before)


BAD = [
    ({"heartbeat": "never"}, ["heartbeat", "never"]),
    ({"history_length": "0"}, ["history-length", "0", "1"]),
    ({"no_such_thing": "1"}, ["no-such-thing"]),
    ({"workers": "0"}, ["--workers: '0' cannot be reached by a reload; restart the program"]),
    ({"workers": "2", "history": "memory"}, ["--workers: '2' needs --history redis"]),
    ({"pid_file": "/nonexistent/push.pid"}, ["--pid-file /nonexistent/push.pid"]),
]


@pytest.mark.parametrize("settings, words", BAD, ids=lambda x: "-".join(x) if isinstance(x, dict) else "")
def test_bad_settings_are_named_and_change_nothing(stage, settings, words):
    config = Config(stage)
    stream = stage.stream(config.responder)
    config.write(**settings)
    for word in words:
        config.fail(signal.SIGHUP, word)
    stage.redis.publish("news", "as before")
    assert stream.next_event(type="message").text == "as before"
    before = config.reload()
    workers.wait(config.responder, 1, without=before)


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_another_address_is_served_and_the_old_one_is_gone(stage, kind):
    if kind == "unix":
        old, new = f"{stage.directory}/old.sock", f"{stage.directory}/new.sock"
        listen = [f"unix:{path}" for path in (old, new)]
    else:
        old, new = (("127.0.0.1", free_port()) for _ in range(2))
        listen = [f"127.0.0.1:{port}" for _, port in (old, new)]
    config = Config(stage, listen=listen[0])
    config.responder.path = old
    stream = fastcgi.Connection(old).open_stream()
    before = config.reload(listen=listen[1])
    assert is_served(new)
    assert stream.wait_end(), "properly"
    workers.wait_ended(before)
    with pytest.raises(OSError):
        fastcgi.Connection(old)
    assert kind == "tcp" or not os.path.exists(old)


def test_an_address_that_cannot_be_had_changes_nothing(stage):
    config = Config(stage, listen=f"unix:{stage.directory}/old.sock")
    config.write(listen=f"unix:{stage.directory}/none/new.sock")
    config.fail(signal.SIGHUP, "none/new.sock")
    assert is_served(f"{stage.directory}/old.sock")


def test_the_pid_file_moves(stage):
    old, new = stage.directory / "old.pid", stage.directory / "new.pid"
    config = Config(stage, pid_file=old)
    assert old.read_text() == f"{config.responder.pid}\n"
    config.reload(pid_file=new)
    assert new.read_text() == f"{config.responder.pid}\n"
    assert not old.exists()
    config.reload()
    assert not new.exists()


def test_a_worker_that_hangs_after_a_reload_is_killed(stage):
    config = Config(stage)
    [hung] = workers.find(config.responder)
    pause(hung)
    config.reload()
    workers.wait_ended([hung])
    assert f"worker {hung} did not end in time and is killed" in config.responder.log()


# --- SIGUSR2 ---


def upgradable(stage, **settings):
    """A responder from a file of its own; that and its settings."""
    program = workers.Private(stage.directory)
    return program, Config(stage, program, **settings)


def test_another_file_in_its_place_runs_under_the_same_pid(stage):
    program, config = upgradable(stage, workers=2, pid_file=stage.directory / "push.pid")
    responder = config.responder
    stream, inode = stage.stream(responder), os.stat(responder.path).st_ino
    program.install(servers.PROGRAM)
    assert not program.is_run_by(responder.pid)
    before = workers.replace(responder, signal.SIGUSR2)
    for pid in (responder.pid, *workers.wait(responder, 2, without=before)):
        assert program.is_run_by(pid)
    assert os.stat(responder.path).st_ino == inode, "the socket is kept"
    assert stream.wait_end(), "properly"
    assert len(stream.of_kind("retry")) == 2
    assert (stage.directory / "push.pid").read_text() == f"{responder.pid}\n"
    workers.wait_ended(before)
    assert responder.expect_end().stop() == 0
    assert not (stage.directory / "push.pid").exists()
    assert not os.path.exists(responder.path), "it still knows that the socket is its own"


def test_another_version_serves_as_it_thinks_best(stage):
    program, config = upgradable(stage)
    program.write_script([], "--retry 9s")
    workers.replace(config.responder, signal.SIGUSR2)
    assert 6000 <= stage.stream(config.responder).of_kind("retry")[0].retry_ms <= 12000


def test_a_version_that_wants_no_parent_serves_alone_and_leaves_no_zombie(stage):
    program, config = upgradable(stage, workers=2)
    responder = config.responder
    kept = fastcgi.Connection(responder.address)
    assert kept.ask(QUICK, flags=fastcgi.KEEP_CONN).status == 200
    stream = stage.stream(responder)
    config.write(workers=0)
    before = workers.find(responder)
    responder.signal(signal.SIGUSR2)
    assert stream.wait_end(), "properly"
    assert kept.wait_closed() == [], "nobody is left who could answer on it"
    workers.wait_ended(before)
    until(lambda: not children_of(responder.pid), "they are waited for")
    assert is_served(responder.path)
    assert responder.expect_end().stop() == 0


@pytest.mark.parametrize("content", ["empty", "half", "no program", "status 1", "crash", "bad option", "missing"])
def test_a_version_that_does_not_run_changes_nothing(stage, content):
    program, config = upgradable(stage)
    stream = stage.stream(config.responder)
    if content == "missing":
        program.path.unlink()
    elif content == "bad option":
        program.write_script([], "--from-another-version 1")
    else:
        half = servers.PROGRAM.read_bytes()[: servers.PROGRAM.stat().st_size // 2]
        scripts = {"status 1": "#!/bin/sh\nexit 1\n", "crash": "#!/bin/sh\nkill -SEGV $$\n"}
        program.write({"empty": b"", "half": half, "no program": b"\x00\x01\x02", **scripts}[content])
    config.fail(signal.SIGUSR2, f"{program.path} does not start with these settings")
    if content == "bad option":
        assert "--from-another-version" in config.responder.log()
    stage.redis.publish("news", "as before")
    assert stream.next_event(type="message").text == "as before"
    program.install(servers.PROGRAM)
    workers.replace(config.responder, signal.SIGUSR2)
    assert program.is_run_by(config.responder.pid)


def test_settings_that_the_next_version_would_not_take_change_nothing(stage):
    program, config = upgradable(stage)
    config.write(heartbeat="never")
    config.fail(signal.SIGUSR2, "heartbeat")
    assert is_served(config.responder.path)


@pytest.mark.long
def test_a_version_that_hangs_in_its_trial_is_given_up(stage):
    program, config = upgradable(stage)
    program.write("#!/bin/sh\nexec sleep 60\n")
    config.fail(signal.SIGUSR2, "does not start")


def test_an_upgrade_may_move_to_another_address_and_stays_where_that_cannot_be_had(stage):
    old, new = f"{stage.directory}/old.sock", f"{stage.directory}/new.sock"
    program, config = upgradable(stage, listen=f"unix:{old}")
    config.write(listen=f"unix:{stage.directory}/none/new.sock")
    workers.replace(config.responder, signal.SIGUSR2)
    assert "cannot listen on" in config.responder.log()
    assert is_served(old)
    config.write(listen=f"unix:{new}")
    workers.replace(config.responder, signal.SIGUSR2)
    assert is_served(new)
    assert not os.path.exists(old)


def test_an_inherited_socket_is_there_after_an_upgrade(stage):
    """As lighttpd, spawn-fcgi and the like give it, with an environment that speaks of CGI."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stage.directory / "zero.sock"))
        listener.listen(64)
        options = {"listen": None, "workers": 1, "history": "redis", "environment": {"GATEWAY_INTERFACE": "CGI/1.1"}}
        responder = stage.new_responder(wait_for="serving; workers", **options)
        responder.start(stdin=listener)
    responder.path = str(stage.directory / "zero.sock")
    for number in (signal.SIGUSR2, signal.SIGHUP, signal.SIGUSR2):
        before = workers.replace(responder, number)
        workers.wait(responder, 1, without=before)
        assert is_served(responder.path)


def test_an_inherited_socket_can_be_given_up_for_another_one(stage):
    """Descriptor 0 is closed then, and an upgrade must not take that for CGI."""
    path, config = str(stage.directory / "own.sock"), stage.directory / "push.conf"
    config.write_text("")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stage.directory / "zero.sock"))
        listener.listen(64)
        options = {"listen": None, "workers": 1, "history": "redis", "environment": {"GATEWAY_INTERFACE": "CGI/1.1"}}
        responder = stage.new_responder(wait_for="serving; workers", config=config, **options)
        responder.start(stdin=listener)
    config.write_text(f"listen = unix:{path}\n")
    for number in (signal.SIGHUP, signal.SIGUSR2):
        workers.replace(responder, number)
        assert is_served(path)


# --- One after the other ---

NEXT = [(signal.SIGHUP, n) for n in (signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM)]
NEXT += [(signal.SIGUSR2, n) for n in (signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM)]


@pytest.mark.parametrize("first, second", NEXT)
def test_those_who_are_ending_are_not_cut_off_by_what_follows(stage, first, second):
    config = Config(stage, grace="2s")
    responder = config.responder
    streams = [stage.stream(responder) for _ in range(20)]
    before = workers.replace(responder, first)
    responder.wait_log(f"[{before[0]}] info: ending; open streams")
    assert not has_ended(before[0])
    if second == signal.SIGTERM:
        assert responder.expect_end().stop() == 0
    else:
        workers.replace(responder, second)
    for stream in streams:
        assert stream.wait_end(), "an empty STDOUT, then END_REQUEST"
        assert len(stream.of_kind("retry")) == 2
    workers.wait_ended(before)


def slow_trial(program, directory):
    """A next version that takes its time to read the settings: until the file named here is there."""
    go = directory / "go"
    program.write_script([f'case "$*" in *--check-settings*) until [ -e {go} ]; do sleep 0.02; done;; esac'])
    return go


def wait_trial(responder, count):
    until(lambda: len(workers.find(responder)) == count + 1, "the next version is tried")


def test_a_reload_while_the_next_version_is_tried_comes_before_it(stage):
    program, config = upgradable(stage, channels="news")
    go = slow_trial(program, stage.directory)
    config.responder.signal(signal.SIGUSR2)
    wait_trial(config.responder, 1)
    config.write(channels="news,other")
    offset = len(config.responder.log())
    config.responder.signal(signal.SIGHUP)
    offset = config.responder.wait_log("serving; workers", 20, offset)
    assert stage.ask(config.responder, "channel=other", method="HEAD").status == 200
    go.touch()
    config.responder.wait_log("serving; workers", 20, offset)
    assert stage.ask(config.responder, "channel=other", method="HEAD").status == 200
    until(lambda: len(workers.find(config.responder)) == 1, "one generation is left")


def test_a_stop_while_the_next_version_is_tried_is_a_stop(stage):
    program, config = upgradable(stage)
    go = slow_trial(program, stage.directory)
    config.responder.signal(signal.SIGUSR2)
    wait_trial(config.responder, 1)
    assert config.responder.expect_end().stop() == 0
    go.touch()
    assert "executing" not in config.responder.log()


def test_signals_in_quick_succession_leave_one_generation(stage):
    program, config = upgradable(stage, workers=2)
    for number in [signal.SIGHUP, signal.SIGUSR2, signal.SIGHUP, signal.SIGHUP, signal.SIGUSR2] * 2:
        config.responder.signal(number)
        assert is_served(config.responder.path)

    def is_settled():
        return len(workers.find(config.responder)) == 2 and is_served(config.responder.path)

    until(lambda: "executing" in config.responder.log(), "it was upgraded", 20, config.responder.must_be_alive)
    before = workers.replace(config.responder, signal.SIGHUP)
    workers.wait_ended(before)
    until(is_settled, "one generation is left", 20, config.responder.must_be_alive)
