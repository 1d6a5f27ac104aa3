# SPDX-License-Identifier: BSD-2-Clause
"""A connection over which nothing comes any more, though nobody has ended it, is ended and gone on with."""

import counters
from origin import Numbers, Origin


def waited(source, reason):
    """How long nothing was heard before it was told, in seconds."""
    error = source.wait_entry("error", reason=reason)
    heard = [entry["at"] for entry in source.entries("event") if entry["at"] <= error["at"]]
    return (error["at"] - heard[-1]) / 1000


def test_a_stream_that_falls_silent_is_ended_after_three_heartbeats_and_gone_on_with(stage, open_tab):
    origin = Origin(stage)
    source = open_tab(origin.page).listen(heartbeat=1000).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        origin.sse.pause()
        assert 2.5 < waited(source, "silent") < 8
        origin.sse.resume()
        source.wait_text(numbers.sent[-1], 40)
    source.must_have(numbers.sent)
    assert not source.entries("gap")


def test_a_web_server_that_stands_still_is_waited_for(stage, open_tab):
    origin = Origin(stage)
    source = open_tab(origin.page).listen(heartbeat=1000).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        origin.server.pause()
        assert 2.5 < waited(source, "silent") < 8
        numbers.wait_more(10)
        origin.server.resume()
        source.wait_text(numbers.sent[-1], 40)
    source.must_have(numbers.sent)
    counters.wait_streams(origin.sse, 1)


def test_a_program_that_stands_still_for_long_is_gone_on_with_by_polls(stage, open_tab):
    origin = Origin(stage)
    source = open_tab(origin.page).listen(heartbeat=1000, retryStream=1000).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        origin.sse.pause()
        source.wait_entry("transport", transport="poll", reason="held")
        source.wait_text(numbers.sent[-1])
        origin.sse.resume()
        source.wait_entry("transport", transport="stream")
        numbers.wait_more(10)
    source.must_have(numbers.sent)
    assert not source.entries("gap")
