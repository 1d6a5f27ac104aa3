// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

function polled(options = {}) {
  const world = new World();
  const tab = world.tab();
  const polling = new tab.LongPolling({ url: '/subscribe?channel=news', ...options });
  const data = [];
  const errors = [];
  polling.addEventListener('update', ({ detail }) => data.push(...detail.map((event) => event.data)));
  polling.addEventListener('error', ({ detail }) => errors.push(detail.message));
  return { world, tab, polling, data, errors };
}

test('it asks again and again without a pause, each time after the answer before', async () => {
  const { world, polling, data } = polled({ since: '0' });
  await world.publish(1, 3);
  polling.start();
  await world.publish(4, 6, 3);
  await world.pass(100);
  assert.deepEqual(data, numbers(1, 6));
  const urls = world.server.requested('poll');
  assert.equal(urls[0].searchParams.get('since'), '0');
  assert.equal(urls.at(-1).searchParams.get('since'), world.server.position);
  assert.equal(urls[0].searchParams.get('channel'), 'news');
});

test('it begins with what is published from now on, and an empty answer moves it as well', async () => {
  const { world, polling, data } = polled();
  await world.publish(1);
  polling.start();
  await world.pass(30100);
  assert.equal(polling.since, world.server.position);
  await world.publish(2);
  assert.deepEqual(data, ['2']);
});

test('since tells where the next request goes on when an update is told', async () => {
  const { world, polling } = polled({ since: '0' });
  const pairs = [];
  polling.addEventListener('update', ({ detail }) => pairs.push([polling.since, detail.at(-1).id]));
  await world.publish(1, 2);
  polling.start();
  await world.pass(10);
  assert.equal(pairs[0][0], pairs[0][1]);
});

test('what is published while it is stopped comes when it is started again', async () => {
  const { world, polling, data } = polled({ since: '0' });
  polling.start();
  await world.publish(1, 3, 20);
  polling.stop();
  await world.publish(4, 6);
  polling.start();
  await world.pass(100);
  assert.deepEqual(data, numbers(1, 6));
});

test('an answer that is discarded does not move it', async () => {
  const { world, polling, data } = polled({ since: '0' });
  await world.publish(1);
  polling.start();
  polling.stop();
  await world.pass(100);
  assert.equal(polling.since, '0');
  polling.start();
  await world.pass(100);
  assert.deepEqual(data, ['1']);
});

test('since may be set, for the next request', async () => {
  const { world, polling, data } = polled();
  await world.publish(1, 2);
  polling.since = '0';
  polling.start();
  await world.pass(10);
  assert.deepEqual(data, ['1', '2']);
});

test('a refusal, and an answer that is no array of events, are errors with a reason', async () => {
  const answers = [
    [503, '<h1>Service Unavailable</h1>', /the server answered 503/],
    [400, '{"error":"bad","message":"name a channel"}', /^name a channel$/],
    [200, '{"a":1}', /no array/],
    [200, '<html>login</html>', /JSON/],
  ];
  for (const [status, text, reason] of answers) {
    const { world, tab, polling, errors, data } = polled();
    polling.start();
    const [request] = tab.fetches;
    request.onAnswer(status, {}, text);
    await world.pass(2999);
    assert.equal(errors.length, 1);
    assert.match(errors[0], reason);
    assert.deepEqual(data, []);
    assert.equal(world.server.requested('poll').length, 1, 'it waits before it asks again');
    polling.stop();
  }
});

test('a server that does not wait is asked once a second', async () => {
  let requests = 0;
  const fetch = async () => ++requests && { ok: true, headers: new Headers(), json: async () => [] };
  const world = new World();
  const tab = world.tab({ fetch });
  const polling = new tab.LongPolling({ url: '/subscribe?channel=news' });
  polling.start();
  await world.pass(30000);
  assert.ok(requests >= 30 && requests <= 31, `${requests} requests in half a minute`);
  polling.stop();
  await world.pass(0);
  assert.equal(tab.leftovers.timers, 0);
});

test('a request without an answer is given up after its timeout', async () => {
  const { world, polling, errors } = polled({ timeout: 5000 });
  world.server.weather.poll = 'hidden';
  polling.start();
  await world.pass(4999);
  assert.equal(errors.length, 0);
  await world.pass(1);
  assert.equal(errors.length, 1);
  assert.equal(world.server.count('poll'), 0);
});

test('without Push-Position the last id is where it goes on', async () => {
  const { world, tab, polling } = polled();
  polling.start();
  const [request] = tab.fetches;
  request.onAnswer(200, {}, JSON.stringify([{ id: '7-0', event: 'message', data: 'x' }]));
  await world.pass(0);
  assert.equal(polling.since, '7-0');
});

test('credentials go with it, if wanted', () => {
  const seen = [];
  const fetch = (url, { credentials }) => { seen.push(credentials); return new Promise(() => {}); };
  const tab = new World().tab({ fetch });
  const url = 'https://a.example/subscribe';
  for (const withCredentials of [true, false]) new tab.LongPolling({ url, withCredentials }).start();
  assert.deepEqual(seen, ['include', 'same-origin']);
});

test('stopped at any moment it leaves no timer and no request', async () => {
  for (const moment of [0, 3, 5, 6, 7, 29990, 30003]) {
    const { world, tab, polling } = polled({ since: '0' });
    await world.publish(1);
    polling.start();
    await world.pass(moment);
    polling.stop();
    await world.pass(0);
    assert.deepEqual([tab.leftovers.timers, tab.leftovers.requests], [0, 0], `at ${moment}`);
    assert.equal(world.server.count('poll'), 0);
  }
});
