# SPDX-License-Identifier: BSD-2-Clause
"""Tabs that share go on when the one that leads them ends: another leads within a second, and nothing is lost."""

import itertools

import counters
import pytest
from browsers import BROWSERS
from origin import Numbers, Origin
from selenium.common.exceptions import WebDriverException
from shared import Shared


@pytest.fixture
def origin(stage):
    return Origin(stage)


def close(tab):
    tab.close()


def close_source(tab):
    tab.run("witness.close('it')")


def navigate(tab):
    tab.browser.get("about:blank")


def crash(tab):
    with pytest.raises(WebDriverException, match="crashed"):
        tab.tell_browser("Page.crash")


def hang(tab, milliseconds):
    """It neither does nor hears anything meanwhile, and the browser waits for it before another is shown."""
    tab.run("setTimeout((end) => { while (Date.now() < end); }, 0, Date.now() + arguments[0])", milliseconds)


ENDS = [("chromium", close_source), ("chromium", crash), *itertools.product(BROWSERS, (close, navigate))]


@pytest.mark.parametrize("browser, end", ENDS, indirect=["browser"])
def test_a_leader_that_ends_in_the_middle_is_replaced(origin, open_tab, end):
    shared = Shared(origin, open_tab, 5)
    with Numbers(origin, 100, pause=0.02) as numbers:
        numbers.wait(40)
        began = shared.end_leader(end)
        shared.must_lead_within(1000, began)
    shared.must_have(numbers.sent)
    counters.wait_streams(origin.sse, 1)


def test_leaders_that_end_one_after_the_other_are_replaced(origin, open_tab):
    shared = Shared(origin, open_tab, 5)
    with Numbers(origin) as numbers:
        while len(shared.sources) > 1:
            numbers.wait_more(10)
            began = shared.end_leader(close)
            shared.must_lead_within(1000, began)
        numbers.wait_more(10)
    shared.must_have(numbers.sent)
    counters.wait_streams(origin.sse, 1)


def test_a_leader_that_ends_while_the_server_is_away_is_replaced(origin, open_tab):
    shared = Shared(origin, open_tab, 3)
    with Numbers(origin) as numbers:
        numbers.wait(10)
        with origin.absent_server():
            shared.end_leader(close)
            shared.wait_leader()
            numbers.wait_more(10)
        shared.sources[0].wait_text(numbers.sent[-1], 40)
    shared.must_have(numbers.sent)


def test_a_leader_that_is_frozen_is_replaced_and_follows_when_it_wakes(origin, open_tab):
    shared = Shared(origin, open_tab, 3)
    with Numbers(origin) as numbers:
        numbers.wait(10)
        sleeper = shared.wait_leader()
        shared.sources.remove(sleeper)
        sleeper.tab.tell_browser("Page.setWebLifecycleState", state="frozen")
        shared.wait_leader(15)
        numbers.wait_more(10)
        sleeper.tab.tell_browser("Page.setWebLifecycleState", state="active")
        shared.sources.append(sleeper)
        numbers.wait_more(10)
    shared.must_have(numbers.sent)
    assert len(sleeper.tab.life("freeze")) == len(sleeper.tab.life("resume")) == 1
    assert shared.wait_leader() is not sleeper
    counters.wait_streams(origin.sse, 1)


def test_a_leader_that_hangs_is_replaced_and_follows_when_it_goes_on(origin, open_tab):
    shared = Shared(origin, open_tab, 3)
    with Numbers(origin) as numbers:
        numbers.wait(10)
        hanging = shared.wait_leader()
        shared.sources.remove(hanging)
        hang(hanging.tab, 9000)
        shared.wait_leader(15)
        numbers.wait_more(10)
        shared.sources.append(hanging)
        hanging.wait(lambda state: state["role"] == "follower", "it follows", 20)
        numbers.wait_more(10)
    shared.must_have(numbers.sent)
    counters.wait_streams(origin.sse, 1)
