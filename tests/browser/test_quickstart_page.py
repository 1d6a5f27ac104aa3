# SPDX-License-Identifier: BSD-2-Clause
"""The pages that examples/quickstart shows, and the lines that it prints."""

import re
import subprocess

import pytest
from page import Page
from process import free_port, until
from quickstart import Quickstart


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    run = Quickstart(tmp_path_factory.mktemp("quickstart"), "--port", free_port()).start()
    yield run
    run.stop(20)


@pytest.fixture
def printed(quickstart, browser):
    """What it printed, by the word before it."""
    yield dict(re.findall(r"^  (\w+) +(.*)$", quickstart.log(), re.MULTILINE))
    browser.get("about:blank")


def run(line):
    return subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True, timeout=20).stdout


def test_the_page_shows_what_the_printed_line_publishes(browser, printed):
    page = Page(browser, printed["page"])
    page.wait_state("open")
    page.click("list-fetch")  # a channel is kept from the first time that somebody asks for it
    run(printed["publish"])
    page.wait_row("hello")
    assert page.lines()[0].replace(" -h 127.0.0.1", "") == printed["publish"].replace("'", "")
    page.click("poll-toggle")
    until(lambda: run(page.lines()[0]) and "hello" in page.rows(list_="poll-events"), "the long poll has it, too")
    page.click("list-fetch")
    page.wait_row("hello", list_="list-events")
    assert set(page.rows(list_="poll-events", part="id")) <= set(page.rows(list_="list-events", part="id"))
    page.must_obey_its_policy()


def test_the_clock_is_heard_within_its_ten_seconds(browser, printed):
    page = Page(browser, printed["page"])
    page.wait_text("clock-message", "welcome, it is now", 20)
    assert any(row.startswith("welcome, it is now") for row in page.rows())


def test_a_channel_that_the_example_does_not_allow_is_told(browser, printed):
    page = Page(browser, printed["page"])
    page.add("channels", "public:chat")
    page.wait_state("open")
    page.add("channels", "secret")
    assert "'secret'" in page.wait_text("why", "The server says:", 20)


def test_the_smallest_page_shows_the_clock_and_what_is_published(browser, printed):
    Page(browser, printed["page"]).find("footer a").click()
    lines = "return [...document.querySelectorAll('#messages li')].map((item) => item.textContent)"
    until(lambda: any(": welcome, it is now" in line for line in browser.execute_script(lines)), "the clock", 20)
    run(printed["publish"])
    until(lambda: any(line.endswith(": hello") for line in browser.execute_script(lines)), "the published line")
