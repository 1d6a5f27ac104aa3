# SPDX-License-Identifier: BSD-2-Clause
"""What clients see of reloads and upgrades: nothing, beyond a reconnection."""

import signal
import time

import pytest
import workers
from activation import Probe
from crowd import Client, Crowd, Log, Publisher
from fastcgi import params_of
from process import until

QUESTIONS = {"sse": params_of("channel=news", method="HEAD"), "poll": params_of("channel=news", script_name="/list")}
CHANNELS = ["a", "b", "c"]


class Browser(Client):
    """An EventSource, or one that polls: refused, cut off, or answered other than by 200 is wrong."""

    def __init__(self, kind):
        super().__init__(CHANNELS, (kind,), moves=None)

    def come(self, responder):
        is_there = super().come(responder)
        if not is_there:
            self._wrong("was refused")
        return is_there

    def _finish(self):
        if not self._exchange.is_complete:
            self._wrong("was cut off")
        elif not self._exchange.is_ok():
            self._wrong(f"got {self._exchange.headers.get('status')}")
        super()._finish()


class SteadyProbe(Probe):
    PAUSE = 0.02


CROWDS = [("sse", 1, 200, 30), ("sse", 3, 200, 30), ("poll", 2, 40, 10)]


@pytest.mark.parametrize("kind, workers_wanted, crowd_size, per_second", CROWDS)
def test_clients_lose_and_repeat_nothing_and_nobody_is_refused(stage, kind, workers_wanted, crowd_size, per_second):
    """A crowd that is always there, and 50 requests a second, through a reload and two upgrades."""
    start = stage.responder if kind == "sse" else stage.longpoll
    responder = start(history="redis", workers=workers_wanted, retry="100ms", grace="2s")
    responder.wait_log("serving; workers")
    clients = [Browser(kind) for _ in range(crowd_size)]
    publisher = Publisher(stage.redis, "publisher", CHANNELS, 1, per_second=per_second, has_equal=False)
    with Crowd([responder], clients, 1) as crowd, SteadyProbe(responder.path, QUESTIONS[kind]) as probe:
        crowd.wait_positions()
        publisher.start()
        for times, number in enumerate((signal.SIGHUP, signal.SIGUSR2, signal.SIGUSR2), 2):
            count = len(publisher.sent)
            workers.wait_ended(workers.replace(responder, number))
            until(lambda: len(publisher.sent) > count + 10, "events")
            until(lambda: all(client.returns >= times for client in clients), "all were moved")
        until(lambda: probe.asked > 100, "a hundred requests")
        publisher.stop()
        until(lambda: len(Log(stage.redis).entries) >= len(publisher.sent), "all is recorded", 20)
        log = Log(stage.redis)
        crowd.wait_all(log)
    crowd.judge(log)
    assert log.counts() == {one.data: 1 for one in publisher.sent}
    assert probe.wrong == []
    assert all(client.returns >= 4 for client in clients), "each was moved each time"
    assert not [client for client in clients if client.gaps()]


def test_streams_are_ended_over_the_grace_with_a_jittered_retry(stage):
    responder = stage.responder(history="redis", workers=1, grace="2s")
    streams = [stage.stream(responder) for _ in range(40)]
    workers.replace(responder, signal.SIGHUP)
    began = time.monotonic()
    for stream in streams:
        assert stream.wait_end(10)
    ends = sorted(stream.items[-1].at - began for stream in streams)
    assert ends[-1] - ends[0] > 1, "spread"
    retries = [stream.of_kind("retry")[-1].retry_ms for stream in streams]
    assert len(set(retries)) > 10
    assert all(2000 <= retry <= 4000 for retry in retries)
