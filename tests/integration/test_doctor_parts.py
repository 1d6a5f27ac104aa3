# SPDX-License-Identifier: BSD-2-Clause
"""The parts of examples/doctor, each by itself, and its judgement of answers that no sound server gives."""

import ast
import contextlib
import os
import socket
import subprocess
import sys
import threading
import zlib

import pytest
from servers import TOP
from test_doctor import DOCTOR, Finding

PARTS = TOP / "examples" / "doctor.d"
sys.path.append(str(PARTS))

import advice  # noqa: E402
import delivery  # noqa: E402
import event_stream  # noqa: E402
import http1  # noqa: E402
import http2  # noqa: E402
import opening  # noqa: E402
import resp  # noqa: E402
import wire  # noqa: E402
from target import Target  # noqa: E402

# --- The parser of event streams ---

STREAM = ": hello\nretry: 3000\nid: 7\n\nid: 8\nevent: order\ndata: a\ndata:b\n\n:\ndata: é\n\nevent: x\n\nid: 9\n"
ITEMS = [
    ("comment", " hello", "", ""),
    ("retry", "3000", "", ""),
    ("position", "", "", "7"),
    ("event", "a\nb", "order", "8"),
    ("comment", "", "", ""),
    ("event", "é", "message", "8"),
]


def parse(pieces):
    parser = event_stream.Parser()
    return parser, [item for piece in pieces for item in parser.feed(piece, 0.0)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_stream_is_parsed_however_it_is_cut(end, step):
    data = STREAM.replace("\n", end).encode() + b"x"
    parser, items = parse(data[at : at + step] for at in range(0, len(data), step))
    assert [(item.kind, item.text, item.type, item.id) for item in items] == ITEMS
    assert parser.last_id == "8", "an id counts when its block has ended"


def test_a_byte_order_mark_and_broken_bytes_end_nothing():
    _, items = parse([b"\xef\xbb\xbfdata: a\xff\n\n"])
    assert [item.text for item in items] == ["a\ufffd"]


@pytest.mark.parametrize(
    "text, is_farewell",
    [
        (": hi\nretry: 1\nid: 1\n\n", False),
        (": hi\nretry: 1\nid: 1\n\nretry: 2\nid: 1\n\n", True),
        (": hi\nretry: 1\nid: 1\n\n:\n", False),
    ],
)
def test_a_farewell_is_told_from_an_opening(text, is_farewell):
    class Ended:
        is_ended = True

    stream = event_stream.Stream(Ended())
    stream.items = parse([text.encode()])[1]
    assert stream.has_farewell() == is_farewell


# --- The judgement of delays ---

STEPS = [step * 0.05 for step in range(20)]


@pytest.mark.parametrize(
    "delays, verdict",
    [
        ([0.001] * 20, None),
        ([0.0106] * 20, "late"),
        ([1.5] * 20, "late"),
        ([0.001] * 19 + [1.5], "stalled"),
        ([0.001] * 18 + [0.06, 0.01], None),  # one that the machine held up takes the next one along
        ([0.001] * 2 + 3 * ([0.001] * 3 + [0.12, 0.07, 0.02]), None),  # or stands still now and then
        ([0.25 - step % 0.25 for step in STEPS], "bundled"),
        ([1.0 - step for step in STEPS], "bundled"),
    ],
)
def test_delays_are_classified(delays, verdict):
    assert delivery.classify(delays, STEPS, 0.0005) == verdict


def test_the_way_to_a_server_is_no_delay():
    assert delivery.classify([0.05] * 20, STEPS, 0.045) is None


# --- Advice ---


@pytest.mark.parametrize("finding", advice.ADVICE)
def test_every_finding_has_advice_for_every_server(finding):
    assert advice.ADVICE[finding].keys() == set(advice.SERVERS)
    for server in (*advice.SERVERS, "other"):
        for hint in advice.lookup(server, finding, "/mount"):
            assert hint.why.strip() == hint.why and len(hint.why) > 20
            assert "{mount}" not in "".join(hint.lines) and "}}" not in "".join(hint.lines)


def test_checks_and_advice_know_the_same_findings():
    sources = [path.read_text() for path in PARTS.glob("*.py")]
    calls = [node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    told = [call for call in calls if getattr(call.func, "attr", "") in ("problem", "warning") and len(call.args) == 3]
    named = {call.args[2].value for call in told if isinstance(call.args[2], ast.Constant)}
    assert named and named <= advice.ADVICE.keys()
    assert set(opening.STATUS_FINDINGS.values()) <= advice.ADVICE.keys()
    unused = [finding for finding in advice.ADVICE if "".join(sources).count(f'"{finding}"') < 2]
    assert not unused, "advice that no check asks for"


@pytest.mark.parametrize(
    "header, kind",
    [
        ("lighttpd/1.4.69", "lighttpd"),
        ("Apache/2.4.57 (Debian)", "apache"),
        ("nginx", "nginx"),
        ("cloudflare", "other"),
        ("", "other"),
    ],
)
def test_servers_are_known_by_their_header(header, kind):
    assert advice.kind_of(header) == kind


def test_an_unknown_server_gets_the_lines_of_all():
    hints = advice.lookup("other", "buffered", "/events")
    assert [hint.why.split(":")[0] for hint in hints] == list(advice.SERVERS)
    assert len(advice.lookup("other", "redirected", "/events")) == 1


# --- HTTP/2 ---


@pytest.mark.parametrize(
    "length, octets",
    [(0, "00"), (10, "0a"), (126, "7e"), (127, "7f00"), (254, "7f7f"), (255, "7f8001"), (1337, "7fba09")],
)
def test_lengths_are_integers_with_a_prefix_of_seven_bits(length, octets):
    assert http2.literal("a", "x" * length) == bytes.fromhex("000161" + octets) + b"x" * length


def test_a_literal_is_not_indexed_and_not_huffman_coded():
    expected = "00" + "0a637573746f6d2d6b6579" + "0d637573746f6d2d686561646572"  # RFC 7541, C.2.1, unindexed
    assert http2.literal("custom-key", "custom-header").hex() == expected


@pytest.mark.parametrize("step", [1, 8, 9, 10, 1000])
def test_frames_are_cut_out_of_any_pieces(step):
    data = http2.frame(4, 0, 0) + http2.frame(0, 1, 2**31 - 1, b"payload") + http2.frame(6, 0, 0, b"x" * 300) + b"\0"
    frames = http2.Frames()
    found = [one for at in range(0, len(data), step) for one in frames.feed(data[at : at + step])]
    assert found == [(4, 0, 0, b""), (0, 1, 2**31 - 1, b"payload"), (6, 0, 0, b"x" * 300)]


# --- Addresses ---


@pytest.mark.parametrize(
    "url, authority, resource",
    [
        ("http://host", "host", "/?channel=x"),
        ("https://host:443/events", "host", "/events?channel=x"),
        ("http://host:8080/a b?channel=news&z=1", "host:8080", "/a%20b?z=1&channel=x"),
        ("http://[::1]:80/e#f", "[::1]", "/e?channel=x"),
    ],
)
def test_a_target_is_asked_for_another_channel(url, authority, resource):
    target = Target(url)
    assert (target.authority, target.resource(channel="x")) == (authority, resource)


@pytest.mark.parametrize(
    "url, path", [("http://h/events", "/list"), ("http://h/a/events/?x", "/a/list"), ("http://h", "/list")]
)
def test_the_long_poll_stands_beside_the_mount(url, path):
    assert Target(url).sibling("list") == path


@pytest.mark.parametrize("url", ["", "host/events", "ftp://h/", "http:///events", "http://h:x/", "http://[::1/"])
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(ValueError):
        Target(url)


@pytest.mark.parametrize("url", ["", "host:6379", "redis://", "unix://", "rediss://host", "redis://h:x"])
def test_an_address_of_redis_that_is_none_is_refused(url):
    with pytest.raises(ValueError):
        resp.Redis(url, 1.0)


# --- Answers of all kinds ---


@contextlib.contextmanager
def answering(*answers, is_closing=True):
    """A server that gives these bytes to one connection after another, the last ones for ever; its port."""
    stop = threading.Event()
    open_ones = []

    def serve(listener):
        given = 0
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                continue
            answer = answers[min(given, len(answers) - 1)]
            connection.settimeout(2)
            with contextlib.suppress(OSError):
                if connection.recv(65536):  # a probe that says nothing takes no answer
                    given += 1
                    connection.sendall(answer)
            connection.close() if is_closing else open_ones.append(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join()
            for connection in open_ones:
                connection.close()


def answer(status="200 OK", body=b"", **headers):
    headers = {"Server": "nginx", **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode() + b"\r\n" + body


def ask(data, **how):
    """The answer of a server that says this and closes."""
    with answering(data) as port:
        response = http1.Response(Target(f"http://127.0.0.1:{port}/"), "/", 2.0, **how)
        try:
            return response, response.body(2.0)
        finally:
            response.close()


@pytest.mark.parametrize(
    "data, body, is_complete",
    [
        (answer(body=b"all of it"), b"all of it", True),
        (answer(body=b"abcdef", Content_Length=3), b"abc", True),
        (answer(body=b"ab", Content_Length=3), b"ab", False),
        (answer(body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", Transfer_Encoding="chunked"), b"abcde", True),
        (answer(body=b"3\r\nabc\r\n2\r\nd", Transfer_Encoding="chunked"), b"abcd", False),
        (answer("204 No Content", b"junk"), b"", True),
        (answer(body=zlib.compress(b"deflated"), Content_Encoding="deflate"), b"deflated", True),
    ],
)
def test_bodies_are_read_whole_and_their_end_is_judged(data, body, is_complete):
    response, read = ask(data)
    assert (read, response.is_ended, response.is_complete) == (body, True, is_complete)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2\xb20 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"x" * 70000,
        answer(body=b"zz\r\n", Transfer_Encoding="chunked"),
        answer(body=b"-5\r\nabcdefgh\r\n", Transfer_Encoding="chunked"),
        answer(body=b"no gzip at all", Content_Encoding="gzip"),
    ],
)
def test_what_is_no_http_is_a_trouble(data):
    with pytest.raises(wire.Trouble):
        ask(data)


OPENING = b": hello\nretry: 3000\nid: 1-0.x\n\n"
SOUND = {"Content_Type": "text/event-stream", "Cache_Control": "no-cache, no-store"}
MESSAGE = b'{"error":"forbidden-channel","message":"the channel may not be read here"}'

STRANGE = {
    "a redirect": (answer("302 Found", Location="/login"), "answer", "redirected to /login"),
    "a login": (answer("401 Unauthorized", Server="Apache/2.4.57"), "answer", "CGIPassAuth On"),
    "a refusal of the program": (answer("403 Forbidden", MESSAGE), "answer", "the program says: the channel may not"),
    "a refusal of the server": (answer("403 Forbidden"), "answer", "not from the program"),
    "a refusal that plays with the terminal": (
        answer("403 Forbidden", rb'{"error":"x","message":"\u001b[2Jgone\u0007"}'),
        "answer",
        "the program says: ?[2Jgone?",
    ),
    "an error": (answer("500 Oops"), "answer", "error_log says why"),
    "a timeout of a gateway": (answer("504 Gateway Timeout"), "answer", "sse.fcgi --listen"),
    "a page": (answer(Content_Type="text/html"), "content type", "text/html instead of text/event-stream"),
    "a cache": (answer(body=OPENING, Content_Type="text/event-stream"), "caching", "expires off;"),
    "a length": (answer(body=OPENING, Content_Length=len(OPENING), **SOUND), "length", "Look at proxies and caches"),
    "an overload": (answer(body=b": hi\nretry: 9000\n", **SOUND), "first bytes", "--max-clients COUNT"),
    "an end": (answer(**SOUND), "first bytes", "ends at once"),
    "something else": (b"220 mail ready\r\n\r\n", "answer", "no HTTP server"),
    "nothing": (b"", "answer", "closed the connection"),
}


def examine(port):
    command = [str(DOCTOR), "--timeout", "0.5", "--quiet", "0.5", f"http://127.0.0.1:{port}/events?channel=news"]
    return Finding(subprocess.run(command, capture_output=True, text=True, timeout=60))


@pytest.mark.parametrize("data, check, text", STRANGE.values(), ids=STRANGE)
def test_a_strange_answer_is_told(data, check, text):
    with answering(data) as port:
        finding = examine(port)
    assert finding.status == 1
    finding.line("PROBLEM", check)
    assert text in " ".join(finding.text.split())


def stuck_gzip():
    """A stream whose compressor has given only its own header."""
    return answer(body=zlib.compressobj(wbits=31).flush(zlib.Z_SYNC_FLUSH)[:10], Content_Encoding="gzip", **SOUND)


@pytest.mark.parametrize(
    "data",
    [stuck_gzip(), answer(body=b"\x0b\x02", Content_Encoding="br", **SOUND)],
    ids=["one that holds back", "one that cannot be undone"],
)
def test_behind_a_compressor_the_rest_is_asked_for_without_it(data):
    with answering(data, answer(body=OPENING, **SOUND), is_closing=False) as port:
        finding = examine(port)
    finding.line("PROBLEM", "compression")
    assert "gzip off;" in finding.lines
    finding.line("ok", "first bytes")


def test_a_terminal_without_our_characters_gets_others():
    with answering(answer("403 Forbidden", MESSAGE)) as port:
        command = [DOCTOR, f"http://127.0.0.1:{port}/events"]  # whose advice has an ellipsis
        result = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 1 and b"doctor --redis ? --channel NAME URL" in result.stdout


def test_a_server_that_says_nothing_is_told():
    with answering(b"", is_closing=False) as port:
        finding = examine(port)
    assert finding.status == 1
    assert "HEAD" in finding.line("PROBLEM", "answer")


def test_tls_that_is_none_is_told():
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        result = subprocess.run([DOCTOR, f"https://127.0.0.1:{port}/events"], capture_output=True, text=True)
    finding = Finding(result)
    assert finding.status == 1
    assert "TLS" in finding.line("PROBLEM", "connection")


@pytest.mark.parametrize(
    "said, expected",
    [
        (b":3\r\n", 3),
        (b"+OK\r\n", "OK"),
        (b"-NOAUTH no\r\n", None),
        (b"HTTP/1.1 400\r\n", None),
        (b":\xb2\r\n", None),
        (b"", None),
    ],
)
def test_redis_answers_or_is_a_trouble(said, expected):
    with answering(said) as port:
        client = resp.Redis(f"redis://127.0.0.1:{port}", 2.0).connect()
        try:
            if expected is None:
                with pytest.raises(resp.RedisTrouble):
                    client.ask("PUBLISH", "channel", "text")
            else:
                assert client.ask("PUBLISH", "channel", "text") == expected
        finally:
            client.close()
