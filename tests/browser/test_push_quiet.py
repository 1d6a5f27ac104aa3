# SPDX-License-Identifier: BSD-2-Clause
"""A channel on which nothing is published never makes PushSource reconnect or poll."""

import time

import counters
import pytest
from origin import APACHE, LIGHTTPD, NGINX, Origin

FRONTS = (LIGHTTPD, APACHE, NGINX)


def stay_quiet(origin, source, seconds):
    time.sleep(seconds)
    told = {entry["kind"] for entry in source.state()["entries"]}
    assert told == {"open"}
    seen = counters.read(origin.sse)
    assert (seen["streams.opened"], seen["streams.open"]) == (1, 1)
    assert counters.read(origin.longpoll)["polls.opened"] == 0
    origin.publish("news", "not quiet any more")
    source.must_have(["not quiet any more"])


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.server.name)
def test_a_quiet_stream_stays_for_ten_heartbeats(stage, open_tab, front):
    origin = Origin(stage, front)
    stay_quiet(origin, open_tab(origin.page).listen(heartbeat=1000).wait_open(), 10)


@pytest.mark.long
def test_a_quiet_stream_stays_for_two_minutes_with_all_defaults(stage, open_tab):
    origins = [Origin(stage, front, heartbeat=None, retry=None) for front in FRONTS]
    sources = [open_tab(origin.page).listen().wait_open() for origin in origins]
    for origin, source in zip(origins, sources):
        stay_quiet(origin, source, 120 if origin is origins[0] else 0)
