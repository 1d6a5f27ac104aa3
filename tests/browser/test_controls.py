# SPDX-License-Identifier: BSD-2-Clause
"""Every control of the page, by mouse and by keyboard."""

import counters
import pytest
from page import Page
from process import until
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def programs(stage):
    return stage.responder(), stage.longpoll()


@pytest.fixture
def opened(stage, programs, browser):
    page = Page(browser, stage.lighttpd(programs[0], longpoll=programs[1]).url("/?channel=news&redis=/run/redis.sock"))
    page.wait_state("open")
    yield page
    page.must_obey_its_policy()
    browser.get("about:blank")


def address(page):
    return page.browser.current_url.partition("?")[2]


# --- Channels and types ---


def test_channels_are_added_and_left_and_the_address_keeps_them(stage, opened):
    page = opened
    assert page.chips("channels") == {"news": True, "clock": False}
    page.add("channels", "public:chat, news")
    assert page.chips("channels") == {"news": True, "clock": False, "public:chat": True}
    assert address(page) == "channel=news,public:chat&redis=/run/redis.sock"
    page.wait_state("open")
    stage.redis.publish("public:chat", "from the new channel")
    page.wait_row("from the new channel")
    page.toggle("channels", "news")
    page.wait_state("open")
    stage.redis.publish("news", "not heard")
    stage.redis.publish("public:chat", "heard")
    page.wait_row("heard")
    assert page.rows() == ["heard", "from the new channel"]
    page.browser.refresh()
    assert page.chips("channels") == {"news": False, "clock": False, "public:chat": True}


def test_what_is_published_while_channels_change_is_not_lost(stage, programs, opened):
    page = opened
    counters.wait_streams(programs[0], 1)
    stage.redis.publish("news", "before")
    page.wait_row("before")
    programs[0].pause()
    page.toggle("channels", "clock")
    stage.redis.publish_all("news", ["meanwhile", "and then"])
    programs[0].resume()
    page.wait_row("and then", 20)
    assert page.rows() == ["and then", "meanwhile", "before"]


def test_the_last_channel_stays(opened):
    page = opened
    page.toggle("channels", "news")
    assert page.chips("channels")["news"]
    assert "One channel at least" in page.find("#channels [role=status]").text
    page.toggle("channels", "clock")
    page.toggle("channels", "news")
    assert page.chips("channels") == {"news": False, "clock": True}
    assert page.find("#channels [role=status]").text == ""


def test_a_name_that_is_none_is_not_taken(opened):
    page = opened
    page.add("channels", "no name!")
    assert page.browser.execute_script("return document.querySelector('#channels input').validity.patternMismatch")
    assert page.chips("channels") == {"news": True, "clock": False}


def test_event_types_are_added_and_left(stage, opened):
    page = opened
    assert page.chips("types") == {"order": True}
    page.add("types", "user-login")
    page.wait_state("open")
    stage.redis.publish("news", '{"event": "user-login", "data": "alice"}')
    page.wait_row("alice")
    assert page.rows(part="type") == ["user-login"]
    page.toggle("types", "user-login")
    page.wait_state("open")
    stage.redis.publish_all("news", ['{"event": "user-login", "data": "bob"}', '{"event": "order", "data": "paid"}'])
    page.wait_row("paid")
    assert page.rows() == ["paid", "alice"]
    page.toggle("types", "order")
    assert "event=&" in address(page) + "&", "no type at all is a choice, too"


def test_names_of_the_source_s_own_events_may_be_types(stage, opened):
    page = opened
    page.add("types", "open,error,role,transport")
    page.wait_state("open")
    for type_ in ("open", "error", "role", "transport"):
        stage.redis.publish("news", f'{{"event": "{type_}", "data": "an {type_} of an application"}}')
        page.wait_row(f"an {type_} of an application")
    assert page.rows(part="type") == ["transport", "role", "error", "open"]
    assert (page.state(), page.number("reconnects")) == ("open", 0)


# --- The stream ---


def test_pausing_holds_rows_back_and_loses_none(stage, opened):
    page = opened
    stage.redis.publish("news", "one")
    page.wait_row("one")
    page.click("pause")
    stage.redis.publish_all("news", ["two", "three"])
    page.wait_text("held", "2 events")
    assert page.rows() == ["one"] and page.number("count") == 3
    page.click("pause")
    assert page.rows() == ["three", "two", "one"]
    assert (page.text("pause"), page.text("held")) == ("Pause", "")


def test_the_list_keeps_the_last_two_hundred_rows(stage, opened):
    stage.redis.publish_all("news", [f"row {number}" for number in range(250)])
    opened.wait_row("row 249")
    until(lambda: opened.number("count") == 250, "all have come")
    assert opened.rows() == [f"row {number}" for number in range(249, 49, -1)]


def test_a_long_payload_is_cut_until_all_of_it_is_wanted(stage, opened):
    page = opened
    long = "\n".join(f"line {number}" for number in range(100))
    stage.redis.publish("news", long)
    page.wait_row(long)
    height = page.find("#events .data").size["height"]
    more = page.find("#events .more")
    assert (more.text, more.get_attribute("aria-expanded")) == ("Show all 789 characters", "false")
    more.click()
    assert (more.text, more.get_attribute("aria-expanded")) == ("Show less", "true")
    assert page.find("#events .data").size["height"] > 5 * height
    more.click()
    assert page.find("#events .data").size["height"] == height


# --- The keyboard ---


@pytest.fixture
def keyboard(opened):
    """Presses keys, one after the other; a name like "TAB" is that key."""

    def press(*keys):
        for key in keys:
            ActionChains(opened.browser).send_keys(getattr(Keys, key, key)).perform()
        return describe_focus(opened.browser)

    return press


def describe_focus(browser):
    """What has the focus, in short: its id, or else its name or text; of fields their group, too."""
    return browser.execute_script(
        "const { activeElement: e } = document;"
        "const group = e.closest('fieldset')?.id;"
        "return (group ? group + ' ' : '') + (e.id || e.getAttribute('aria-label') || e.textContent);"
    )


ORDER = [
    *("Skip to the stream", "language", "share"),
    *("languages-0", "Copy: Any text", "Copy: With the time, to see the latency", "Copy: With a type and an id of yours"),
    *("pause", "events"),
    *("channels news", "channels clock", "channels Add a channel", "channels Add"),
    *("types order", "types Add an event type", "types Add"),
    *("poll-toggle", "list-fetch", "minimal.html"),
]


def test_the_tab_key_visits_every_control_in_reading_order(opened, keyboard):
    assert [keyboard("TAB") for _ in ORDER] == ORDER
    focusable = "a[href], button:not([hidden]), input, [tabindex='0']"
    visible = f"return [...document.querySelectorAll(`{focusable}`)].filter(e => e.checkVisibility() && e.tabIndex >= 0).length"
    assert opened.browser.execute_script(visible) == len(ORDER), "no control is left out"


def test_every_control_works_by_keyboard(stage, programs, opened, keyboard):
    page = opened
    keyboard("TAB", "ENTER")
    assert keyboard("TAB") == "channels news", "the stream was skipped to"
    keyboard("TAB", " ")
    assert page.chips("channels")["clock"]
    keyboard("TAB", "m", "o", "r", "e", "ENTER")
    assert page.chips("channels")["more"]
    page.wait_state("open")
    page.find("#language").send_keys("")
    assert keyboard("TAB") == "share"
    keyboard(" ")
    page.wait_text("role", "Leader")
    keyboard(" ")
    page.wait_text("role", "Alone")
    page.wait_state("open")
    assert keyboard("TAB") == "languages-0"
    assert keyboard("ARROW_RIGHT") == "languages-1" and "new Redis()" in page.lines()[0]
    assert keyboard("END") == "languages-4" and page.lines()[0].startswith("curl -N")
    assert keyboard("ARROW_RIGHT") == "languages-0" and keyboard("ARROW_LEFT") == "languages-4"
    assert keyboard("HOME") == "languages-0" and page.lines()[0].startswith("redis-cli")
    keyboard("TAB", "TAB", "TAB", "TAB", "ENTER")
    assert page.text("pause") == "Resume"
    keyboard(" ")
    assert page.text("pause") == "Pause"
    stage.redis.publish("more", "W" * 2000)
    until(lambda: page.rows(), "the row")
    keyboard("TAB")
    assert keyboard("TAB") == "Show all 2,000 characters"
    assert keyboard("ENTER") == "Show less"
    page.find("#types [type=submit]").send_keys("")
    assert keyboard("TAB") == "poll-toggle"
    keyboard(" ")
    counters.wait(programs[1], lambda c: c["polls.open"] == 1)
    keyboard("TAB", "ENTER")
    page.wait_text("list-state", "200")
