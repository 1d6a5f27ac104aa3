# SPDX-License-Identifier: BSD-2-Clause
"""What the page says of its connection: by what events come, why there are none, and whose it is."""

import counters
import pytest
from page import Page
from process import until


@pytest.fixture
def opened_tab(browser):
    """Opens the page in the tab that is there, or in one more; but for one they are closed in the end."""

    def make(url, is_new=False):
        if is_new:
            browser.switch_to.new_window("tab")
        return Page(browser, url)

    yield make
    kept, *others = browser.window_handles
    for tab in others:
        browser.switch_to.window(tab)
        browser.close()
    browser.switch_to.window(kept)
    browser.get("about:blank")


def test_the_wait_for_the_next_attempt_is_counted_down(stage, opened_tab):
    responder = stage.responder(retry="100ms")
    page = opened_tab(stage.lighttpd(responder).url("/"))
    page.wait_state("open")
    assert (page.text("state"), page.text("transport"), page.text("countdown")) == ("Connected", "Stream", "")
    responder.stop()
    page.wait_state("waiting")
    assert page.text("state") == "Refused, will try again"
    page.wait_text("countdown", "in ", 20)
    responder.restart()
    page.wait_state("open", 40)
    assert page.text("countdown") == ""
    assert page.number("reconnects") == 1


def test_a_stream_that_is_held_back_is_replaced_by_a_long_poll_and_the_page_says_why(stage, opened_tab):
    responder, longpoll = stage.responder(history="redis"), stage.longpoll(history="redis")
    lighttpd = stage.lighttpd(responder, longpoll=longpoll)
    responder.pause()
    page = opened_tab(lighttpd.url("/"))
    until(lambda: page.text("transport") == "Long poll", "it polls")
    assert "holds streams back" in page.text("why")
    page.wait_state("open")
    stage.redis.publish("news", "by poll")
    page.wait_row("by poll")
    assert page.text("last-id") == page.rows(part="id")[0]


def test_why_a_channel_is_refused_is_told(stage, opened_tab):
    programs = stage.responder(channels="news"), stage.longpoll(channels="news")
    page = opened_tab(stage.lighttpd(programs[0], longpoll=programs[1]).url("/?channel=news,secret"))
    page.wait_state("waiting")
    assert "'secret'" in page.wait_text("why", "The server says: ")
    page.toggle("channels", "secret")
    page.wait_state("open")
    assert page.text("why") == ""


def test_tabs_share_one_connection_when_they_are_told_to(stage, opened_tab, browser):
    responder = stage.responder(heartbeat="1s")
    url = stage.lighttpd(responder).url("/")
    first = opened_tab(url)
    first.wait_state("open")
    assert first.text("role").startswith("Alone")
    first.click("share")
    first.wait_text("role", "Leader")
    leader = browser.current_window_handle
    second = opened_tab(url, is_new=True)
    second.wait_text("role", "Follower")
    second.wait_state("open")
    follower = browser.current_window_handle
    assert second.find("#share").is_selected(), "the switch holds for all tabs that are opened"
    counters.wait_streams(responder, 1)
    stage.redis.publish("news", "for both")
    second.wait_row("for both")
    browser.switch_to.window(leader)
    first.wait_row("for both")
    browser.close()
    browser.switch_to.window(follower)
    second.wait_text("role", "Leader")
    stage.redis.publish("news", "for the one that is left")
    second.wait_row("for the one that is left")
    assert second.rows() == ["for the one that is left", "for both"]
    second.click("share")
    second.wait_text("role", "Alone")
    browser.refresh()
    second.wait_state("open")
    assert not second.find("#share").is_selected() and second.text("role").startswith("Alone")


def test_a_page_that_cannot_share_says_why(stage, opened_tab):
    lighttpd = stage.lighttpd(stage.responder())
    page = opened_tab(f"http://plain.example:{lighttpd.port}/")
    page.wait_state("open")
    page.click("share")
    assert "HTTPS" in page.wait_text("role", "Alone")
    page.wait_state("open")
    page.click("share")
    page.wait_text("role", "connection of its own")
