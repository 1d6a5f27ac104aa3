# SPDX-License-Identifier: BSD-2-Clause
"""What a user sees of the demo page, and does with it."""

from process import until
from selenium.webdriver.common.by import By

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> & <b>bold</b>"
LISTS = ("events", "poll-events", "list-events")  # the stream, the long poll, what is kept


class Page:
    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, id_):
        return self.find(f"#{id_}").text

    def number(self, id_):
        return int(self.text(id_))

    def state(self, id_="state"):
        return self.find(f"#{id_}").get_attribute("data-state")

    def click(self, id_):
        self.find(f"#{id_}").click()

    def rows(self, kind="event", list_="events", part="data"):
        """Texts of the rows of a list, newest first; in one script, since rows come and go."""
        rows = f"document.querySelectorAll('#{list_} li.{kind} .{part}')"
        return self.browser.execute_script(f"return [...{rows}].map(row => row.textContent)")

    def wait_text(self, id_, part, timeout=10):
        return until(lambda: part in self.text(id_) and self.text(id_), f"{id_} says '{part}'", timeout)

    def wait_state(self, state, timeout=20, id_="state"):
        until(lambda: self.state(id_) == state, f"{id_} is {state}", timeout)

    def wait_row(self, text, timeout=10, list_="events"):
        until(lambda: text in self.rows(list_=list_), f"'{text}' stands in {list_}", timeout)

    # Channels and event types: each a group of chips.

    def chips(self, group):
        """Each chip of "channels" or "types", and whether it is chosen."""
        chips = self.browser.find_elements(By.CSS_SELECTOR, f"#{group} .chip")
        return {chip.text: chip.get_attribute("aria-pressed") == "true" for chip in chips}

    def toggle(self, group, name):
        next(chip for chip in self.browser.find_elements(By.CSS_SELECTOR, f"#{group} .chip") if chip.text == name).click()

    def add(self, group, text):
        self.find(f"#{group} input").send_keys(text)
        self.find(f"#{group} [type=submit]").click()

    # Lines to copy.

    def choose_language(self, name):
        next(tab for tab in self.browser.find_elements(By.CSS_SELECTOR, "[role=tab]") if tab.text == name).click()

    def lines(self):
        return [code.text for code in self.browser.find_elements(By.CSS_SELECTOR, "#commands code")]

    # What must hold.

    def must_have_no_markup(self, list_):
        assert self.browser.title == "fcgi-push"
        count = f"return document.querySelectorAll('#{list_} img, #{list_} script, #{list_} b').length"
        assert self.browser.execute_script(count) == 0

    def must_obey_its_policy(self):
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        assert not [message for message in said if "Content Security" in message]
