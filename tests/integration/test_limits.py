# SPDX-License-Identifier: BSD-2-Clause
"""Limits: of requests, messages, time, and of a client that does not read."""

import time

import counters
import fastcgi
import pytest
import stalls
from fastcgi import KEEP_CONN, begin, pairs, params_of, record, request
from process import free_port

QUICK = params_of("channel=news", method="HEAD")
PIECES = {
    "half a header": begin()[:3],
    "BEGIN": begin(),
    "some PARAMS": begin() + record(fastcgi.PARAMS, 1, pairs(QUICK)),
    "no STDIN": begin() + record(fastcgi.PARAMS, 1, pairs(QUICK)) + record(fastcgi.PARAMS, 1),
    "half a STDIN": request(QUICK)[:-1],
}


@pytest.mark.parametrize("piece", list(PIECES))
def test_an_incomplete_request_is_closed_after_its_time(stage, piece):
    responder = stage.responder(request_timeout="1s")
    connection, started = stage.connect(responder), time.monotonic()
    connection.send(PIECES[piece])
    assert connection.wait_closed(4) == []
    stalls.must_take(0.8, 2.5, started)


def test_trickling_bytes_do_not_prolong_the_time(stage):
    connection, started = stage.connect(stage.responder(request_timeout="1s")), time.monotonic()
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        for byte in request({**QUICK, "HTTP_X": "x" * 200}):
            connection.send(bytes([byte]))
            time.sleep(0.05)
    stalls.must_take(0.8, 2.5, started)


def test_a_kept_connection_may_rest_between_requests(stage):
    connection = stage.connect(stage.responder(request_timeout="1s"))
    connection.ask(QUICK, flags=KEEP_CONN)
    with pytest.raises(TimeoutError):
        connection.read_record(1.6)
    assert connection.ask(QUICK).status == 200


def test_a_stream_is_not_bound_by_the_time_for_requests(stage):
    stream = stage.stream(stage.responder(request_timeout="1s"))
    assert not stream.quiet_events(1.6)
    stage.redis.publish("news", "still here")
    assert stream.next_event().text == "still here"


def test_parameters_above_max_request_are_closed(stage):
    responder = stage.responder(max_request="4k")
    stage.connect(responder).ask({**QUICK, "HTTP_COOKIE": "c" * 3500})
    for size in (4200, 60_000, 1_000_000):
        connection = stage.connect(responder)
        try:
            connection.send(request({**QUICK, "HTTP_COOKIE": "c" * size}))
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed before all was sent
        assert connection.wait_closed(2) == []
    assert stage.ask(responder, "channel=news", method="HEAD").status == 200


def test_64k_of_parameters_are_good_by_default(stage):
    assert stage.connect(stage.responder()).ask({**QUICK, "HTTP_COOKIE": "c" * 60_000}).status == 200


def test_an_announced_body_above_max_request_gets_413(stage):
    responder = stage.responder(max_request="4k")
    connection = stage.connect(responder)
    connection.send(begin() + record(fastcgi.PARAMS, 1, pairs(params_of(method="POST", CONTENT_LENGTH="5000"))))
    connection.send(record(fastcgi.PARAMS, 1))
    response = connection.response()
    assert response.status == 413
    assert response.error_code()
    small = params_of("channel=news", method="POST", CONTENT_LENGTH="4")
    assert stage.connect(responder).ask(small, body=b"body").status == 405


def test_a_body_larger_than_announced_harms_nobody(stage):
    responder = stage.responder(max_request="4k")
    connection = stage.connect(responder)
    try:
        connection.send(request(params_of("channel=a", "POST", CONTENT_LENGTH="4"), body=b"b" * 200_000))
        connection.wait_closed(2)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert stage.ask(responder, "channel=news", method="HEAD").status == 200


# --- Messages ---


def test_a_message_of_max_message_passes_and_a_larger_one_is_refused(stage):
    responder = stage.responder()
    stream = stage.stream(responder)
    stage.redis.publish("news", b"x" * 1_048_576)
    stage.redis.publish("news", b"y" * 1_048_577)
    stage.redis.publish("news", "after")
    assert stream.next_event(20, "message").text == "x" * 1_048_576
    assert stream.next_event(20, "message").text == "after"


@pytest.mark.parametrize("size", [65_500, 65_535, 65_536, 65_537, 131_070, 200_000])
def test_messages_around_the_size_of_a_record_are_whole(stage, size):
    responder = stage.responder()
    stream = stage.stream(responder)
    text = "".join(f"{n:07x}\n" for n in range(size // 8 + 1))[:size]
    stage.redis.publish("news", text)
    assert stream.next_event(10).text == text


def test_max_message_is_an_option(stage):
    responder = stage.responder(max_message="1k")
    stream = stage.stream(responder)
    stage.redis.publish_all("news", ["x" * 1024, "y" * 1025, "after"])
    texts = [stream.next_event(type="message").text for _ in range(2)]
    assert texts == ["x" * 1024, "after"]


# --- Clients that read slowly, or not ---


def payloads(count, size):
    return [f"{number:06d}" + "." * (size - 6) for number in range(count)]


@pytest.mark.parametrize("receive_buffer, sip", [(2048, 997), (4096, 1)])
def test_what_a_slow_reader_gets_in_sips_is_exact(stage, receive_buffer, sip):
    responder = stage.responder(listen=f"127.0.0.1:{free_port()}")
    connection = stage.connect(responder, receive_buffer=receive_buffer)
    stream = connection.open_stream()
    fast = stage.stream(responder)
    sent = payloads(300, 5000 if sip > 1 else 100)
    stage.redis.publish_all("news", sent)
    connection.socket = Sipper(connection.socket, sip)
    assert [event.text for event in stream.next_events(300, 30)] == sent
    assert [event.text for event in fast.next_events(300, 30)] == sent


class Sipper:
    """A socket that is read a few bytes at a time."""

    def __init__(self, socket, sip):
        self._socket, self._sip = socket, sip

    def recv(self, _):
        return self._socket.recv(self._sip)

    def __getattr__(self, name):
        return getattr(self._socket, name)


def test_a_client_that_does_not_read_falls_off_the_ring_alone(stage):
    responder = stage.responder(history_length=50)
    stuck, reader = stage.stream(responder), stage.stream(responder)
    sent = payloads(600, 10_000)
    for start in range(0, 600, 40):  # less than a ring at a time: the reader keeps up
        stage.redis.publish_all("news", sent[start : start + 40])
        assert [event.text for event in reader.next_events(40, 20)] == sent[start : start + 40]
    found = counters.wait(responder, lambda c: c["streams.lagged"] == 1)
    assert found["streams.open"] == 1
    stuck.wait_end()
    got = [event.text for event in stuck.of_kind("event")]
    assert got == sent[: len(got)] and len(got) < 600, "what it got is an unbroken beginning"

    again = stage.stream(responder, HTTP_LAST_EVENT_ID=stuck.last_id)
    gap, *retained = again.next_events(51)
    assert (gap.type, gap.json()["after"]) == ("gap", stuck.last_id)
    assert [event.text for event in retained] == sent[-50:]


def test_a_client_that_does_not_read_behind_lighttpd_disturbs_nobody(stage):
    responder = stage.responder(history_length=50)
    lighttpd = stage.lighttpd(responder)
    stuck = stage.http_stream(lighttpd, receive_buffer=4096)
    reader = stage.http_stream(lighttpd)
    sent = payloads(400, 50_000)  # 20 MB; lighttpd and the kernel buffer about 4.3 MB for one client
    for start in range(0, 400, 40):
        stage.redis.publish_all("news", sent[start : start + 40])
        assert [event.text for event in reader.next_events(40, 20)] == sent[start : start + 40]
    counters.wait(responder, lambda c: c["streams.lagged"] == 1)
    counters.wait_streams(responder, 1)
    stuck.close()


def test_one_client_with_much_to_read_does_not_starve_the_others(stage):
    """A flush has a budget a turn."""
    responder = stage.responder(history_length=1000)
    busy, quiet = stage.stream(responder, "channel=busy"), stage.stream(responder, "channel=quiet")
    stage.redis.publish_all("busy", payloads(900, 20_000))
    stage.redis.publish("quiet", "me too")
    assert quiet.next_event(5).text == "me too"
    assert [event.text[:6] for event in busy.next_events(900, 30)] == [f"{n:06d}" for n in range(900)]
