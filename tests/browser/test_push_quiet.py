# SPDX-License-Identifier: BSD-2-Clause
"""A channel on which nothing is published for us never makes PushSource reconnect or poll."""

import time

import counters
import pytest
from eventsources import Loop
from origin import APACHE, LIGHTTPD, NGINX, Origin

FRONTS = (LIGHTTPD, APACHE, NGINX)


def stay_quiet(stage, open_tab, seconds, options, **source):
    """Behind each of the web servers at the same time."""
    origins = [Origin(stage, front, **options) for front in FRONTS]
    sources = [open_tab(origin.page).listen(**source).wait_open() for origin in origins]
    time.sleep(seconds)
    for origin, source in zip(origins, sources):
        assert {entry["kind"] for entry in source.state()["entries"]} == {"open"}
        seen = counters.read(origin.sse)
        assert (seen["streams.opened"], seen["streams.open"]) == (1, 1)
        assert counters.read(origin.longpoll)["polls.open"] == 0
        origin.publish("news", "not quiet any more")
        source.must_have(["not quiet any more"])
        assert origin.sse.expect_end().stop() == 0  # Apache ends at once when there are no streams


def test_a_quiet_stream_stays_for_ten_heartbeats(stage, open_tab):
    stay_quiet(stage, open_tab, 10, {}, heartbeat=2000)  # it gives up after three of those


class Others(Loop):
    """A context manager that publishes events of a type that nobody listens for."""

    def turn(self):
        self.site.publish("news", '{"event": "other", "data": 1}')
        self.is_done.wait(0.3)

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.stop()
        assert not self.wrongs


def test_a_stream_of_events_that_nobody_listens_for_is_no_silent_one(stage, open_tab):
    origin = Origin(stage)
    source = open_tab(origin.page).listen(heartbeat=2000).wait_open()
    with Others(origin):
        time.sleep(7)
    origin.publish("news", "for us")
    source.must_have(["for us"])
    assert {entry["kind"] for entry in source.state()["entries"]} == {"open", "event"}
    assert origin.streams_opened() == 1


@pytest.mark.long
def test_a_quiet_stream_stays_for_two_minutes_with_all_defaults(stage, open_tab):
    stay_quiet(stage, open_tab, 120, {"heartbeat": None, "retry": None})
