# SPDX-License-Identifier: BSD-2-Clause
"""Both programs as plain CGI, started by the test as a web server does: one process, one request."""

import signal
import socket
import time

import fastcgi
import pytest
import servers
import stalls
from crowd import find_holder, wait_holder
from process import until
from script import Script, environment_of

KINDS = {"sse": servers.Responder, "longpoll": servers.LongPoll}
PATIENCE_S = 0.08  # after which a stream begins though it does not hear yet
GAP_HOLD_S = 3  # how long a gap waits for an event
AT_ONCE_S = 1.5  # a process starts, with sanitizers, on a busy machine; a dead recorder's lease has 2 s left or more


@pytest.fixture
def run(stage):
    """Starts programs as scripts; at the end none of them is left, and no sanitizer has complained."""
    started = []
    log_path = stage.directory / "scripts.log"

    def run(kind, query="channel=news", redis=None, arguments=(), program=None, environment=(), options=(), **params):
        started.append(
            Script(
                KINDS[kind],
                redis or stage.redis.url,
                {**environment_of(query, **params), **dict(environment)},
                arguments,
                program,
                log,
                **dict(options),
            )
        )
        return started[-1]

    with open(log_path, "ab") as log:
        yield run
        for script in started:
            script.kill()
    text = log_path.read_text(errors="replace")
    print(text[-5000:])
    assert not servers.SANITIZER_REPORT.search(text), "a sanitizer reported"


def begin_at_once(script):
    """Its stream, when it hears, too: what comes before is told by a gap."""
    script.read_head()
    assert script.hears() or script.head_at - script.began > PATIENCE_S, "it begins when it hears"
    assert stalls.elapsed_s(script.began, script.head_at) < AT_ONCE_S
    return script.wait_hearing().stream_of_rest()


# --- Streams ---


@pytest.mark.parametrize("beside", ["nobody", "a responder", "another script"])
def test_a_stream_begins_at_once_and_an_event_right_after_arrives_in_no_time(stage, run, beside):
    if beside == "a responder":
        wait_holder(stage.redis, [stage.responder(history="redis")])
    elif beside == "another script":
        run("sse").stream()
    stream = begin_at_once(run("sse"))
    sent = time.monotonic()
    stage.redis.publish("news", "at once")
    event = stream.next_event(type="message")
    assert event.text == "at once"
    assert stalls.elapsed_s(sent, event.at) < 0.2
    assert stream.headers["content-type"].startswith("text/event-stream")


def test_the_first_line_is_a_comment_so_that_the_web_server_has_something_to_pass_on(run):
    stream = run("sse").stream()
    assert stream.items[0].kind == "comment"
    assert [item.kind for item in stream.items[1:]] == ["retry", "position"]


def test_heartbeats_keep_a_stream_alive(run):
    stream = run("sse", options={"heartbeat": "1s"}).stream()
    stream.next_of("comment")
    assert stream.next_of("comment", 3).at


def test_a_stream_goes_on_where_another_process_ended_it(stage, run):
    wait_holder(stage.redis, [stage.responder(history="redis")])
    first = run("sse")
    stream = first.stream()
    stage.redis.publish("news", "first")
    last_id = stream.next_event(type="message").id
    first.kill()
    stage.redis.publish_all("news", ["second", "third"])
    stream = run("sse", HTTP_LAST_EVENT_ID=last_id).stream()
    stage.redis.publish("news", "fourth")
    assert [event.text for event in stream.next_events(3)] == ["second", "third", "fourth"]


def test_a_stop_ends_a_stream_with_a_position_and_a_retry(stage, run):
    script = run("sse")
    stream = script.wait_hearing().stream()
    stage.redis.publish("news", "the last")
    event = stream.next_event(type="message")
    script.signal(signal.SIGTERM)
    assert stream.wait_end(), "status 0"
    assert len(stream.of_kind("retry")) == 2
    assert stream.items[-1].kind in ("position", "retry")
    assert stream.last_id >= event.id


@pytest.mark.parametrize("kind, params", [("sse", {}), ("longpoll", {"path_info": "/subscribe"})])
def test_a_stop_before_anything_was_answered_is_no_error(stage, run, kind, params):
    """A Redis that accepts and says nothing: the request still waits for it."""
    path = str(stage.directory / "silent.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(8)
        script = run(kind, redis=f"unix://{path}", options={"poll_timeout": "60s"}, **params)
        listener.accept()
        script.signal(signal.SIGTERM)
        script.read_head()
        assert script.status == (200 if kind == "sse" else 503)
        assert (b"retry:" in script.body()) == (kind == "sse")


@pytest.mark.parametrize("kind, params", [("sse", {}), ("longpoll", {"path_info": "/subscribe"})])
def test_a_process_whose_reader_has_gone_ends_by_itself(stage, run, kind, params):
    script = run(kind, **params)
    until(lambda: stage.redis.subscribers() == 1, "it has subscribed")
    if kind == "sse":
        script.stream()
    script.close()
    assert script.wait(5) == 0
    until(lambda: stage.redis.subscribers() == 0, "its subscription is gone")


# --- What may be missing ---


def test_a_stream_begins_at_once_when_the_recorder_has_just_died_and_misses_nothing(stage, run):
    """Another one is there, hears everything, and only takes over when the lease has ended."""
    responders = [stage.responder(history="redis") for _ in range(2)]
    holder = wait_holder(stage.redis, responders)
    holder.expect_end().kill()
    script = run("sse")
    script.read_head()
    assert stalls.elapsed_s(script.began, script.head_at) < AT_ONCE_S
    stream = script.stream_of_rest()
    stage.redis.publish_all("news", [f"event {n}" for n in range(20)])
    texts = [stream.next_event(10, type="message").text for _ in range(20)]
    assert texts == [f"event {n}" for n in range(20)]
    assert find_holder(stage.redis, [holder]) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_of_streams_that_take_turns_each_begins_at_once_and_gets_every_event_of_its_time(stage, run, number):
    """Each records for itself until it goes; the next one comes while the last one is going."""
    before = None
    for turn in range(4):
        script = run("sse")
        stream = begin_at_once(script)
        if before is not None:
            before.signal(number)
        stage.redis.publish_all("news", [f"{turn} {n}" for n in range(5)])
        texts = [stream.next_event(10, type="message").text for _ in range(5)]
        assert texts == [f"{turn} {n}" for n in range(5)]
        before = script


def test_without_redis_a_stream_begins_all_the_same_and_waits(stage, run):
    redis = stage.new_redis()
    script = run("sse", redis=redis.url)
    script.read_head()
    assert stalls.elapsed_s(script.began, script.head_at) < AT_ONCE_S
    redis.start()
    stream = script.stream_of_rest()
    stream.wait_open(15)
    script.wait_hearing()
    redis.publish("news", "found")
    assert stream.next_event(10, type="message").text == "found"


# --- Polls one after the other: nobody hears what comes between two, so each begins with a gap ---


def position_now(run):
    listed = run("longpoll", path_info="/list").read_head()
    assert listed.json() == []
    return listed.headers["push-position"]


def poll_after(run, position):
    return run("longpoll", f"channel=news&since={position}", path_info="/subscribe")


def test_a_loop_of_polls_does_not_turn_without_pause(run):
    position = position_now(run)
    for _ in range(2):
        poll = poll_after(run, position).read_head()
        assert poll.head_at - poll.began >= GAP_HOLD_S
        assert [event["event"] for event in poll.json()] == ["gap"]
        assert poll.headers["push-position"] != position
        position = poll.headers["push-position"]


def test_an_event_is_answered_together_with_the_gap_of_the_beginning(stage, run):
    poll = poll_after(run, position_now(run)).wait_hearing()
    assert stage.redis.publish("news", "hello") == 1
    gap, event = poll.read_head().json()
    assert gap["event"] == "gap"
    assert event["data"] == "hello"
    assert poll.headers["push-position"] == event["id"]


# --- Answers that end ---


def test_a_list_is_answered_and_the_process_ends(stage, run):
    responder = stage.responder(history="redis")
    stream = stage.stream(responder)
    stage.redis.publish_all("news", ["one", "two"])
    stream.next_events(2)
    script = run("longpoll", path_info="/list").read_head()
    assert script.status == 200
    assert [event["data"] for event in script.json() if event["event"] == "message"] == ["one", "two"]


def test_a_poll_is_answered_with_the_event(stage, run):
    wait_holder(stage.redis, [stage.responder(history="redis")])
    script = run("longpoll", "channel=news&since=0", path_info="/subscribe")
    until(lambda: stage.redis.subscribers() == 2, "it has subscribed")
    stage.redis.publish("news", "polled")
    script.read_head()
    events = script.json()
    assert [event["data"] for event in events if event["event"] == "message"] == ["polled"]
    assert script.headers["push-position"] == events[-1]["id"]


def test_a_poll_without_an_event_is_answered_by_an_empty_list(stage, run):
    wait_holder(stage.redis, [stage.responder(history="redis")])
    script = run("longpoll", path_info="/subscribe", options={"poll_timeout": "1s"}).read_head()
    assert script.status == 200
    assert script.headers["push-position"]
    assert script.json() == []
    assert script.head_at - script.began > 0.9


def test_a_stop_answers_a_poll(stage, run):
    wait_holder(stage.redis, [stage.responder(history="redis")])
    script = run("longpoll", path_info="/subscribe")
    until(lambda: stage.redis.subscribers() == 2, "it has subscribed")
    script.signal(signal.SIGTERM)
    script.read_head()
    assert script.json() == []


REFUSED = [
    ("sse", "", {}, {}, 400),
    ("sse", "channel=a%20b", {}, {}, 400),
    ("sse", "channel=other", {}, {"PUSH_CHANNELS": "news"}, 403),
    ("longpoll", "channel=news", {"path_info": "/nothing"}, {}, 404),
    ("sse", "channel=news", {"method": "DELETE"}, {}, 405),
    ("longpoll", "channel=news", {"path_info": "/subscribe", "method": "PUT"}, {}, 405),
    ("sse", "channel=news", {"method": "POST", "CONTENT_LENGTH": "99999999"}, {}, 413),
]


@pytest.mark.parametrize("kind, query, params, environment, status", REFUSED)
def test_errors_are_answered_at_once(run, kind, query, params, environment, status):
    script = run(kind, query, environment=environment, **params).read_head()
    assert script.status == status
    assert ("allow" in script.headers) == (status == 405)
    assert script.json()["message"]


@pytest.mark.parametrize("kind, params", [("sse", {}), ("longpoll", {"path_info": "/subscribe"})])
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_are_answered_without_a_body(run, kind, params, method):
    script = run(kind, method=method, **params).read_head()
    assert script.status in (200, 204)
    assert script.body() == b""


# --- The head ---


@pytest.mark.parametrize("query, status", [("channel=news", "200 OK"), ("", "400 Bad Request")])
def test_a_program_named_nph_writes_the_whole_head_of_http(stage, run, query, status):
    program = stage.directory / "nph-sse.fcgi"
    program.symlink_to(servers.PROGRAM)
    script = run("sse", query, program=program, script_name="/cgi-bin/nph-sse.fcgi").read_head()
    assert script.status_line == f"HTTP/1.1 {status}"
    assert "status" not in script.headers
    assert script.headers["date"]
    assert script.headers["connection"] == "close"


# --- Whose word is whose ---


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["--redis", "evil:6379"], ["--config", "/etc/passwd"]])
def test_words_of_the_query_are_no_options(run, kind, words):
    """A query without '=' becomes the command line, RFC 3875 4.4."""
    script = run(kind, "+".join(words), arguments=words, path_info="/list" if kind == "longpoll" else "")
    assert script.read_head().status == 400
    assert "channel" in script.json()["message"]


@pytest.mark.parametrize("words", [["--listen", "unix:/nonexistent/x.sock"], ["--redis", "evil:6379"]])
def test_a_stream_is_served_whatever_words_there_are(stage, run, words):
    stream = run("sse", arguments=words).wait_hearing().stream()
    stage.redis.publish("news", "by our own Redis")
    assert stream.next_event(type="message").text == "by our own Redis"


def test_the_mount_says_who_may_have_which_channel(stage, run):
    mount = {"PUSH_CHANNELS": "user:%{REMOTE_USER}", "REMOTE_USER": "ann"}
    assert run("sse", "channel=user:bob", environment=mount).read_head().status == 403
    stream = run("sse", "channel=user:ann", environment=mount).wait_hearing().stream()
    stage.redis.publish("user:ann", "for Ann")
    assert stream.next_event(type="message").text == "for Ann"


def test_a_client_cannot_say_what_the_mount_says(run):
    forged = {"HTTP_PUSH_CHANNELS": "*", "HTTP_REMOTE_USER": "ann", "PUSH_CHANNELS": "user:%{REMOTE_USER}"}
    assert run("sse", "channel=user:ann", environment=forged).read_head().status == 403


def test_a_listening_descriptor_0_means_fastcgi_whatever_the_environment_says(stage):
    """A web server may start a FastCGI program with the environment of its first request."""
    path = str(stage.directory / "zero.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        environment = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"}
        responder = stage.new_responder(listen=None, environment=environment)
        responder.start(stdin=listener)
        responder.wait_subscribed()
    stream = fastcgi.Connection(path).open_stream()
    stage.redis.publish("news", "framed")
    assert stream.next_event(type="message").text == "framed"


def test_a_bad_setting_is_named_in_the_log(stage, run):
    script = run("sse", options={"heartbeat": "never"})
    assert script.wait() == 2
    log = (stage.directory / "scripts.log").read_text()
    assert "heartbeat" in log.lower()
    assert "never" in log
