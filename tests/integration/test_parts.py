# SPDX-License-Identifier: BSD-2-Clause
"""What a process does in recording: it records, stands back while it is young, or only reads."""

import signal
import time

import counters
import pytest
import stalls
from crowd import Log, wait_holder
from process import until
from servers import Part

EARLY_S = 0.4  # within which an event arrives by itself: who has to wait for others waits 0.5 s or more
YOUNG_S = 9.0  # for so long one that stands back does


def start(stage, part, **options):
    return stage.responder(kind=Part, part=part, **options)


def publish_one_by_one(stage, streams, texts):
    """Each when the one before has arrived at all of them; how long the slowest took, in s."""
    slowest = 0.0
    for stream in streams:
        stream.skip()
    for text in texts:
        sent = time.monotonic()
        stage.redis.publish("news", text)
        for stream in streams:
            event = stream.next_event()
            assert (event.type, event.text) == ("message", text)
            slowest = max(slowest, stalls.elapsed_s(sent, event.at))
    return slowest


def connections(client):
    """What is open at Redis besides this connection, by its last command."""
    mine = client.client_id()
    return sorted(one["cmd"] for one in client.client_list() if int(one["id"]) != mine)


# --- Who stands back ---


@pytest.mark.parametrize("part", ["records", "stands back"])
def test_events_come_at_once_to_one_that_is_alone_as_soon_as_it_is_ready(stage, part):
    stream = stage.stream(start(stage, part))
    assert publish_one_by_one(stage, [stream], [str(n) for n in range(20)]) < EARLY_S


def test_events_come_at_once_to_young_ones_beside_each_other(stage):
    responders = [start(stage, "stands back") for _ in range(3)]
    streams = [stage.stream(responder).wait_open() for responder in responders]
    assert publish_one_by_one(stage, streams, [str(n) for n in range(20)]) < EARLY_S
    assert len(Log(stage.redis).breaks) == 1, "only the first was alone"


@pytest.mark.parametrize("part", ["records", "stands back"])
@pytest.mark.parametrize("count", [2, 4])
def test_those_that_come_at_the_same_time_begin_at_once(stage, part, count):
    """They do not wait for elders that are not there, and who opens a stream then meets no gap."""
    server = stage.start_redis()
    server.pause()
    responders = [stage.new_responder(kind=Part, part=part).start() for _ in range(count)]
    server.resume()
    begun = time.monotonic()
    for responder in responders:
        responder.wait_subscribed()
    assert stalls.elapsed_s(begun) < 1.0, "sooner than they would without knowing of each other"
    streams = [stage.stream(responder).wait_open() for responder in responders]
    assert publish_one_by_one(stage, streams, [str(n) for n in range(10)]) < EARLY_S


def test_an_inbox_entry_reaches_a_young_one_that_is_alone(stage):
    stream = stage.stream(start(stage, "stands back"))
    with stage.redis.client() as client:
        client.xadd("push:inbox", {"channel": "news", "data": "kept"})
    assert stream.next_event().text == "kept"


def test_a_young_one_leaves_the_lease_to_those_that_record(stage):
    records = [start(stage, "records") for _ in range(4)]
    young = start(stage, "stands back")
    begun = time.monotonic()
    while len(records) > 1:
        holder = wait_holder(stage.redis, [*records, young])
        assert holder.stop() == 0
        records.remove(holder.expect_end())
    wait_holder(stage.redis, records)
    assert time.monotonic() - begun < YOUNG_S, "it was young all the time"
    assert counters.read(young)["lease.acquired"] == 0


def test_a_young_one_takes_over_when_nobody_else_is_left(stage):
    last = start(stage, "records")
    young = [start(stage, "stands back") for _ in range(2)]
    streams = [stage.stream(responder).wait_open() for responder in young]
    breaks = Log(stage.redis).breaks
    begun = time.monotonic()
    assert last.stop() == 0
    last.expect_end()
    stage.redis.publish("news", "between")
    assert [stream.next_event().text for stream in streams] == ["between"] * 2
    assert stalls.elapsed_s(begun) < 3.0, "before the lease could have run out"
    assert publish_one_by_one(stage, streams, [str(n) for n in range(10)]) < EARLY_S
    assert Log(stage.redis).breaks == breaks, "nothing was missing"


@pytest.mark.parametrize("number, count", [(signal.SIGTERM, 6), (signal.SIGKILL, 2)])
def test_young_ones_that_come_and_go_lose_and_double_nothing(stage, number, count):
    """One after the other, overlapping: what is published meanwhile is recorded once, by whoever is there."""
    breaks = None
    old = start(stage, "stands back")
    payloads = []
    for n in range(count):
        new = start(stage, "stands back")
        breaks = breaks or Log(stage.redis).breaks
        wave = [f"{n} {i}" for i in range(50)]
        stage.redis.publish_all("news", wave[:25])
        old.signal(number)
        stage.redis.publish_all("news", wave[25:])
        old.wait()
        old.expect_end()
        payloads += wave
        old = new
    until(lambda: len(Log(stage.redis).entries) >= len(payloads), "all are recorded", 20.0)
    counters.wait(old, lambda c: c["recorder.pending"] == 0)
    assert [data for _, _, data in Log(stage.redis).entries] == payloads
    assert Log(stage.redis).breaks == breaks, "somebody had always heard everything"


# --- Who only reads ---


def test_a_reader_serves_what_others_recorded(stage):
    records = start(stage, "records")
    early = stage.stream(records)
    assert publish_one_by_one(stage, [early], ["one", "two"]) < EARLY_S
    reader = start(stage, "reads")
    stream = stage.stream(reader, HTTP_LAST_EVENT_ID="0").wait_open()
    assert [event.text for event in stream.of_kind("event")] == ["one", "two"]
    assert publish_one_by_one(stage, [early, stream], [str(n) for n in range(20)]) < EARLY_S
    assert [item.id for item in stream.of_kind("event")] == [item.id for item in early.of_kind("event")]


def test_a_reader_serves_what_is_in_the_log_when_nobody_records(stage):
    records = start(stage, "records")
    publish_one_by_one(stage, [stage.stream(records)], ["one", "two"])
    assert records.stop() == 0
    records.expect_end()
    stream = stage.stream(start(stage, "reads"), HTTP_LAST_EVENT_ID="0").wait_open()
    assert [event.text for event in stream.of_kind("event")] == ["one", "two"]


def test_a_reader_neither_subscribes_nor_takes_the_lease_nor_empties_the_inbox(stage):
    reader = start(stage, "reads")
    with stage.redis.client() as client:
        client.xadd("push:inbox", {"channel": "news", "data": "kept"})
        counters.wait(reader, lambda c: c["recorder.calls"] >= 3)
        assert client.execute_command("PUBSUB", "NUMPAT") == 0
        assert client.get("push:lease") is None
        assert client.xlen("push:inbox") == 1
        assert connections(client) == ["evalsha", "xread"]
    seen = counters.read(reader)
    assert [seen[name] for name in ("recorder.markers", "lease.acquired", "inbox.recorded")] == [0, 0, 0]


def test_a_reader_alone_announces_that_everything_was_deleted(stage):
    records = start(stage, "records")
    first = stage.stream(records)
    publish_one_by_one(stage, [first], ["one"])
    assert records.stop() == 0
    records.expect_end()
    stream = stage.stream(start(stage, "reads"), HTTP_LAST_EVENT_ID=first.last_id).wait_open()
    with stage.redis.client() as client:
        client.flushall()
    assert stream.next_event(type="gap").json()["channel"] == "news"


def test_a_reader_comes_back_with_redis_and_leaves_the_break_to_who_records(stage):
    server = stage.start_redis()
    records, reader = start(stage, "records"), start(stage, "reads")
    stream = stage.stream(reader).wait_open()
    offset = len(records.log())
    server.kill()
    server.start()
    records.wait_log("subscribed to", 20.0, offset)
    wait_holder(server, [records])
    server.publish("news", "after")
    events = stream.next_events(2)
    assert [(event.type, event.text) for event in events][1] == ("message", "after")
    assert events[0].type == "gap"
    assert len(Log(server).breaks) == 1


def test_a_reader_ends_although_redis_does_not_answer(stage):
    server = stage.start_redis()
    reader = start(stage, "reads", grace="30s")
    server.pause()
    try:
        assert reader.stop(5.0) == 0
    finally:
        server.resume()
    reader.expect_end()
