# SPDX-License-Identifier: BSD-2-Clause
"""Browsers behind each web server: their EventSource, and PushSource with and without it."""

import clients
import in_page
import pytest
from browsers import in_every_browser
from following import every_server, must_be_told_all, must_survive_replacement, wait_connected


@pytest.fixture
def follow(site, browser):
    """Opens a source of each kind in one page; they are all connected then."""
    followers = []

    def start(target):
        browser.get(site.url("/push.js"))
        followers.extend(kind(browser, target) for kind in in_page.ALL)
        wait_connected(site, len(followers))
        return followers

    yield start
    for follower in followers:  # the page may live on in the back/forward cache
        follower.close()
    browser.get("about:blank")
    wait_connected(site, 0)


@in_every_browser
@every_server
def test_every_event_arrives_as_it_was_published(site, follow):
    must_be_told_all(site, follow(clients.TARGET))


@every_server
def test_replaced_programs_lose_and_repeat_nothing(site, follow):
    must_survive_replacement(site, follow("/events?channel=news"))
