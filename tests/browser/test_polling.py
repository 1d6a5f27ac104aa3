# SPDX-License-Identifier: BSD-2-Clause
"""Polling and LongPolling of push.js by themselves: the tutorials' client, and what the classes promise."""

import counters
import pytest
from process import until

TUTORIAL = """
    window.told = [];
    import('/push.js').then(({ Polling }) => {
      const request = () => fetch('/subscribe?channel=news&timestamp=' + Date.now()).then((answer) => answer.json());
      window.polling = new Polling({ request });
      polling.addEventListener('update', (event) => told.push(...event.detail.map((each) => each.data)));
      polling.start();
    });
"""

# A Polling whose requests are answered by hand: answer(n, value) or fail(n), n in the order of asking.
BY_HAND = """
    const done = arguments[0];
    import('/push.js').then(async ({ Polling, LongPolling }) => {
      const asked = [], told = [], delays = [];
      const delay = (errors) => { delays.push(errors); return 0; };
      const request = ({ signal }) => new Promise((answer, fail) => asked.push({ signal, answer, fail }));
      const listen = (polling) => {
        polling.addEventListener('update', (event) => told.push(event.detail));
        polling.addEventListener('end', () => told.push('end'));
        return polling;
      };
      const until = async (isTrue) => { while (!isTrue()) await new Promise((wake) => setTimeout(wake, 5)); };
      const answer = async (n, value) => { await until(() => asked.length > n); asked[n].answer(value); };
      const fail = async (n) => { await until(() => asked.length > n); asked[n].fail(new Error('no')); };
      const settle = () => new Promise((wake) => setTimeout(wake, 50));
      %s
    }).catch((error) => done(String(error)));
"""


@pytest.fixture
def origin(stage, browser):
    """A document of the origin where longpoll.fcgi answers, without the page's own requests."""
    longpoll = stage.longpoll()
    browser.get(stage.lighttpd(longpoll=longpoll).url("/push.js"))
    yield longpoll
    browser.get("about:blank")


def run(browser, script):
    return browser.execute_async_script(BY_HAND % script)


def test_the_client_of_the_tutorials_gets_three_events(stage, browser, origin):
    browser.execute_script(TUTORIAL)
    for number in range(3):
        counters.wait(origin, lambda c: c["polls.opened"] == number + 1 and c["polls.open"] == 1, 10)
        stage.redis.publish("news", f"message {number}")
    until(lambda: browser.execute_script("return told.length") == 3, "all three have arrived")
    assert browser.execute_script("return told") == ["message 0", "message 1", "message 2"]
    browser.execute_script("polling.stop()")


def test_answers_are_told_until_it_is_stopped(browser, origin):
    script = """
      const polling = listen(new Polling({ request, delay }));
      polling.start();
      polling.start();
      await answer(0, 'one');
      await answer(1, 'two');
      await until(() => asked.length === 3);
      polling.stop();
      polling.stop();
      done({ told, asked: asked.length, isRunning: polling.isRunning, aborted: asked[2].signal.aborted });
    """
    assert run(browser, script) == {"told": ["one", "two", "end"], "asked": 3, "isRunning": False, "aborted": True}


def test_a_stopped_run_discards_its_answer_and_another_one_goes_on(browser, origin):
    script = """
      const polling = listen(new Polling({ request, delay }));
      polling.start();
      await until(() => asked.length === 1);
      polling.stop();
      polling.start();
      await answer(1, 'of the second run');
      await answer(0, 'of the first run');
      await settle();
      polling.stop();
      done({ told, asked: asked.length });
    """
    assert run(browser, script) == {"told": ["end", "of the second run", "end"], "asked": 3}


def test_failures_are_counted_until_an_answer(browser, origin):
    script = """
      const polling = listen(new Polling({ request, delay }));
      polling.start();
      for (const n of [0, 1, 2]) await fail(n);
      await answer(3, 'good');
      await fail(4);
      await until(() => asked.length === 6);
      polling.stop();
      done({ told, delays });
    """
    assert run(browser, script) == {"told": ["good", "end"], "delays": [1, 2, 3, 0, 1]}


def test_it_ends_when_there_is_no_need_to_poll(browser, origin):
    script = """
      const polling = listen(new Polling({ request, delay, needToPolling: () => told.length < 2 }));
      polling.start();
      await answer(0, 'one');
      await answer(1, 'two');
      await settle();
      done({ told, asked: asked.length, isRunning: polling.isRunning });
    """
    assert run(browser, script) == {"told": ["one", "two", "end"], "asked": 2, "isRunning": False}


# Timers of one second and more are over at once; what they were to wait stands in `pauses`.
HURRY = """
      const pauses = [];
      const { setTimeout: wait } = globalThis;
      globalThis.setTimeout = (wake, ms) => { if (ms >= 1000) pauses.push(ms); return wait(wake, Math.min(ms, 1)); };
"""


def test_the_pauses_of_polling_grow_with_the_failures_to_half_a_minute(browser, origin):
    script = """
      const polling = new Polling({ request });
      polling.start();
      await answer(0, 'good');
      for (let n = 1; n <= 11; n++) await fail(n);
      await answer(12, 'good again');
      await until(() => asked.length === 14);
      polling.stop();
      done(pauses);
    """
    grown = [6000, 9000, 12000, 15000, 18000, 21000, 24000, 27000, 30000, 30000, 30000]
    assert run(browser, HURRY + script) == [3000, *grown, 3000]


def test_a_long_poll_pauses_only_after_failures(browser, origin):
    script = """
      const answers = ['[{}]', '[{}]', 'no JSON', '{}', '[{}]', '[{}]'];
      globalThis.fetch = async () => new Response(answers.shift(), { headers: { 'Push-Position': '7-0' } });
      const polling = new LongPolling({ url: '/subscribe?channel=news', timeout: 900, needToPolling: () => answers.length });
      polling.addEventListener('error', ({ detail }) => told.push(detail.constructor.name));
      await new Promise((end) => { polling.addEventListener('end', end); polling.start(); });
      done({ pauses, told });
    """
    outcome = run(browser, HURRY + script)
    first, second = outcome["pauses"]
    assert 3000 <= first <= 6000 and 4500 <= second <= 9000
    assert outcome["told"] == ["SyntaxError", "Error"]


def test_an_error_says_why_there_was_no_answer(browser, origin):
    script = """
      const polling = listen(new Polling({ request, delay }));
      polling.addEventListener('error', ({ detail }) => told.push(detail.message));
      polling.start();
      await fail(0);
      await until(() => asked.length === 2);
      polling.stop();
      asked[1].fail(new Error('of a stopped run'));
      await settle();
      done(told);
    """
    assert run(browser, script) == ["no", "end"]
