# SPDX-License-Identifier: BSD-2-Clause
"""Thousands of connections that speak nonsense, or nearly FastCGI, beside streams that must not notice."""

import os
import random

import counters
import fastcgi
import pytest
from fastcgi import KEEP_CONN, begin, pairs, params_of, record, request
from process import until

SEED = int(os.environ.get("FCGI_PUSH_SEED", "20261121"))
GOOD = [
    request(params_of("channel=news", method="HEAD"), padding=3),
    request(params_of("channel=news,b&lastEventId=1-1.x"), flags=KEEP_CONN),
    request(params_of("", path_info="/a,b", HTTP_LAST_EVENT_ID="1700000000000-0", HTTP_ORIGIN="https://a.example")),
    request(params_of("channel=news", "POST", CONTENT_LENGTH="9"), body=b"some body"),
    request(params_of("channel=%61&x=%zz"), flags=KEEP_CONN) + record(fastcgi.ABORT_REQUEST, 1),
    record(fastcgi.GET_VALUES, 0, pairs([("FCGI_MAX_CONNS", ""), ("FCGI_MPXS_CONNS", "")])) + begin(7, 2),
    request(params_of("channel=a"), flags=KEEP_CONN) + request(params_of("channel=b"), id_=2),
]


def random_bytes(chance):
    data = chance.randbytes(chance.choice([1, 7, 8, 9, 30, 200, 2000]))
    return b"\x01" + data if chance.random() < 0.5 else data  # half of them with the right version


def flipped_bits(chance):
    data = bytearray(chance.choice(GOOD))
    for _ in range(chance.choice([1, 1, 1, 2, 5, 20])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data[: chance.randrange(1, len(data))] if chance.random() < 0.2 else data)


def header_soup(chance):
    """Right headers with wrong contents, in any order."""
    soup = b""
    for _ in range(chance.randrange(1, 8)):
        content = chance.randbytes(chance.choice([0, 1, 8, 100]))
        soup += record(chance.randrange(13), chance.choice([0, 1, 1, 2]), content, chance.choice([0, 0, 255]))
    return soup


def throw(responder, data, chance):
    connection = fastcgi.Connection(responder.path, timeout=20)
    try:
        connection.send(data, chance.choice([None, None, None, 50]))
        if chance.random() < 0.02:
            connection.socket.settimeout(0.05)
            connection.socket.recv(100)
    except (BrokenPipeError, ConnectionResetError, TimeoutError):
        pass
    connection.close()


@pytest.mark.parametrize("make", [random_bytes, flipped_bits, header_soup])
@pytest.mark.parametrize("count", [1000, pytest.param(100_000, marks=pytest.mark.long)])
def test_malformed_connections_disturb_nobody_and_leave_nothing(stage, make, count):
    responder = stage.responder(request_timeout="1s")
    chance = random.Random(SEED)
    live = [stage.stream(responder) for _ in range(5)]
    descriptors = len(os.listdir(f"/proc/{responder.pid}/fd"))
    rounds = 20
    for number in range(rounds):
        for _ in range(count // rounds):
            throw(responder, make(chance), chance)
        stage.redis.publish("news", f"round {number}")
        for stream in live:
            assert stream.next_event(20).text == f"round {number}"
    counters.wait(responder, lambda c: c["connections.open"] == 5 and c["streams.open"] == 5, 10)
    until(lambda: len(os.listdir(f"/proc/{responder.pid}/fd")) <= descriptors, "all descriptors are closed")
    for stream in live:
        assert [event.type for event in stream.of_kind("event")] == ["message"] * rounds
