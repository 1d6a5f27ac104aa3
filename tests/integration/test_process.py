# SPDX-License-Identifier: BSD-2-Clause
"""The process: where it listens, what signals do, how it ends."""

import os
import re
import signal
import socket
import stat
import subprocess
import time

import counters
import fastcgi
import pytest
import servers
import stalls
import web
from fastcgi import KEEP_CONN, params_of
from process import children_of, free_port, has_ended, until

QUICK = params_of("channel=news", method="HEAD")


def answers(address):
    connection = fastcgi.Connection(address)
    try:
        return connection.ask(QUICK).status == 200
    finally:
        connection.close()


# --- Listening ---


@pytest.mark.parametrize("mode", [None, "0600", "0666", "660"])
def test_the_mode_of_the_socket_is_an_option(stage, mode):
    responder = stage.responder(socket_mode=mode)
    assert stat.S_IMODE(os.stat(responder.path).st_mode) == int(mode or "0660", 8)
    assert answers(responder.path)


def test_a_stale_socket_is_replaced(stage):
    responder = stage.responder()
    responder.kill()
    assert os.path.exists(responder.path)
    responder.restart()
    assert answers(responder.path)


def test_a_live_socket_is_refused_and_goes_on(stage):
    first = stage.responder()
    second = stage.new_responder(listen=f"unix:{first.path}").expect_end()
    with pytest.raises(AssertionError):
        second.start()
    assert second.wait() != 0
    assert first.path in second.log()
    assert answers(first.path)


def test_a_file_that_is_no_socket_is_refused_and_kept(stage):
    path = stage.directory / "precious"
    path.write_text("data")
    responder = stage.new_responder(listen=f"unix:{path}").expect_end()
    with pytest.raises(AssertionError):
        responder.start()
    assert responder.wait() != 0
    assert str(path) in responder.log()
    assert path.read_text() == "data"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_it_listens_on_tcp(stage, host):
    port = free_port("::1" if host == "[::1]" else "127.0.0.1")
    responder = stage.responder(listen=f"{host}:{port}")
    stream = stage.stream(responder)
    stage.redis.publish("news", "over TCP")
    assert stream.next_event().text == "over TCP"


def test_a_tcp_port_in_use_is_named(stage):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        responder = stage.new_responder(listen=f"127.0.0.1:{port}").expect_end()
        with pytest.raises(AssertionError):
            responder.start()
        assert responder.wait() != 0
        assert str(port) in responder.log()


def test_a_missing_directory_is_named(stage):
    responder = stage.new_responder(listen=f"unix:{stage.directory}/none/x.sock").expect_end()
    with pytest.raises(AssertionError):
        responder.start()
    assert responder.wait() != 0
    assert "none/x.sock" in responder.log()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_it_is_started_by_socket_activation(stage, kind):
    address = str(stage.directory / "active.sock") if kind == "unix" else ("127.0.0.1", free_port())
    listen = address if kind == "unix" else f"127.0.0.1:{address[1]}"
    launcher = ["systemd-socket-activate", "-l", listen]
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        launcher += ["-E", name]
    responder = stage.new_responder(launcher=launcher, wait_for="Listening on", listen=None).start()
    connection = fastcgi.Connection(address)  # this starts it, and is answered when it runs
    stream = connection.open_stream(timeout=15)
    responder.wait_subscribed()
    stage.redis.publish("news", "activated")
    assert stream.next_event(type="message").text == "activated"
    connection.close()


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
def test_it_takes_a_listening_descriptor_0(stage, family):
    with socket.socket(family) as listener:
        listener.bind(str(stage.directory / "zero.sock") if family == socket.AF_UNIX else ("127.0.0.1", 0))
        listener.listen(64)
        address = listener.getsockname()
        responder = stage.new_responder(listen=None, wait_for="subscribed to")
        responder.start(stdin=listener)
    stream = fastcgi.Connection(address).open_stream()
    stage.redis.publish("news", "spawned")
    assert stream.next_event(type="message").text == "spawned"


@pytest.mark.parametrize("kind", [servers.Responder, servers.LongPoll], ids=lambda kind: kind.name)
def test_under_mod_fcgid_it_says_once_what_is_unsuitable_for_streams_and_serves_alone(stage, kind):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stage.directory / f"{os.getpid()}.0"))  # as mod_fcgid names it
        listener.listen(64)
        responder = stage.new_responder(kind, listen=None, workers=2, history="redis").start(stdin=listener)
    responder.wait_subscribed()
    assert responder.log().count("mod_fcgid is unsuitable for event streams") == (kind is servers.Responder)
    assert children_of(responder.pid) == []


def test_without_any_socket_it_says_what_to_do(stage):
    responder = stage.new_responder(listen=None).expect_end()
    with pytest.raises(AssertionError):
        responder.start()
    assert responder.wait() not in (0, 99)
    assert "--listen" in responder.log()


def test_a_thousand_connections_at_once_are_queued(stage):
    responder = stage.responder()
    responder.pause()
    waiting = []
    for _ in range(1000):
        connection = fastcgi.Connection(responder.path, timeout=0.5)
        connection.send(fastcgi.request(QUICK))
        waiting.append(connection)
    responder.resume()
    for connection in waiting:
        assert connection.response(timeout=20).status == 200
        connection.close()


def test_running_out_of_descriptors_is_survived(stage):
    launcher = ["/bin/sh", "-c", 'ulimit -n 64; exec "$@"', "limit"]
    responder = stage.responder(launcher=launcher)
    stream = stage.stream(responder)
    crowd = [stage.connect(responder) for _ in range(100)]
    stage.redis.publish("news", "in the crowd")
    assert stream.next_event(10).text == "in the crowd"
    for connection in crowd:
        connection.close()
    until(lambda: answers(responder.path), "it accepts again")


# --- Signals ---


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_every_request_properly(stage, number):
    responder = stage.responder(grace="2s").expect_end()
    streams = [stage.connect(responder).open_stream(flags=keep) for keep in (0, KEEP_CONN) * 5]
    stage.redis.publish("news", "the last")
    for stream in streams:
        stream.next_event()
    idle, half = stage.connect(responder), stage.connect(responder)
    half.send(fastcgi.begin())
    started = time.monotonic()
    responder.signal(number)
    retries = []
    for stream in streams:
        assert stream.wait_end(), "an empty STDOUT, then END_REQUEST"
        retries.append(stream.of_kind("retry")[-1].retry_ms)
        assert len(stream.of_kind("retry")) == 2, "one at the opening, one at the end"
        assert stream.items[-1].kind in ("position", "retry")
        assert stream.last_id
    assert len(set(retries)) > 1, "jittered: they shall not all come back at once"
    assert all(2000 <= retry <= 4000 for retry in retries)
    assert responder.wait(6) == 0
    assert stalls.elapsed_s(started) < 4
    idle.close()


def test_a_stop_moves_clients_to_the_last_position(stage):
    responder = stage.responder().expect_end()
    stream = stage.stream(responder, "channel=quiet")
    other = stage.stream(responder)
    opening = stream.last_id
    stage.redis.publish("news", "elsewhere")
    news = other.next_event().id
    responder.signal(signal.SIGTERM)
    assert stream.wait_end()
    assert len(stream.of_kind("position")) == 2
    assert stream.last_id != opening
    assert other.wait_end()
    assert stream.last_id == other.last_id == news or stream.last_id > news
    assert responder.wait() == 0


def test_a_stop_is_seen_properly_through_lighttpd(stage):
    responder = stage.responder().expect_end()
    stream = stage.http_stream(stage.lighttpd(responder))
    responder.signal(signal.SIGTERM)
    assert stream.wait_end(), "the chunked body ends with its last chunk"
    assert responder.wait() == 0


def test_a_client_that_does_not_read_holds_the_stop_no_longer_than_the_grace(stage):
    responder = stage.responder(grace="1s").expect_end()
    stage.stream(responder)
    reader = stage.stream(responder)
    stage.redis.publish_all("news", ["x" * 100_000] * 50)
    reader.next_events(50)
    started = time.monotonic()
    responder.signal(signal.SIGTERM)
    assert responder.wait(8) == 0
    assert stalls.elapsed_s(started) < 3


def test_nothing_is_accepted_after_a_stop(stage):
    responder = stage.responder(grace="1s").expect_end()
    stage.stream(responder)
    stage.redis.publish_all("news", ["x" * 100_000] * 50)  # holds it for its grace
    time.sleep(0.1)
    responder.signal(signal.SIGTERM)
    responder.wait_log("ending", timeout=2)
    with pytest.raises((OSError, AssertionError)):
        fastcgi.Connection(responder.path).ask(QUICK)
    assert responder.wait(8) == 0


def test_sigusr1_logs_the_counters_on_one_line(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    stage.redis.publish("news", "counted")
    stream.next_event()
    first = counters.read(responder)
    assert (first["connections.open"], first["streams.open"], first["messages.received"]) == (1, 1, 1)
    stream.close()
    second = counters.wait_streams(responder, 0)
    assert second["connections.accepted"] == second["streams.opened"] == 1
    assert first.keys() == second.keys()
    wanted = ["connections.open", "connections.accepted", "streams.open", "streams.opened", "streams.lagged"]
    wanted += ["messages.received", "gaps.sent", "redis.connects"]
    assert set(wanted) <= first.keys()


def test_sigpipe_is_survived(stage):
    responder = stage.responder()
    responder.signal(signal.SIGPIPE)
    assert answers(responder.path)


def test_each_fact_is_one_log_line_with_time_pid_and_level(stage):
    responder = stage.responder(log_level="debug")
    stage.ask(responder, "channel=a%0Ab%1b[31m", HTTP_LAST_EVENT_ID="x\ny")
    stage.stream(responder, HTTP_LAST_EVENT_ID="x\ny").close()
    counters.wait_streams(responder, 0)
    line = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z sse\.fcgi\[\d+\] (error|warning|info|debug): [ -~]+")
    for text in responder.log().splitlines():
        assert line.fullmatch(text), text


def test_the_log_level_is_an_option(stage):
    responder = stage.new_responder(log_level="error", wait_for="").start()
    until(lambda: os.path.exists(responder.path) and answers(responder.path), "it answers", 10, responder.must_be_alive)
    assert "info:" not in responder.log()


def test_lighttpd_stops_the_programs_that_it_spawned(stage):
    lighttpd, *spawned = stage.spawning_lighttpd()
    pids = {program.name: program.pid for program in spawned}
    assert sorted(lighttpd.children()) == sorted(pids.values()), "one process of each"
    assert web.HttpResponse(lighttpd.address, "HEAD", "/events/news").status == 200
    assert web.HttpResponse(lighttpd.address, "HEAD", "/list?channel=news").status == 200
    lighttpd.stop()
    for name, pid in pids.items():
        until(lambda: has_ended(pid), f"{name} ends with lighttpd")
        assert f"{name}[{pid}] info: ended" in lighttpd.log(), "properly"


def test_it_leaves_no_child_process(stage):
    responder = stage.responder()
    found = subprocess.run(["ps", "--ppid", str(responder.pid), "-o", "pid="], capture_output=True, text=True)
    assert found.stdout.split() == []
