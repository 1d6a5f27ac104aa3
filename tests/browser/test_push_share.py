# SPDX-License-Identifier: BSD-2-Clause
"""Tabs that share: one connection for all of them, and each has each event once."""

import json

import counters
import pytest
from origin import PATIENT, Numbers, Origin
from process import until
from shared import Shared


@pytest.fixture
def origin(stage):
    return Origin(stage)


def test_five_tabs_have_one_connection(origin, open_tab):
    shared = Shared(origin, open_tab, 5, heartbeat=PATIENT)
    with Numbers(origin, 20) as numbers:
        pass
    shared.must_have(numbers.sent)
    assert len(shared.leaders()) == 1 and len(shared.followers()) == 4
    assert (origin.streams(), origin.streams_opened()) == (1, 1)


def test_five_tabs_have_one_poll_where_streams_are_held_back(origin, open_tab):
    origin.hold_streams()
    shared = Shared(origin, open_tab, 5, retryStream=60_000)
    with Numbers(origin, 10) as numbers:
        pass
    shared.must_have(numbers.sent)
    assert [source.state()["transport"] for source in shared.sources] == ["poll"] * 5
    origin.publish("news", "for polls that were given up, of which lighttpd tells nobody")
    counters.wait(origin.longpoll, lambda c: c["polls.open"] == 1)


def test_a_tab_that_comes_later_has_what_comes_from_then_on(origin, open_tab):
    shared = Shared(origin, open_tab, 2, heartbeat=PATIENT)
    with Numbers(origin) as numbers:
        numbers.wait(10)
        before = len(numbers.sent)
        late = shared.add()
        after = len(numbers.sent) + 1  # one may be on its way
        numbers.wait_more(10)
    shared.must_have(numbers.sent)
    late.wait_text(numbers.sent[-1])
    first = numbers.sent.index(late.texts()[0])
    assert before <= first <= after
    late.must_have(numbers.sent[first:])
    assert origin.streams_opened() == 1


def test_a_tab_that_goes_on_after_an_id_has_what_came_since(origin, open_tab):
    shared = Shared(origin, open_tab, 2)
    with Numbers(origin, 10) as numbers:
        pass
    shared.must_have(numbers.sent)
    after = shared.sources[0].ids()[3]
    late = open_tab(origin.page).listen(share=True, heartbeat=1000, lastEventId=after)
    late.must_have(numbers.sent[4:])
    counters.wait_streams(origin.sse, 1)


def test_a_follower_that_is_closed_changes_nothing_for_the_others(origin, open_tab):
    shared = Shared(origin, open_tab, 4, heartbeat=PATIENT)
    first, second, *_ = shared.followers()
    with Numbers(origin) as numbers:
        numbers.wait(10)
        for source, end in ((first, first.close), (second, second.tab.close)):
            shared.sources.remove(source)
            end()
        numbers.wait_more(10)
    shared.must_have(numbers.sent)
    assert len(first.texts()) < len(numbers.sent)
    assert origin.streams_opened() == 1


def test_each_tab_has_the_types_that_it_listens_for(origin, open_tab):
    types = (["order"], ["alarm"], ["order", "alarm"])
    tabs = [open_tab(origin.page).listen(share=True, heartbeat=PATIENT, types=each).wait_open() for each in types]
    for number, type_ in enumerate(("order", "alarm", "order", "alarm")):
        origin.publish("news", json.dumps({"event": type_, "data": f"{type_} {number}"}))
    origin.publish("news", "for all")
    orders, alarms = ["order 0", "order 2"], ["alarm 1", "alarm 3"]
    for tab, texts in zip(tabs, (orders, alarms, ["order 0", "alarm 1", "order 2", "alarm 3"])):
        tab.must_have([*texts, "for all"])
    assert origin.streams_opened() == 1


def test_tabs_with_different_urls_do_not_share(origin, open_tab):
    news, clock = (
        open_tab(origin.page).listen(f"/events?channel={channel}", share=True, heartbeat=1000).wait_open()
        for channel in ("news", "clock")
    )
    assert (news.role(), clock.role()) == ("leader", "leader")
    origin.publish("news", "from news")
    origin.publish("clock", "from clock")
    news.must_have(["from news"])
    clock.must_have(["from clock"])


def test_without_locks_each_tab_has_a_connection_of_its_own(origin, open_tab):
    page = origin.page.replace("127.0.0.1", "push.example")
    sources = [open_tab(page).listen(share=True, heartbeat=1000).wait_open() for _ in range(2)]
    assert sources[0].tab.run("return [isSecureContext, 'locks' in navigator]") == [False, False]
    with Numbers(origin, 10) as numbers:
        pass
    for source in sources:
        source.must_have(numbers.sent)
        assert source.role() == "alone"
    assert origin.streams() == 2


def test_restarts_are_survived_by_all_tabs(origin, open_tab):
    shared = Shared(origin, open_tab, 3)
    with Numbers(origin) as numbers:
        numbers.wait(10)
        with origin.absent_server():
            pass
        until(lambda: shared.sources[0].texts()[-1:] == numbers.sent[-1:], "it is back", 40)
        origin.sse.kill()
        until(lambda: origin.get().status_code == 503, "it is answered 503")
        origin.sse.restart()
        until(lambda: shared.sources[1].texts()[-1:] == numbers.sent[-1:], "it is back", 40)
    shared.must_have(numbers.sent)
    assert len(shared.leaders()) == 1


def test_a_gap_is_told_to_all_tabs_once(origin, open_tab):
    shared = Shared(origin, open_tab, 3)
    with Numbers(origin, 5) as before:
        pass
    shared.must_have(before.sent)
    origin.sse.kill()
    origin.longpoll.kill()
    origin.longpoll.restart()
    origin.sse.restart()
    for source in shared.sources:
        source.wait_entry("gap", timeout=40, channel="news")
    with Numbers(origin, 5) as after:
        pass
    shared.must_have(before.sent + after.sent)
    gaps = [[gap["id"] for gap in source.entries("gap")] for source in shared.sources]
    assert len(set(gaps[0])) == len(gaps[0])
    assert gaps == [gaps[0]] * 3
