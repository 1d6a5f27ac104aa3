# SPDX-License-Identifier: BSD-2-Clause
"""The page in English and Chinese."""

import re

import counters
import pytest
from page import Page
from webservers import WWW

TEXTS = WWW / "page" / "texts.js"

# Words that Chinese takes as they are: names, and what stands in code.
NAMES = {
    *("ID", "Redis", "Web", "HTTPS", "PHP", "Python", "Node", "Ctrl", "redis", "message", "gap", "time", "timestamp"),
    *("clock", "list", "minimal", "html"),
}

# All that is shown or read aloud: texts and names that are not marked as being of no language, or of another one.
WORDS = """
  const isOurs = (element) => !element.closest('[translate=no], code, script, style, template, noscript, a[lang]');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const words = [];
  while (walker.nextNode()) if (isOurs(walker.currentNode.parentElement)) words.push(walker.currentNode.data);
  for (const element of document.querySelectorAll('*')) {
    for (const name of ['aria-label', 'title', 'placeholder']) {
      if (isOurs(element) && element.hasAttribute(name)) words.push(element.getAttribute(name));
    }
  }
  return words.map((text) => text.trim()).filter(Boolean);
"""


def english_in(texts):
    return [text for text in texts if set(re.findall(r"[A-Za-z]{2,}", text)) - NAMES]


OPTIONS = {"history": "redis", "max_message": "3k"}


@pytest.fixture
def longpoll(stage):
    return stage.longpoll(**OPTIONS)


@pytest.fixture
def opened(stage, browser, longpoll):
    """Opens the page by its query."""
    lighttpd = stage.lighttpd(stage.responder(**OPTIONS), longpoll=longpoll)

    def make(query):
        page = Page(browser, lighttpd.url(f"/{query}"))
        page.wait_state("open")
        return page

    yield make
    browser.get("about:blank")


def test_no_text_of_the_chinese_page_is_english(stage, browser, longpoll, opened):
    page = opened("?lang=zh&channel=7")
    page.click("poll-toggle")
    counters.wait(longpoll, lambda c: c["polls.open"] == 1)
    page.click("list-fetch")
    page.wait_text("list-state", "200")
    stage.redis.publish("7", "x" * 4000)
    stage.redis.publish_all("7", ['{"data": "1", "retry": 5000}', '{"time": 1}', "长" * 700])
    page.wait_row("1", list_="poll-events")
    page.wait_row("长" * 700)
    assert page.rows("gap")
    page.click("list-fetch")
    page.toggle("channels", "7")
    page.click("pause")
    page.click("share")
    page.wait_text("role", "主标签页")
    for tab in range(5):
        page.find(f"#languages-{tab}").click()
        assert english_in(shown(browser, page)) == []
    page.click("share")
    assert browser.execute_script("return document.documentElement.lang") == "zh-CN"


def shown(browser, page):
    """What is shown but payloads, which are whatever was sent."""
    payloads = set(page.rows() + page.rows(list_="poll-events") + page.rows(list_="list-events"))
    return [text for text in browser.execute_script(WORDS) if text not in payloads]


def test_the_english_page_is_english(browser, opened):
    page = opened("")
    texts = shown(browser, page)
    assert len(texts) > 50 and not [text for text in texts if re.search(r"[\u3000-\u9fff]", text)]
    assert browser.execute_script("return document.documentElement.lang") == "en"


def test_both_languages_say_the_same_things(browser, opened):
    opened("")
    script = """
      const done = arguments[0];
      import('/page/texts.js').then(({ tables }) => {
        const say = (entry) => (typeof entry === 'function' ? entry(['1'], '2', '3', '4') : entry);
        const said = (table) => Object.entries(table).map(([key, entry]) => [key, typeof entry, entry.length && say(entry)]);
        done([said(tables.en), said(tables.zh)]);
      });
    """
    english, chinese = browser.execute_async_script(script)
    assert [entry[:2] for entry in english] == [entry[:2] for entry in chinese], "the same keys in the same order"
    assert all(text.strip() for _, _, text in english + chinese)
    translated = {key: text for key, _, text in chinese if key not in ("otherLanguage",)}
    assert english_in(translated.values()) == []
    assert all(re.search(r"[\u3400-\u9fff]", text) for text in translated.values())


def test_every_text_that_is_asked_for_is_there_and_every_one_is_asked_for():
    keys = set(re.findall(r"^    (\w+): ", TEXTS.read_text(), re.MULTILINE))
    sources = [path.read_text() for path in [WWW / "index.html", WWW / "push.js", *TEXTS.parent.glob("*.js")] if path != TEXTS]
    asked = {key for source in sources for key in re.findall(r"\b(?:text\(|data-(?:text|label|hint|prompt)=)['\"](\w+)", source)}
    named = {word for source in sources for word in re.findall(r"['\"](\w+)['\"]", source)}
    assert len(keys) > 80 and asked <= keys <= named


def test_the_language_is_switched_by_a_link_and_kept_in_the_address(browser, opened):
    page = opened("?channel=news&redis=127.0.0.1%3A6379")
    link = page.find("#language")
    assert (link.text, link.get_attribute("lang")) == ("中文", "zh-CN")
    page.toggle("channels", "clock")
    link.click()
    page.wait_text("language", "English")
    assert "lang=zh" in browser.current_url and "channel=news,clock" in browser.current_url
    assert page.text("list").startswith("保留的事件") and "6379" in page.lines()[0]
    page.wait_state("open")
    page.add("channels", "more")
    assert "lang=zh" in browser.current_url
    page.find("#language").click()
    page.wait_text("language", "中文")
    assert "lang=" not in browser.current_url and "channel=news,clock,more" in browser.current_url
