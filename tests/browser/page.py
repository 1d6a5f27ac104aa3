# SPDX-License-Identifier: BSD-2-Clause
"""What a user sees of the demo page, and does with it."""

from process import until
from selenium.webdriver.common.by import By

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> & <b>bold</b>"


class Page:
    """Its lists are "events" (the stream), "poll-events" and "list-events"."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)

    def text(self, id_):
        return self.browser.find_element(By.ID, id_).text

    def number(self, id_):
        return int(self.text(id_))

    def state(self, id_="state"):
        return self.browser.find_element(By.ID, id_).get_attribute("data-state")

    def click(self, id_):
        self.browser.find_element(By.ID, id_).click()

    def rows(self, kind="event", list_="events", part="data"):
        """Texts of the rows of a list, newest first; in one script, since rows come and go."""
        rows = f"document.querySelectorAll('#{list_} li.{kind} .{part}')"
        return self.browser.execute_script(f"return [...{rows}].map(row => row.textContent)")

    def wait_state(self, state, timeout=20, id_="state"):
        until(lambda: self.state(id_) == state, f"{id_} is {state}", timeout)

    def wait_row(self, text, timeout=10, list_="events"):
        until(lambda: text in self.rows(list_=list_), f"'{text}' stands in {list_}", timeout)

    def must_have_no_markup(self, list_):
        assert self.browser.title == "fcgi-push"
        count = f"return document.querySelectorAll('#{list_} img, #{list_} script, #{list_} b').length"
        assert self.browser.execute_script(count) == 0

    def must_obey_its_policy(self):
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        assert not [message for message in said if "Content Security" in message]
