# SPDX-License-Identifier: BSD-2-Clause
"""Rights in Redis: the ACL line that the programs print is enough, and each right that is missing is named."""

import json
import re
import socket
import subprocess
import threading

import counters
import fastcgi
import pytest
from process import until
from servers import PROGRAM, TOP, sanitizer_environment

RIGHTS = [
    *("&push:*", "~push:*", "+psubscribe", "+info", "+publish", "+xread", "+xrevrange", "+xinfo|stream", "+xadd"),
    *("+xtrim", "+xdel", "+get", "+set", "+del", "+pexpire", "+pttl", "+type", "+time", "+evalsha", "+script|load"),
]
MEMORY_RIGHTS = ["&push:*", "+psubscribe"]
TERSE = {"log_level": "error", "wait_for": " error: "}
REFUSAL = re.compile(r"the Redis user lacks (.+?); it needs: (ACL SETUSER \S+ resetchannels [^\n]+)")


def url_of(stage, user="push"):
    return f"redis://{user}:secret@127.0.0.1:{stage.redis.port}"


def set_rights(stage, rights, user="push"):
    """A user with these rights and no others."""
    with stage.redis.client() as client:
        client.execute_command("ACL", "SETUSER", user, "reset", "on", ">secret", *rights)


def apply_line(stage, line):
    """Says to Redis what the program told to say; what was refused before is forgotten."""
    with stage.redis.client() as client:
        client.execute_command(*line.split())
        client.acl_log_reset()


def check(stage, history="redis", url=None):
    """Runs sse.fcgi --check."""
    return subprocess.run(
        [PROGRAM, "--check", "--history", history, "--redis", url or url_of(stage)]
        + ["--listen", f"unix:{stage.directory}/check.sock"],
        env=sanitizer_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )


def refusal_in(text):
    """What is missing, and the line; None when nothing is said."""
    found = REFUSAL.search(text)
    return found and (found[1].split(), found[2].strip())


def line_of(stage, history):
    """The line that the program prints to a user without any right."""
    set_rights(stage, ["-@all"])
    result = check(stage, history)
    found = re.search(r"ACL SETUSER push resetchannels [^\n]+", result.stdout + result.stderr)
    assert result.returncode != 0 and found, result.stdout + result.stderr
    return found[0].strip()


def arrives(stage, stream, text, send):
    send(text)
    stream.pump(0.1)
    return any(event.text == text for event in stream.of_kind("event"))


def works_by_publish(stage, stream):
    until(lambda: arrives(stage, stream, "published", lambda t: stage.redis.publish("news", t)), "PUBLISH works", 30)


def works_by_inbox(stage, stream):
    with stage.redis.client() as client:
        client.xadd("push:inbox", {"channel": "news", "data": "from the inbox"})
    stream.pump_until(lambda: "from the inbox" in [e.text for e in stream.of_kind("event")], 30, "the inbox works")


# --- Enough ---


def test_the_line_of_history_redis_is_what_is_tested_here(stage):
    words = line_of(stage, "redis").split()
    assert words[:4] == ["ACL", "SETUSER", "push", "resetchannels"]
    assert sorted(words[4:]) == sorted([*RIGHTS, "-@all"])


def test_the_line_of_history_memory_is_what_is_tested_here(stage):
    words = line_of(stage, "memory").split()
    assert words == ["ACL", "SETUSER", "push", "resetchannels", "&push:*", "-@all", "+psubscribe"]


@pytest.mark.parametrize("history", ["redis", "memory"])
def test_the_readme_has_the_line_that_the_program_prints(stage, history):
    rights = line_of(stage, history).partition("resetchannels ")[2]
    assert f"ACL SETUSER push on >secret resetchannels {rights}\n" in (TOP / "README.md").read_text()


def test_with_the_line_of_history_redis_everything_works(stage):
    apply_line(stage, line_of(stage, "redis"))
    checked = check(stage)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    responder = stage.responder(history="redis", redis=url_of(stage))
    polls = stage.longpoll(history="redis", redis=url_of(stage))
    stream = stage.stream(responder)
    start = stream.last_id
    works_by_publish(stage, stream)
    works_by_inbox(stage, stream)
    texts = [event.text for event in stream.of_kind("event")]
    answer = ask_list(stage, polls, start)
    assert [event["data"] for event in answer] == texts

    responder.stop()
    responder.restart()
    again = stage.stream(responder, HTTP_LAST_EVENT_ID=start)
    assert [event.text for event in again.of_kind("event")] == texts
    with stage.redis.client() as client:
        assert client.acl_log() == [], "nothing was refused"
    for one in (responder, polls):
        assert "NOPERM" not in one.log() and "lacks" not in one.log()


def ask_list(stage, polls, since):
    """All that longpoll.fcgi has, once it has read as far as its neighbour."""
    def read():
        params = fastcgi.params_of(f"channel=news&since={since}", path_info="/list", script_name="")
        answer = stage.connect(polls, timeout=20).ask(params, 20)
        return answer.status == 200 and json.loads(answer.body())

    return until(lambda: (found := read()) and found[-1]["data"] == "from the inbox" and found, "it has read all")


def test_with_the_line_of_history_memory_everything_works(stage):
    apply_line(stage, line_of(stage, "memory"))
    checked = check(stage, "memory")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    responder = stage.responder(redis=url_of(stage))
    works_by_publish(stage, stage.stream(responder))
    with stage.redis.client() as client:
        assert client.acl_log() == [], "nothing was refused"


# --- Not enough ---


@pytest.mark.parametrize("right", RIGHTS)
def test_a_missing_right_is_named_and_it_works_once_it_was_granted(stage, right):
    rights = ["-@all"] + [one for one in RIGHTS if one != right]
    set_rights(stage, rights)
    checked = check(stage)
    assert checked.returncode != 0
    missing, line = refusal_in(checked.stdout + checked.stderr) or (None, checked.stdout + checked.stderr)
    assert missing == [right], line

    responder = stage.new_responder(history="redis", redis=url_of(stage), **TERSE).start()
    missing, line = until(lambda: refusal_in(responder.log()), "the reason is logged")
    assert missing == [right]
    stream = opened(stage, responder)
    apply_line(stage, line)
    works_by_publish(stage, stream)
    works_by_inbox(stage, stream)


def opened(stage, responder):
    """A stream of which only the head is awaited: it may have to wait for Redis."""
    connection = stage.connect(responder, timeout=20)
    connection.send(fastcgi.request(fastcgi.params_of("channel=news")))
    response = fastcgi.Response(connection)
    response.read_head()
    assert response.status == 200
    return fastcgi.Stream(response)


@pytest.mark.parametrize("right", MEMORY_RIGHTS)
def test_a_missing_right_of_history_memory_is_named_with_the_line(stage, right):
    set_rights(stage, ["-@all"] + [one for one in MEMORY_RIGHTS if one != right])
    checked = check(stage, "memory")
    assert checked.returncode != 0
    missing, line = refusal_in(checked.stdout + checked.stderr) or (None, checked.stdout + checked.stderr)
    assert missing == [right], line

    responder = stage.new_responder(redis=url_of(stage), **TERSE).start()
    missing, line = until(lambda: refusal_in(responder.log()), "the reason is logged")
    assert missing == [right]
    stream = stage.stream(responder)
    apply_line(stage, line)
    works_by_publish(stage, stream)


def test_several_missing_rights_are_named_together(stage):
    absent = {"+xadd", "+xdel", "~push:*"}
    set_rights(stage, ["-@all"] + [one for one in RIGHTS if one not in absent])
    missing, _ = refusal_in(check(stage).stdout)
    assert set(missing) == absent


def test_the_line_names_prefix_and_user_as_they_are(stage):
    set_rights(stage, ["-@all"], user="other-1")
    responder = stage.new_responder(history="redis", redis=url_of(stage, "other-1"), prefix="app:").start()
    _, line = until(lambda: refusal_in(responder.log()), "the reason is logged")
    assert line.startswith("ACL SETUSER other-1 resetchannels &app:* ~app:* ")
    apply_line(stage, line)
    stream = opened(stage, responder)
    publish = lambda text: stage.redis.publish("news", text, prefix="app:")  # noqa: E731
    until(lambda: arrives(stage, stream, "published", publish), "it works", 30)


# --- Which Redis ---


class OldRedis:
    """Answers as a Redis before streams does."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer, peer.makefile("rb") as words:
            try:
                while head := words.readline():
                    peer.sendall(self._answer([self._word(words) for _ in range(int(head[1:]))]))
            except OSError:
                pass  # the responder has gone

    @staticmethod
    def _word(words):
        size = int(words.readline()[1:])
        return words.read(size + 2)[:-2]

    @staticmethod
    def _answer(command):
        name = command[0].upper()
        if name == b"INFO":
            info = b"# Server\r\nredis_version:4.0.14\r\nmaxmemory_policy:noeviction\r\n"
            return b"$%d\r\n%s\r\n" % (len(info), info)
        if name == b"PSUBSCRIBE":
            return b"*3\r\n$10\r\npsubscribe\r\n$%d\r\n%s\r\n:1\r\n" % (len(command[1]), command[1])
        if name == b"SCRIPT":
            return b"$40\r\n" + b"0" * 40 + b"\r\n"
        if name == b"PUBLISH":
            return b":1\r\n"
        return b"-ERR unknown command '%s'\r\n" % command[0]

    def close(self):
        self._listener.close()


@pytest.fixture
def old_redis():
    old = OldRedis()
    yield old
    old.close()


def test_a_redis_without_streams_is_named(stage, old_redis):
    url = f"redis://127.0.0.1:{old_redis.port}"
    checked = check(stage, url=url)
    assert checked.returncode != 0
    responder = stage.new_responder(history="redis", redis=url, **TERSE).start()
    until(lambda: "4.0.14" in responder.log(), "the version is logged")
    for text in (checked.stdout + checked.stderr, responder.log()):
        assert re.search(r"version 4\.0\.14.*--history memory", text), text
    responder.must_be_well()


def test_a_redis_without_streams_is_enough_for_history_memory(stage, old_redis):
    assert check(stage, "memory", f"redis://127.0.0.1:{old_redis.port}").returncode == 0


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_may_throw_keys_away_is_warned_of_once(stage, policy):
    stage.start_redis("--maxmemory-policy", policy)
    responder = stage.responder(history="redis")
    offset = len(responder.log())
    with stage.redis.client() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    responder.wait_subscribed(after=offset)
    counters.read(responder)
    warnings = [line for line in responder.log().splitlines() if "maxmemory-policy" in line]
    assert len(warnings) == 1 and policy in warnings[0] and "noeviction" in warnings[0]


def test_noeviction_is_not_warned_of(stage):
    responder = stage.responder(history="redis")
    works_by_publish(stage, stage.stream(responder))
    assert "maxmemory" not in responder.log()
