# SPDX-License-Identifier: BSD-2-Clause
"""What single clients do in their own way, and how one goes on with each, behind lighttpd."""

import clients
import counters
import eventsources
import modes
import pytest
import requests
from following import must_have_all
from process import until

FOLLOWERS = [clients.Requests, clients.Curl]
NEWS = "/events?channel=news"


class Web:
    """lighttpd with both programs, which keep their events in Redis; and clients of it."""

    def __init__(self, stage, **options):
        self.stage = stage
        self.sse = stage.responder(history="redis", **{"retry": "100ms", **options})
        self.longpoll = stage.longpoll(history="redis")
        self.lighttpd = stage.lighttpd(self.sse, longpoll=self.longpoll)
        self.url = self.lighttpd.url

    def publish(self, channel, payload):
        return self.stage.redis.publish(channel, payload)

    def start(self, kind, target=NEWS, *arguments):
        return self.stage.add(kind(self.stage.place("c"), self.url(target), *arguments)).start()

    def wait_streams(self, count):
        counters.wait_streams(self.sse, count)

    def follow(self, *kinds):
        """Clients that have open streams, and one event."""
        followers = [self.start(kind) for kind in kinds]
        self.wait_streams(len(kinds))
        self.publish("news", "first")
        for client in followers:
            client.wait_events(1)
        return followers

    def position(self):
        return requests.head(self.url("/subscribe?channel=news")).headers["Push-Position"]

    def listed(self):
        return [event["data"] for event in requests.get(self.url("/list?channel=news")).json()]

    def miss(self, *texts):
        """Publishes while no stream is there, and waits until it is recorded."""
        for text in texts:
            self.publish("news", text)
        until(lambda: self.listed()[-len(texts) :] == list(texts), "it is recorded")

    def restart(self):
        """Until lighttpd tries it again, too."""
        self.sse.restart()
        until(lambda: requests.head(self.url(NEWS)).status_code == 200, "lighttpd knows that it is there")


@pytest.fixture
def make_web(stage):
    return lambda **options: Web(stage, **options)


# --- All of them ---


def test_streams_that_end_by_their_age_lose_and_repeat_nothing(make_web):
    web = make_web(max_age="1s", heartbeat="1s")
    beginning = f"{NEWS}&since={web.position()}"  # some streams end before others open
    followers = [web.start(kind, beginning) for kind in clients.STREAMING]
    publisher = eventsources.Publisher(web, "news")
    publisher.start()
    try:
        counters.wait(web.sse, lambda c: c["streams.aged"] >= 3 * len(followers), 20)
    finally:
        publisher.stop()
    must_have_all(followers, publisher.sent)


# --- @microsoft/fetch-event-source ---


def test_heartbeats_are_no_messages_of_fetch_event_source(stage, make_web):
    """It would make a message of every empty line."""
    web = make_web(heartbeat="1s")
    client = web.start(clients.FetchEventSource)
    web.wait_streams(1)
    heartbeats = stage.http_stream(web.lighttpd, NEWS).wait_open()
    opening = len(heartbeats.of_kind("comment"))
    heartbeats.pump_until(lambda: len(heartbeats.of_kind("comment")) >= opening + 2, 5, "heartbeats")
    web.publish("news", "an event behind the heartbeats")
    ((_, id, text),) = client.wait_events(1)
    assert text == "an event behind the heartbeats"
    (position,) = client.positions()
    assert position < id


def test_fetch_event_source_ends_with_its_stream_unless_onclose_throws(make_web):
    web = make_web(max_age="1s", heartbeat="1s")
    client = web.start(clients.FetchEventSource, NEWS, "once")
    web.wait_streams(1)
    web.publish("news", "first")
    client.wait_events(1)
    client.wait_note("end")
    assert client.wait() == 0
    assert [len(client.notes(kind)) for kind in ("open", "close", "error")] == [1, 1, 0]
    web.miss("missed")
    again = web.start(clients.FetchEventSource, f"{NEWS}&since={client.events()[-1][1]}")
    assert again.wait_events(1)[0][2] == "missed"


# --- npm eventsource ---


def test_npm_eventsource_gives_up_at_503_and_a_new_one_goes_on(make_web):
    """As browsers do."""
    web = make_web()
    (client,) = web.follow(clients.EventSource)
    web.sse.stop()
    until(lambda: not client.is_alive(), "it has given up")
    assert client.notes("error")[-1] == {"kind": "error", "status": 503, "readyState": 2}
    web.miss("missed")
    web.restart()
    again = web.start(clients.EventSource, f"{NEWS}&lastEventId={client.events()[-1][1]}")
    assert again.wait_events(1)[0][2] == "missed"


def must_miss_nothing(web, client):
    """Its stream was cut before its first event, and it is away."""
    web.publish("news", "missed")
    client.wait_events(1)
    web.publish("news", "after")
    client.wait_events(2)
    assert client.texts() == ["missed", "after"]


def test_npm_eventsource_misses_nothing_before_its_first_event(make_web):
    """It would forget an id that came without an event."""
    web = make_web(max_age="1s", heartbeat="1s", retry="1s")
    client = web.start(clients.EventSource)
    client.wait_note("error")
    must_miss_nothing(web, client)
    assert len(client.notes("open")) > 1


# --- push.js in Node ---


def test_push_source_over_npm_eventsource_misses_nothing_before_its_first_event(make_web):
    web = make_web(max_age="1s", heartbeat="1s", retry="1s")
    client = web.start(clients.PushSource)
    client.wait_note("open")
    client.wait_note("error")
    must_miss_nothing(web, client)


@pytest.mark.parametrize("kind", [clients.PushSource, clients.PollingPushSource])
def test_push_source_in_node_survives_a_responder_that_is_away(make_web, kind):
    """A real 503 from lighttpd, at which the source that it uses gives up."""
    web = make_web()
    client = web.start(kind)
    client.wait_note("open")
    web.publish("news", "first")
    client.wait_events(1)
    program = web.longpoll if kind is clients.PollingPushSource else web.sse
    program.kill()
    client.wait_note("error")
    until(lambda: requests.head(web.url(NEWS if program is web.sse else "/list")).status_code == 503, "a 503")
    web.publish("news", "missed")
    program.restart()
    client.wait_events(2, 20)
    web.publish("news", "after")
    client.wait_events(3)
    assert client.texts() == ["first", "missed", "after"]


# --- requests and curl, with what examples/ add to them ---


def test_the_examples_survive_a_responder_that_is_away(make_web):
    web = make_web()
    followers = web.follow(*FOLLOWERS)
    web.sse.kill()
    web.miss("missed")
    web.sse.restart()
    for client in followers:
        client.wait_events(2)
    web.publish("news", "after")
    for client in followers:
        client.wait_events(3)
        assert client.texts() == ["first", "missed", "after"]


@pytest.mark.parametrize("kind", FOLLOWERS)
def test_the_examples_wait_for_no_more_than_an_event_where_nothing_is_chunked(stage, certificate, kind):
    """As nph- programs answer. requests waits for 512 bytes there, unless told otherwise."""
    (mode,) = [mode for mode in modes.MODES if mode.name == "apache-cgi-nph"]
    site = modes.Site(stage, mode, certificate)
    client = stage.add(kind(stage.place("c"), site.url(NEWS), "0")).start()
    until(lambda: site.programs.open_streams() == 1, "its stream is open")
    site.programs.wait_hearing()
    site.publish("news", "short")
    until(lambda: "short" in client.texts(), "the event")


@pytest.mark.parametrize("kind", FOLLOWERS)
def test_the_examples_begin_after_a_given_id(make_web, kind):
    web = make_web()
    position = web.position()
    web.miss("one", "two")
    client = web.start(kind, NEWS, position)
    client.wait_events(2)
    assert client.texts() == ["one", "two"]


@pytest.mark.parametrize("kind", FOLLOWERS)
@pytest.mark.parametrize("arguments", [[], ["--help"], ["a", "b", "c"]])
def test_the_examples_refuse_wrong_arguments(kind, arguments, tmp_path):
    client = kind(tmp_path, *(arguments or [""]))
    client.argv = lambda: [kind(tmp_path, "").argv()[0], *arguments]
    client.start()
    assert client.wait() != 0
    assert "usage: follow" in client.log()


def test_follow_py_ends_when_the_channel_is_refused(make_web):
    web = make_web(channels="news")
    client = web.start(clients.Requests, "/events?channel=secret")
    assert client.wait() == 1
    assert "follow.py: 403" in client.log()


# --- Polyfills ---


@pytest.mark.parametrize("parameter", ["lastEventId", "last-event-id"])
def test_a_polyfill_comes_back_by_an_id_in_the_query(stage, make_web, parameter):
    """Yaffle's and others cannot set the header; an application's part of the id comes percent-encoded."""
    web = make_web()
    stream = stage.http_stream(web.lighttpd, NEWS).wait_open()
    web.publish("news", '{"id": "a+b/7=", "data": "seen"}')
    id = stream.next_event().id
    web.publish("news", "missed")
    again = stage.http_stream(web.lighttpd, f"{NEWS}&{parameter}={requests.utils.quote(id, safe='')}").wait_open()
    assert again.next_event().text == "missed"
