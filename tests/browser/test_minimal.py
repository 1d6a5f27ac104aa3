# SPDX-License-Identifier: BSD-2-Clause
"""minimal.html, the page to copy from."""

import pytest
from page import MARKUP
from process import until
from selenium.webdriver.common.by import By

from counters import wait_streams


class Minimal:
    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)

    def lines(self):
        return [item.text for item in self.browser.find_elements(By.CSS_SELECTOR, "#messages li")]

    def wait_lines(self, *lines):
        until(lambda: len(self.lines()) == len(lines), f"there are {len(lines)} lines")
        assert all(shown.endswith(line) for shown, line in zip(self.lines(), lines))
        return self.lines()


@pytest.fixture
def opened(stage, browser):
    responder = stage.responder()
    page = Minimal(browser, stage.lighttpd(responder).url("/minimal.html"))
    wait_streams(responder, 1)
    yield page
    browser.get("about:blank")


def test_it_appends_id_and_message(stage, opened):
    stage.redis.publish("clock", '{"id": 1795226441, "message": "welcome, it is now 2026-11-21 02:00:41"}')
    assert opened.wait_lines("") == ["1795226441: welcome, it is now 2026-11-21 02:00:41"]


def test_it_skips_null_and_goes_on_after_what_is_no_json(stage, opened):
    stage.redis.publish_all("news", ["hello", "null", "{", "5", '{"text": "other"}', '{"id": 7, "message": "last"}'])
    opened.wait_lines(": hello", ": {", ": 5", ': {"text": "other"}', "7: last")


def test_it_shows_markup_as_text(stage, opened):
    stage.redis.publish("news", MARKUP)
    opened.wait_lines(MARKUP)
    assert opened.browser.find_elements(By.CSS_SELECTOR, "img, b, li script") == []
    assert "owned" not in opened.browser.title


def test_it_says_so_where_there_is_no_eventsource(stage, browser):
    url = stage.lighttpd().url("/minimal.html")
    hide = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.EventSource"})
    page = Minimal(browser, url)
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", hide)
    assert page.lines() == ["This browser has no EventSource."]
