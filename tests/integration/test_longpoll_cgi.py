# SPDX-License-Identifier: BSD-2-Clause
"""longpoll.fcgi as a plain CGI program: nobody hears what comes between two polls, so that each begins with a gap."""

import json
import os
import subprocess
import time

import servers
from fastcgi import params_of
from process import die_with_parent, until
from test_longpoll import GAP_HOLD_S


class Poll:
    """One request to a process of its own."""

    def __init__(self, stage, path, query="channel=news"):
        params = params_of(query, path_info=path, script_name="/cgi-bin/longpoll.fcgi")
        self._begin = time.monotonic()
        self._program = subprocess.Popen(
            [servers.LongPoll.program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, **params, "PUSH_REDIS": stage.redis.url},
            preexec_fn=die_with_parent,
        )

    def read(self, timeout=20.0):
        """Reads the whole answer, waits for the end, and returns how long that took."""
        output, _ = self._program.communicate(timeout=timeout)
        taken = time.monotonic() - self._begin
        assert self._program.returncode == 0
        head, _, body = output.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == "Status: 200 OK"
        self.position = dict(line.split(": ", 1) for line in lines)["Push-Position"]
        self.events = json.loads(body)
        return taken


def wait_subscribed(stage):
    with stage.redis.client() as client:
        until(lambda: client.pubsub_numpat() == 1, "the program has subscribed")


def test_a_loop_of_polls_does_not_turn_without_pause(stage):
    listed = Poll(stage, "/list")
    listed.read()
    since = listed.position
    for _ in range(2):
        poll = Poll(stage, "/subscribe", f"channel=news&since={since}")
        assert poll.read() >= GAP_HOLD_S
        assert [event["event"] for event in poll.events] == ["gap"]
        assert poll.position != since
        since = poll.position


def test_an_event_is_answered_together_with_the_gap_of_the_beginning(stage):
    listed = Poll(stage, "/list")
    listed.read()
    poll = Poll(stage, "/subscribe", f"channel=news&since={listed.position}")
    wait_subscribed(stage)
    assert stage.redis.publish("news", "hello") == 1
    poll.read()
    assert [event["event"] for event in poll.events] == ["gap", "message"]
    assert poll.events[1]["data"] == "hello"
    assert poll.position == poll.events[1]["id"]
