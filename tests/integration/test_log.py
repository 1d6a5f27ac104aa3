# SPDX-License-Identifier: BSD-2-Clause
"""--history redis, as clients see it: exact returns in either program, a gap where something may be missing, and what
happens when somebody meddles with Redis."""

import collections
import json
import re
import threading
import time

import counters
import fastcgi
import pytest
import servers
import sse
from process import until

LOG_ID = re.compile(r"\d+-\d+")
Seen = collections.namedtuple("Seen", "type id text")


# --- Clients ---


def ask(stage, responder, path, query, timeout=20.0):
    """One request to longpoll.fcgi."""
    params = fastcgi.params_of(query, path_info=path, script_name="")
    return stage.connect(responder, timeout=timeout).ask(params, timeout)


def events_of(answer):
    assert answer.status == 200, answer.body()
    return [Seen(event["event"], event["id"], event["data"]) for event in json.loads(answer.body())]


def seen_of(items):
    return [Seen(item.type, item.id, item.text) for item in items]


class ByStream:
    """Comes back by SSE."""

    @staticmethod
    def start(stage, **options):
        return stage.responder(history="redis", **options)

    @staticmethod
    def come_back(stage, responder, id_, channel="news"):
        """What is replayed, and the position behind it."""
        stream = stage.stream(responder, f"channel={channel}", timeout=20, HTTP_LAST_EVENT_ID=id_)
        stream.close()
        return seen_of(stream.of_kind("event")), stream.last_id


class ByPoll:
    """Comes back by a poll."""

    @staticmethod
    def start(stage, **options):
        return stage.longpoll(history="redis", **options)

    @staticmethod
    def come_back(stage, responder, id_, channel="news"):
        answer = ask(stage, responder, "/list", f"channel={channel}&since={id_}")
        return events_of(answer), answer.headers["push-position"]


@pytest.fixture(params=[ByStream, ByPoll], ids=["stream", "poll"])
def way(request):
    return request.param


def retained(stage, way, responder, channel="news"):
    """All that it has of the channel."""
    return [event for event in way.come_back(stage, responder, "0", channel)[0] if event.type != "gap"]


class Watcher:
    """A stream that knows what the channel's messages got for ids."""

    def __init__(self, stage, responder, channel="news"):
        self._stage, self._channel = stage, channel
        self.stream = stage.stream(responder, f"channel={channel}", timeout=20)

    def publish(self, texts):
        """The messages as they came back."""
        self.stream.skip()
        self._stage.redis.publish_all(self._channel, texts)
        return seen_of(self.stream.next_events(len(texts), 30))

    def types(self):
        return [event.type for event in self.stream.of_kind("event")]


def numbers(*how):
    return [str(number) for number in range(*how)]


def texts_of(events):
    return [event.text for event in events]


def position_of(event):
    """The id as numbers, which can be compared."""
    return tuple(int(part) for part in event.id.split("-"))


def assert_rising(events):
    positions = [position_of(event) for event in events]
    assert positions == sorted(set(positions))


def gap_of(event):
    assert event.type == "gap", event
    return json.loads(event.text)


def wait_holder(responder):
    """Until it is the one that records at once."""
    counters.wait(responder, lambda c: c["lease.held"] == 1, 15)
    return responder


def wait_recorded(stage, channel, text, timeout=30.0):
    """Until it stands at the end of the channel's history."""

    def is_last():
        newest = client.xrevrange(f"push:history:{channel}", count=1)
        return newest and newest[0][1].get(b"data") == text.encode()

    with stage.redis.client() as client:
        until(is_last, f"{text} is recorded in {channel}", timeout)


def flow(stage, stream, channel="news", timeout=30.0):
    """Publishes until a message arrives; the events seen up to it."""
    before, text = len(stream.of_kind("event")), f"flow {time.monotonic()}"

    def arrived():
        stage.redis.publish(channel, text)
        stream.pump(0.1)
        return any(event.text == text for event in stream.of_kind("event"))

    until(arrived, f"messages flow on {channel}", timeout)
    return seen_of(stream.of_kind("event"))[before:]


def wait_text(stream, text, timeout=20.0):
    """Reads on until the message has come; all events of the stream so far."""
    stream.pump_until(lambda: text in texts_of(stream.of_kind("event")), timeout, text)
    return seen_of(stream.of_kind("event"))


# --- One id, two programs ---


def test_one_id_resumes_in_either_program(stage):
    streams, polls = ByStream.start(stage), ByPoll.start(stage)
    sent = Watcher(stage, streams).publish(numbers(6))
    assert all(LOG_ID.fullmatch(event.id) for event in sent)
    wait_position(stage, polls, sent[-1].id)
    for index, event in enumerate(sent):
        assert ByPoll.come_back(stage, polls, event.id) == (sent[index + 1 :], sent[-1].id)
        assert ByStream.come_back(stage, streams, event.id) == (sent[index + 1 :], sent[-1].id)


def wait_position(stage, polls, id_):
    until(lambda: ByPoll.come_back(stage, polls, "0")[1] == id_, f"longpoll.fcgi has read {id_}")


def test_positions_are_ids_of_the_log(stage):
    streams, polls = ByStream.start(stage), ByPoll.start(stage)
    stream = stage.stream(streams)
    answer = ask(stage, polls, "/list", "channel=news")
    for position in (stream.last_id, answer.headers["push-position"]):
        assert LOG_ID.fullmatch(position)
    stage.redis.publish("news", "after both")
    for position in (stream.last_id, answer.headers["push-position"]):
        assert texts_of(events_of(ask(stage, polls, "/subscribe", f"channel=news&since={position}"))) == ["after both"]
        returned = stage.stream(streams, HTTP_LAST_EVENT_ID=position)
        assert texts_of([returned.next_event()]) == ["after both"]


def publish_slowly(stage, texts, is_done):
    with stage.redis.client() as client:
        for text in texts:
            client.publish("push:news", text)
            time.sleep(0.002)
    is_done.set()


def test_a_client_that_changes_between_stream_and_poll_in_mid_flow_misses_nothing(stage):
    streams, polls = ByStream.start(stage), ByPoll.start(stage)
    stream = stage.stream(streams)
    cursor, got, is_done, turns = stream.last_id, [], threading.Event(), 0
    stream.close()
    load = threading.Thread(target=publish_slowly, args=(stage, numbers(600), is_done))
    load.start()
    while not is_done.is_set() or len(got) < 600:
        if turns % 2 == 0:
            stream = stage.stream(streams, HTTP_LAST_EVENT_ID=cursor)
            stream.pump_until(lambda: stream.of_kind("event"), 10, "an event")
            got += seen_of(stream.of_kind("event"))
            cursor = stream.last_id
            stream.close()
        elif len(got) < 600:
            answer = ask(stage, polls, "/subscribe", f"channel=news&since={cursor}")
            got += events_of(answer)
            cursor = answer.headers["push-position"]
        turns += 1
        if len(got) >= 600:
            break
    load.join()
    assert texts_of(got) == numbers(600)
    assert_rising(got)
    assert turns > 10


# --- Longer away than the history reaches ---

KEPT = 10


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_who_was_away_for_more_than_the_history_gets_one_gap_and_all_that_is_retained(stage, way, is_warm):
    recording = ByStream.start(stage, history_length=KEPT)
    responder = way.start(stage, history_length=KEPT)
    watcher = Watcher(stage, recording)
    if is_warm:
        way.come_back(stage, responder, "0")
    sent = watcher.publish(numbers(KEPT + 5))
    counters.wait(responder, lambda c: c["log.entries"] >= len(sent))
    gap, *retained = way.come_back(stage, responder, sent[0].id)[0]
    assert gap_of(gap) == {"channel": "news", "after": sent[0].id, "oldest": sent[-KEPT].id}
    assert gap.id == sent[-KEPT - 1].id, "it stands just before the oldest retained one"
    assert retained == sent[-KEPT:]
    assert way.come_back(stage, responder, gap.id)[0] == retained, "the gap comes once"
    for index in range(KEPT):
        assert way.come_back(stage, responder, retained[index].id)[0] == retained[index + 1 :]


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_who_comes_back_in_time_gets_no_gap(stage, way, is_warm):
    recording = ByStream.start(stage, history_length=KEPT)
    responder = way.start(stage, history_length=KEPT)
    watcher = Watcher(stage, recording)
    if is_warm:
        way.come_back(stage, responder, "0")
    sent = watcher.publish(numbers(KEPT + 5))
    counters.wait(responder, lambda c: c["log.entries"] >= len(sent))
    assert way.come_back(stage, responder, sent[-KEPT - 1].id)[0] == sent[-KEPT:]


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_who_asks_for_all_that_is_retained_gets_no_gap_before_it(stage, way, is_warm):
    recording = ByStream.start(stage, history_length=KEPT)
    watcher = Watcher(stage, recording)
    responder = way.start(stage, history_length=KEPT)
    if is_warm:
        way.come_back(stage, responder, "0")
    sent = watcher.publish(numbers(3))
    until(lambda: retained(stage, way, responder) == sent, "it is read")
    assert way.come_back(stage, responder, "0")[0] == sent
    sent += watcher.publish(numbers(3, KEPT + 3))
    until(lambda: retained(stage, way, responder) == sent[-KEPT:], "it is read")
    assert way.come_back(stage, responder, "0")[0] == sent[-KEPT:]


def test_a_waiting_poll_that_was_away_too_long_is_answered_at_once_with_the_gap(stage):
    polls = ByPoll.start(stage, history_length=KEPT)
    sent = Watcher(stage, ByStream.start(stage, history_length=KEPT)).publish(numbers(KEPT + 5))
    wait_position(stage, polls, sent[-1].id)
    gap, *retained = events_of(ask(stage, polls, "/subscribe", f"channel=news&since={sent[0].id}"))
    assert (gap.type, retained) == ("gap", sent[-KEPT:])
    assert events_of(ask(stage, polls, "/subscribe", f"channel=news&since={gap.id}")) == retained


# --- Busy and quiet ---


def test_a_quiet_channel_keeps_its_history_beside_thousands_of_messages(stage, way):
    short = {"log_length": 1000, "history_length": KEPT}
    recording = ByStream.start(stage, **short)
    warm = way.start(stage, **short)
    sent = Watcher(stage, recording, "quiet").publish(numbers(5))
    way.come_back(stage, warm, "0", "quiet")
    stage.redis.publish_all("busy", numbers(3000))
    wait_recorded(stage, "busy", "2999")
    with stage.redis.client() as client:
        assert client.xlen("push:log") < 2000, "the log was trimmed"
        assert int(client.xrange("push:log", count=1)[0][0].split(b"-")[0]) >= position_of(sent[-1])[0]
    for responder in (warm, way.start(stage, **short)):
        until(lambda: texts_of(retained(stage, way, responder, "busy"))[-1:] == ["2999"], "the log was read", 20)
        assert way.come_back(stage, responder, sent[0].id, "quiet")[0] == sent[1:]


# --- Restarts ---


def test_after_a_restart_clients_resume_exactly_when_another_responder_lived_meanwhile(stage, way):
    recording, responder = ByStream.start(stage), way.start(stage)
    watcher = Watcher(stage, recording)
    sent = watcher.publish(numbers(3))
    assert responder.stop() == 0
    sent += watcher.publish(numbers(3, 6))
    responder.restart()
    sent += watcher.publish(numbers(6, 9))
    counters.wait(responder, lambda c: c["log.entries"] >= 3)
    for index, event in enumerate(sent):
        assert way.come_back(stage, responder, event.id)[0] == sent[index + 1 :]


def test_restarting_all_responders_one_after_another_makes_no_gap(stage):
    first, second = ByStream.start(stage), ByStream.start(stage)
    stream = stage.stream(first)
    stage.redis.publish("news", "0")
    start = stream.next_event().id
    for number, responder in enumerate([first, second] * 2):
        assert responder.stop() == 0
        stage.redis.publish("news", f"while {number}")
        responder.restart()
        stage.redis.publish("news", f"after {number}")
    last = stage.stream(first, HTTP_LAST_EVENT_ID=start)
    assert texts_of(wait_text(last, "after 3")) == [f"{when} {n}" for n in range(4) for when in ("while", "after")]


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_after_a_time_without_any_responder_there_is_one_gap_and_nothing_of_before_is_lost(stage, way, how):
    responder = way.start(stage)
    helper = ByStream.start(stage)
    sent = Watcher(stage, helper).publish(numbers(5))
    for one in (helper, responder):
        getattr(one.expect_end(), how)()
    assert stage.redis.publish("news", "heard by nobody") == 0
    responder.restart()
    helper.restart()
    sent += Watcher(stage, helper).publish(["after"])

    got = until(lambda: (g := way.come_back(stage, responder, sent[1].id)[0]) and g[-1] == sent[-1] and g, "it is back")
    assert [event for event in got if event.type != "gap"] == sent[2:]
    assert [event.type for event in got].count("gap") == 1
    gap = next(event for event in got if event.type == "gap")
    assert gap_of(gap)["channel"] == "news"
    assert way.come_back(stage, responder, gap.id)[0] == [sent[-1]], "the gap comes once"
    assert way.come_back(stage, responder, sent[-1].id)[0] == []


# --- A log that is gone under a reader ---


@pytest.fixture
def sleeper(stage):
    """A responder that sleeps, with open streams, while another one records."""
    short = {"log_length": 1000, "history_length": 500}
    recording = wait_holder(ByPoll.start(stage, **short))
    sleeping = ByStream.start(stage, **short)
    return recording, sleeping


def before_sleep(stage, sleeping, channel, count=3):
    watcher = Watcher(stage, sleeping, channel)
    watcher.publish([f"{channel} {n}" for n in range(-count, 0)])
    return watcher.stream


@pytest.mark.parametrize("is_emptied", [False, True], ids=["trimmed", "emptied"])
def test_streams_of_a_reader_that_slept_through_a_whole_log_go_on_exactly_or_with_one_gap(stage, sleeper, is_emptied):
    _, sleeping = sleeper
    quiet, busy = before_sleep(stage, sleeping, "quiet"), before_sleep(stage, sleeping, "busy")
    both = stage.stream(sleeping, "channel=quiet,busy")
    for stream in (quiet, busy):
        stream.skip()
    sleeping.pause()
    stage.redis.publish_all("quiet", ["quiet 0", "quiet 1"])
    stage.redis.publish_all("busy", numbers(2500))
    wait_recorded(stage, "busy", "2499")
    if is_emptied:
        with stage.redis.client() as client:
            client.execute_command("XTRIM", "push:log", "MAXLEN", 0)
    sleeping.resume()

    # Nothing is published meanwhile: it must find out by itself.
    got = wait_text(busy, "2499")[3:]
    assert got[0].type == "gap" and len(got) > 500, "the log may reach back farther than the history"
    busy_texts = numbers(2501 - len(got), 2500)
    assert texts_of(got[1:]) == busy_texts
    assert texts_of(wait_text(quiet, "quiet 1")[3:]) == ["quiet 0", "quiet 1"]
    got = wait_text(both, "2499")
    assert [e.text for e in got if e.type != "gap"] == ["quiet 0", "quiet 1", *busy_texts]
    assert [gap_of(e)["channel"] for e in got if e.type == "gap"] == ["busy"]
    stage.redis.publish("quiet", "quiet 2")
    assert wait_text(quiet, "quiet 2")[-2].text == "quiet 1"


def test_a_poll_that_waited_in_a_reader_that_slept_gets_what_it_missed(stage):
    short = {"log_length": 1000, "history_length": 500}
    watcher = Watcher(stage, wait_holder(ByStream.start(stage, **short)))
    sleeping = ByPoll.start(stage, **short)
    last = watcher.publish(["before"])[0]
    wait_position(stage, sleeping, last.id)
    connection = stage.connect(sleeping, timeout=20)
    connection.send(fastcgi.request(fastcgi.params_of(f"channel=news&since={last.id}", path_info="/subscribe")))
    counters.wait(sleeping, lambda c: c["polls.open"] == 1)
    sleeping.pause()
    sent = watcher.publish(["missed"])
    stage.redis.publish_all("busy", numbers(2500))
    wait_recorded(stage, "busy", "2499")
    sleeping.resume()
    assert events_of(connection.response(timeout=20)) == sent


# --- Histories that are gone ---


def test_a_history_expires_when_its_channel_is_silent(stage):
    """Its life begins anew not with each message, so it is longer by as much as that can be late."""
    responder = ByStream.start(stage, history_ttl="90s")
    Watcher(stage, responder).publish(["one"])
    with stage.redis.client() as client:
        assert 90_000 < client.pttl("push:history:news") <= 90_000 * 17 / 16


@pytest.mark.parametrize("is_followed", [False, True], ids=["nothing after", "a message after"])
def test_a_forgotten_history_makes_a_gap_for_who_was_away_longer_than_it_is_kept(stage, way, is_followed):
    recording = ByStream.start(stage, history_ttl="60s")
    watcher = Watcher(stage, recording)
    sent = watcher.publish(["forgotten"])
    with stage.redis.client() as client:
        client.pexpire("push:history:news", 1)
        until(lambda: not client.exists("push:history:news"), "the history has expired")
    sent = watcher.publish(["kept"]) if is_followed else []
    responder = way.start(stage, history_ttl="60s")
    now_ms = int(time.time() * 1000)
    old, recent = f"{now_ms - 70_000}-0", watcher.stream.last_id

    got, position = way.come_back(stage, responder, old)
    assert gap_of(got[0])["after"] == old and got[1:] == sent
    assert way.come_back(stage, responder, got[0].id)[0] == sent, "the gap comes once"
    assert way.come_back(stage, responder, position)[0] == []
    assert way.come_back(stage, responder, recent)[0] == []


def test_streams_go_on_when_a_history_is_deleted_under_them(stage):
    responder = ByStream.start(stage)
    watcher = Watcher(stage, responder)
    sent = watcher.publish(numbers(3))
    with stage.redis.client() as client:
        client.delete("push:history:news")
    sent += watcher.publish(numbers(3, 6))
    assert watcher.types() == ["message"] * 6
    assert ByStream.come_back(stage, responder, sent[0].id)[0] == sent[1:], "the ring still has them"


# --- FLUSHALL ---


def flush_all(stage):
    with stage.redis.client() as client:
        client.flushall()


def test_after_flushall_every_stream_is_told_although_nothing_is_published(stage):
    responder, polls = ByStream.start(stage), ByPoll.start(stage)
    streams = [Watcher(stage, responder, channel).stream for channel in ("a", "b", "never_used")]
    stage.redis.publish("a", "before")
    streams[0].next_event()
    connection = stage.connect(polls, timeout=20)
    connection.send(fastcgi.request(fastcgi.params_of("channel=a", path_info="/subscribe")))
    counters.wait(polls, lambda c: c["polls.open"] == 1 and c["channels.open"] == 1)
    flush_all(stage)
    for stream, channel in zip(streams, ("a", "b", "never_used")):
        assert json.loads(stream.next_event(20, type="gap").text)["channel"] == channel
    assert [event.type for event in events_of(connection.response(timeout=20))] == ["gap"]


def test_after_flushall_ids_keep_growing_and_recording_goes_on(stage, way):
    responder, recording = way.start(stage), ByStream.start(stage)
    watcher = Watcher(stage, recording)
    before = watcher.publish(numbers(20))
    flush_all(stage)
    stage.redis.publish_all("news", numbers(20, 40))
    got = wait_text(watcher.stream, "39")
    after = [event for event in got[20:] if event.type == "message"]
    assert texts_of(after) == numbers(20, 40), "who received them lives"
    assert_rising(before + after)
    assert "gap" in watcher.types()
    with stage.redis.client() as client:
        assert texts_of_history(client) == numbers(20, 40)

    until(lambda: retained(stage, way, responder)[-1:] == after[-1:], "it follows")
    got, _ = way.come_back(stage, responder, before[5].id)
    assert [event.type for event in got].count("gap") >= 1
    assert [event for event in got if event.type == "message"][-20:] == after
    assert way.come_back(stage, responder, after[3].id)[0] == after[4:]
    fresh = way.start(stage)
    got, _ = way.come_back(stage, fresh, before[5].id)
    assert [event.type for event in got] == ["gap"] + ["message"] * 20


def texts_of_history(client, channel="news"):
    return [fields[b"data"].decode() for _, fields in client.xrange(f"push:history:{channel}") if b"data" in fields]


def test_flushall_again_and_again_under_load_loses_nothing_that_was_received_after_the_last(stage):
    responder = ByStream.start(stage)
    watcher = Watcher(stage, responder)
    for turn in range(5):
        stage.redis.publish_all("news", [f"{turn}.{n}" for n in range(50)])
        flush_all(stage)
    stage.redis.publish_all("news", numbers(50))
    got = wait_text(watcher.stream, "49")
    assert [e.text for e in got if e.type == "message"][-50:] == numbers(50)
    assert_rising([event for event in got if event.type == "message"])
    assert "gap" in watcher.types()


def test_scripts_that_redis_forgot_are_loaded_again(stage):
    responder = ByStream.start(stage)
    watcher = Watcher(stage, responder)
    sent = watcher.publish(["one"])
    with stage.redis.client() as client:
        client.script_flush()
    sent += watcher.publish(["two"])
    assert texts_of(sent) == ["one", "two"] and "gap" not in watcher.types()


# --- Keys of another type ---


def spoil(client, key):
    """In one transaction: nobody writes in between."""
    with client.pipeline() as pipeline:
        pipeline.delete(key)
        pipeline.sadd(key, "not ours")
        pipeline.execute()


def counter_of(client):
    return next(iter(client.scan_iter("push:recorded:*"))).decode()


@pytest.mark.parametrize("name", ["log", "break", "recorded"])
def test_a_needed_key_of_another_type_is_announced_and_messages_wait_for_it(stage, name):
    responder = wait_holder(ByStream.start(stage))
    stream = Watcher(stage, responder).stream
    offset = len(responder.log())
    with stage.redis.client() as client:
        key = counter_of(client) if name == "recorded" else "push:" + name
        spoil(client, key)
        stage.redis.publish("news", "waits")
        responder.wait_log("WRONGTYPE", after=offset)
        assert key in responder.log()[offset:]
        assert not any(event.text == "waits" for event in stream.of_kind("event"))
        client.delete(key)
    got = wait_text(stream, "waits")
    assert texts_of(got).count("waits") == 1
    flow(stage, stream)


@pytest.mark.parametrize("ttl_ms", [None, 2000, 60_000_000])
def test_a_lease_of_another_type_holds_nobody_up(stage, ttl_ms):
    responder = wait_holder(ByStream.start(stage))
    stream = Watcher(stage, responder).stream
    with stage.redis.client() as client:
        spoil(client, "push:lease")
        if ttl_ms:
            client.pexpire("push:lease", ttl_ms)
        stage.redis.publish("news", "while spoilt")
        assert texts_of(wait_text(stream, "while spoilt")) == ["while spoilt"]
        until(lambda: client.type("push:lease") == b"string", "the lease is one again", 20)


def test_an_inbox_of_another_type_is_announced_and_harms_no_channel(stage):
    responder = wait_holder(ByStream.start(stage))
    stream = Watcher(stage, responder).stream
    offset = len(responder.log())
    with stage.redis.client() as client:
        spoil(client, "push:inbox")
        responder.wait_log("cannot read push:inbox", after=offset)
        stage.redis.publish("news", "by PUBLISH")
        assert texts_of(wait_text(stream, "by PUBLISH")) == ["by PUBLISH"]
        client.delete("push:inbox")
        client.xadd("push:inbox", {"channel": "news", "data": "by inbox"})
    assert texts_of(wait_text(stream, "by inbox")) == ["by PUBLISH", "by inbox"]


@pytest.mark.parametrize("is_warm", [True, False], ids=["warm", "cold"])
def test_a_history_of_another_type_is_announced_and_harms_only_its_channel(stage, is_warm):
    responder = wait_holder(ByStream.start(stage))
    other = Watcher(stage, responder, "other")
    with stage.redis.client() as client:
        stream = stage.stream(responder) if is_warm else None
        offset = len(responder.log())
        spoil(client, "push:history:news")
        stream = stream or stage.stream(responder, timeout=20)
        stage.redis.publish("news", "lost")
        assert gap_of(seen_of([stream.next_event()])[0])["channel"] == "news"
        responder.wait_log("news", after=offset)
        assert texts_of(other.publish(["one", "two"])) == ["one", "two"]
        assert other.types() == ["message", "message"]
        client.delete("push:history:news")
    stage.redis.publish("news", "again")
    wait_text(stream, "again")
    assert texts_of(retained(stage, ByStream, ByStream.start(stage))) == ["again"]


# --- Strange content ---

HUGE = 40 << 20


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut by Redis", "let through"])
def test_a_huge_message_makes_a_gap_and_everything_lives_on(stage, is_cut):
    if not is_cut:
        stage.start_redis("--client-output-buffer-limit", "pubsub 0 0 0")
    responders = [ByStream.start(stage), ByPoll.start(stage)]
    news, other = Watcher(stage, responders[0]), Watcher(stage, responders[0], "other")
    news.publish(["before"])
    stage.redis.publish("news", b"x" * HUGE)
    assert gap_of(seen_of([news.stream.next_event(40)])[0])["channel"] == "news"
    flow(stage, news.stream)
    flow(stage, other.stream, "other")
    assert is_cut or "gap" not in other.types(), "only its channel lacks something"
    assert news.types().count("gap") == 1
    assert max(len(event.text) for event in news.stream.of_kind("event")) < 1000


def test_bad_members_of_an_envelope_are_left_out_and_logged(stage, way):
    responder, recording = way.start(stage), ByStream.start(stage)
    stream = stage.stream(recording)
    stage.redis.publish("news", '{"data":"kept","id":"no spaces","event":"gap","retry":-1}')
    event = stream.next_event()
    assert (event.type, event.text, bool(LOG_ID.fullmatch(event.id))) == ("message", "kept", True)
    until(lambda: retained(stage, way, responder) == seen_of([event]), "it is read")
    until(lambda: "was left out" in recording.log() + responder.log(), "it is logged")
    dropped = [counters.read(one)["recorder.members_dropped"] for one in (recording, responder)]
    assert sum(dropped) == 3


FOREIGN = [
    {"foo": "bar"},
    {"channel": "news", "after": "0-1"},
    {"channel": "no name!", "data": "x"},
    {"channel": "", "data": "x"},
    {"channel": "c" * 200, "data": "x"},
    {"break": "b" * 500, "after": "no-id"},
    {"recorder": "r" * 500},
    {"recorder": "\xff\x00 *", "after": "0-1 m 1"},
    {"after": "0-1 m 99999999999999999999999"},
    {"after": "18446744073709551615-18446744073709551615  -5"},
    {"after": "99999999999999999999999-0"},
    {"": ""},
]


def test_foreign_entries_in_the_log_do_no_harm(stage):
    responder, polls = ByStream.start(stage), ByPoll.start(stage)
    watcher = Watcher(stage, responder)
    sent = watcher.publish(["first"])
    with stage.redis.client() as client:
        for number, fields in enumerate(FOREIGN):
            client.xadd("push:log", fields)
            stage.redis.publish("news", f"after {number}")
            sent += [event for event in wait_text(watcher.stream, f"after {number}") if event not in sent]
    sent = [event for event in sent if event.type == "message"]
    assert texts_of(sent) == ["first"] + [f"after {number}" for number in range(len(FOREIGN))]
    wait_position(stage, polls, sent[-1].id)
    assert retained(stage, ByPoll, ByPoll.start(stage)) == sent


# --- A log ahead of the clock ---

FUTURE = "9000000000000-0"


def test_a_log_that_ends_in_the_future_goes_on_from_there(stage, way):
    with stage.redis.client() as client:
        client.xadd("push:log", {"from": "the future"}, id=FUTURE)
    recording, responder = ByStream.start(stage), way.start(stage)
    sent = Watcher(stage, recording).publish(numbers(20))
    assert position_of(sent[0]) > (9000000000000, 0)
    assert_rising(sent)
    until(lambda: retained(stage, way, responder)[-1:] == sent[-1:], "it follows")
    for index in (0, 10, 19):
        assert way.come_back(stage, responder, sent[index].id)[0] == sent[index + 1 :]


def test_a_log_that_jumps_into_the_future_goes_on_from_there(stage):
    responder, polls = ByStream.start(stage), ByPoll.start(stage)
    watcher = Watcher(stage, responder)
    sent = watcher.publish(numbers(3))
    with stage.redis.client() as client:
        client.xadd("push:log", {"from": "the future"}, id=FUTURE)
    sent += watcher.publish(numbers(3, 6))
    assert position_of(sent[3]) > (9000000000000, 0)
    assert texts_of(sent) == numbers(6) and "gap" not in watcher.types()
    wait_position(stage, polls, sent[-1].id)
    for index, event in enumerate(sent):
        assert ByPoll.come_back(stage, polls, event.id)[0] == sent[index + 1 :]


@pytest.mark.parametrize("path", ["/list", "/subscribe"])
def test_polls_by_time_are_answered_from_a_log_ahead_of_the_clock(stage, path):
    with stage.redis.client() as client:
        client.xadd("push:log", {"from": "the future"}, id=FUTURE)
    polls = ByPoll.start(stage)
    sent = Watcher(stage, ByStream.start(stage)).publish(numbers(3))
    wait_position(stage, polls, sent[-1].id)
    got = events_of(ask(stage, polls, path, "channel=news&timestamp=1"))
    assert [event for event in got if event.type != "gap"] == sent


# --- Before Redis is there ---


def send_request(stage, responder, query, **more):
    """A stream of which only the head is awaited."""
    connection = stage.connect(responder, timeout=20)
    connection.send(fastcgi.request(fastcgi.params_of(query, **more)))
    response = fastcgi.Response(connection)
    response.read_head()
    return sse.Stream(response)


def test_streams_may_come_before_redis(stage):
    server = stage.new_redis()
    responder = stage.new_responder(history="redis", heartbeat="1s").start()
    stream = send_request(stage, responder, "channel=news")
    returned = send_request(stage, responder, "channel=news", HTTP_LAST_EVENT_ID="1700000000000-0")
    assert (stream.status, returned.status) == (200, 200)
    for _ in range(3):
        stream.next_of("comment", 10)  # it lives, by its heartbeats
    server.start()
    responder.wait_subscribed(20)
    stage.redis.publish("news", "Redis is up")
    assert wait_text(stream, "Redis is up")[-1].type == "message"
    assert [event.type for event in wait_text(returned, "Redis is up")] == ["gap", "message"]


@pytest.mark.parametrize("path", ["/list", "/subscribe"])
def test_a_poll_before_redis_is_told_when_to_come_back(stage, path):
    server = stage.new_redis()
    polls = stage.new_responder(kind=servers.LongPoll, history="redis").start()
    asked = time.monotonic()
    answer = ask(stage, polls, path, "channel=news")
    assert (answer.status, time.monotonic() - asked > 4) == (503, True)
    assert int(answer.headers["retry-after"]) >= 1
    server.start()
    polls.wait_subscribed(20)
    assert ask(stage, polls, "/list", "channel=news").status == 200


# --- Positions that are not read yet ---


@pytest.mark.parametrize("count", [0, 3])
def test_an_id_of_the_future_gets_one_gap_and_all_that_is_retained(stage, way, count):
    recording, responder = ByStream.start(stage), way.start(stage)
    sent = Watcher(stage, recording).publish(numbers(count))
    until(lambda: texts_of(retained(stage, way, responder)) == numbers(count), "it is read")
    future = f"{int(time.time() * 1000) + 86_400_000}-0"
    got, position = way.come_back(stage, responder, future)
    assert gap_of(got[0])["after"] == future and got[1:] == sent
    assert position_of(got[0]) < (int(time.time() * 1000) + 1, 0)
    assert way.come_back(stage, responder, got[0].id)[0] == sent, "the gap comes once"
    assert way.come_back(stage, responder, position)[0] == []


def start_as_user(stage, way):
    """A responder whose rights can be changed apart from the others'."""
    with stage.redis.client() as client:
        client.execute_command("ACL", "SETUSER", "slow", "on", ">secret", "~*", "&*", "+@all")
    return way.start(stage, redis=f"redis://slow:secret@127.0.0.1:{stage.redis.port}")


def test_an_id_that_this_responder_has_not_read_yet_gets_no_gap(stage):
    watcher = Watcher(stage, wait_holder(ByStream.start(stage)))
    slow = start_as_user(stage, ByStream)
    offset = len(slow.log())
    with stage.redis.client() as client:
        client.execute_command("ACL", "SETUSER", "slow", "-xread")
        sent = watcher.publish(["read at once"])
        slow.wait_log("cannot read push:log", after=offset)
        sent += watcher.publish(["ahead", "ahead too"])
        streams = [send_request(stage, slow, "channel=news", HTTP_LAST_EVENT_ID=event.id) for event in sent]
        calls = counters.read(slow)["recorder.calls"]
        counters.wait(slow, lambda c: c["recorder.calls"] >= calls + 4, 20)  # it looks where the log ends
        assert not any(event.type == "gap" for stream in streams for event in stream.of_kind("event"))
        client.execute_command("ACL", "SETUSER", "slow", "+xread")
    sent += watcher.publish(["after"])
    for index, stream in enumerate(streams):
        assert wait_text(stream, "after") == sent[index + 1 :]


def test_an_id_given_while_this_responder_slept_gets_no_gap(stage, way):
    watcher = Watcher(stage, wait_holder(ByStream.start(stage)))
    slow = way.start(stage)
    for turn in range(5):
        slow.pause()
        sent = watcher.publish(numbers(3))
        ready = threading.Timer(0.01, slow.resume)
        ready.start()
        assert way.come_back(stage, slow, sent[-1].id)[0] == []
        assert way.come_back(stage, slow, sent[0].id)[0] == sent[1:]
        ready.join()


# --- How much is read at once ---


def test_one_large_message_makes_replies_small_for_a_while_only(stage):
    """A reply must not be too large, and each one costs."""
    stream = stage.stream(stage.responder(history="redis"))
    with stage.redis.client() as client, stage.redis.client().monitor() as monitor:

        def count_after(payload):
            """How many entries the responder asks for after it has read the message."""
            client.publish("push:news", payload)
            event = stream.next_event()
            assert len(event.text) == len(payload)
            while True:
                words = monitor.next_command()["command"].split()
                if words[0] == "XREAD" and "push:log" in words and words[-1] >= event.id:
                    return int(words[words.index("COUNT") + 1])

        usual = count_after("small")
        large = count_after("x" * 200_000)
        assert 1 <= large < usual / 10
        until(lambda: count_after("small") == usual, "as many as before are asked for", 30)
