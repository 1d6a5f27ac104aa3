# SPDX-License-Identifier: BSD-2-Clause
"""Whatever happens, in any order: all tabs have each event, once, in order."""

import random
import time

import pytest
from origin import Numbers, Origin
from selenium.common.exceptions import WebDriverException
from shared import Shared


class Chaos:
    """Things that happen to an origin and to the tabs, one after the other. One of the programs always hears."""

    def __init__(self, origin, shared, seed):
        self.origin = origin
        self.shared = shared
        self.told = []  # what happened
        self._random = random.Random(seed)
        self._things = [
            *(self.kill_sse, self.kill_longpoll, self.restart_server, self.hold_streams, self.pause_sse),
            *(self.pause_server, self.close_a_tab, self.go_and_come_back, self.freeze, self.crash_the_leader),
        ]

    def run(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            thing = self._random.choice(self._things)
            self.told.append(thing.__name__)
            thing()
            self.pause(1)

    def pause(self, seconds):
        """About so long, at times very short."""
        time.sleep(seconds * 2 * self._random.random() ** 2)

    def tab(self):
        return self._random.choice(self.shared.sources).tab

    def kill_sse(self):
        self.origin.sse.kill()
        self.pause(2)
        self.origin.sse.restart()

    def kill_longpoll(self):
        self.origin.longpoll.kill()
        self.pause(2)
        self.origin.longpoll.restart()

    def restart_server(self):
        with self.origin.absent_server():
            self.pause(2)

    def hold_streams(self):
        self.origin.hold_streams()
        self.pause(6)
        self.origin.restore()

    def pause_sse(self):
        self.origin.sse.pause()
        self.pause(5)
        self.origin.sse.resume()

    def pause_server(self):
        self.origin.server.pause()
        self.pause(3)
        self.origin.server.resume()

    def close_a_tab(self):
        if len(self.shared.sources) > 2:
            source = self._random.choice(self.shared.sources)
            self.shared.sources.remove(source)
            source.tab.close()

    def go_and_come_back(self):
        tab = self.tab().show()
        tab.browser.get("about:blank")
        self.pause(2)
        tab.show().browser.back()
        tab.wait_page()

    def freeze(self):
        tab = self.tab()
        tab.tell_browser("Page.setWebLifecycleState", state="frozen")
        self.pause(3)
        tab.tell_browser("Page.setWebLifecycleState", state="active")

    def crash_the_leader(self):
        leaders = self.shared.leaders()
        if leaders and len(self.shared.sources) > 2:
            self.shared.sources.remove(leaders[0])
            with pytest.raises(WebDriverException, match="crashed"):
                leaders[0].tab.tell_browser("Page.crash")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_all_tabs_have_all_whatever_happens(stage, open_tab, seed):
    origin = Origin(stage)
    shared = Shared(origin, open_tab, 5, retryStream=2000)
    alone = open_tab(origin.page).listen(heartbeat=1000, retryStream=2000).wait_open()
    shared.sources.append(alone)
    chaos = Chaos(origin, shared, seed)
    with Numbers(origin) as numbers:
        numbers.wait(10)
        try:
            chaos.run(60)
        finally:
            print(f"seed {seed}:", *chaos.told)
    for source in shared.sources:
        source.must_have(numbers.sent, 60)
        assert not source.entries("gap")
