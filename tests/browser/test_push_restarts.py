# SPDX-License-Identifier: BSD-2-Clause
"""PushSource goes on when what it is connected to is killed, restarted or away: each event once, in order."""

import time

import pytest
from durations import seconds
from origin import Numbers, Origin, everywhere

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def origin(stage):
    return Origin(stage)


@pytest.fixture
def source(origin, open_tab):
    return open_tab(origin.page).listen(heartbeat=1000).wait_open()


@everywhere
def test_a_responder_that_comes_back_after_503s_or_502s_is_gone_on_with(stage, open_tab, front):
    origin = Origin(stage, front)
    source = open_tab(origin.page).listen(heartbeat=1000).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        origin.sse.kill()
        source.wait_entry("error", reason="refused")
        assert origin.get().status_code == front.away
        numbers.wait_more(20)
        origin.sse.restart()
        source.wait_text(numbers.sent[-1], 40)
        numbers.wait_more(10)
    source.must_have(numbers.sent)
    assert source.texts() == [event["data"] for event in origin.kept()]
    assert source.ids() == [event["id"] for event in origin.kept()]
    assert not source.entries("gap"), "longpoll.fcgi has heard all of it"


def test_a_gap_is_told_when_nobody_heard(origin, source):
    with Numbers(origin, 10) as before:
        pass
    source.must_have(before.sent)
    origin.sse.kill()
    origin.longpoll.kill()
    assert origin.publish("news", "unheard") == 0
    origin.longpoll.restart()
    origin.sse.restart()
    source.wait_entry("gap", timeout=40, channel="news")
    with Numbers(origin, 10, pause=0) as after:
        pass
    source.must_have(before.sent + after.sent)


def test_a_redis_that_kept_its_log_is_gone_on_with(stage, open_tab):
    origin = Origin(stage, redis=DURABLE)
    source = open_tab(origin.page).listen(heartbeat=1000).wait_open()
    with Numbers(origin, 20) as before:
        pass
    source.wait_text(before.sent[-1])
    logged = [len(program.log()) for program in (origin.sse, origin.longpoll)]
    origin.redis.kill()
    source.wait(lambda state: state["readyState"] == 1, "the stream stays open without Redis")
    origin.redis.start()
    with origin.redis.client() as client:
        client.xadd("push:inbox", {"channel": "news", "data": "from the inbox"})
    for program, length in zip((origin.sse, origin.longpoll), logged):
        program.wait_subscribed(20, after=length)
    source.wait_text("from the inbox")  # what is published meanwhile may be recorded before it
    with Numbers(origin, 20) as after:
        pass
    source.must_have([*before.sent, "from the inbox", *after.sent])
    assert source.texts() == [event["data"] for event in origin.kept() if event["event"] != "gap"]
    assert len(source.entries("open")) == 1


def test_a_redis_that_lost_its_log_is_gone_on_with_and_the_gap_is_told(origin, source):
    with Numbers(origin, 20) as before:
        pass
    source.wait_text(before.sent[-1])
    logged = [len(program.log()) for program in (origin.sse, origin.longpoll)]
    origin.redis.kill()
    origin.redis.start()
    for program, length in zip((origin.sse, origin.longpoll), logged):
        program.wait_subscribed(20, after=length)
    source.wait_entry("gap", channel="news")
    with Numbers(origin, 20) as after:
        pass
    source.must_have(before.sent + after.sent)


def test_a_restarted_web_server_is_gone_on_with(origin, source):
    with Numbers(origin) as numbers:
        for _ in range(2):
            numbers.wait_more(10)
            with origin.absent_server():
                pass
            source.wait_text(numbers.sent[-1], 40)
    source.must_have(numbers.sent)


@pytest.mark.parametrize("away", [seconds(6), seconds(30)])
def test_a_web_server_that_was_away_is_gone_on_with(origin, source, away):
    with Numbers(origin) as numbers:
        numbers.wait(10)
        with origin.absent_server():
            time.sleep(away)
        source.wait_text(numbers.sent[-1], 60)
        numbers.wait_more(10)
    source.must_have(numbers.sent)
    assert source.ids() == [event["id"] for event in origin.kept()]
    assert not source.entries("gap")


def test_a_login_page_in_place_of_the_stream_is_survived(origin, source):
    login = origin.server.directory / "root" / "events" / "index.html"
    login.parent.mkdir()
    login.write_text("<!doctype html><title>Log in</title>")
    with Numbers(origin) as numbers:
        numbers.wait(10)
        origin.rewrite({'"/events" => (("socket"': '"/elsewhere" => (("socket"'})
        source.wait_entry("error", timeout=40, reason="refused")
        answer = origin.get()
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        origin.restore()
        source.wait_text(numbers.sent[-1], 60)
    source.must_have(numbers.sent)


def test_polls_are_gone_on_with_when_their_responder_comes_back_after_a_503(origin, open_tab):
    source = open_tab(origin.page).listen(heartbeat=1000, EventSource=None).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        origin.longpoll.kill()
        source.wait_entry("error", reason="failed")
        assert origin.get("/subscribe?channel=news").status_code == 503
        numbers.wait_more(20)
        origin.longpoll.restart()
        source.wait_text(numbers.sent[-1], 40)
    source.must_have(numbers.sent)
    assert not source.entries("gap")
    assert source.state()["transport"] == "poll"
