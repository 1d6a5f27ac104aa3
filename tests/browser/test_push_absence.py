# SPDX-License-Identifier: BSD-2-Clause
"""A page that is away (in the back/forward cache, hidden, frozen, offline) goes on: each event once, in order."""

import time

import counters
import pytest
from browsers import runs_in
from durations import seconds
from origin import PATIENT, Numbers, Origin

SHARE = pytest.mark.parametrize("share", [False, True], ids=["alone", "shared"])


@pytest.fixture
def origin(stage):
    return Origin(stage)


def go_back(tab):
    """Out of the back/forward cache."""
    tab.show()
    tab.browser.back()
    tab.wait_page()
    assert tab.life("pageshow")[-1]["persisted"], "the page was loaded anew"


# --- The back/forward cache (Firefox keeps no page there that has a stream, and loads it anew) ---

CACHED = runs_in("chromium", "webkit")


@CACHED
@SHARE
def test_a_page_that_comes_back_out_of_the_cache_goes_on(origin, open_tab, share):
    source = open_tab(origin.page).listen(heartbeat=1000, share=share).wait_open()
    with Numbers(origin) as numbers:
        for _ in range(2):
            numbers.wait_more(10)
            source.tab.browser.get(origin.server.url("/witness.js"))
            counters.wait_streams(origin.sse, 0)
            numbers.wait_more(10)
            go_back(source.tab)
            source.wait_text(numbers.sent[-1])
    source.must_have(numbers.sent)
    assert not source.entries("gap")
    counters.wait_streams(origin.sse, 1)


def test_a_page_that_polls_comes_back_out_of_the_cache_and_goes_on(origin, open_tab):
    source = open_tab(origin.page).listen(heartbeat=1000, EventSource=None).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait_more(10)
        source.tab.browser.get(origin.server.url("/witness.js"))
        numbers.wait_more(10)
        go_back(source.tab)
        source.wait_text(numbers.sent[-1])
    source.must_have(numbers.sent)
    assert source.state()["transport"] == "poll"


@CACHED
def test_a_shared_page_comes_back_out_of_the_cache_while_another_leads(origin, open_tab):
    sources = [open_tab(origin.page).listen(heartbeat=1000, share=True).wait_open() for _ in range(2)]
    first, second = sources
    with Numbers(origin) as numbers:
        for leaver, stayer in ((first, second), (second, first)):
            numbers.wait_more(10)
            leaver.tab.show().browser.get(origin.server.url("/witness.js"))
            stayer.wait(lambda state: state["role"] == "leader", "the other leads")
            numbers.wait_more(10)
            go_back(leaver.tab)
            leaver.wait_text(numbers.sent[-1])
            assert leaver.role() == "follower"
    for source in sources:
        source.must_have(numbers.sent)
    counters.wait_streams(origin.sse, 1)


@CACHED
def test_a_shared_page_that_comes_back_to_a_server_that_forgot_is_told_and_shares_again(stage, open_tab):
    origin = Origin(stage, history="memory")
    away, stayer = [open_tab(origin.page).listen(heartbeat=PATIENT, share=True).wait_open() for _ in range(2)]
    with Numbers(origin, 5) as before:
        pass
    stayer.must_have(before.sent)
    away.tab.show().browser.get(origin.server.url("/witness.js"))
    origin.sse.kill()
    origin.sse.restart()
    stayer.wait_entry("gap", timeout=40, channel="news")
    go_back(away.tab)
    away.wait_entry("gap", timeout=40, channel="news")
    with Numbers(origin, 5) as after:
        pass
    for source in (away, stayer):
        source.must_have(before.sent + after.sent)
        assert len(source.entries("gap")) == 1
    counters.wait_streams(origin.sse, 1)
    assert origin.streams_opened() <= 3


def test_a_page_that_was_closed_stays_so_out_of_the_cache(origin, open_tab):
    source = open_tab(origin.page).listen(heartbeat=PATIENT).wait_open()
    source.close()
    source.tab.browser.get(origin.server.url("/witness.js"))
    go_back(source.tab)
    with Numbers(origin, 10):
        pass
    assert source.state()["readyState"] == 2
    assert not source.texts()
    assert origin.streams_opened() == 1


# --- Hidden and frozen ---


@SHARE
@pytest.mark.parametrize("hidden", [seconds(4), seconds(60)])
def test_a_tab_goes_on_while_it_is_hidden(origin, open_tab, hidden, share):
    source = open_tab(origin.page).listen(heartbeat=PATIENT, share=share).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        open_tab(origin.page)  # in front
        time.sleep(hidden)
    source.must_have(numbers.sent)
    left, back = (source.tab.life(kind)[-1]["at"] for kind in ("hidden", "visible"))
    assert back - left > hidden * 1000
    assert source.entries("event")[-20]["at"] < back, "events come while it is hidden"
    assert origin.streams_opened() == 1


@SHARE
@pytest.mark.parametrize("frozen", [seconds(4), seconds(60)])
def test_a_tab_that_was_frozen_goes_on(origin, open_tab, frozen, share):
    source = open_tab(origin.page).listen(heartbeat=1000, share=share).wait_open()
    with Numbers(origin, pause=0.2) as numbers:  # no more than is kept
        numbers.wait(10)
        source.tab.tell_browser("Page.setWebLifecycleState", state="frozen")
        time.sleep(frozen)
        source.tab.tell_browser("Page.setWebLifecycleState", state="active")
        source.wait_text(numbers.sent[-1])
    source.must_have(numbers.sent)
    assert source.tab.life("resume")[0]["at"] - source.tab.life("freeze")[0]["at"] > frozen * 1000
    assert not source.entries("gap")


# --- Offline ---


def set_offline(tab, is_offline):
    tab.tell_browser("Network.enable")
    speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.tell_browser("Network.emulateNetworkConditions", offline=is_offline, **speed)


def test_a_browser_that_was_offline_goes_on_at_once(origin, open_tab):
    source = open_tab(origin.page).listen(heartbeat=1000).wait_open()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        set_offline(source.tab, True)
        with origin.absent_server():  # what is connected already would go on
            source.wait_entry("error")
        time.sleep(5)
        assert source.state()["readyState"] == 0
        set_offline(source.tab, False)
        source.wait_text(numbers.sent[-1])
    source.must_have(numbers.sent)
    (back,) = (entry["at"] for entry in source.tab.life("online"))
    assert [entry for entry in source.entries("open") if 0 <= entry["at"] - back < 2000]
