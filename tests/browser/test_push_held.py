# SPDX-License-Identifier: BSD-2-Clause
"""PushSource where something on the way holds streams back: it polls, loses nothing, and streams again when it can."""

import counters
from origin import Numbers, Origin, everywhere


def wait_streams_opened(origin, count):
    counters.wait(origin.sse, lambda c: c["streams.opened"] >= count)


def slow_numbers(origin):
    """Few enough for Apache and nginx, which hold back in blocks of some kilobytes: what fills one passes."""
    return Numbers(origin, pause=0.3)


@everywhere
def test_it_polls_within_ten_seconds_and_streams_again_when_streams_pass(stage, open_tab, front):
    origin = Origin(stage, front)
    origin.hold_streams()
    source = open_tab(origin.page).listen(retryStream=1000)
    wait_streams_opened(origin, 1)
    with slow_numbers(origin) as numbers:
        asked = source.tab.run("return performance.timeOrigin")
        switch = source.wait_entry("transport")
        assert (switch["transport"], switch["reason"]) == ("poll", "held")
        assert switch["at"] - asked < 10_000
        source.wait_text(numbers.sent[-1])
        numbers.wait_more(5)
        assert source.transports() == ["poll"]
        origin.restore()
        source.wait_entry("transport", transport="stream")
        source.wait_open()
        numbers.wait_more(5)
    source.must_have(numbers.sent)
    assert source.ids() == [event["id"] for event in origin.kept()]
    assert source.transports() == ["poll", "stream"]
    assert not source.entries("gap")
    counters.wait(origin.longpoll, lambda c: c["polls.open"] == 0)
    assert origin.sse.expect_end().stop() == 0  # an Apache of before waits for the streams that it holds back


def test_what_is_published_as_soon_as_the_server_has_the_request_is_not_lost(stage, open_tab):
    origin = Origin(stage)
    origin.hold_streams()
    source = open_tab(origin.page).listen()
    wait_streams_opened(origin, 1)
    with Numbers(origin, 3, pause=0) as numbers:
        pass
    source.must_have(numbers.sent)


def test_it_polls_on_from_where_a_stream_was_when_streams_come_to_be_held_back(stage, open_tab):
    origin = Origin(stage)
    source = open_tab(origin.page).listen(retryStream=1000, heartbeat=1000).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        origin.hold_streams()
        source.wait_entry("transport", transport="poll")
        numbers.wait_more(10)
    source.must_have(numbers.sent)
    assert source.ids() == [event["id"] for event in origin.kept()]
    assert not source.entries("gap")


def test_it_waits_for_streams_to_pass_again_when_there_is_nowhere_to_poll(stage, open_tab):
    origin = Origin(stage)
    origin.hold_streams()
    source = open_tab(origin.page).listen(pollUrl=None)
    assert source.wait_entry("error")["reason"] == "held"
    assert not source.transports()
    origin.restore()
    source.wait_open(40)
    with Numbers(origin, 5) as numbers:
        pass
    source.must_have(numbers.sent)
