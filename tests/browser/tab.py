# SPDX-License-Identifier: BSD-2-Clause
"""Tabs of the browser with PushSources in them, and what these told."""

import collections
import json

from process import until

STREAM = "/events?channel=news"


class Tab:
    """A tab of its own with the page that writes down what its sources tell.

    Whatever is asked of a tab brings it to the front, and hides the one that was there.
    """

    def __init__(self, browser, url):
        self.browser = browser
        browser.switch_to.new_window("tab")
        self.handle = browser.current_window_handle
        browser.get(url)
        self.wait_page()

    def wait_page(self):
        until(lambda: self.run("return !!window.witness"), "the page has begun")

    def show(self):
        self.browser.switch_to.window(self.handle)
        return self

    def run(self, script, *arguments):
        self.show()
        return self.browser.execute_script(script, *arguments)

    def tell_browser(self, command, **arguments):
        """A command of the DevTools protocol."""
        self.show()
        return self.browser.execute_cdp_cmd(command, arguments)

    def close(self):
        self.show()
        self.browser.close()

    def listen(self, url=STREAM, name="it", types=(), **options):
        """Begins with a PushSource; options as in push.d.ts."""
        self.run("witness.listen(...arguments)", name, url, options, list(types))
        return Witness(self, name)

    def life(self, kind):
        """What happened to the page, of one kind."""
        return [entry for entry in self.run("return witness.life") if entry["kind"] == kind]


class Witness:
    """What one PushSource of a tab told."""

    def __init__(self, tab, name):
        self.tab = tab
        self._name = name

    def state(self):
        return self.tab.run("return witness.tell(arguments[0])", self._name)

    def close(self):
        self.tab.run("witness.close(arguments[0])", self._name)

    def entries(self, kind):
        return [entry for entry in self.state()["entries"] if entry["kind"] == kind]

    def texts(self):
        return [event["data"] for event in self.entries("event")]

    def ids(self):
        return [event["id"] for event in self.entries("event")]

    def reasons(self):
        """Why it had no connection, each time."""
        return [error["reason"] for error in self.entries("error")]

    def transports(self):
        return [change["transport"] for change in self.entries("transport")]

    def role(self):
        return self.state()["role"]

    # Waiting; what it told stands in the message when it is in vain.

    def wait(self, condition, what, timeout=10.0):
        try:
            return until(lambda: condition(self.state()), what, timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; it told {json.dumps(self.state())[-3000:]}") from None

    def wait_open(self, timeout=20.0):
        self.wait(lambda state: state["readyState"] == 1, "the source is open", timeout)
        return self

    def wait_entry(self, kind, timeout=20.0, **members):
        def find(state):
            return [entry for entry in state["entries"] if entry["kind"] == kind and members.items() <= entry.items()]

        return self.wait(find, f"{kind} {members or ''} is told", timeout)[-1]

    def wait_text(self, text, timeout=20.0):
        return self.wait_entry("event", timeout, data=text)

    def must_have(self, texts, timeout=20.0):
        """Waits for the last of the texts: all have come then, once, in order, and each with an id of its own."""
        self.wait_text(texts[-1], timeout)
        had = self.texts()
        assert had == list(texts), difference(had, texts)
        ids = self.ids()
        assert ids == sorted(set(ids), key=position), f"ids out of order: {ids}"


def difference(had, texts):
    missing = [text for text in texts if text not in had]
    more = [text for text, count in collections.Counter(had).items() if count > texts.count(text)]
    return f"missing: {missing}, too often: {more}" if missing or more else f"out of order: {had}"


def position(id_):
    """What ids are ordered by."""
    milliseconds, _, sequence = id_.partition("~")[0].partition(".")[0].partition("-")
    return int(milliseconds), int(sequence)
