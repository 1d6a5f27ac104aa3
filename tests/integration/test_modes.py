# SPDX-License-Identifier: BSD-2-Clause
"""Each web server and mode, by the very files of examples/.

FCGI_PUSH_FIGURES names a file for what was measured: a JSON object for each mode. -s shows it, too.
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import signal
import statistics
import subprocess
import time

import eventsources
import modes
import pytest
import stalls
from process import die_with_parent, until

HEARTBEAT = 1.0
FIGURES = {}
STREAMING = [mode for mode in modes.MODES if mode.has_streams]


def note(site, **figures):
    """Keeps what was measured of a mode."""
    FIGURES.setdefault(site.mode.name, {}).update(figures)
    print(f"{site.mode.name}: {figures}")


@pytest.fixture(scope="module", autouse=True)
def figures_file():
    yield
    if name := os.environ.get("FCGI_PUSH_FIGURES"):
        pathlib.Path(name).write_text(json.dumps(FIGURES, indent=1) + "\n")


@pytest.fixture
def heard_site(site):
    """One at which somebody hears what is published between two requests: with plain CGI, a stream.

    An event shows that it has taken over from those of the test before, who record until they are gone."""
    if not site.mode.programs.hears_always:
        stream = site.stream("/events?channel=public:other")
        site.publish("public:other", "who hears this?")
        stream.next_event(timeout=15.0, type="message")
    yield site


def for_modes(chosen):
    return pytest.mark.parametrize("running", chosen, ids=[mode.name for mode in chosen], indirect=True)


every_mode = for_modes(modes.MODES)
every_stream = for_modes(STREAMING)
every_reloadable = for_modes([mode for mode in STREAMING if mode.programs.is_reloadable])


@pytest.fixture
def channel(numbers=itertools.count()):
    """A channel that no other test uses, and that everybody may read."""
    return f"public:{next(numbers)}"


# --- Events arrive ---


@every_stream
def test_an_event_arrives_at_once_by_itself(site, channel):
    stream = site.stream(f"/events?channel={channel}")
    delays = []
    for number in range(11):
        sent = time.monotonic()
        site.publish(channel, f"message {number}")
        event = stream.next_event(type="message")  # a site that has just begun may tell of a gap
        assert event.text == f"message {number}"
        delays.append(stalls.elapsed_s(sent, event.at) * 1000)
    note(site, delay_ms=round(statistics.median(delays), 1), longest_ms=round(max(delays), 1))
    assert statistics.median(delays) < 200


@every_stream
def test_a_stream_that_comes_back_loses_and_repeats_nothing(heard_site, channel):
    first = heard_site.stream(f"/events?channel={channel}")
    for number in range(3):
        heard_site.publish(channel, str(number))
    seen = first.next_events(2)
    first.close()
    for number in range(3, 5):
        heard_site.publish(channel, str(number))
    second = heard_site.stream(f"/events?channel={channel}", {"Last-Event-ID": seen[-1].id})
    heard_site.publish(channel, "5")
    texts = [event.text for event in seen + second.next_events(4)]
    assert texts == [str(number) for number in range(6)]
    assert not second.quiet_events(0.2)


@every_stream
def test_a_megabyte_arrives_intact(site, channel):
    payload = "".join(f"{number:06} žluťoučký kůň, 'quoted' \"text\"\n" for number in range(23500))
    assert 1_000_000 < len(payload.encode()) < 1 << 20
    stream = site.stream(f"/events?channel={channel}")
    site.publish(channel, payload)
    assert stream.next_event(timeout=15).text == payload


# --- Polls ---


def events_of(response):
    assert response.status == 200
    return [event["data"] for event in json.loads(response.body())]


@every_mode
def test_a_long_poll_is_answered_by_the_event(heard_site, channel):
    site = heard_site
    position = site.ask("GET", f"/list?channel={channel}").headers["push-position"]
    target = f"/subscribe?channel={channel}&since={position}"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(site.ask, "GET", target)
        assert not concurrent.futures.wait([answer], 0.2).done, "it waits"
        sent = time.monotonic()
        site.publish(channel, "news")
        events = events_of(answer.result())
        while not events and time.monotonic() < sent + 10:  # who records among CGI scripts may have to be found first
            events = events_of(site.ask("GET", target))
        assert events == ["news"]
        note(site, poll_ms=round((time.monotonic() - sent) * 1000, 1))
    assert events_of(site.ask("GET", target)) == ["news"]
    assert events_of(site.ask("GET", f"/list?channel={channel}")) == ["news"]


@every_mode
def test_a_poll_for_which_nothing_comes_is_answered_by_an_empty_array(heard_site, channel):
    site = heard_site
    position = site.ask("GET", f"/list?channel={channel}").headers["push-position"]
    asked = time.monotonic()
    answer = site.ask("GET", f"/subscribe?channel={channel}&since={position}")
    assert events_of(answer) == []
    stalls.must_take(0.9, 3.0, asked)
    assert answer.headers["push-position"]


# --- Answers ---


@every_stream
@pytest.mark.parametrize(
    "method, target, status",
    [
        ("HEAD", "/events?channel=news", 200),
        ("HEAD", "/events/news", 200),
        ("OPTIONS", "/events?channel=news", 204),
        ("GET", "/events?channel=a!b", 400),
        ("GET", "/events?channel=user:alice", 403),
        ("POST", "/events?channel=news", 405),
        ("DELETE", "/events?channel=news", 405),
    ],
)
def test_what_is_no_stream_is_answered_and_ended(site, method, target, status):
    answers_and_ends(site, method, target, status)


@every_mode
@pytest.mark.parametrize(
    "method, target, status",
    [
        ("HEAD", "/list?channel=news", 200),
        ("HEAD", "/subscribe?channel=news", 200),
        ("OPTIONS", "/subscribe?channel=news", 204),
        ("GET", "/list?channel=a!b", 400),
        ("GET", "/list?channel=user:alice", 403),
        ("GET", "/list/elsewhere?channel=news", 404),
        ("POST", "/subscribe?channel=news", 405),
    ],
)
def test_what_is_no_poll_is_answered_and_ended(site, method, target, status):
    answers_and_ends(site, method, target, status)


def answers_and_ends(site, method, target, status):
    response = site.ask(method, target, body=b"x=1" if method == "POST" else b"", timeout=3)
    assert response.status == status
    body = response.body(timeout=3)
    assert response.ended_properly
    if status >= 400:
        assert json.loads(body)["message"]
        assert status != 405 or response.headers["allow"]
    else:
        assert body == b""


# --- The page ---


@every_mode
@pytest.mark.parametrize("page", ["/", "/minimal.html"])
def test_the_page_may_run_no_script_but_its_own(site, page):
    answer = site.ask("GET", page)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == "default-src 'self'"
    assert answer.headers["x-content-type-options"] == "nosniff"


@every_mode
def test_the_page_s_modules_are_served_as_script(site):
    answer = site.ask("GET", "/push.js")
    assert answer.status == 200
    assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "application/javascript")


# --- Channels ---


@every_stream
def test_a_name_that_is_none_is_shown_as_it_was_meant(site):
    for target in ("/events?channel=a%20b+c%C3%A9", "/events/a%20b%20c%C3%A9"):
        response = site.ask("GET", target)
        assert response.status == 400
        assert "'a b cé' is no channel" in json.loads(response.body())["message"]


@every_stream
@pytest.mark.parametrize("target", ["/events/{0}%3Ax,{0}.y", "/events?channel={0}%3Ax%2C{0}%2Ey", "/events?channel={0}:x&channel={0}.y"])
def test_channels_are_named_in_path_or_query_encoded_or_not(site, channel, target):
    stream = site.stream(target.format(channel))
    site.publish(f"{channel}:x", "first")
    site.publish(f"{channel}.y", "second")
    assert [event.text for event in stream.next_events(2)] == ["first", "second"]


# --- The mount with a login ---


@every_stream
def test_a_mount_with_a_login_lets_nobody_in_without_it(site):
    assert site.ask("GET", "/private/events").status == 401
    assert site.ask("GET", "/private/events", site.credentials(password="wrong")).status == 401


@every_stream
@pytest.mark.parametrize("name", ["PUSH_CHANNELS", "Push-Channels", "HTTP_PUSH_CHANNELS", "REMOTE_USER", "Remote-User"])
def test_no_header_of_a_client_says_what_a_mount_allows(site, name):
    headers = {**site.credentials(), name.lower(): "bob" if "USER" in name.upper() else "news"}
    for target in ("/private/events?channel=news", "/private/events/news", "/private/events?channel=user:bob"):
        assert site.ask("GET", target, headers).status == 403


@every_stream
def test_a_mount_with_a_login_gives_each_user_his_own_channel(site):
    stream = site.stream("/private/events", site.credentials())
    site.publish("user:bob", "for bob")
    site.publish("user:alice", "for alice")
    assert stream.next_event().text == "for alice"
    named = site.stream("/private/events/user:alice?since=0", site.credentials())
    assert named.next_event().text == "for alice"


# --- Clients that vanish ---


@every_stream
def test_a_client_that_vanishes_is_forgotten_within_three_heartbeats(site, channel):
    target = f"/events?channel={channel}"
    until(lambda: site.programs.open_streams() == 0, "no stream is open")
    closed, kept = site.stream(target), site.stream(target)
    command = [*site.curl, site.url(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=die_with_parent) as frozen:
        assert frozen.stdout.readline(), "its stream is open"
        assert site.programs.open_streams() == 3
        frozen.send_signal(signal.SIGSTOP)
        closed.close()
        note(site, closed_ms=must_be_forgotten(site, 2))
        frozen.kill()
        note(site, killed_ms=must_be_forgotten(site, 1))
    site.publish(channel, "still here")
    assert kept.next_event(type="message").text == "still here"


def must_be_forgotten(site, left):
    """A stream, of which so many are left, soon enough from now on; how long it took, in ms."""
    gone = time.monotonic()
    until(lambda: site.programs.open_streams() == left, f"{left} streams are left")
    forgotten = time.monotonic()
    stalls.must_take(0, 3 * HEARTBEAT, gone, forgotten)
    return round((forgotten - gone) * 1000)


# --- Reloads ---


@for_modes([mode for mode in STREAMING if mode.programs.outlives_server])
def test_a_graceful_reload_of_the_web_server_costs_nobody_anything_but_time(site, channel):
    """lighttpd ends its streams and lets clients wait meanwhile; Apache and nginx keep them in their old processes."""
    with eventsources.Audience(site, channel, 20) as audience:
        has_begun = site.server.reload()
        until(has_begun, "the web server begins anew", check=audience.check)
        count = audience.probe.count
        until(lambda: audience.probe.count > count + 30, "the probe has asked it", check=audience.check)
        audience.finish()
        note(site, longest_request_at_reload_ms=audience.probe.longest_ms)


@every_reloadable
def test_a_reload_and_an_upgrade_are_noticed_by_nobody(site, channel):
    with eventsources.Audience(site, channel, 200, [eventsources.STREAMS, eventsources.POLLS]) as audience:
        for number, openings in ((signal.SIGHUP, 2), (signal.SIGUSR2, 3)):
            site.programs.signal(number)
            audience.wait_openings(openings)
        audience.finish()
        note(site, streams=len(audience.sources), asked=audience.probe.count, longest_request_ms=audience.probe.longest_ms)


@for_modes([mode for mode in STREAMING if not mode.programs.outlives_server])
def test_what_is_lost_while_the_programs_end_with_the_web_server_is_announced(site, channel):
    """With it they all end, and for a moment nobody hears, or Apache has nobody to start them: 503."""
    with eventsources.Audience(site, channel, 5, requests=[]) as audience:
        has_begun = site.server.reload()
        until(has_begun, "the web server begins anew")
        source = audience.sources[0]
        sent = len(audience.publisher.sent) + 5
        until(lambda: max(filter(str.isdigit, source.texts), default="") >= f"{sent:06}", "the stream goes on")
    for source in audience.sources:
        got = [text for text in source.texts if not text.startswith("gap")]
        assert got == sorted(set(got)), "in order, nothing twice"
        missing = set(audience.publisher.sent[: int(got[-1])]) - set(got)
        assert not missing or got != source.texts, f"{missing} are missing and no gap says so"
