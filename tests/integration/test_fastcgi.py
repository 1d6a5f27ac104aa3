# SPDX-License-Identifier: BSD-2-Clause
"""FastCGI 1.0, spoken straight to sse.fcgi: right, wrong, in pieces."""

import socket
import struct
import time

import counters
import fastcgi
import pytest
import workers
from fastcgi import KEEP_CONN, begin, pairs, params_of, record, request, stream_records

QUICK = params_of("channel=news", method="HEAD")  # a request that is answered and ended at once


@pytest.fixture
def connect(common):
    return lambda **how: common.connect(common.shared_responder, **how)


def ends(records):
    return [(r.id, *struct.unpack("!IB3x", r.content)) for r in records if r.type == fastcgi.END_REQUEST]


# --- Splits ---


@pytest.mark.parametrize("step", [1, 2, 3, 7, 8, 9, 64])
def test_a_request_may_come_in_pieces_of_any_size(connect, step):
    connection = connect()
    connection.send(request(QUICK, padding=5), step)
    assert connection.response().status == 200


def test_a_request_may_be_cut_at_every_byte(connect):
    data = request(QUICK, flags=KEEP_CONN)
    connection = connect()
    for cut in range(1, len(data)):
        connection.send(data[:cut])
        connection.send(data[cut:])
        response = connection.response()
        assert response.status == 200 and response.ended_properly, f"cut at {cut}"


def test_a_parameter_may_be_cut_by_records_at_every_byte(connect):
    connection = connect()
    encoded = pairs({**QUICK, "HTTP_X_LONG": "x" * 200})
    for cut in range(1, len(encoded), 3):
        two = record(fastcgi.PARAMS, 1, encoded[:cut], 3) + record(fastcgi.PARAMS, 1, encoded[cut:], 1)
        connection.send(begin(1, flags=KEEP_CONN) + two + record(fastcgi.PARAMS, 1) + record(fastcgi.STDIN, 1))
        assert connection.response().status == 200, f"cut at {cut}"


def test_the_pieces_may_be_far_apart(connect):
    """Apache sends BEGIN, PARAMS and STDIN in writes of their own."""
    connection = connect()
    for piece in (begin(), stream_records(fastcgi.PARAMS, 1, pairs(QUICK)), record(fastcgi.STDIN, 1)):
        connection.send(piece)
        time.sleep(0.1)
    assert connection.response().status == 200


def test_a_thousand_byte_writes_do_not_make_it_spin(common, connect):
    connection = connect()
    connection.send(request(QUICK)[:-1])
    before = workers.cpu_seconds(common.shared_responder.pid)
    time.sleep(0.5)
    assert workers.cpu_seconds(common.shared_responder.pid) - before < 0.2
    connection.send(request(QUICK)[-1:])
    assert connection.response().status == 200


# --- Connections ---


def test_without_keep_conn_the_connection_is_closed_after_the_response(connect):
    connection = connect()
    assert connection.ask(QUICK).ended_properly
    assert connection.wait_closed(2) == []


def test_a_kept_connection_serves_one_request_after_the_other(connect):
    connection = connect()
    for number in range(50):
        id_ = number % 3 + 1
        response = connection.ask(QUICK, flags=KEEP_CONN, id_=id_)
        assert response.status == 200 and response.ended_properly
    with pytest.raises(TimeoutError):
        connection.read_record(0.2)


def test_the_last_request_without_keep_conn_closes(connect):
    connection = connect()
    connection.ask(QUICK, flags=KEEP_CONN)
    connection.ask(QUICK)
    assert connection.wait_closed(2) == []


@pytest.mark.parametrize("step", [None, 1, 13])
def test_pipelined_requests_are_answered_in_order(connect, step):
    connection = connect()
    methods = ["HEAD", "OPTIONS", "POST", "GET"] * 5
    wanted = {"HEAD": 200, "OPTIONS": 204, "POST": 405, "GET": 400}
    requests = [request(params_of("channel=log" if m == "GET" else "channel=a", m), flags=KEEP_CONN) for m in methods]
    connection.send(b"".join(requests), step)
    assert [connection.response().status for _ in methods] == [wanted[method] for method in methods]


@pytest.mark.parametrize("id_", [1, 2, 255, 256, 65535])
def test_any_request_id_is_good(connect, id_):
    assert connect().ask(QUICK, id_=id_).ended_properly


def test_an_abort_ends_the_stream_and_keeps_the_connection(common, connect):
    connection = connect()
    stream = connection.open_stream(flags=KEEP_CONN)
    counters.wait_streams(common.shared_responder, 1)
    connection.send(record(fastcgi.ABORT_REQUEST, 1))
    assert stream.wait_end() in (True, False)
    assert stream.source.end is not None, "END_REQUEST is owed"
    counters.wait_streams(common.shared_responder, 0)
    assert connection.ask(QUICK).status == 200


def test_an_abort_of_a_half_arrived_request_is_answered(connect):
    connection = connect()
    half = begin(1, flags=KEEP_CONN) + record(fastcgi.PARAMS, 1, pairs(QUICK))
    connection.send(half + record(fastcgi.ABORT_REQUEST, 1))
    records = [connection.read_record()]
    while records[-1].type != fastcgi.END_REQUEST:
        records.append(connection.read_record())
    assert connection.ask(QUICK).status == 200


@pytest.mark.parametrize("way", ["close", "reset", "half-close"])
def test_a_disconnect_is_noticed_at_once(common, connect, way):
    connection = connect()
    connection.open_stream()
    counters.wait_streams(common.shared_responder, 1)
    if way == "half-close":
        connection.socket.shutdown(socket.SHUT_WR)
    elif way == "reset":
        connection.reset()
    else:
        connection.close()
    counters.wait_streams(common.shared_responder, 0)  # long before the next heartbeat
    counters.wait(common.shared_responder, lambda c: c["connections.open"] == 0)


def test_an_early_empty_stdin_and_a_late_one_do_not_end_the_stream(common, connect):
    connection = connect()
    stream = connection.open_stream()
    connection.send(record(fastcgi.STDIN, 1) + record(fastcgi.DATA, 1))
    common.redis.publish("news", "still open")
    assert stream.next_event().text == "still open"


# --- Management records ---


def values(connection, names, padding=0):
    connection.send(record(fastcgi.GET_VALUES, 0, pairs([(name, "") for name in names]), padding))
    answer = connection.read_record()
    assert (answer.type, answer.id) == (fastcgi.GET_VALUES_RESULT, 0)
    return fastcgi.parse_pairs(answer.content)


def test_get_values_names_the_limits(connect):
    found = values(connect(), ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"], padding=7)
    assert sorted(name for name, _ in found) == ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"]
    assert dict(found)["FCGI_MPXS_CONNS"] == "0"
    assert int(dict(found)["FCGI_MAX_CONNS"]) >= 1000


def test_get_values_ignores_what_it_does_not_know(connect):
    connection = connect()
    assert values(connection, ["FCGI_MPXS_CONNS", "FCGI_OTHER", "", "x" * 300]) == [("FCGI_MPXS_CONNS", "0")]
    assert values(connection, ["nothing known"]) == []
    assert connection.ask(QUICK).status == 200


def test_get_values_answers_each_name_once(connect):
    connection = connect()
    assert values(connection, ["FCGI_MPXS_CONNS"] * 40) == [("FCGI_MPXS_CONNS", "0")]
    assert len(values(connection, ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"] * 1000)) == 3
    assert connection.ask(QUICK).status == 200


def test_get_values_is_answered_in_the_midst_of_a_stream(common, connect):
    connection = connect()
    stream = connection.open_stream()
    connection.send(record(fastcgi.GET_VALUES, 0, pairs([("FCGI_MPXS_CONNS", "")])))
    assert connection.read_record().type == fastcgi.GET_VALUES_RESULT
    common.redis.publish("news", "after")
    assert stream.next_event().text == "after"


@pytest.mark.parametrize("content", [b"\x05", b"\x05\x00ab", b"\xff\xff\xff\xff\xff\xff\xff\xff", b"\x80\x00\x00"])
def test_malformed_get_values_harm_nobody(common, connect, content):
    connection = connect()
    connection.send(record(fastcgi.GET_VALUES, 0, content))
    assert common.ask(common.shared_responder, "channel=news", method="HEAD").status == 200


@pytest.mark.parametrize("type_", [0, 12, 99, 255])
def test_an_unknown_management_record_is_named_as_unknown(connect, type_):
    connection = connect()
    connection.send(record(type_, 0, b"whatever", 3))
    answer = connection.read_record()
    assert (answer.type, answer.id, answer.content) == (fastcgi.UNKNOWN_TYPE, 0, bytes([type_]) + bytes(7))
    assert connection.ask(QUICK).status == 200


@pytest.mark.parametrize("role", [fastcgi.AUTHORIZER, fastcgi.FILTER, 0, 4, 65535])
def test_an_unknown_role_is_refused_by_name(connect, role):
    connection = connect()
    connection.send(request(QUICK, role=role, flags=KEEP_CONN, id_=7))
    answer = connection.read_record()
    assert ends([answer]) == [(7, 0, fastcgi.UNKNOWN_ROLE)]
    assert connection.ask(QUICK).status == 200, "the connection goes on"


def test_a_second_request_at_a_time_is_refused(common, connect):
    connection = connect()
    stream = connection.open_stream(flags=KEEP_CONN)
    connection.send(request(QUICK, id_=2, flags=KEEP_CONN))
    assert ends([connection.read_record()]) == [(2, 0, fastcgi.CANT_MPX_CONN)]
    common.redis.publish("news", "the first goes on")
    assert stream.next_event().text == "the first goes on"


def test_records_of_requests_that_do_not_exist_are_ignored(connect):
    connection = connect()
    connection.send(record(fastcgi.PARAMS, 9, b"xyz") + record(fastcgi.STDIN, 9) + record(fastcgi.ABORT_REQUEST, 9))
    assert connection.ask(QUICK).status == 200


# --- Parameters ---


def test_a_parameter_set_twice_counts_as_set_last(common, connect):
    twice = [("QUERY_STRING", "channel=log"), *params_of("channel=news").items()]
    connection = connect()
    connection.send(request(twice))
    response = fastcgi.Response(connection)
    response.read_head()
    assert response.status == 200
    first = [*params_of("channel=news").items(), ("QUERY_STRING", "channel=log")]
    assert connect().ask(first).status == 400


HUGE = b"\xff\xff\xff\xff"
IMPOSSIBLE = {
    "a value of 2 GB": b"\x04" + HUGE + b"NAME",
    "a name of 2 GB": HUGE + b"\x00" + b"NAME",
    "both of 2 GB": HUGE * 2 + b"NAME",
    "a sum of 2 GB": b"\xc0\x00\x00\x00" * 2 + b"NAME",
    "a sum of 4 GB less 2": b"\xff\xff\xff\xff\xff\xff\xff\xff",
    "a negative sum": b"\xe0\x00\x00\x00\xbf\xff\xff\xff",
    "a value cut off": b"\x04\x50NAME",
    "a length cut off": b"\x84\x00",
    "a second length missing": b"\x04",
}


@pytest.mark.parametrize("tail", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_parameters_with_impossible_lengths_end_at_most_their_connection(common, connect, tail, method):
    connection = connect()
    encoded = pairs(params_of("channel=news", method)) + tail
    connection.send(begin() + stream_records(fastcgi.PARAMS, 1, encoded) + record(fastcgi.STDIN, 1))
    assert connection.wait_closed(2) == []
    assert common.ask(common.shared_responder, "channel=news", method="HEAD").status == 200


def test_the_smallest_request_is_answered(connect):
    """RFC 3875 lets a server leave out what is empty."""
    assert connect().ask({"REQUEST_METHOD": "HEAD", "QUERY_STRING": "channel=a"}).status == 200
    assert connect().ask({"REQUEST_METHOD": "OPTIONS"}).status == 204
    assert connect().ask({}).status in (400, 405)


@pytest.mark.parametrize("length", ["", None, "0", "junk", "-1", "99999999999999999999"])
def test_any_content_length_of_a_get_is_survived(common, connect, length):
    connection = connect()
    connection.send(request(params_of("channel=news", CONTENT_LENGTH=length)))
    response = fastcgi.Response(connection)
    response.read_head()
    assert response.status == 200 if length in ("", None, "0") else response.status in (200, 400, 413)
