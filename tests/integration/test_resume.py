# SPDX-License-Identifier: BSD-2-Clause
"""Coming back: nothing missed, nothing twice, and a gap where something may be missing."""

import counters
import pytest


def publish_and_read(stage, stream, texts, channel="news"):
    """Publishes one by one, each when the one before has arrived; the new events."""
    stream.skip()
    events = []
    for text in texts:
        stage.redis.publish(channel, text)
        events.append(stream.next_event())
    return events


def texts_of(events):
    return [event.text for event in events]


@pytest.mark.parametrize(
    "how",
    [
        lambda id_: {"HTTP_LAST_EVENT_ID": id_},
        lambda id_: {"query": f"channel=news&lastEventId={id_}"},
        lambda id_: {"query": f"channel=news&last-event-id={id_}"},
        lambda id_: {"query": f"channel=news&last_event_id={id_}"},
        lambda id_: {"query": f"channel=news&since={id_}"},
        lambda id_: {"query": "channel=news&since=0", "HTTP_LAST_EVENT_ID": id_},
        lambda id_: {"query": f"channel=news&since=0&lastEventId={id_}"},
    ],
    ids=["header", "lastEventId", "last-event-id", "last_event_id", "since", "header first", "since last"],
)
def test_a_position_is_taken_from(common, how):
    responder = common.shared_responder
    stream = common.stream(responder)
    first, *_ = publish_and_read(common, stream, ["one", "two", "three"])
    again = common.stream(responder, **how(first.id))
    assert texts_of(again.of_kind("event")) == ["two", "three"]
    publish_and_read(common, again, ["four"])
    assert texts_of(again.of_kind("event")) == ["two", "three", "four"]


def test_replayed_events_have_the_ids_they_had(common):
    responder = common.shared_responder
    stream = common.stream(responder)
    events = publish_and_read(common, stream, ["a", '{"id": 7, "event": "e", "data": "b"}', "c", "d"])
    for index, event in enumerate(events):
        again = common.stream(responder, HTTP_LAST_EVENT_ID=event.id)
        rest = [(e.id, e.type, e.text) for e in again.of_kind("event")]
        assert rest == [(e.id, e.type, e.text) for e in events[index + 1 :]]


def test_without_position_a_stream_begins_now(common):
    responder = common.shared_responder
    publish_and_read(common, common.stream(responder), ["old"])
    stream = common.stream(responder)
    publish_and_read(common, stream, ["new"])
    assert texts_of(stream.of_kind("event")) == ["new"]


def test_zero_asks_for_all_that_is_retained(stage):
    responder = stage.responder(history_length=5)
    publish_and_read(stage, stage.stream(responder), [str(n) for n in range(8)])
    for how in ({"HTTP_LAST_EVENT_ID": "0"}, {"query": "channel=news&since=0"}):
        stream = stage.stream(responder, **how)
        messages = [event for event in stream.of_kind("event") if event.type == "message"]
        assert texts_of(messages) == ["3", "4", "5", "6", "7"]


def test_a_return_before_the_first_event_is_exact(common):
    responder = common.shared_responder
    stream = common.stream(responder)
    position = stream.last_id
    stream.close()
    counters.wait_streams(responder, 0)
    common.redis.publish_all("news", ["missed", "missed too"])
    again = common.stream(responder, HTTP_LAST_EVENT_ID=position)
    assert texts_of(again.next_events(2)) == ["missed", "missed too"]
    assert len(again.of_kind("event")) == 2


def test_the_position_moves_on_with_a_return(common):
    """What was replayed is not replayed again."""
    responder = common.shared_responder
    stream = common.stream(responder)
    last_id = publish_and_read(common, stream, ["one", "two"])[0].id
    again = common.stream(responder, HTTP_LAST_EVENT_ID=last_id)
    assert texts_of(again.of_kind("event")) == ["two"]
    third = common.stream(responder, HTTP_LAST_EVENT_ID=again.last_id)
    assert third.of_kind("event") == []


def test_a_client_that_leaves_and_returns_all_the_time_misses_nothing(common):
    responder = common.shared_responder
    stream, got = common.stream(responder), []
    cursor = stream.last_id
    for number in range(40):
        common.redis.publish_all("news", [f"{number}.{part}" for part in range(5)])
        for _ in range(number % 6):  # only what it took counts as seen; the rest must come again
            event = stream.next_event()
            got.append(event.text)
            cursor = event.id
        stream.close()
        stream = common.stream(responder, HTTP_LAST_EVENT_ID=cursor)
    common.redis.publish("news", "end")
    while (text := stream.next_event().text) != "end":
        got.append(text)
    assert got == [f"{number}.{part}" for number in range(40) for part in range(5)]


def test_a_burst_larger_than_the_ring_does_not_end_who_keeps_up(stage):
    responder = stage.responder(history_length=5)
    streams = [stage.stream(responder) for _ in range(3)]
    stage.redis.publish_all("news", [str(n) for n in range(200)])
    for stream in streams:
        assert texts_of(stream.next_events(200)) == [str(n) for n in range(200)]


# --- Several channels ---


def test_several_channels_come_in_one_stream_in_id_order(common):
    responder = common.shared_responder
    stream = common.stream(responder, "channel=a,b,c")
    start = stream.last_id
    sent = []
    for number in range(90):
        channel = "abc"[(number * 7) % 3]
        common.redis.publish(channel, f"{channel}{number}")
        sent.append(f"{channel}{number}")
    assert texts_of(stream.next_events(90)) == sent
    replayed = common.stream(responder, "channel=c,b,a", HTTP_LAST_EVENT_ID=start)
    assert texts_of(replayed.of_kind("event")) == sent
    ids = [sortable(event.id) for event in replayed.of_kind("event")]
    assert ids == sorted(set(ids))


def sortable(id_):
    milliseconds, _, sequence = id_.partition(".")[0].partition("-")
    return int(milliseconds), int(sequence)


def test_an_id_of_one_channel_resumes_another(common):
    responder = common.shared_responder
    both = common.stream(responder, "channel=a,b")
    common.redis.publish("a", "a1")
    common.redis.publish("b", "b1")
    common.redis.publish("a", "a2")
    first, _, _ = both.next_events(3)
    assert texts_of(common.stream(responder, "channel=b", HTTP_LAST_EVENT_ID=first.id).of_kind("event")) == ["b1"]


# --- Gaps ---


def one_gap(stream, after, channel="news"):
    """Asserts exactly one gap, before all others; the events that follow it."""
    gap, *rest = stream.of_kind("event")
    assert gap.type == "gap"
    assert gap.json().keys() == {"channel", "after", "oldest"}
    assert (gap.json()["channel"], gap.json()["after"]) == (channel, after)
    assert [event.type for event in rest].count("gap") == 0
    assert gap.json()["oldest"] == (rest[0].id if rest else None)
    return gap, rest


def test_an_id_of_another_process_gets_one_gap_and_what_is_retained(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    publish_and_read(stage, stream, ["one", "two"])
    old = stream.last_id
    responder.kill()
    responder.restart()
    between = stage.stream(responder)
    publish_and_read(stage, between, ["three", "four"])

    again = stage.stream(responder, HTTP_LAST_EVENT_ID=old)
    gap, rest = one_gap(again, old)
    assert texts_of(rest) == ["three", "four"]
    assert gap.id and gap.id != old
    publish_and_read(stage, again, ["five"])
    assert len(again.of_kind("event")) == 4
    assert stage.stream(responder, HTTP_LAST_EVENT_ID=again.last_id).of_kind("event") == []
    after_gap = stage.stream(responder, HTTP_LAST_EVENT_ID=gap.id)
    assert texts_of(after_gap.of_kind("event")) == ["three", "four", "five"], "the gap moved the cursor"


def test_an_id_too_old_gets_one_gap_and_exactly_what_is_retained(stage):
    responder = stage.responder(history_length=10)
    stream = stage.stream(responder)
    events = publish_and_read(stage, stream, [str(n) for n in range(25)])
    again = stage.stream(responder, HTTP_LAST_EVENT_ID=events[3].id)
    gap, rest = one_gap(again, events[3].id)
    assert texts_of(rest) == [str(n) for n in range(15, 25)]
    assert gap.id == events[14].id, "the id before the oldest retained one"
    just_enough = stage.stream(responder, HTTP_LAST_EVENT_ID=events[14].id)
    assert texts_of(just_enough.of_kind("event")) == texts_of(rest), "nothing is missing, so no gap"
    before_that = stage.stream(responder, HTTP_LAST_EVENT_ID=events[13].id)
    one_gap(before_that, events[13].id)


@pytest.mark.parametrize(
    "id_", ["no-id-at-all", "1-1", "1700000000000-0", "99999999999999-0", "x" * 300, "1-1.tag~app"]
)
def test_an_id_that_is_unknown_gets_a_gap(common, id_):
    responder = common.shared_responder
    publish_and_read(common, common.stream(responder, "channel=u"), ["retained"], "u")
    stream = common.stream(responder, "channel=u", HTTP_LAST_EVENT_ID=id_)
    first, second = stream.of_kind("event")[:2]
    assert first.type == "gap"
    assert second.text == "retained"


def test_a_hostile_last_event_id_injects_nothing(common):
    stream = common.stream(common.shared_responder, HTTP_LAST_EVENT_ID='1\r\nid: 6\n\ndata: "}\n\n\0<b>')
    gap = stream.next_event()
    assert gap.type == "gap"
    assert gap.json()["channel"] == "news"
    assert {item.kind for item in stream.items} <= {"comment", "retry", "event", "position"}
    assert all(item.id != "6" for item in stream.items)


def test_a_channel_that_nobody_followed_meanwhile_gets_a_gap(stage):
    """A ring begins with the first interest; what came before it may have been missed."""
    responder = stage.responder()
    position = stage.stream(responder).last_id
    stage.redis.publish("fresh", "nobody keeps this")
    publish_and_read(stage, stage.stream(responder), ["a message of another channel"])
    stream = stage.stream(responder, "channel=fresh", HTTP_LAST_EVENT_ID=position)
    one_gap(stream, position, "fresh")


def test_a_gap_is_told_for_each_channel_once(stage):
    responder = stage.responder()
    both = stage.stream(responder, "channel=a,b")
    stage.redis.publish("a", "a1")
    stage.redis.publish("b", "b1")
    both.next_events(2)
    stream = stage.stream(responder, "channel=a,b", HTTP_LAST_EVENT_ID="1-1.other")
    events = stream.of_kind("event")
    assert sorted(e.json()["channel"] for e in events if e.type == "gap") == ["a", "b"]
    assert texts_of(e for e in events if e.type == "message") == ["a1", "b1"]
    assert stage.stream(responder, "channel=a,b", HTTP_LAST_EVENT_ID=stream.last_id).of_kind("event") == []


def test_rings_are_dropped_after_their_linger(stage):
    responder = stage.responder(ring_linger="1s")
    stream = stage.stream(responder)
    last_id = publish_and_read(stage, stream, ["one", "two"])[0].id
    stream.close()
    quick = stage.stream(responder, HTTP_LAST_EVENT_ID=last_id)
    assert texts_of(quick.of_kind("event")) == ["two"], "before that it is there"
    quick.close()
    counters.wait(responder, lambda c: c["channels.open"] == 0, timeout=5)
    one_gap(stage.stream(responder, HTTP_LAST_EVENT_ID=last_id), last_id)


def test_the_bytes_of_all_rings_are_bounded(stage):
    responder = stage.responder(ring_memory="1m", history_length=100000)
    stream = stage.stream(responder)
    for _ in range(10):
        publish_and_read(stage, stream, ["x" * 50_000] * 10)
    first = stream.of_kind("event")[0].id
    gap, rest = one_gap(stage.stream(responder, HTTP_LAST_EVENT_ID=first), first)
    assert 0 < len(rest) <= 21
