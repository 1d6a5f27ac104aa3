# SPDX-License-Identifier: BSD-2-Clause
"""What holds for all who follow a stream, or poll, behind any web server."""

import signal

import clients
import counters
import eventsources
import modes
import pytest
import workers
from process import until

SERVERS = [mode for mode in modes.MODES if mode.name in ("lighttpd-unix", "apache-proxypass-unix", "nginx-unix")]
every_server = pytest.mark.parametrize("running", SERVERS, ids=[mode.name for mode in SERVERS], indirect=True)


def wait_connected(site, count):
    """Until so many streams and polls are open."""

    def connected():
        polls = sum(counters.read(program)["polls.open"] for program in site.programs.polling())
        return site.programs.open_streams() + polls

    until(lambda: connected() == count, f"{count} are connected")


def must_be_told_all(site, followers):
    """They follow clients.TARGET."""
    for channel, payload, _ in clients.PUBLISHED:
        site.publish(channel, payload)
    told = [follower.wait_events(len(clients.PUBLISHED)) for follower in followers]
    for events in told:
        without_our_ids = [(type, "".join(id.partition("~")[1:]), data) for type, id, data in events]
        assert without_our_ids == [event for *_, event in clients.PUBLISHED]
        assert events == told[0], "all are told the same ids"


def must_survive_replacement(site, followers):
    """They follow "news", and the programs are replaced while something is published ten times a second."""
    publisher = eventsources.Publisher(site, "news")
    publisher.start()
    try:
        for follower in followers:
            follower.wait_events(3)
        programs = site.programs.streaming() + site.programs.polling()
        workers.wait_ended([pid for program in programs for pid in workers.replace(program, signal.SIGHUP)])
        for follower in followers:
            follower.wait_events(len(publisher.sent) + 5)
    finally:
        publisher.stop()
    must_have_all(followers, publisher.sent)


def must_have_all(followers, sent):
    """Once and in order, and soon."""
    for follower in followers:
        until(lambda: follower.texts()[-1:] == sent[-1:], "the last event")
        assert follower.texts() == sent, type(follower).__name__
