# SPDX-License-Identifier: BSD-2-Clause
"""The page for everybody: no complaint of axe-core, in each look and language, and no scrolling sideways."""

import json
import pathlib

import counters
import pytest
from page import MARKUP, Page
from process import until

AXE = pathlib.Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESK, SMALLEST = 375, 1280, 320


@pytest.fixture(scope="module")
def axe():
    return AXE.read_text()


@pytest.fixture(params=["en", "zh"])
def filled(request, stage, browser):
    """The page with all that can stand on it: rows, gaps, charts, and then errors, since both programs have ended."""
    programs = stage.responder(max_message="4k"), stage.longpoll(max_message="4k")
    page = Page(browser, stage.lighttpd(programs[0], longpoll=programs[1]).url(f"/?channel=news,clock&lang={request.param}"))
    page.wait_state("open")
    page.click("list-fetch")
    page.wait_text("list-state", "200")
    page.click("poll-toggle")
    counters.wait(programs[1], lambda c: c["polls.open"] == 1)
    stage.redis.publish("news", "too large" * 500)
    stage.redis.publish("clock", '{"id": 1795226441, "message": "welcome"}')
    now = browser.execute_script("return Date.now()")
    stage.redis.publish_all("news", [json.dumps({"time": now}), MARKUP, "W" * 3000, "مرحبا", '{"data": "x", "id": "a-long-id-of-64"}'])
    for list_ in ("events", "poll-events"):
        page.wait_row("x", list_=list_)
        until(lambda: page.rows("gap", list_), f"the gap stands in {list_}")
    page.click("list-fetch")
    page.wait_row("x", list_="list-events")
    for program in programs:
        program.expect_end().stop()
    page.click("list-fetch")
    page.wait_text("list-state", "503")
    page.wait_state("waiting")
    page.wait_state("waiting", id_="poll-state")
    yield page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {})
    browser.get("about:blank")


def look(browser, scheme, width):
    """Without motion, so that no colour is caught on its way."""
    features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def violations(browser, axe):
    if not browser.execute_script("return 'axe' in window"):
        browser.execute_script(axe)
    script = "const done = arguments[0]; axe.run().then(({ violations }) => done(violations), (error) => done(String(error)))"
    found = browser.execute_async_script(script)
    assert isinstance(found, list), found
    return [(one["impact"], one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def test_axe_has_nothing_against_the_page(browser, filled, axe):
    for scheme in ("light", "dark"):
        for width in (DESK, PHONE):
            look(browser, scheme, width)
            assert violations(browser, axe) == [], f"{scheme}, {width}"


@pytest.mark.parametrize("filled", ["en"], indirect=True)
def test_nothing_scrolls_sideways(browser, filled):
    for width in (SMALLEST, PHONE, 768, DESK):
        look(browser, "light", width)
        wide = "const { scrollWidth, clientWidth } = document.documentElement; return scrollWidth - clientWidth"
        assert browser.execute_script(wide) == 0, f"at {width} px"


def test_axe_has_nothing_against_the_smallest_page(stage, browser, axe):
    browser.get(stage.lighttpd(stage.responder()).url("/minimal.html"))
    assert [one for one in violations(browser, axe) if one[0] in ("serious", "critical")] == []
    browser.get("about:blank")
