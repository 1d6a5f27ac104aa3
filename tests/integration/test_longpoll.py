# SPDX-License-Identifier: BSD-2-Clause
"""longpoll.fcgi: /list and /subscribe, straight over FastCGI and through lighttpd."""

import concurrent.futures
import json
import re
import signal
import threading
import time

import counters
import fastcgi
import pytest
import stalls
from fastcgi import KEEP_CONN, params_of
from process import until

FIELDS = ["id", "timestamp", "channel", "event", "data"]
GAP_HOLD_S = 3  # how long a gap waits for an event


class Answer:
    """A whole answer of either kind of source."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.body()
        self.ended_properly = response.ended_properly
        self.position = self.headers.get("push-position")
        if self.status == 200:
            assert int(self.headers["content-length"]) == len(self.body)
            self.events = json.loads(self.body)

    @property
    def data(self):
        return [event["data"] for event in self.events]


class Straight:
    """Asks longpoll.fcgi itself, each time on a connection of its own."""

    def __init__(self, stage, responder):
        self._stage, self._responder = stage, responder

    def get(self, path, query="channel=news", headers=None, timeout=10.0):
        variables = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in (headers or {}).items()}
        params = params_of(query, path_info=path, script_name="", **variables)
        connection = self._stage.connect(self._responder, timeout=timeout)
        return Answer(connection.ask(params, timeout))


def ask(stage, lighttpd, path, query="channel=news", headers=None, timeout=10.0):
    return Answer(stage.http(lighttpd, "GET", f"{path}?{query}", headers or {}, timeout=timeout))


class ThroughLighttpd:
    """Asks lighttpd."""

    def __init__(self, stage, responder):
        self._stage, self._lighttpd = stage, stage.lighttpd(longpoll=responder)

    def get(self, path, query="channel=news", headers=None, timeout=10.0):
        return ask(self._stage, self._lighttpd, path, query, headers, timeout)


@pytest.fixture(params=[Straight, ThroughLighttpd], ids=["straight", "lighttpd"])
def way(request):
    return request.param


@pytest.fixture
def pool():
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        yield pool


def wait_polls(responder, count, timeout=5.0):
    return counters.wait(responder, lambda c: c["polls.open"] == count, timeout)


def ms_of(position):
    return int(position.partition("-")[0])


def publish_apart(stage, texts, apart):
    """PUBLISHes, with a pause after each text for which apart says how long."""
    with stage.redis.client() as client:
        for text in texts:
            client.publish("push:news", text)
            time.sleep(apart(text))


def in_background(work, *arguments):
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


# --- One answer ---


def test_a_list_has_all_that_is_retained_with_the_position(stage, way):
    front = way(stage, stage.longpoll())
    empty = front.get("/list")
    assert (empty.events, empty.body) == ([], b"[]")
    stage.redis.publish_all("news", ["one", '{"data":{"n": 2},"event":"count","id":"n2","retry":5000}', "line\r\nline"])
    answer = until(lambda: len((a := front.get("/list")).events) == 3 and a, "three events in the list")
    assert answer.data == ["one", '{"n":2}', "line\nline"]
    assert [list(event) for event in answer.events] == [FIELDS, [*FIELDS, "retry"], FIELDS]
    first, second, third = answer.events
    assert re.fullmatch(r"\d+-\d+\.[0-9a-f]{8}", first["id"])
    assert first["timestamp"] == ms_of(first["id"]) and abs(first["timestamp"] / 1000 - time.time()) < 60
    assert (first["channel"], first["event"]) == ("news", "message")
    assert (second["event"], second["retry"], second["id"][-3:]) == ("count", 5000, "~n2")
    assert answer.position == third["id"]
    assert answer.headers["content-type"] == "application/json"
    assert "no-cache" in answer.headers["cache-control"]


def test_the_next_event_ends_all_waiting_polls(stage, way, pool):
    responder = stage.longpoll()
    front = way(stage, responder)
    waiting = [pool.submit(front.get, "/subscribe") for _ in range(20)]
    other = pool.submit(front.get, "/subscribe", "channel=other")
    wait_polls(responder, 21)
    stage.redis.publish("news", "now")
    answers = [poll.result(5) for poll in waiting]
    assert [answer.data for answer in answers] == [["now"]] * 20
    assert len({answer.position for answer in answers}) == 1
    assert all(answer.ended_properly for answer in answers)
    assert answers[0].headers["cache-control"] == "no-store"
    assert not other.done()
    wait_polls(responder, 1)
    stage.redis.publish("other", "too")
    assert other.result(5).data == ["too"]


def test_what_is_newer_than_the_position_is_answered_at_once(stage, way):
    front = way(stage, stage.longpoll(poll_timeout="1h"))
    start = front.get("/list").position
    stage.redis.publish_all("news", ["a", "b", "c"])
    answer = until(lambda: len((a := front.get("/list")).events) == 3 and a, "three events in the list")
    ids = [event["id"] for event in answer.events]
    assert front.get("/subscribe", f"channel=news&since={start}").data == ["a", "b", "c"]
    assert front.get("/subscribe", f"channel=news&since={ids[0]}").data == ["b", "c"]
    assert front.get("/subscribe", headers={"Last-Event-ID": ids[1]}).data == ["c"]
    assert front.get("/list", f"channel=news&since={ids[2]}").data == []
    before = answer.events[0]["timestamp"] - 1
    assert front.get("/subscribe", f"channel=news&timestamp={before}").data == ["a", "b", "c"]


def test_a_poll_for_which_nothing_comes_is_answered_empty(stage, way):
    responder = stage.longpoll(poll_timeout="1s")
    front = way(stage, responder)
    start = time.monotonic()
    answer = front.get("/subscribe")
    stalls.must_take(0.9, 4, start)
    assert answer.events == [] and answer.body == b"[]"
    assert answer.ended_properly
    assert re.fullmatch(r"\d+-\d+\.[0-9a-f]{8}", answer.position)
    assert counters.read(responder)["polls.timed_out"] == 1
    assert front.get("/list", f"channel=news&since={answer.position}").events == []


def test_a_limit_takes_the_first_after_a_position_and_else_the_newest(stage, way):
    front = way(stage, stage.longpoll())
    front.get("/list")
    for text in ("1", "2", "3", "4"):
        stage.redis.publish("news", text)
        listed = until(lambda: (a := front.get("/list")).data[-1:] == [text] and a, f"{text} in the list")
        until(lambda: time.time() * 1000 >= ms_of(listed.position) + 1, "the next one has a millisecond of its own")
    assert front.get("/list", "channel=news&limit=2").data == ["3", "4"]
    first = front.get("/list", "channel=news&since=0&limit=2")
    assert first.data == ["1", "2"] and first.position == first.events[-1]["id"]
    assert front.get("/subscribe", f"channel=news&since={first.position}&limit=1").data == ["3"]
    assert front.get("/list", "channel=news&limit=0").status == 400


def test_a_list_that_has_not_changed_is_not_sent_again(stage, way):
    front = way(stage, stage.longpoll())
    front.get("/list")
    stage.redis.publish("news", "one")
    answer = until(lambda: (a := front.get("/list")).events and a, "the event in the list")
    tag = {"If-None-Match": answer.headers["etag"]}
    again = front.get("/list", headers=tag)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert again.position == answer.position
    stage.redis.publish("news", "two")
    changed = until(lambda: (a := front.get("/list", headers=tag)).status == 200 and a, "the list has changed")
    assert changed.data == ["one", "two"]
    assert changed.headers["etag"] != answer.headers["etag"]


def test_a_large_event_is_whole(stage, way, pool):
    responder = stage.longpoll()
    front = way(stage, responder)
    poll = pool.submit(front.get, "/subscribe")
    wait_polls(responder, 1)
    text = ("0123456789\n\"\\\t" * 80000)[: 1 << 20]
    stage.redis.publish("news", text)
    assert poll.result(20).data == [text]
    stage.redis.publish_all("news", [text[n:] for n in range(1, 4)])
    answer = until(lambda: len((a := front.get("/list", timeout=20)).events) == 4 and a, "four in the list", 30)
    assert answer.data == [text[n:] for n in range(4)]


def test_paths_and_errors(stage, way):
    front = way(stage, stage.longpoll(channels="news"))
    assert front.get("/list/").events == []
    assert front.get("/list/deeper").status == 404
    for query, status in [("channel=other", 403), ("channel=%22", 400), ("channel=news&timestamp=x", 400)]:
        answer = front.get("/subscribe", query)
        assert answer.status == status
        assert set(json.loads(answer.body)) == {"error", "message"}


# --- Again and again ---


def follow(front, count, first, query_of):
    """Polls until count events have come; the answers' data in order. No event is worth waiting long for."""
    answer, data, rounds = first, [], 0
    deadline = time.monotonic() + 60
    while len(data) < count:
        answer = front.get("/subscribe", query_of(answer))
        assert "gap" not in [event["event"] for event in answer.events]
        data += answer.data
        rounds += 1
        assert time.monotonic() < deadline, f"{len(data)} of {count} after {rounds} polls: {data[-5:]}"
    return data, rounds


@pytest.mark.parametrize("limit", ["", "&limit=3"], ids=["all", "limit"])
def test_going_on_from_the_position_gives_each_event_once_in_order(stage, way, limit):
    front = way(stage, stage.longpoll(poll_timeout="1s"))
    texts = [f"message {n}" for n in range(300)]
    first = front.get("/list")
    is_answered = threading.Event()

    def go_on(answer):
        if answer.events:
            is_answered.set()
        return f"channel=news&since={answer.position}{limit}"

    def apart(text):
        if text == texts[150]:
            is_answered.wait(20)  # so that no one answer has all
        return 0

    publisher = in_background(publish_apart, stage, texts, apart)
    data, rounds = follow(front, 300, first, go_on)
    publisher.join()
    assert data == texts
    assert rounds > 1


def test_many_clients_at_once_each_get_each_event_once(stage, pool):
    front = Straight(stage, stage.longpoll(poll_timeout="1s"))
    texts = [f"message {n}" for n in range(300)]
    first = front.get("/list")
    followers = [
        pool.submit(follow, front, 300, first, lambda answer: f"channel=news&since={answer.position}")
        for _ in range(8)
    ]
    publish_apart(stage, texts, lambda text: 0.001)
    for follower in followers:
        assert follower.result(60)[0] == texts


def by_time(first):
    """The query of the tutorial's loop: the newest event's timestamp, or that of the last answer which had one."""
    newest = [ms_of(first.position)]

    def query_of(answer):
        if answer.events:
            newest[0] = answer.events[-1]["timestamp"]
        return f"channel=news&timestamp={newest[0]}"

    return query_of


def test_going_on_from_the_last_timestamp_gives_each_event_once_in_order(stage, way):
    front = way(stage, stage.longpoll(poll_timeout="1s"))
    texts = [f"message {n}" for n in range(150)]
    first = front.get("/list")
    time.sleep(0.01)  # so that the first event is in a later millisecond than the position
    publisher = in_background(publish_apart, stage, texts, lambda text: 0.003)
    data, rounds = follow(front, 150, first, by_time(first))
    publisher.join()
    assert data == texts
    assert rounds > 1


def test_going_on_by_time_splits_no_millisecond(stage, way):
    front = way(stage, stage.longpoll(poll_timeout="1s"))
    texts = [f"{burst} {n}" for burst in range(60) for n in range(5)]
    first = front.get("/list")
    time.sleep(0.01)
    publisher = in_background(publish_apart, stage, texts, lambda text: 0.004 if text.endswith(" 4") else 0)
    data, _ = follow(front, 300, first, by_time(first))
    publisher.join()
    assert data == texts


def test_several_requests_on_one_kept_connection(stage):
    responder = stage.longpoll(poll_timeout="1h")
    connection = stage.connect(responder)
    position = None
    for n in range(5):
        listed = connection.ask(params_of("channel=news", path_info="/list"), flags=KEEP_CONN, id_=n + 1)
        position = Answer(listed).position
        query = f"channel=news&since={position}"
        connection.send(fastcgi.request(params_of(query, path_info="/subscribe"), flags=KEEP_CONN, id_=n + 1))
        wait_polls(responder, 1)
        stage.redis.publish("news", f"round {n}")
        answer = Answer(connection.response(id_=n + 1))
        assert answer.data == [f"round {n}"] and answer.ended_properly
    assert counters.read(responder)["connections.open"] == 1


def test_large_answers_on_one_kept_connection_are_whole(stage):
    responder = stage.longpoll()
    connection = stage.connect(responder)
    ask = params_of("channel=news", path_info="/list")
    connection.ask(ask, flags=KEEP_CONN)
    stage.redis.publish("news", "x" * 1000000)
    counters.wait(responder, lambda c: c["messages.received"] == 1)
    for _ in range(3):
        assert Answer(connection.ask(ask, flags=KEEP_CONN)).data == ["x" * 1000000]


# --- Who goes away ---


@pytest.mark.parametrize("how", ["close", "reset", "abort"])
def test_a_client_that_goes_away_is_forgotten_at_once(stage, how):
    responder = stage.longpoll(poll_timeout="1h")
    connections = [stage.connect(responder) for _ in range(3)]
    for connection in connections:
        connection.send(fastcgi.request(params_of("channel=news", path_info="/subscribe")))
    wait_polls(responder, 3)
    gone = connections[1]
    if how == "abort":
        gone.send(fastcgi.record(fastcgi.ABORT_REQUEST))
    else:
        getattr(gone, how)()
    assert wait_polls(responder, 2)["polls.left"] == 1
    stage.redis.publish("news", "for those who are there")
    for connection in (connections[0], connections[2]):
        assert Answer(connection.response()).data == ["for those who are there"]


def kill_redis(stage, responder):
    """The responder has lost it; where its log goes on."""
    offset = len(responder.log())
    stage.redis.kill()
    responder.wait_log("lost Redis at", after=offset)
    return offset


def test_redis_lost_and_back_is_told_by_a_gap(stage, way, pool):
    responder = stage.longpoll()
    front = way(stage, responder)
    front.get("/list")
    stage.redis.publish("news", "before")
    before = until(lambda: (a := front.get("/list")).events and a, "the event in the list")
    waiting = pool.submit(front.get, "/subscribe")
    wait_polls(responder, 1)
    offset = kill_redis(stage, responder)
    assert front.get("/list").data == ["before"]
    begin = time.monotonic()
    stage.redis.start()
    responder.wait_subscribed(after=offset)
    told = waiting.result(10)
    assert time.monotonic() - begin >= GAP_HOLD_S, "alone it waits for an event"
    assert [event["event"] for event in told.events] == ["gap"]
    gap = told.events[0]
    assert list(gap) == FIELDS
    assert gap["timestamp"] == ms_of(gap["id"])
    assert json.loads(gap["data"]) == {"channel": "news", "after": before.position, "oldest": None}
    stage.redis.publish("news", "after")
    after = front.get("/subscribe", f"channel=news&since={told.position}")
    assert after.data == ["after"]
    returner = front.get("/subscribe", f"channel=news&since={before.position}")
    assert [event["event"] for event in returner.events] == ["gap", "message"]
    assert json.loads(returner.data[0])["oldest"] == after.events[0]["id"]


def test_an_event_soon_after_a_loss_is_answered_together_with_the_gap(stage, way, pool):
    responder = stage.longpoll(poll_timeout="1h")
    front = way(stage, responder)
    waiting = pool.submit(front.get, "/subscribe")
    wait_polls(responder, 1)
    offset = kill_redis(stage, responder)
    stage.redis.start()
    responder.wait_subscribed(after=offset)
    stage.redis.publish("news", "after")
    answer = waiting.result(10)
    assert [event["event"] for event in answer.events] == ["gap", "message"]
    assert json.loads(answer.data[0])["oldest"] == answer.events[1]["id"] == answer.position


def test_an_id_of_another_process_gets_a_gap_and_all_that_is_retained(stage, way):
    front = way(stage, stage.longpoll())
    front.get("/list")
    stage.redis.publish("news", "kept")
    until(lambda: front.get("/list").events, "the event in the list")
    answer = front.get("/subscribe", "channel=news&since=1700000000000-0.deadbeef")
    assert [event["event"] for event in answer.events] == ["gap", "message"]
    assert json.loads(answer.data[0])["after"] == "1700000000000-0.deadbeef"


def test_the_end_of_the_program_answers_waiting_polls(stage, way, pool):
    responder = stage.longpoll(poll_timeout="1h").expect_end()
    front = way(stage, responder)
    waiting = [pool.submit(front.get, "/subscribe", query) for query in ("channel=news", "channel=a,b")]
    wait_polls(responder, 2)
    responder.signal(signal.SIGTERM)
    for poll in waiting:
        answer = poll.result(5)
        assert (answer.status, answer.events) == (200, [])
        assert answer.position and answer.ended_properly
    assert responder.wait() == 0


def test_lighttpd_starts_it_and_starts_it_again(stage):
    lighttpd, _, spawned = stage.spawning_lighttpd(PUSH_POLL_TIMEOUT="1s")
    assert ask(stage, lighttpd, "/list").events == []
    stage.redis.publish("news", "first")
    until(lambda: ask(stage, lighttpd, "/list").data == ["first"], "the event in the list")
    assert ask(stage, lighttpd, "/subscribe").events == []
    spawned.restart_after_kill(signal.SIGKILL)
    until(lambda: stage.http(lighttpd, "GET", "/list?channel=news").status == 200, "it answers again")
    stage.redis.publish("news", "second")
    until(lambda: ask(stage, lighttpd, "/list").data[-1:] == ["second"], "the event in the list")
