# SPDX-License-Identifier: BSD-2-Clause
"""Nothing is lost, doubled or reordered on its way from PUBLISH or the inbox to the clients, whoever dies."""

import collections
import random
import signal
import time

import counters
import pytest
from crowd import Client, Crowd, InboxPublisher, Log, Publisher, connect, find_holder, wait_holder
from process import until
from servers import Part

CHANNELS = [f"chat{n}" for n in range(20)]
QUIET = "quiet"


def responders_of(stage, sse=2, longpoll=2, **options):
    """All of them, and one has the lease; so that none of them has to record a break of its own later."""
    started = []
    for start in [stage.responder] * sse + [stage.longpoll] * longpoll:
        started.append(start(history="redis", retry="100ms", **options))
        wait_holder(stage.redis, started)
    return started


# --- Chaos ---


def publishers_of(server, seed):
    plain = [Publisher(server, f"publisher{n}", CHANNELS, seed + n) for n in range(4)]
    return [*plain, InboxPublisher(server, "inbox", CHANNELS, seed + 4, per_second=20.0, has_equal=False)]


def crowd_of(chooser, seconds):
    """On all channels, on few, on fewer than at first, on one that says nothing; streams, polls, and both by turns."""
    few = [chooser.sample(CHANNELS, 4) for _ in range(4)]
    return [
        Client(CHANNELS, ("sse",)),
        Client(CHANNELS, ("poll",)),
        Client(CHANNELS, moves=1.0),
        Client(CHANNELS, ("sse", "poll"), narrows_to=few[0]),
        Client(CHANNELS, ("sse",), position="0", comes=seconds / 2),
        Client(few[1], ("sse",), moves=None),
        Client(few[2], ("poll",), moves=None),
        Client([*few[3], QUIET]),
        Client([QUIET], ("sse",), moves=None),
        Client([QUIET], ("poll",), moves=None),
        Client([QUIET], position="0", comes=seconds / 2),
    ]


class Chaos:
    """What is done to the responders: one at a time, and the next when all are back."""

    def __init__(self, server, responders, chooser):
        self.actions = 0
        self._server = server
        self._responders = responders
        self._random = chooser
        self._redis = connect(server)

    def run(self, kind, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            getattr(self, kind)()
            self.actions += 1

    def close(self):
        self._redis.close()

    def kill(self):
        self._replace(self._random.choice([*self._responders, wait_holder(self._server, self._responders)]))

    def kill_holder(self):
        self._replace(wait_holder(self._server, self._responders))

    def _replace(self, responder):
        due = time.monotonic() + 2.0
        responder.kill()
        responder.restart()
        time.sleep(max(0.0, due - time.monotonic()))

    def stop(self, seconds=5.0):
        """Longer than a lease; meanwhile another takes over, and the stopped one wakes up with all it received."""
        holder = wait_holder(self._server, self._responders)
        holder.pause()
        time.sleep(seconds)
        assert find_holder(self._server, self._responders) is not holder, "nobody took the lease over"
        holder.resume()
        time.sleep(1.0)

    def stop_long(self):
        self.stop(10.0)

    def client_kill(self):
        """Single connections: of subscriptions only when all are back, so that somebody always listens."""
        victim = self._random.choice(self._victims())
        subscribed = self._subscribed()
        is_killed = self._redis.execute_command("CLIENT", "KILL", "ID", victim["id"]) == 1
        if victim["id"] in subscribed and is_killed:
            others = subscribed - {victim["id"]}
            until(lambda: self._subscribed() - {victim["id"]} > others, "the responder has subscribed again")
        time.sleep(0.2)

    def two_holders(self):
        """Another takes the lease while the one that had it goes on to use it: both record, for nearly a second."""
        wait_holder(self._server, self._responders)
        self._redis.delete("push:lease")
        wait_holder(self._server, self._responders)

    def _victims(self):
        return [one for one in self._redis.client_list() if one["name"] != "test"]

    def _subscribed(self):
        return {one["id"] for one in self._victims() if one["cmd"] == "psubscribe"}


def wait_recorded(server, publishers, timeout=30.0):
    """Until the log has as many messages as were sent; the log, whatever it has then."""
    sent = sum(len(publisher.sent) for publisher in publishers)
    deadline = time.monotonic() + timeout
    while len(Log(server).entries) < sent and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)  # what comes twice may come a little later
    return Log(server)


def must_hold_all(log, publishers):
    """Each message once, equal ones as often as they were sent."""
    sent = collections.Counter(one.data for publisher in publishers for one in publisher.sent)
    assert all(one.receivers for publisher in publishers for one in publisher.sent), "a message reached nobody"
    assert not sent - log.counts(), f"not recorded: {list((sent - log.counts()).items())[:10]}"
    assert not log.counts() - sent, f"recorded too often: {list((log.counts() - sent).items())[:10]}"
    log.judge_order(publishers)


def histories_must_match(server, log):
    with server.client() as client:
        for channel in log.newest():
            ids = [id_.decode() for id_, _ in client.xrange(f"push:history:{channel}")]
            assert ids == ["%d-%d" % id_ for id_, _ in log.of_channel(channel)], f"the history of {channel}"


def publish_during(publishers, what):
    for publisher in publishers:
        publisher.start()
    try:
        what()
    finally:
        for publisher in publishers:
            publisher.stop()


def long(*values):
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.mark.parametrize(
    "kind, seconds, seed",
    [
        ("kill", 14, 1),
        ("kill_holder", 8, 2),
        ("stop", 7, 3),
        ("client_kill", 7, 4),
        ("two_holders", 4, 5),
        long("kill", 60, 11),
        long("kill_holder", 60, 12),
        long("stop_long", 60, 13),
        long("client_kill", 60, 14),
        long("two_holders", 60, 15),
    ],
)
def test_every_message_arrives_once_and_in_order_while_processes_are_killed(stage, kind, seconds, seed):
    everything_arrives_once(stage, responders_of(stage), kind, seconds, seed)


@pytest.mark.parametrize("kind, seconds, seed", [("kill", 8, 21), ("stop", 7, 22), long("kill", 60, 31)])
def test_every_message_arrives_once_and_in_order_whatever_part_the_processes_take(stage, kind, seconds, seed):
    """Two that record for a long time, beside them such as come and go, and one that only reads."""
    responders = responders_of(stage, 0, 2)
    for part in ("stands back", "stands back", "reads"):
        responders.append(stage.responder(kind=Part, part=part, retry="100ms"))
    everything_arrives_once(stage, responders, kind, seconds, seed)


def everything_arrives_once(stage, responders, kind, seconds, seed):
    chooser = random.Random(seed)
    clients = crowd_of(chooser, seconds)
    publishers = publishers_of(stage.redis, seed)
    chaos = Chaos(stage.redis, responders, chooser)
    breaks = Log(stage.redis).breaks
    with Crowd(responders, clients, seed) as crowd:
        crowd.wait_positions()
        publish_during(publishers, lambda: chaos.run(kind, seconds))
        last = Publisher(stage.redis, "last", [QUIET], seed, per_second=20.0, has_equal=False)
        publish_during([last], lambda: until(lambda: last.sent, "the quiet channel speaks"))
        publishers.append(last)
        log = wait_recorded(stage.redis, publishers)
        must_hold_all(log, publishers)
        crowd.wait_all(log)
    chaos.close()
    sent, returns = sum(len(one.sent) for one in publishers), sum(client.returns for client in clients)
    print(f"{kind}, seed {seed}: {chaos.actions} actions, {sent} messages, {returns} returns")
    crowd.judge(log)
    histories_must_match(stage.redis, log)
    assert log.breaks == breaks, "a responder that had received everything always lived"
    assert [(client, gap) for client in clients for gap in client.gaps()] == []


def publish_unrecorded(server, payloads, pause_ms):
    """Publishes, and for so long from that very moment Redis lets nobody write; everything else goes on."""
    with server.client() as client, client.pipeline() as pipeline:
        for payload in payloads:
            pipeline.publish("push:news", payload)
        pipeline.execute_command("CLIENT", "PAUSE", pause_ms, "WRITE")
        pipeline.execute()


def test_what_the_holder_does_not_record_all_others_record_once(stage):
    """The lease is kept by somebody who does nothing: after a lease and a half all of them send the same."""
    responders = responders_of(stage, 2, 1)
    stream = stage.stream(responders[0])
    payloads = ["same", "1", "same", "2", "same"] * 10
    with connect(stage.redis) as client:

        def all_arrived():
            client.set("push:lease", "idle:1:x", px=3000)
            stream.pump(0.05)
            return len(stream.of_kind("event")) >= len(payloads)

        def all_let_go():
            client.set("push:lease", "idle:1:x", px=3000)
            return all(counters.read(responder)["lease.held"] == 0 for responder in responders)

        until(all_let_go, "nobody uses the lease")
        stage.redis.publish_all("news", payloads)
        until(all_arrived, "all messages", 20.0)
        assert client.get("push:lease") == b"idle:1:x"
    for responder in responders:
        counters.wait(responder, lambda c: c["recorder.pending"] == 0)
    assert [event.text for event in stream.of_kind("event")] == payloads
    assert [data for _, _, data in Log(stage.redis).entries] == payloads


# --- Redis itself goes away ---

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


def end_redis(server, number):
    server.signal(number)
    server.wait()


def each_at_most_once(log, publishers):
    twice = {data: count for data, count in log.counts().items() if count > 1}
    assert twice == {}
    missing = [one for publisher in publishers for one in publisher.sure() if one.data not in log.counts()]
    assert missing == [], "somebody received it, or it was in the inbox"
    log.judge_order(publishers)


def set_heard(publishers, is_heard):
    for publisher in publishers:
        publisher.is_heard = is_heard


def gap_came_before(client, channel, first_after):
    """Whoever was there before learns that something may be missing, before the first message of the time after."""
    seen = [event for event in client.events if event.channel == channel]
    upto = next(n for n, event in enumerate(seen) if event.data == first_after)
    return any(event.type == "gap" for event in seen[:upto])


def wait_busy(publishers, count):
    """Until each has sent so many more that were answered."""
    before = [len(publisher.sent) for publisher in publishers]
    until(
        lambda: all(
            sum(one.receivers is not None for one in publisher.sent[start:]) >= count
            for publisher, start in zip(publishers, before)
        ),
        f"{count} more messages of each publisher",
        30.0,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_redis_that_comes_back_has_and_gets_all_that_was_received(stage, number):
    server = stage.start_redis(*DURABLE)
    responders = responders_of(stage, 1, 1)
    clients = [Client(["news"], ("sse",)), Client(["news"], ("poll",)), Client(["news"], moves=0.7)]
    publishers = [Publisher(server, f"publisher{n}", ["news"], n, has_equal=False) for n in range(2)]
    publishers.append(InboxPublisher(server, "inbox", ["news"], 5, has_equal=False))

    held = [f"news held {n}" for n in range(20)]

    def restart_redis():
        wait_busy(publishers, 50)
        publish_unrecorded(server, held, 60_000)
        for responder in responders:
            counters.wait(responder, lambda c: c["recorder.pending"] >= len(held))
        offsets = [len(responder.log()) for responder in responders]
        end_redis(server, number)
        set_heard(publishers, False)
        until(lambda: all(p.sent[-1].receivers is None for p in publishers), "every publisher has noticed")
        server.start()
        for responder, offset in zip(responders, offsets):
            responder.wait_subscribed(20.0, offset)
        set_heard(publishers, True)
        wait_busy(publishers, 20)

    with Crowd(responders, clients, 1) as crowd:
        crowd.wait_positions()
        publish_during(publishers, restart_redis)
        after = Publisher(server, "after", ["news"], 9, per_second=20.0, has_equal=False)
        publish_during([after], lambda: wait_busy([after], 2))
        publishers.append(after)
        until(lambda: after.sure()[-1].data in Log(server).counts(), "the last message is in the log", 30.0)
        until(lambda: server_inbox_is_empty(server), "the inbox is empty", 10.0)
        log = Log(server)
        each_at_most_once(log, publishers)
        assert [data for _, _, data in log.entries if data in held] == held, "they were received and not yet recorded"
        crowd.wait_all(log)
    crowd.judge(log)
    for client in clients:
        assert gap_came_before(client, "news", "news after 0"), f"{client} does not know that messages may be missing"


def server_inbox_is_empty(server):
    with server.client() as client:
        return client.xlen("push:inbox") == 0


# --- The inbox ---


def add(stage, *words):
    with stage.redis.client() as client:
        return client.execute_command("XADD", "push:inbox", "*", *words)


def add_news(stage, *payloads):
    for payload in payloads:
        add(stage, "channel", "news", "data", payload)


def wait_inbox_empty(stage):
    until(lambda: server_inbox_is_empty(stage.redis), "the inbox is empty")


def test_an_inbox_entry_is_recorded_once_although_several_run(stage):
    responders = responders_of(stage, 2, 0)
    streams = [stage.stream(responder) for responder in responders]
    payloads = [str(n) for n in range(300)]
    add_news(stage, *payloads[:100])
    stopped = wait_holder(stage.redis, responders)
    add_news(stage, *payloads[100:200])
    stopped.kill()
    add_news(stage, *payloads[200:])
    survivor = next(one for one in responders if one is not stopped)
    stream = streams[responders.index(survivor)]
    assert [event.text for event in stream.next_events(300, 20)] == payloads
    assert [data for _, _, data in Log(stage.redis).entries] == payloads
    wait_inbox_empty(stage)
    stopped.expect_end()


def test_an_inbox_entry_may_carry_event_id_and_retry(stage):
    responder = stage.responder(history="redis")
    stream = stage.stream(responder)
    add(stage, "channel", "news", "data", "hello", "event", "greeting", "id", "a1", "retry", "1500")
    event = stream.next_event(10)
    assert (event.type, event.text, event.id.partition("~")[2]) == ("greeting", "hello", "a1")
    assert stream.of_kind("retry")[-1].retry_ms == 1500


def test_inbox_entries_wait_until_a_responder_runs(stage):
    add_news(stage, "one", "two")
    responder = stage.responder(history="redis")
    stream = stage.stream(responder, HTTP_LAST_EVENT_ID="0")
    assert [stream.next_event(10, "message").text for _ in range(2)] == ["one", "two"]

    responder.stop()
    add_news(stage, "three")
    responder.restart()
    again = stage.stream(responder, HTTP_LAST_EVENT_ID=stream.last_id)
    assert again.next_event(10, "message").text == "three"
    wait_inbox_empty(stage)


@pytest.mark.parametrize(
    "words, problem",
    [
        (("data", "no channel"), "names no valid channel"),
        (("channel", "no such name!", "data", "x"), "names no valid channel"),
        (("channel", "log", "data", "reserved"), "names no valid channel"),
        (("channel", "news", "event", "no data"), "has no data"),
        ((b"\xff\0", b"\xff\0\r\n"), "names no valid channel"),
    ],
)
def test_a_malformed_inbox_entry_is_deleted_logged_and_counted(stage, words, problem):
    responder = stage.responder(history="redis")
    stream = stage.stream(responder)
    add_news(stage, "before")
    id_ = add(stage, *words).decode()
    add_news(stage, "after")
    assert [event.text for event in stream.next_events(2, 10)] == ["before", "after"]
    assert [event.type for event in stream.of_kind("event")] == ["message", "message"]
    responder.wait_log(f"deleted entry {id_} of push:inbox, which {problem}")
    wait_inbox_empty(stage)
    assert counters.read(responder)["inbox.malformed"] == 1


def test_many_malformed_inbox_entries_hold_up_nothing(stage):
    """More than are read at a time."""
    responder = stage.responder(history="redis")
    stream = stage.stream(responder)
    for n in range(200):
        add(stage, "nonsense", n)
    add_news(stage, "after")
    assert stream.next_event(10).text == "after"
    assert counters.wait(responder, lambda c: c["inbox.malformed"] >= 200)["inbox.malformed"] == 200
    assert responder.log().count("deleted entry") == 1  # the others are told of in the next line


def test_an_inbox_entry_that_is_too_large_makes_a_gap_in_its_channel_alone(stage):
    responder = stage.responder(history="redis", max_message="1k")
    news, other = stage.stream(responder), stage.stream(responder, "channel=other")
    add_news(stage, "before", "x" * 1025, "y" * 1024)
    add(stage, "channel", "other", "data", "fine")
    events = news.next_events(3)
    assert [(event.type, event.text[:1]) for event in events] == [("message", "b"), ("gap", "{"), ("message", "y")]
    assert events[1].json()["channel"] == "news"
    other.next_event()
    assert [event.text for event in other.of_kind("event")] == ["fine"]
    assert counters.read(responder)["inbox.too_large"] == 1
    assert "refused a message of 1025 bytes on channel news, allowed are 1024 (--max-message)" in responder.log()
    wait_inbox_empty(stage)


def test_bad_members_of_an_inbox_entry_are_left_out_counted_and_logged(stage):
    responder = stage.responder(history="redis")
    stream = stage.stream(responder)
    for members in (("id", "no spaces", "event", "gap", "retry", "-1"), ("event", "fine", "retry", "soon")):
        add(stage, "channel", "news", "data", "kept", *members)
    assert [(event.type, event.text) for event in stream.next_events(2)] == [("message", "kept"), ("fine", "kept")]
    assert counters.read(responder)["inbox.members_dropped"] == 4
    complaint = "on channel news had an invalid id, event or retry, which was left out"
    assert responder.log().count(complaint) == 1, "the others are told of in the next line"


# --- The lease ---


def lease(stage):
    with stage.redis.client() as client:
        return client.get("push:lease")


def test_a_clean_stop_hands_the_lease_over(stage):
    responders = responders_of(stage, 2, 1)
    breaks = Log(stage.redis).breaks
    for _ in range(2):
        holder = wait_holder(stage.redis, responders)
        old = lease(stage)
        assert holder.stop() == 0
        assert lease(stage) != old, "who waits for its end would wait for the lease's, too"
        responders.remove(holder.expect_end())
        heir = wait_holder(stage.redis, responders)
        with stage.redis.client() as client:
            assert client.pttl("push:lease") <= 3000
        assert heir is not holder
    stage.redis.publish("news", "after")
    log = until(lambda: Log(stage.redis).entries, "the heir records", 3.0)
    assert [data for _, _, data in log] == ["after"]
    assert Log(stage.redis).breaks == breaks, "nothing was missing"


def test_what_a_responder_received_is_recorded_before_its_clean_stop_ends(stage):
    """Nobody else has it; and while somebody seems to have the lease, it would wait with recording."""
    with stage.redis.client() as client:
        client.set("push:lease", "elsewhere:1:x", px=3000)
    responder = stage.responder(history="redis", grace="1s")
    payloads = [str(n) for n in range(300)]
    stage.redis.publish_all("news", payloads)
    counters.wait(responder, lambda c: c["recorder.received"] == len(payloads))
    assert responder.stop() == 0
    responder.expect_end()
    assert [data for _, _, data in Log(stage.redis).entries] == payloads
