# SPDX-License-Identifier: BSD-2-Clause
"""The demo page's long poll and its list of what is kept."""

import time

import counters
import pytest
import stalls
from page import LISTS, MARKUP, Page
from process import until
from selenium.webdriver.common.by import By


@pytest.fixture
def open_page(stage, browser):
    """Opens the page with both programs behind it; returns it with its longpoll.fcgi."""

    def make(**options):
        responder, longpoll = stage.responder(**options), stage.longpoll(**options)
        page = Page(browser, stage.lighttpd(responder, longpoll=longpoll).url("/?channel=news"))
        page.wait_state("open")
        return page, longpoll

    yield make
    browser.get("about:blank")


@pytest.fixture
def opened(open_page):
    return open_page()


def wait_polls(longpoll, count):
    counters.wait(longpoll, lambda c: c["polls.open"] == count)


def start_polling(page, longpoll, polls=1):
    page.click("poll-toggle")
    wait_polls(longpoll, polls)


def keep(stage, page, longpoll, *texts):
    """Publishes texts for the list: a channel is kept from the first time that somebody asks for it."""
    page.click("list-fetch")
    until(lambda: "200" in page.text("list-state"), "the list is fetched")
    before = counters.read(longpoll)["messages.received"]
    stage.redis.publish_all("news", texts)
    counters.wait(longpoll, lambda c: c["messages.received"] == before + len(texts))


def fetch_list(page, said):
    page.click("list-fetch")
    until(lambda: said in page.text("list-state"), f"the list says '{said}'")


# --- The long poll ---


def test_it_waits_for_the_button(stage, opened):
    page, longpoll = opened
    assert (page.text("poll-toggle"), page.text("poll-state")) == ("Start polling", "Stopped")
    assert counters.read(longpoll)["polls.open"] == 0
    start_polling(page, longpoll)
    assert (page.text("poll-toggle"), page.text("poll-state")) == ("Stop polling", "Waiting for the next event")
    assert page.state("poll-state") == "open"


def test_the_long_poll_shows_each_published_text_at_once(stage, opened):
    page, longpoll = opened
    start_polling(page, longpoll)
    for number in range(3):
        started = time.monotonic()
        stage.redis.publish("news", f"text {number}")
        page.wait_row(f"text {number}", list_="poll-events")
        assert stalls.elapsed_s(started) < 1
    assert page.rows(list_="poll-events") == ["text 2", "text 1", "text 0"]
    assert page.rows(list_="poll-events", part="type") == ["news · message"] * 3
    assert page.text("poll-position") == page.rows(list_="poll-events", part="id")[0]
    assert 1 <= page.number("poll-count") <= 3
    page.must_obey_its_policy()


def test_a_stopped_long_poll_shows_nothing_and_goes_on_where_it_was(stage, opened):
    page, longpoll = opened
    start_polling(page, longpoll)
    stage.redis.publish("news", "before")
    page.wait_row("before", list_="poll-events")
    wait_polls(longpoll, 1)
    page.click("poll-toggle")
    assert (page.text("poll-toggle"), page.text("poll-state")) == ("Start polling", "Stopped")
    position = page.text("poll-position")
    stage.redis.publish("news", "meanwhile")
    page.wait_row("meanwhile")
    time.sleep(0.5)
    assert page.rows(list_="poll-events") == ["before"]
    assert page.text("poll-position") == position
    page.click("poll-toggle")
    page.wait_row("meanwhile", list_="poll-events")
    assert page.rows(list_="poll-events") == ["meanwhile", "before"]


def test_the_long_poll_survives_a_restart_and_tells_the_gap(stage, opened):
    page, longpoll = opened
    start_polling(page, longpoll)
    stage.redis.publish("news", "before")
    page.wait_row("before", list_="poll-events")
    longpoll.kill()
    page.wait_state("waiting", id_="poll-state")
    assert page.text("poll-state") == "No answer. Trying again…"
    assert "the server answered 50" in page.text("poll-why")
    longpoll.restart()
    until(lambda: page.rows("gap", "poll-events"), "the gap is told", 20)
    assert (page.state("poll-state"), page.text("poll-why")) == ("open", "")
    stage.redis.publish("news", "after")
    page.wait_row("after", list_="poll-events")


def test_other_channels_are_polled_and_listed_too(stage, opened):
    page, longpoll = opened
    start_polling(page, longpoll)
    stage.redis.publish("news", "from the first channel")
    page.wait_row("from the first channel", list_="poll-events")
    page.add("channels", "other, more")
    stage.redis.publish("more", "from another channel")
    page.wait_row("from another channel", list_="poll-events")
    assert page.rows(list_="poll-events", part="type") == ["more · message", "news · message"]
    fetch_list(page, "2 events")
    assert page.rows(list_="list-events") == ["from another channel", "from the first channel"]


# --- The list ---


def test_the_list_shows_what_is_kept(stage, opened):
    page, longpoll = opened
    keep(stage, page, longpoll, "one", '{"data": "two", "event": "order", "id": "17", "retry": 5000}', "three")
    fetch_list(page, "3 events")
    assert page.rows(list_="list-events") == ["three", "two", "one"]
    assert page.rows(list_="list-events", part="type") == ["news · message", "news · order", "news · message"]
    ids = page.rows(list_="list-events", part="id")
    assert len(set(ids)) == 3 and ids[1].endswith("~17")
    assert page.rows(list_="list-events", part="note") == ["", "retry: 5000 ms", ""]
    assert (page.number("list-count"), page.text("list-newest")) == (3, ids[0])
    times = page.browser.find_elements(By.CSS_SELECTOR, "#list-events time")
    assert all(time.text and time.get_attribute("datetime") for time in times)


def test_an_unchanged_list_is_told(stage, opened):
    page, longpoll = opened
    keep(stage, page, longpoll, "one")
    fetch_list(page, "1 event")
    fetch_list(page, "304")
    assert "nothing has changed" in page.text("list-state")
    assert page.rows(list_="list-events") == ["one"]
    stage.redis.publish("news", "two")
    page.wait_row("two")
    until(lambda: page.click("list-fetch") or page.rows(list_="list-events") == ["two", "one"], "the list has changed")


def test_a_list_without_an_answer_says_so(stage, opened):
    page, longpoll = opened
    longpoll.expect_end().stop()
    fetch_list(page, "No answer: the server answered 503.")


# --- Both ---


def test_markup_is_shown_as_text(stage, opened):
    page, longpoll = opened
    start_polling(page, longpoll)
    keep(stage, page, longpoll, MARKUP)
    fetch_list(page, "1 event")
    for list_ in ("poll-events", "list-events"):
        page.wait_row(MARKUP, list_=list_)
        page.must_have_no_markup(list_)


def test_an_event_has_the_same_id_in_stream_poll_and_list(stage, open_page):
    page, longpoll = open_page(history="redis")
    start_polling(page, longpoll)
    stage.redis.publish("news", "everywhere")
    for list_ in ("events", "poll-events"):
        page.wait_row("everywhere", list_=list_)
    until(lambda: page.rows(part="places") == ["also in long poll"], "the stream's row says so")
    fetch_list(page, "1 event")
    ids = [page.rows(list_=list_, part="id") for list_ in LISTS]
    assert len(ids[0]) == 1 and ids[0][0]
    assert ids == [ids[0]] * 3
    assert [page.text(id_) for id_ in ("last-id", "poll-position", "list-newest")] == [ids[0][0]] * 3
    said = [["also in long poll, list"], ["also in stream, list"], ["also in stream, long poll"]]
    until(lambda: [page.rows(list_=list_, part="places") for list_ in LISTS] == said, "each row says so")
