# SPDX-License-Identifier: BSD-2-Clause
"""The demo page: events appear as text, and a restart is survived."""

import time

import pytest
import stalls
from browsers import in_every_browser
from page import MARKUP, Page
from process import until
from selenium.webdriver.common.by import By


@pytest.fixture
def opened(stage, browser):
    """An open page, and the responder behind it."""
    responder = stage.responder(retry="1s")
    lighttpd = stage.lighttpd(responder)
    page = Page(browser, lighttpd.url(f"/?redis=127.0.0.1:{stage.redis.port}"))
    page.wait_state("open")
    yield page, responder
    browser.get("about:blank")


@in_every_browser
def test_a_published_text_stands_in_the_page_within_a_second(stage, opened, tmp_path):
    page, _ = opened
    started = time.monotonic()
    stage.redis.publish("news", "hello from Redis")
    page.wait_row("hello from Redis")
    assert stalls.elapsed_s(started) < 1
    assert page.number("count") == 1
    assert page.text("last-id") not in ("", "–")
    assert str(stage.redis.port) in page.lines()[0]
    stage.redis.publish("clock", '{"id": 1795226441, "message": "welcome, it is now 2026-11-21 02:00:41"}')
    page.wait_row("welcome, it is now 2026-11-21 02:00:41")
    page.browser.save_screenshot(str(tmp_path / "page.png"))
    print(f"screenshot: {tmp_path / 'page.png'}")


def test_markup_is_shown_as_text(stage, opened):
    page, _ = opened
    stage.redis.publish("news", MARKUP)
    page.wait_row(MARKUP)
    page.must_have_no_markup("events")


def test_an_envelope_shows_its_type_and_id(stage, opened):
    page, _ = opened
    stage.redis.publish("news", '{"id": "order-17", "event": "order", "data": "typed"}')
    page.wait_row("typed")
    assert page.browser.find_element(By.CSS_SELECTOR, "#events li.event .type").text == "order"
    assert page.text("last-id").endswith("~order-17")


def test_the_page_obeys_its_own_security_policy(stage, opened):
    page, _ = opened
    stage.redis.publish("news", "anything")
    page.wait_row("anything")
    page.must_obey_its_policy()
    loaded = page.browser.execute_script("return performance.getEntriesByType('resource').map(({ name }) => name)")
    origin = page.browser.execute_script("return location.origin")
    assert len(loaded) > 20 and all(url.startswith(f"{origin}/") for url in loaded), "nothing comes from other hosts"


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_a_restart_is_survived_and_the_gap_is_told(stage, opened, way):
    page, responder = opened
    stage.redis.publish("news", "before the restart")
    page.wait_row("before the restart")
    getattr(responder, way)()
    until(lambda: page.state() != "open", "the page sees the end")
    responder.restart()
    page.wait_state("open", 40)
    until(lambda: page.number("gaps") >= 1, "the page is told of the gap")
    assert page.number("reconnects") >= 1
    assert page.rows("gap")
    stage.redis.publish("news", "after the restart")
    page.wait_row("after the restart")
    assert "before the restart" in page.rows()


def test_a_long_absence_is_survived(stage, opened):
    """The browser gives up for good on the first 503; the page does not."""
    page, responder = opened
    responder.stop()
    page.wait_state("waiting", 20)
    responder.restart()
    page.wait_state("open", 40)
    stage.redis.publish("news", "back again")
    page.wait_row("back again")
