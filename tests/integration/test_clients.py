# SPDX-License-Identifier: BSD-2-Clause
"""Clients of others behind each web server: npm "eventsource", "@microsoft/fetch-event-source", requests and curl.

Those who do not come back by themselves do so by what examples/ and tests/clients/ add to them.
"""

import signal

import clients
import eventsources
import modes
import pytest
import stage as stages
import workers
from process import until

SERVERS = [mode for mode in modes.MODES if mode.name in ("lighttpd-unix", "apache-proxypass-unix", "nginx-unix")]
CHANNELS = "/events?channel=news,clock&channel=public:more"

# channel, payload, and what a client is told: type, what stands in the id behind ours, data
PUBLISHED = [
    ("news", "plain", ("message", "", "plain")),
    ("clock", '{"id": 7, "event": "order", "data": {"state": "paid"}}', ("order", "~7", '{"state":"paid"}')),
    ("public:more", "first\nsecond\r\n\n  third: \n", ("message", "", "first\nsecond\n\n  third: \n")),
    ("news", "Grüße, 世界 🌍, \u2028 and \x0b", ("message", "", "Grüße, 世界 🌍, \u2028 and \x0b")),
    ("news", '{"event": "order", "data": ""}', ("order", "", "")),
    ("clock", ": no comment\n\nid: 0\nevent: order", ("message", "", ": no comment\n\nid: 0\nevent: order")),
    ("news", '{"retry": 250, "data": "and a retry"}', ("message", "", "and a retry")),
]


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
    """Starts clients, which have open streams then."""
    started = []

    def make(kinds, target, *arguments):
        before = site.programs.open_streams()
        new = [site.stage.add(kind(site.stage.place("c"), site.url(target), *arguments)).start() for kind in kinds]
        started.extend(new)
        until(lambda: site.programs.open_streams() == before + len(new), "the streams are open")
        return new

    yield make
    for client in started:
        client.stop()
    until(lambda: site.programs.open_streams() == 0, "the streams are closed")


def all_servers(test):
    return pytest.mark.parametrize("running", SERVERS, ids=lambda mode: mode.name, indirect=True)(test)


@all_servers
def test_every_event_arrives_as_it_was_published(site, follow):
    followers = follow(clients.ALL, CHANNELS)
    for channel, payload, _ in PUBLISHED:
        site.publish(channel, payload)
    told = [client.wait_events(len(PUBLISHED)) for client in followers]
    for client, events in zip(followers, told):
        named = [(type, "".join(id.partition("~")[1:]), data) for type, id, data in events]
        assert named == [each for *_, each in PUBLISHED], type(client).__name__
    assert told == [told[0]] * len(told), "all are told the same ids"


@all_servers
def test_a_replaced_responder_loses_and_repeats_nothing(site, follow):
    followers = follow(clients.ALL, "/events?channel=news")
    publisher = eventsources.Publisher(site, "news")
    publisher.start()
    try:
        for client in followers:
            client.wait_events(3)
        (responder,) = site.programs.streaming()
        workers.wait_ended(workers.replace(responder, signal.SIGHUP))
        for client in followers:
            client.wait_events(len(publisher.sent) + 5)
    finally:
        publisher.stop()
    for client in followers:
        until(lambda: client.texts()[-1:] == publisher.sent[-1:], "the last event")
        assert client.texts() == publisher.sent, type(client).__name__
