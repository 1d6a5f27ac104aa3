# SPDX-License-Identifier: BSD-2-Clause
"""What the page makes of payloads: latency of those that carry a time, and the clock."""

import datetime
import json
import re
import time

import pytest
from page import Page
from process import until

FIGURES = ("latency-last", "latency-median", "latency-max")


@pytest.fixture
def opened(stage, browser):
    page = Page(browser, stage.lighttpd(stage.responder()).url("/"))
    page.wait_state("open")
    yield page
    page.must_obey_its_policy()
    browser.get("about:blank")


# --- Latency ---


def publish_aged(stage, page, age_ms, text):
    stage.redis.publish("news", json.dumps({"text": text, "time": time.time() * 1000 - age_ms}))
    until(lambda: any(text in row for row in page.rows()), f"'{text}' is shown")


def figures(page):
    """Last, median and maximum in ms."""
    return [float(re.fullmatch(r"(-?[\d,.]+) ms", page.text(id_))[1].replace(",", "")) for id_ in FIGURES]


def test_the_latency_of_payloads_with_a_time_is_drawn_and_told(stage, opened):
    page = opened
    assert "No payload with a time" in page.text("latency-note")
    for number, age in enumerate((6000, 2000, 4000)):
        publish_aged(stage, page, age, f"text {number}")
    last, median, largest = figures(page)
    assert 4000 <= last < 6000 and median == last and 6000 <= largest < 8000
    assert page.text("latency-note") == ""
    name = page.find("#latency-chart svg[role=img]").get_attribute("aria-label")
    assert re.match(r"Latency of the last 3 events: last [45],.* at most [67],", name)
    points = page.find("#latency-chart .line").get_attribute("points").split()
    heights = [float(point.split(",")[1]) for point in points]
    assert heights[0] < heights[2] < heights[1], "higher is later"


def test_a_payload_without_a_believable_time_is_not_measured(stage, opened):
    stage.redis.publish_all("news", ["hello", '{"time": 12}', '{"time": "soon"}', '{"time": 1700000000}', "null", "[]", "end"])
    opened.wait_row("end")
    assert [opened.text(id_) for id_ in FIGURES] == ["–"] * 3


def test_clocks_that_differ_are_told(stage, opened):
    publish_aged(stage, opened, -60000, "from the future")
    assert opened.text("latency-last").startswith("-")
    assert "clocks" in opened.text("latency-note")


def test_the_moment_of_a_payload_is_read_in_every_usual_form(browser, opened):
    moment = 1795226441250
    forms = [
        *(f'{{"time": {moment}}}', '{"time": 1795226441.25}', '{"timestamp": "2026-11-21T02:00:41.250Z"}'),
        *('{"time": "2026-11-21T03:00:41.250+01:00", "timestamp": 5}', f'{{"timestamp": {moment}, "data": null}}'),
    ]
    none = ["", "x", "5", "null", '{"time": null}', '{"time": "2026"}', '{"time": true}', '{"time": -5}', '{"id": 1795226441}']
    script = """
      const [forms, done] = arguments;
      import('/page/payload.js').then(({ momentOf }) => done(forms.map(momentOf).map((ms) => (Number.isNaN(ms) ? 'none' : ms))));
    """
    assert browser.execute_async_script(script, forms + none) == [moment] * len(forms) + ["none"] * len(none)


# --- The clock ---


def tell_time(stage, page, message="welcome, it is now 2026-11-21 02:00:41"):
    stage.redis.publish("clock", json.dumps({"id": 1795226441, "message": message}))
    page.wait_text("clock-message", f"1795226441: {message}")


def test_the_clock_shows_what_the_tutorial_s_page_showed_and_goes_on(stage, opened):
    page = opened
    assert page.text("clock-note") == "No message on the channel clock yet."
    tell_time(stage, page)
    time_element = page.find("#clock-time")

    def shown():
        return datetime.datetime.fromisoformat(time_element.get_attribute("datetime").replace("Z", "+00:00")).timestamp()

    first = shown()
    assert 0 <= first - 1795226441 < 3
    assert re.fullmatch(r"\d\d:\d\d:\d\d", time_element.text)
    second = page.find("#second").get_attribute("transform")
    until(lambda: shown() - first >= 1, "it goes on by itself", 3)
    assert page.find("#second").get_attribute("transform") != second


def test_the_clock_says_so_when_nobody_listens_to_it(stage, opened):
    page = opened
    tell_time(stage, page)
    page.toggle("channels", "clock")
    assert page.text("clock-note") == "The channel clock is not listened to."
    assert (page.text("clock-time"), page.text("clock-message")) == ("–", "")
    stage.redis.publish("news", '{"id": 1795226441, "message": "of another channel"}')
    page.wait_row("of another channel")
    assert page.text("clock-time") == "–"
    page.toggle("channels", "clock")
    page.wait_state("open")
    tell_time(stage, page, "and back")


def test_a_number_that_is_no_time_stops_nothing(stage, opened):
    stage.redis.publish("clock", '{"id": 1e300, "message": "far away"}')
    opened.wait_text("clock-message", "far away")
    tell_time(stage, opened)
