# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of a payload: lines, envelopes, bytes that try to be more than data."""

import json
import re

import pytest

EVENT_ID = re.compile(r"\d+-\d+\.[^~]+(~.+)?")


@pytest.fixture
def pair(common):
    """publish(payload) -> the event that a conforming reader sees, alone."""
    stream = common.stream(common.shared_responder)

    def publish(payload):
        before, raw = len(stream.items), len(stream.raw)
        common.redis.publish("news", payload)
        event = stream.next_event()
        common.redis.publish("news", "fence")
        assert stream.next_event().text == "fence", "more than one event came of the payload"
        kinds = [item.kind for item in stream.items[before:]]
        assert kinds in (["event", "event"], ["retry", "event", "event"]), kinds
        assert EVENT_ID.fullmatch(event.id), event.id
        event.retries = [item.retry_ms for item in stream.items[before:] if item.kind == "retry"]
        event.raw = bytes(stream.raw[raw:])
        return event

    return publish


HOSTILE = {
    "forged id": "x\nid: 666\n",
    "forged event": "x\nevent: evil",
    "forged retry": "x\r\nretry: 1",
    "a bare CR": "x\rid: 666\revent: evil\r\rdata: second",
    "a whole event": "x\n\nid: 6\nevent: evil\ndata: second\n\n",
    "CRLF": "x\r\n\r\ndata: second\r\n\r\n",
    "CR CR LF LF": "a\r\r\n\nb",
    "only line ends": "\r\n\r\n\n\n\r\r",
    "a comment": ":comment\n: comment",
    "leading space": "  two spaces\n one\n",
    "NUL": "a\0b\nid: \0",
    "a BOM": "\ufeffdata",
    "line separators that are none": "a\u2028b\u2029c\x0bd\x0ce\x85f",
    "fields": "data: x\nid\nevent\nretry",
    "empty": "",
    "one LF": "\n",
    "U+0085": "a\u0085b",
    "four bytes": "\U0001f600 \U0010ffff",
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_payload_injects_a_field(pair, payload):
    event = pair(payload)
    assert event.text == payload.replace("\r\n", "\n").replace("\r", "\n")
    assert event.type == "message"
    assert not event.retries


@pytest.mark.parametrize(
    "payload",
    [b"\xff", b"a\xc3", b"\xc3(", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xafx"]
    + [b"ok \xf0\x9f\x98 ok", b"\xc3\nid: 666\n", b"\xe2\x0d\x0aevent: evil", bytes(range(256))],
    ids=repr,
)
def test_bytes_that_are_not_utf8_become_replacement_characters(pair, payload):
    event = pair(payload)
    # Python replaces maximal subparts, as the Unicode standard recommends and browsers do.
    expected = payload.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    assert event.text == expected
    assert event.type == "message" and not event.retries
    event.raw.decode("utf-8")  # the stream itself is clean


def test_the_fields_stand_in_order_and_message_is_not_named(pair):
    raw = pair(json.dumps({"data": "a\nb", "id": "x1", "event": "note", "retry": 2500})).raw
    fields = [line.split(b":")[0] for line in raw.split(b"\n\n")[0].split(b"\n")]
    assert fields == [b"id", b"event", b"retry", b"data", b"data"]
    plain = pair("a").raw.split(b"\n\n")[0]
    assert [line.split(b":")[0] for line in plain.split(b"\n")] == [b"id", b"data"]
    assert b"event:" not in pair('{"data":"a","event":"message"}').raw


def test_an_envelope_gives_id_event_retry_and_data(pair):
    event = pair('{"id": "order-17", "event": "order", "retry": 4000, "data": "text"}')
    assert (event.text, event.type, event.retries) == ("text", "order", [4000])
    assert event.id.endswith("~order-17")
    assert pair('{"id": 101, "data": ""}').id.endswith("~101")


@pytest.mark.parametrize(
    "source, sent",
    [
        ('"a\\nb\\u00e9\\ud83d\\ude00"', "a\nb\u00e9\U0001f600"),
        ('"x\\r\\nid: 6\\u000aevent: evil"', "x\nid: 6\nevent: evil"),
        ('"nul \\u0000 inside"', "nul \0 inside"),
        ('""', ""),
        ("1.10", "1.10"),
        ("12345678901234567890.123456789012345678901", "12345678901234567890.123456789012345678901"),
        ("1E400", "1E400"),
        ("true", "true"),
        ("null", "null"),
        ('{ "b" : [ 1 , 2.50 , "x  y" ] ,\n "a" : { } }', '{"b":[1,2.50,"x  y"],"a":{}}'),
        ('[ ]', "[]"),
        ('{"b":1,"a":2,"b":3}', '{"b":1,"a":2,"b":3}'),
        ('"\\ud800 alone"', "\ufffd alone"),
    ],
)
def test_the_data_of_an_envelope_is_its_characters_or_its_source(pair, source, sent):
    assert pair(f' {{ "data" : {source} , "event" : "e" }} ').text == sent


NO_ENVELOPE = [
    '{"id": 1795226441, "message": "welcome"}',
    '{"data": "x", "other": 1}',
    '{"event": "x"}',
    '{ "a" : 1 }',
    "{}",
    "[1, 2]",
    '"text"',
    "17",
    '{"data": "x",}',
    '{"data": "x"} trailing',
    "{'data': 'x'}",
    '{"data": 01}',
    '{"data": NaN}',
    '{"data": "x" /* comment */}',
    '{"data": "tab\there"}',
    '{"Data": "x"}',
    '{"data": "x"',
    '{"data": +1}',
    '{"data": "\\x"}',
]


@pytest.mark.parametrize("payload", NO_ENVELOPE)
def test_what_is_no_envelope_passes_byte_for_byte(pair, payload):
    event = pair(payload)
    assert event.text == payload
    assert event.type == "message"
    assert "~" not in event.id


@pytest.mark.parametrize(
    "member",
    ['"event": "gap"', '"event": "heartbeat"', '"event": "a\\nb"', '"event": "a\\rb"']
    + ['"event": "a\\u0000b"', '"event": ""', f'"event": "{"e" * 129}"', '"event": 5', '"event": null']
    + ['"id": "a b"', '"id": "a~b"', '"id": "a\\nb"', '"id": ""', '"id": 1.5', '"id": {}', '"id": true', '"id": "é"']
    + [f'"id": "{"i" * 65}"', '"id": "a(b"', '"id": "a\\"b"', '"id": "a:b"', '"id": "a\\\\b"', '"id": "a{b}"']
    + ['"retry": 0', '"retry": -1', '"retry": 86400001', '"retry": 1.5', '"retry": "1000"', '"retry": null']
    + ['"retry": 1e300', '"retry": 99999999999999999999'],
)
def test_an_invalid_member_is_dropped_and_the_message_goes_out(pair, member):
    event = pair(f'{{"data": "still here", {member}}}')
    assert event.text == "still here"
    assert event.type == "message"
    assert "~" not in event.id
    assert not event.retries


@pytest.mark.parametrize("member, attribute, value", [
    ('"event": "' + "e" * 128 + '"', "type", "e" * 128),
    ('"event": "grüße 5: ok"', "type", "grüße 5: ok"),
    ('"retry": 1', "retries", [1]),
    ('"retry": 86400000', "retries", [86_400_000]),
])
def test_members_at_their_limits_are_good(pair, member, attribute, value):
    assert getattr(pair(f'{{"data": "x", {member}}}'), attribute) == value


def test_an_application_id_at_its_limits_is_good(pair):
    for value in ("i" * 64, "a-b_c.d/e+f=g,h!", "-5"):
        assert pair(json.dumps({"data": "x", "id": value})).id.endswith("~" + value)
    assert pair('{"data": "x", "id": 12345678901234567890123}').id.endswith("~12345678901234567890123")
