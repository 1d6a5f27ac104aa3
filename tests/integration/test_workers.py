# SPDX-License-Identifier: BSD-2-Clause
"""A parent and its workers: who serves, who is replaced when it dies, and how all end."""

import os
import pathlib
import re
import signal
import time

import counters
import pytest
import workers
from crowd import Client, Crowd, Log, Publisher, holder_pid
from fastcgi import params_of
from process import has_ended, pause, until

QUICK = params_of("channel=news", method="HEAD")


def start(stage, count=2, **options):
    """A responder with workers that serve; it, and their pids."""
    options = {"history": "redis", "retry": "100ms", "workers": count, **options}
    responder = stage.responder(**options)
    responder.wait_log("serving; workers")
    return responder, workers.wait(responder, count)


# --- Serving ---


@pytest.mark.parametrize("count", [1, 2, 5])
def test_as_many_workers_serve_as_are_wanted(stage, count):
    responder, pids = start(stage, count)
    streams = [stage.stream(responder) for _ in range(20)]
    assert counters.read(responder, workers=count)["streams.open"] == 20
    stage.redis.publish("news", "to all")
    assert {stream.next_event(type="message").text for stream in streams} == {"to all"}
    assert workers.find(responder) == pids


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2])
def test_without_workers_there_is_no_child_and_signals_for_a_parent_end_it_properly(stage, number):
    responder = stage.responder(workers=0).expect_end()
    stream = stage.stream(responder)
    assert workers.find(responder) == []
    responder.signal(number)
    assert stream.wait_end()
    assert responder.wait() == 0


def test_several_workers_without_a_log_are_refused(stage):
    responder = stage.new_responder(workers=2, history="memory").expect_end()
    with pytest.raises(AssertionError):
        responder.start()
    assert responder.wait() == 2
    assert "--workers: '2' needs --history redis; with --history memory use 0 or 1" in responder.log()


def test_only_the_first_two_workers_subscribe_and_the_third_delivers_all_the_same(stage):
    responder, pids = start(stage, 3)
    until(lambda: len(workers.recorders(responder)) == 2, "two have subscribed")
    assert workers.recorders(responder) == set(pids[:2])
    assert stage.redis.subscribers() == 2
    for pid in pids[:2]:
        pause(pid)
    stream = stage.stream(responder)  # only the third can accept it
    for pid in pids[:2]:
        os.kill(pid, signal.SIGCONT)
    stage.redis.publish("news", "by the third")
    assert stream.next_event(type="message").text == "by the third"
    assert stage.redis.subscribers() == 2


# --- Deaths ---


def test_a_worker_that_is_killed_is_replaced_and_its_streams_come_back_exactly(stage):
    responder, pids = start(stage, 3)
    clients = [Client(["a", "b"], ("sse",), moves=None) for _ in range(30)]
    publisher = Publisher(stage.redis, "publisher", ["a", "b"], 1, has_equal=False)
    with Crowd([responder], clients, 1) as crowd:
        crowd.wait_positions()
        until(lambda: counters.read(responder, workers=3)["streams.open"] == 30, "all are there")
        until(lambda: holder_pid(stage.redis) in pids[:2], "one records")
        publisher.start()
        for pid in (holder_pid(stage.redis), pids[2]):
            until(lambda: publisher.sent, "events before it dies")
            os.kill(pid, signal.SIGKILL)
            count = len(publisher.sent)
            workers.wait(responder, 3, without=[pid])
            until(lambda: counters.read(responder, workers=3)["streams.open"] == 30, "its clients are back", 20)
            until(lambda: len(Log(stage.redis).entries) > count, "another one records", 20)
        publisher.stop()
        until(lambda: len(Log(stage.redis).entries) == len(publisher.sent), "all is recorded", 20)
        log = Log(stage.redis)
        crowd.wait_all(log)
    crowd.judge(log)
    assert responder.log().count("was ended by signal 9; the next one starts") == 2


def test_a_worker_that_dies_again_and_again_is_backed_off_and_the_others_serve(stage):
    """Here the test is what it dies of. Who lived for a second has not died early, which happens on a busy machine."""
    not_before = time.monotonic()
    responder, (victim, other) = start(stage, 2)
    deadline, pause_ms = time.monotonic() + 30, 0
    while pause_ms < 400:
        assert time.monotonic() < deadline, f"the longest pause was {pause_ms} ms"
        offset, killed = len(responder.log()), time.monotonic()
        os.kill(victim, signal.SIGKILL)
        [how] = until(lambda: re.findall("the next one starts (.*)\n", responder.log()[offset:]), "the pause is told")
        if how == "now":
            pause_ms = 0
            assert time.monotonic() - not_before >= 1, "it died early"
        else:
            pause_ms = max(100, 2 * pause_ms)
            assert how == f"in {pause_ms} ms"
        assert stage.connect(responder).ask(QUICK).status == 200
        [victim] = set(workers.wait(responder, 2, without=[victim])) - {other}
        not_before = killed


def test_a_worker_that_ends_leaves_no_zombie(stage):
    responder, (first, _) = start(stage, 2)
    os.kill(first, signal.SIGKILL)
    workers.wait(responder, 2, without=[first])
    until(lambda: not pathlib.Path(f"/proc/{first}").exists(), "it is waited for")


def test_a_worker_is_replaced_though_the_parents_parent_ignores_its_children(stage):
    """What is ignored stays ignored through exec."""
    responder, [first] = start(stage, 1, launcher=["env", "--ignore-signal=CHLD"])
    os.kill(first, signal.SIGKILL)
    workers.wait(responder, 1, without=[first])
    assert stage.connect(responder).ask(QUICK).status == 200


# --- Descriptors ---


@pytest.mark.parametrize("count", [0, 1])
def test_accepting_pauses_without_spinning_when_descriptors_run_out_and_recovers(stage, count):
    launcher = ["/bin/sh", "-c", 'ulimit -n 64; exec "$@"', "limit"]
    responder = stage.responder(launcher=launcher, workers=count, history="redis")
    pid = workers.wait(responder, 1)[0] if count else responder.pid
    stream = stage.stream(responder)
    crowd = [stage.connect(responder) for _ in range(100)]
    responder.wait_log("cannot accept a connection")
    before = workers.cpu_seconds(pid)
    time.sleep(1)  # the period over which it is measured
    assert workers.cpu_seconds(pid) - before < 0.5
    stage.redis.publish("news", "in the crowd")
    assert stream.next_event(10, type="message").text == "in the crowd"
    for connection in crowd:
        connection.close()
    assert stage.connect(responder).ask(QUICK, timeout=10).status == 200


# --- Ends ---


def must_end_properly(streams):
    for stream in streams:
        assert stream.wait_end(), "an empty STDOUT, then END_REQUEST"
        assert len(stream.of_kind("retry")) == 2, "one at the opening, one at the end"
        assert stream.last_id


def test_a_stop_ends_all_workers_and_their_streams_properly(stage):
    responder, pids = start(stage, 3, grace="1s")
    streams = [stage.stream(responder) for _ in range(30)]
    assert responder.stop() == 0
    responder.expect_end()
    must_end_properly(streams)
    assert all(has_ended(pid) for pid in pids)
    for pid in (responder.pid, *pids):
        assert f"[{pid}] info: ended" in responder.log(), "properly"


def stall(stage, responder):
    """A client that has much to read, and does not."""
    stage.stream(responder)
    reader = stage.stream(responder)
    stage.redis.publish_all("news", ["x" * 100_000] * 50)
    reader.next_events(50)


def test_a_second_stop_ends_at_once(stage):
    responder, pids = start(stage, 2, grace="60s")
    stall(stage, responder)
    responder.expect_end().signal(signal.SIGTERM)
    responder.wait_log("info: ending; open streams")
    assert responder.is_alive()
    until(lambda: responder.log().count("info: ending; open streams") == 2, "both have begun to end")
    responder.signal(signal.SIGTERM)
    assert responder.wait(5) == 0
    assert all(has_ended(pid) for pid in pids)


def test_a_worker_that_hangs_holds_a_stop_five_seconds_longer_than_the_grace(stage):
    responder, pids = start(stage, 2, grace="500ms")
    pause(pids[0])
    began = time.monotonic()
    responder.expect_end().signal(signal.SIGTERM)
    assert responder.wait(15) == 0
    assert time.monotonic() - began >= 5.5
    assert f"worker {pids[0]} did not end in time and is killed" in responder.log()
    assert f"worker {pids[1]} did not" not in responder.log()


def test_a_stop_while_a_worker_hangs_and_is_asked_again_is_over_at_its_time(stage):
    """The second signal ends who can hear it."""
    responder, pids = start(stage, 1, grace="100ms")
    pause(pids[0])
    responder.expect_end().signal(signal.SIGTERM)
    responder.wait_log("info: ending")
    responder.signal(signal.SIGTERM)
    assert responder.wait(15) == 0
    assert has_ended(pids[0])


def test_workers_whose_parent_is_killed_end_by_themselves_and_properly(stage):
    responder, pids = start(stage, 2, grace="1s")
    streams = [stage.stream(responder) for _ in range(10)]
    responder.expect_end().kill()
    must_end_properly(streams)
    workers.wait_ended(pids)
    for pid in pids:
        assert f"[{pid}] info: ended" in responder.log()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGUSR2])
def test_a_signal_to_the_whole_process_group_is_the_parents(stage, number):
    """As a terminal sends Ctrl-C: workers that heard both it and their parent would end at once."""
    options = {"history": "redis", "workers": 2, "grace": "1s"}
    responder = stage.new_responder(**options).start(start_new_session=True)
    responder.wait_log("serving; workers")
    pids = workers.wait(responder, 2)
    streams = [stage.stream(responder) for _ in range(10)]
    os.killpg(responder.pid, number)
    must_end_properly(streams)
    workers.wait_ended(pids)
    if number == signal.SIGINT:
        assert responder.expect_end().wait() == 0


# --- The pid file ---


def test_the_pid_file_names_the_parent_and_goes_with_it(stage):
    path = stage.directory / "push.pid"
    responder, pids = start(stage, 2, pid_file=path)
    assert path.read_text() == f"{responder.pid}\n"
    os.kill(pids[0], signal.SIGKILL)
    workers.wait(responder, 2, without=[pids[0]])
    assert path.read_text() == f"{responder.pid}\n"
    assert responder.expect_end().stop() == 0
    assert not path.exists()


@pytest.mark.parametrize("count", [0, 1])
def test_a_pid_file_that_cannot_be_written_ends_the_start(stage, count):
    path = stage.directory / "none" / "push.pid"
    responder = stage.new_responder(pid_file=path, workers=count).expect_end()
    with pytest.raises(AssertionError):
        responder.start()
        responder.wait_log("no such line", 5)
    assert responder.wait() == 1
    assert f"cannot write --pid-file {path}" in responder.log()
    assert not os.path.exists(responder.path), "nothing is left behind"
