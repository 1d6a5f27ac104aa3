# SPDX-License-Identifier: BSD-2-Clause
"""Streams and polls that the programs end themselves: by age, at their own end, and when there are too many."""

import concurrent.futures
import json
import signal
import time

import counters
import pytest
import stalls
from fastcgi import params_of, request

CROWD = 50
GRACE = 3.0


@pytest.fixture
def pool():
    with concurrent.futures.ThreadPoolExecutor(CROWD + 1) as pool:
        yield pool


def texts(stream):
    return [event.text for event in stream.of_kind("event")]


def assert_farewell(stream):
    """Ended properly, told once more when to come back, and at a position."""
    assert stream.source.ended_properly
    assert len(stream.of_kind("retry")) == 2, "one at the opening, one at the end"
    assert [item.kind for item in stream.items[-2:]] == ["retry", "position"]
    assert 2000 <= stream.of_kind("retry")[-1].retry_ms <= 4000
    assert "gap" not in [event.type for event in stream.of_kind("event")]


def must_be_even(duration_s, started, ends):
    """Each has its place in the duration. Behind a stall all whose turn has come meanwhile end at once."""
    for place, end in enumerate(sorted(ends)):
        due = started + place * duration_s / len(ends)
        stalls.must_take(-0.4, 0.4, due, end)


# --- By age ---


def test_a_stream_ends_at_its_age_and_one_that_comes_back_misses_nothing(stage):
    responder = stage.responder(max_age="1s", heartbeat="1s")
    stream = stage.stream(responder)
    opened, got, lives, sent = time.monotonic(), [], 0, []
    while lives < 3:
        sent.append(str(len(sent)))
        stage.redis.publish("news", sent[-1])
        stream.pump(0.05)
        if stream.is_ended:
            assert_farewell(stream)
            stalls.must_take(0.8, 2.0, opened)
            lives += 1
            got += texts(stream)
            last_id, opened = stream.last_id, time.monotonic()
            stage.redis.publish("news", f"{lives} lives")
            sent.append(f"{lives} lives")
            stream = stage.stream(responder, HTTP_LAST_EVENT_ID=last_id)
    stage.redis.publish("news", "the end")
    stream.pump_until(lambda: "the end" in texts(stream), 5, "the end")
    assert got + texts(stream) == [*sent, "the end"]
    assert counters.read(responder)["streams.aged"] == 3


def test_a_quiet_stream_ends_at_its_age_too(stage):
    responder = stage.responder(max_age="1s", heartbeat="1s")
    opened = time.monotonic()
    stream = stage.http_stream(stage.lighttpd(responder), "/events?channel=quiet")
    assert stream.wait_end()
    stalls.must_take(0.8, 3.5, opened)
    assert_farewell(stream)


# --- At the end of the program ---


def test_streams_end_properly_though_the_process_could_not_run_until_the_grace_was_over(stage):
    responder = stage.responder(grace="1s").expect_end()
    streams = [stage.stream(responder) for _ in range(CROWD)]
    responder.signal(signal.SIGTERM)
    responder.wait_log("ending; open streams")
    responder.pause()
    time.sleep(2.5)  # the grace, and the moment beyond it
    responder.resume()
    for stream in streams:
        assert stream.wait_end()
        assert_farewell(stream)
    assert responder.wait() == 0


def test_a_stop_ends_streams_evenly_over_the_grace_and_whoever_resumes_misses_nothing(stage, pool):
    first = stage.responder(history="redis", grace=f"{GRACE:.0f}s").expect_end()
    second = stage.responder(history="redis")
    streams = [stage.stream(first) for _ in range(CROWD)]
    sent = ["before"]
    stage.redis.publish("news", "before")
    for stream in streams:
        stream.next_event()
    started = time.monotonic()
    first.signal(signal.SIGTERM)
    ends = [pool.submit(lambda s=stream: (s.wait_end(GRACE + 5), time.monotonic())) for stream in streams]
    while not all(end.done() for end in ends):
        sent.append(f"number {len(sent)}")
        stage.redis.publish("news", sent[-1])
        time.sleep(0.02)
    assert all(end.result()[0] for end in ends)
    must_be_even(GRACE, started, [end.result()[1] for end in ends])
    assert first.wait(5) == 0
    sent.append("after")
    stage.redis.publish("news", "after")
    for stream in streams:
        assert_farewell(stream)
        back = stage.stream(second, HTTP_LAST_EVENT_ID=stream.last_id)
        back.pump_until(lambda b=back: "after" in texts(b), 5, "the last event")
        assert texts(stream) + texts(back) == sent


def test_a_stop_answers_waiting_polls_evenly_over_the_grace(stage, pool):
    responder = stage.longpoll(grace="1s").expect_end()
    polls = [stage.connect(responder) for _ in range(10)]
    for poll in polls:
        poll.send(request(params_of("channel=news", path_info="/subscribe")))
    counters.wait(responder, lambda c: c["polls.open"] == len(polls))
    started = time.monotonic()
    responder.signal(signal.SIGTERM)
    answers = [pool.submit(lambda p=poll: (p.response(), time.monotonic())) for poll in polls]
    for answer, _ in (answer.result() for answer in answers):
        assert (answer.status, json.loads(answer.body()), answer.ended_properly) == (200, [], True)
        assert answer.headers["push-position"]
    must_be_even(1.0, started, [answer.result()[1] for answer in answers])
    assert responder.wait(5) == 0


# --- Too many ---


def test_a_stream_too_many_is_told_to_come_back_later_and_misses_nothing(stage):
    responder = stage.responder(max_clients=2)
    streams = [stage.stream(responder) for _ in range(2)]
    for _ in range(3):
        away = stage.stream(responder)
        assert away.wait_end()
        assert [item.kind for item in away.items] == ["comment", "retry", "position"]
        assert 20_000 <= away.of_kind("retry")[0].retry_ms <= 40_000
    assert stage.ask(responder, "channel=news", REQUEST_METHOD="HEAD").status == 200
    assert stage.ask(responder, "").status == 400
    assert counters.read(responder)["streams.refused"] == 3
    assert responder.log().count("--max-clients") == 1, "once a minute"
    stage.redis.publish("news", "meanwhile")
    streams[0].close()
    counters.wait_streams(responder, 1)
    back = stage.stream(responder, HTTP_LAST_EVENT_ID=away.last_id)
    assert back.next_event().text == "meanwhile"


def test_a_stream_too_many_has_status_200_through_lighttpd(stage):
    responder = stage.responder(max_clients=1)
    lighttpd = stage.lighttpd(responder)
    stage.http_stream(lighttpd)
    away = stage.http_stream(lighttpd)
    assert away.status == 200
    assert away.wait_end()
    assert away.of_kind("retry")[0].retry_ms >= 20_000


def test_a_poll_too_many_is_told_when_to_ask_again(stage):
    responder = stage.longpoll(max_clients=1)
    waiting = stage.connect(responder)
    waiting.send(request(params_of("channel=news", path_info="/subscribe")))
    counters.wait(responder, lambda c: c["polls.open"] == 1)
    refused = stage.ask(responder, "channel=news", PATH_INFO="/subscribe")
    assert (refused.status, refused.error_code()) == (503, "overloaded")
    assert 5 <= int(refused.headers["retry-after"]) <= 15
    assert stage.ask(responder, "channel=news", PATH_INFO="/list").status == 200, "it need not wait"
    stage.redis.publish("news", "goes on")
    assert [event["data"] for event in json.loads(waiting.response().body())] == ["goes on"]
    again = stage.connect(responder)
    again.send(request(params_of("channel=news", path_info="/subscribe")))
    counters.wait(responder, lambda c: c["polls.open"] == 1)
