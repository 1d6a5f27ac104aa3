// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World } from './world.js';

function opened() {
  const world = new World();
  const tab = world.tab();
  return { world, tab, source: new tab.PushSource('/events?channel=news') };
}

test('onopen, onmessage and onerror are called as those of an EventSource', async () => {
  const { world, source } = opened();
  const said = [];
  for (const type of ['open', 'message', 'error']) {
    source[`on${type}`] = function (event) { said.push([type, event.type, this === source, event.data]); };
  }
  await world.publish(1);
  world.server.cut();
  await world.pass(10);
  assert.deepEqual(said, [
    ['open', 'open', true, undefined],
    ['message', 'message', true, '1'],
    ['error', 'error', true, undefined],
  ]);
});

test('a handler is replaced and removed, and what is no function is none', async () => {
  const { world, source } = opened();
  await world.pass(50);
  const said = [];
  source.onmessage = () => said.push('first');
  source.onmessage = () => said.push('second');
  await world.publish(1);
  source.onmessage = null;
  await world.publish(2);
  source.onmessage = 'text';
  assert.equal(source.onmessage, null);
  await world.publish(3);
  assert.deepEqual(said, ['second']);
});

test('a handler may be a listener as well, and stays one when it is no handler any more', async () => {
  const { world, source } = opened();
  await world.pass(50);
  let count = 0;
  const hear = () => count++;
  source.addEventListener('message', hear);
  source.onmessage = hear;
  await world.publish(1);
  assert.equal(count, 2);
  source.onmessage = null;
  await world.publish(2);
  assert.equal(count, 3);
});

test('listeners are heard once, or no more, as asked', async () => {
  const { world, source } = opened();
  await world.pass(50);
  const said = [];
  const often = ({ data }) => said.push(`often ${data}`);
  source.addEventListener('message', often);
  source.addEventListener('message', ({ data }) => said.push(`once ${data}`), { once: true });
  source.addEventListener('message', { handleEvent: ({ data }) => said.push(`object ${data}`) });
  await world.publish(1);
  source.removeEventListener('message', often);
  await world.publish(2);
  assert.deepEqual(said, ['often 1', 'once 1', 'object 1', 'object 2']);
});

test('the state of an EventSource is there: url, readyState, withCredentials and the constants', async () => {
  const { world, tab, source } = opened();
  assert.equal(source.url, 'https://example.org/events?channel=news');
  assert.equal(source.withCredentials, false);
  assert.equal(source.lastEventId, '');
  assert.deepEqual([source.CONNECTING, source.OPEN, source.CLOSED], [0, 1, 2]);
  assert.deepEqual([tab.PushSource.CONNECTING, tab.PushSource.OPEN, tab.PushSource.CLOSED], [0, 1, 2]);
  assert.equal(source.readyState, 0);
  await world.pass(100);
  assert.equal(source.readyState, 1);
  assert.equal(source.lastEventId, world.server.position);
  source.close();
  assert.equal(source.readyState, 2);
});

test('credentials go with streams and polls, if wanted', async () => {
  const world = new World();
  const asked = [];
  const fetch = (url, { credentials }) => { asked.push(credentials); return new Promise(() => {}); };
  for (const withCredentials of [true, false]) {
    const tab = world.tab({ fetch });
    const source = new tab.PushSource(new URL('https://other.example/events?channel=news'), { withCredentials });
    assert.equal(source.withCredentials, withCredentials);
    assert.deepEqual([...tab.sources].map((each) => each.withCredentials), [withCredentials]);
  }
  assert.deepEqual(asked, ['include', 'same-origin']);
});

test('an address that is none is a mistake, and told at once', () => {
  const tab = new World().tab();
  assert.throws(() => new tab.PushSource('https://'), TypeError);
});
