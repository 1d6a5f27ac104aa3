# SPDX-License-Identifier: BSD-2-Clause
"""Clients behind each web server: npm "eventsource", "@microsoft/fetch-event-source", requests, curl, and push.js in Node.

Those who do not come back by themselves do so by what examples/ and tests/clients/ add to them.
"""

import signal

import clients
import counters
import eventsources
import modes
import pytest
import stage as stages
import workers
from process import until

SERVERS = [mode for mode in modes.MODES if mode.name in ("lighttpd-unix", "apache-proxypass-unix", "nginx-unix")]
CHANNELS = "/events?channel=news,clock&channel=public:more"


@pytest.fixture(scope="module")
def running(request, certificate):
    with stages.open_stage() as stage:
        yield modes.Site(stage, request.param, certificate)


@pytest.fixture
def site(request, running):
    yield running
    running.hang_up()
    if stages.has_failed(request):
        print(running.stage.logs())


@pytest.fixture
def follow(site):
    """Starts a client of each kind on a target; they are all connected then."""
    started = []

    def waiting():
        return site.programs.open_streams() + sum(counters.read(each)["polls.open"] for each in site.programs.polling())

    def start(target):
        started.extend(site.stage.add(kind(site.stage.place("c"), site.url(target))) for kind in clients.ALL)
        for client in started:
            client.start()
        until(lambda: waiting() == len(started), "all are connected")
        return started

    yield start
    for client in started:
        client.stop()
    until(lambda: waiting() == 0, "all have gone")


def all_servers(test):
    return pytest.mark.parametrize("running", SERVERS, ids=lambda mode: mode.name, indirect=True)(test)


@all_servers
def test_every_event_arrives_as_it_was_published(site, follow):
    followers = follow(CHANNELS)
    for channel, payload, _ in clients.PUBLISHED:
        site.publish(channel, payload)
    told = [client.wait_events(len(clients.PUBLISHED)) for client in followers]
    for client, events in zip(followers, told):
        assert clients.as_published(events) == [each for *_, each in clients.PUBLISHED], type(client).__name__
    assert told == [told[0]] * len(told), "all are told the same ids"


@all_servers
def test_replaced_programs_lose_and_repeat_nothing(site, follow):
    followers = follow("/events?channel=news")
    publisher = eventsources.Publisher(site, "news")
    publisher.start()
    try:
        for client in followers:
            client.wait_events(3)
        earlier = [workers.replace(each, signal.SIGHUP) for each in site.programs.streaming() + site.programs.polling()]
        workers.wait_ended(sum(earlier, []))
        for client in followers:
            client.wait_events(len(publisher.sent) + 5)
    finally:
        publisher.stop()
    for client in followers:
        until(lambda: client.texts()[-1:] == publisher.sent[-1:], "the last event")
        assert client.texts() == publisher.sent, type(client).__name__
