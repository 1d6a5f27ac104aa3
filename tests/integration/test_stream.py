# SPDX-License-Identifier: BSD-2-Clause
"""Streams through lighttpd, with sse.fcgi running by itself and spawned by lighttpd."""

import signal
import threading
import time

import counters
import pytest
import stalls
import web


class Mount:
    """lighttpd with sse.fcgi behind it at /events."""

    def __init__(self, stage, kind, options):
        self.stage = stage
        if kind == "external":
            self.responder = stage.responder(**options)
            self.lighttpd = stage.lighttpd(self.responder)
        else:
            environment = {"PUSH_" + name.upper(): value for name, value in options.items()}
            self.lighttpd, self.responder, _ = stage.spawning_lighttpd(**environment)

    def stream(self, target="/events?channel=news", headers=(), **how):
        return self.stage.http_stream(self.lighttpd, target, headers, **how)

    def ask(self, method, target, headers=(), body=b""):
        return self.stage.http(self.lighttpd, method, target, headers, body)

    def publish(self, channel, payload):
        return self.stage.redis.publish(channel, payload)


@pytest.fixture(params=["external", "spawned"])
def mount(request, stage):
    def start(**options):
        return Mount(stage, request.param, options)

    return start


def test_each_event_arrives_by_itself_and_at_once(mount):
    site = mount()
    stream = site.stream()
    for number in range(20):
        sent = time.monotonic()
        assert site.publish("news", f"message {number}") >= 1
        event = stream.next_event()
        assert event.text == f"message {number}"
        assert event.type == "message"
        assert stalls.elapsed_s(sent, event.at) < 0.5
    assert len({event.id for event in stream.of_kind("event")}) == 20


def test_a_stream_opens_with_comment_retry_and_position(mount):
    stream = mount().stream()
    assert [item.kind for item in stream.items] == ["comment", "retry", "position"]
    assert 2000 <= stream.of_kind("retry")[0].retry_ms <= 4000
    milliseconds, _, rest = stream.last_id.partition("-")
    assert abs(int(milliseconds) - time.time() * 1000) < 60_000
    assert rest


def test_the_headers_are_those_of_an_event_stream(mount):
    headers = mount().stream().headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache, no-store"
    assert headers["x-accel-buffering"] == "no"
    assert headers["vary"] == "Origin"
    assert "content-length" not in headers
    assert "content-encoding" not in headers
    assert not [name for name in headers if name.startswith("access-control-")]


def must_take_a_second(begin, end):
    """Where the first moment, too, may have been seen too late."""
    stalls.must_take(0.8 - stalls.lost_s(begin - 1, begin), 1.8, begin, end)


def test_a_heartbeat_comment_follows_after_each_interval_of_silence(mount):
    site = mount(heartbeat="1s")
    stream = site.stream()
    length = len(stream.raw)
    opened = stream.items[-1].at
    stream.next_of("comment")  # the opening one
    beats = [stream.next_of("comment", 3) for _ in range(2)]
    assert bytes(stream.raw[length:]) == b":\n:\n", "one line, no empty line after it"
    must_take_a_second(opened, beats[0].at)
    must_take_a_second(beats[0].at, beats[1].at)


def test_output_postpones_the_heartbeat(mount):
    site = mount(heartbeat="1s")
    stream = site.stream()
    stream.next_of("comment")
    begun = time.monotonic()
    for _ in range(8):  # 2 s of events, one every quarter of a second
        site.publish("news", "busy")
        stream.next_event()
        assert not stream.quiet_events(0.25)
    lost_s = stalls.lost_s(begun, time.monotonic())
    assert len(stream.of_kind("comment")) == 1 or lost_s > 0.5, "one is due when nothing came for a second"
    stream.next_of("comment", 3)


def test_heartbeats_are_events_on_request(mount):
    site = mount(heartbeat="1s")
    stream = site.stream("/events?channel=news&heartbeat=event")
    first = stream.next_event(2)
    assert stalls.elapsed_s(stream.items[0].at, first.at) < 0.5, "the first comes at once"
    assert first.id, "and with the position"
    site.publish("news", "still here")
    assert stream.next_event(type="message").text == "still here"
    second = stream.next_event(3)
    must_take_a_second(first.at, second.at)  # whatever else came
    assert (first.type, first.text) == (second.type, second.text) == ("heartbeat", "{}")


@pytest.mark.parametrize("method, status", [("HEAD", 200), ("OPTIONS", 204)])
def test_head_and_options_are_answered_and_ended_at_once(mount, method, status):
    site = mount()
    for target in ("/events?channel=news", "/events/news", "/events"):
        response = site.ask(method, target)
        assert (response.status == status) or (method == "HEAD" and target == "/events" and response.status == 400)
        assert response.body() == b""
    counters.wait_streams(site.responder, 0)


def test_other_methods_get_405_with_allow(mount):
    site = mount()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = site.ask(method, "/events?channel=news", body=b"x=1")
        assert response.status == 405
        assert {word.strip() for word in response.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
        assert response.headers["content-type"].startswith("application/json")
        assert response.error_code()


def test_a_returning_browser_gets_what_it_missed_once(mount):
    site = mount()
    stream = site.stream()
    site.publish("news", "one")
    last_id = stream.next_event().id
    stream.close()
    for text in ("two", "three"):
        site.publish("news", text)
    again = site.stream(headers={"Last-Event-ID": last_id})
    assert [event.text for event in again.next_events(2)] == ["two", "three"]
    site.publish("news", "four")
    assert again.next_event().text == "four"
    assert [e.text for e in again.of_kind("event")] == ["two", "three", "four"]


def test_a_large_message_arrives_whole(mount):
    site = mount()
    stream = site.stream()
    payload = "".join(f"{number:07d} " for number in range(131_072))  # 1 MiB
    assert len(payload) == 1_048_576
    site.publish("news", payload)
    assert stream.next_event(20).text == payload


def test_a_client_that_went_away_is_forgotten_within_a_heartbeat(mount):
    """lighttpd keeps silent about it until the next write."""
    site = mount(heartbeat="1s")
    streams = [site.stream() for _ in range(3)]
    counters.wait_streams(site.responder, 3)
    streams[0].close()
    streams[1].reset()
    counters.wait_streams(site.responder, 1, timeout=4)
    site.publish("news", "to the last")
    assert streams[2].next_event().text == "to the last"


def test_a_killed_responder_comes_back_and_announces_the_gap(mount):
    site = mount()
    stream = site.stream()
    site.publish("news", "before")
    last_id = stream.next_event().id
    if hasattr(site.responder, "restart_after_kill"):
        opener = threading.Thread(target=_poke, args=(site, stream))
        opener.start()
        site.responder.restart_after_kill(signal.SIGKILL)
        opener.join()
    else:
        site.responder.kill()
        stream.wait_end()
        site.responder.restart()
    again = _stream_when_back(site, last_id)
    gap = again.next_event()
    assert (gap.type, gap.json()["channel"], gap.json()["after"]) == ("gap", "news", last_id)
    assert gap.json()["oldest"] is None
    site.publish("news", "after")
    assert again.next_event().text == "after"
    assert [e.type for e in again.of_kind("event")] == ["gap", "message"]


def _poke(site, stream):
    """lighttpd starts a dead process again when it looks after it, at the latest with a request."""
    stream.wait_end()
    _stream_when_back(site, "0").close()


def _stream_when_back(site, last_id):
    """lighttpd answers 500 while its backend dies, and 503 for a moment after it came back."""
    deadline = time.monotonic() + 10
    while True:
        response = site.ask("GET", "/events?channel=news", {"Last-Event-ID": last_id})
        if response.status == 200:
            break
        assert response.status in (500, 503) and time.monotonic() < deadline
        time.sleep(0.05)
    response.close()
    return site.stream(headers={"Last-Event-ID": last_id})


def test_no_event_reaches_the_wrong_channel_or_another_case(mount):
    site = mount()
    news, upper = site.stream(), site.stream("/events?channel=News")
    site.publish("news", "small")
    site.publish("News", "capital")
    assert news.next_event().text == "small"
    assert upper.next_event().text == "capital"
    assert not news.quiet_events(0.2)


def test_the_page_is_served_with_a_content_security_policy(mount):
    site = mount()
    page = site.ask("GET", "/")
    assert page.status == 200
    assert page.headers["content-security-policy"] == "default-src 'self'"
    assert page.headers["content-type"].startswith("text/html")
    assert b"<script" in page.body()
    response = web.HttpResponse(site.lighttpd.address, "GET", "/push.js")
    assert response.headers["content-type"].startswith("text/javascript")
