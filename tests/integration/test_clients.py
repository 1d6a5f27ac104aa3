# SPDX-License-Identifier: BSD-2-Clause
"""Clients behind each web server: npm "eventsource", "@microsoft/fetch-event-source", requests, curl; push.js in Node.

Those who do not come back by themselves do so by what examples/ and tests/clients/ add to them.
"""

import clients
import pytest
from following import every_server, must_be_told_all, must_survive_replacement, wait_connected


@pytest.fixture
def follow(site):
    """Starts a client of each kind on a target; they are all connected then."""
    started = []

    def start(target):
        started.extend(site.stage.add(kind(site.stage.place("c"), site.url(target))) for kind in clients.ALL)
        for client in started:
            client.start()
        wait_connected(site, len(started))
        return started

    yield start
    for client in started:
        client.stop()
    wait_connected(site, 0)


@every_server
def test_every_event_arrives_as_it_was_published(site, follow):
    must_be_told_all(site, follow(clients.TARGET))


@every_server
def test_replaced_programs_lose_and_repeat_nothing(site, follow):
    must_survive_replacement(site, follow("/events?channel=news"))
