# SPDX-License-Identifier: BSD-2-Clause
"""Redis away, killed, half-dead: streams stay, messages flow again, and a gap is told."""

import threading
import time

import counters
import stalls
from process import until


def events_flow(stage, stream, timeout=15):
    """Publishes until a message arrives; the events seen up to it, gaps included."""
    before = len(stream.of_kind("event"))
    marker = f"flow {time.monotonic()}"

    def arrived():
        stage.redis.publish("news", marker)
        while stream.pump(0.02):
            pass
        return any(event.text == marker for event in stream.of_kind("event"))

    until(arrived, "messages flow", timeout)
    return stream.of_kind("event")[before:]


# --- Away, and back ---


def test_it_starts_and_serves_without_redis(stage):
    server = stage.new_redis()
    responder = stage.new_responder(heartbeat="1s").start()
    stream = stage.stream(responder)
    stream.next_of("comment")
    stream.next_of("comment", 3)  # a heartbeat
    server.start()
    responder.wait_subscribed()
    assert events_flow(stage, stream)[-1].type == "message"


def test_streams_outlive_redis_and_learn_of_the_gap(stage):
    responder = stage.responder(heartbeat="1s")
    stream = stage.stream(responder)
    stage.redis.publish("news", "before")
    before = stream.next_event()
    stream.next_of("comment")
    offset = len(responder.log())

    stage.redis.kill()
    responder.wait_log("lost Redis at", after=offset)
    stream.next_of("comment", 3)  # heartbeats go on
    newcomer = stage.stream(responder)  # and new ones are accepted
    returner = stage.stream(responder, HTTP_LAST_EVENT_ID=before.id)

    stage.redis.start()
    responder.wait_subscribed(after=offset)
    for one in (stream, newcomer, returner):
        gap = one.next_event(10)
        assert (gap.type, gap.json()["channel"]) == ("gap", "news")
    stage.redis.publish("news", "after")
    for one in (stream, newcomer, returner):
        assert one.next_event().text == "after"
        assert [event.type for event in one.of_kind("event")].count("gap") == 1
    assert not stream.is_ended


def test_who_returns_after_a_loss_gets_the_gap_once(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    stage.redis.publish("news", "before")
    before = stream.next_event()
    stream.close()
    offset = len(responder.log())
    stage.redis.kill()
    stage.redis.start()
    responder.wait_subscribed(after=offset)
    keeper = stage.stream(responder)
    stage.redis.publish("news", "after")
    keeper.next_event(type="message")

    again = stage.stream(responder, HTTP_LAST_EVENT_ID=before.id)
    kinds = [(event.type, event.text) for event in again.of_kind("event")]
    assert [type_ for type_, _ in kinds].count("gap") == 1
    assert kinds[-1] == ("message", "after")
    third = stage.stream(responder, HTTP_LAST_EVENT_ID=again.last_id)
    assert third.of_kind("event") == []


def test_a_ring_that_is_older_than_the_subscription_makes_one_gap(stage):
    """The id is of another process, and the ring begins with a break: both say the same."""
    server = stage.new_redis()
    responder = stage.new_responder().start()
    stage.stream(responder).close()
    server.start()
    responder.wait_subscribed()
    stream = stage.stream(responder, HTTP_LAST_EVENT_ID="1700000000000-0.other")
    stage.redis.publish("news", "after")
    stream.next_event(type="message")
    assert [event.type for event in stream.of_kind("event")] == ["gap", "message"]


def test_two_losses_without_a_message_between_make_one_gap_for_who_returns(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    stage.redis.publish("news", "before")
    before = stream.next_event()
    stream.close()
    for _ in range(2):
        offset = len(responder.log())
        stage.redis.kill()
        stage.redis.start()
        responder.wait_subscribed(after=offset)
    again = stage.stream(responder, HTTP_LAST_EVENT_ID=before.id)
    stage.redis.publish("news", "after")
    again.next_event(type="message")
    assert [event.type for event in again.of_kind("event")] == ["gap", "message"]


def test_redis_restarted_again_and_again_under_load(stage):
    responder = stage.responder()
    streams = [stage.stream(responder) for _ in range(10)]
    for _ in range(3):
        is_done = threading.Event()
        load = threading.Thread(target=publish_on, args=(stage, is_done))
        load.start()
        offset = len(responder.log())
        stage.redis.kill()
        stage.redis.start()
        responder.wait_subscribed(after=offset)
        is_done.set()
        load.join()
    for stream in streams:
        seen = events_flow(stage, stream)
        assert "gap" in [event.type for event in seen]
        assert len({event.id for event in seen if event.type == "message"}) == len(
            [event for event in seen if event.type == "message"]
        )
    assert counters.read(responder)["redis.connects"] >= 4


def publish_on(stage, is_done):
    while not is_done.is_set():
        stage.redis.try_publish("news", "load")
        time.sleep(0.003)


def test_a_connection_that_redis_closes_is_made_anew(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    offset = len(responder.log())
    with stage.redis.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    responder.wait_log("lost Redis at", after=offset)
    responder.wait_subscribed(after=offset)
    assert [event.type for event in events_flow(stage, stream)][0] == "gap"


def test_a_half_dead_redis_is_noticed_within_ten_seconds(stage):
    responder = stage.responder(heartbeat="1s")
    stream = stage.stream(responder)
    offset, paused = len(responder.log()), time.monotonic()
    stage.redis.pause()
    responder.wait_log("lost Redis at", timeout=15, after=offset)
    assert stalls.elapsed_s(paused) < 10.5
    stage.redis.resume()
    responder.wait_subscribed(after=offset)
    assert [event.type for event in events_flow(stage, stream)][0] == "gap"


def test_a_short_silence_is_no_loss(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    offset = len(responder.log())
    stage.redis.pause()
    time.sleep(1)
    stage.redis.resume()
    stage.redis.publish("news", "on time")
    assert stream.next_event().text == "on time"
    assert "lost" not in responder.log()[offset:]
