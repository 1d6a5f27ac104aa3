// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

test('what a server sends again is delivered once', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open();
  await world.pass(100);
  const id = world.server.publish('1');
  await world.pass(100);
  const [source] = tab.sources;
  source.onEvent({ id, type: 'message', data: '1' });
  source.onEvent({ id: `${id}9`, type: 'message', data: '2' });
  assert.deepEqual(heard.data(), ['1', '2']);
});

test('ids are remembered across transports', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open({ lastEventId: '0' });
  await world.publish(1, 3);
  world.server.weather.stream = 'held';
  world.server.cut();
  await world.pass(9000);
  assert.equal(heard.source.transport, 'poll');
  const events = heard.said.filter(({ type }) => type === 'message');
  const repeat = events.map(({ id, data }) => ({ id, event: 'message', data }));
  const [request] = tab.fetches;
  request.onAnswer(200, {}, JSON.stringify([...repeat, { id: `${Date.now()}-99`, event: 'message', data: '4' }]));
  await world.pass(10);
  assert.deepEqual(heard.data(), numbers(1, 4));
});

test('events without an id are delivered, each of them', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open();
  const [source] = tab.sources;
  for (let i = 0; i < 2; i++) source.onEvent({ id: '', type: 'message', data: 'same' });
  assert.deepEqual(heard.data(), ['same', 'same']);
});

test('a gap comes with its details, at its place', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1, 2);
  const { lastEventId } = heard.source;
  world.server.weather.stream = 'unreachable';
  world.server.cut();
  await world.publish(3, 8);
  world.server.trim(2);
  world.server.weather.stream = 'good';
  await world.pass(10000);
  assert.deepEqual(heard.data(), ['1', '2', '7', '8']);
  const [{ detail, data, type }] = heard.said.filter((each) => each.type === 'gap');
  const seventh = heard.said.findIndex((each) => each.data === '7');
  assert.equal(heard.said.findIndex((each) => each.type === 'gap'), seventh - 1);
  assert.equal(type, 'gap');
  assert.deepEqual(detail, { channel: 'news', after: lastEventId, oldest: heard.said[seventh].id });
  assert.deepEqual(JSON.parse(data), detail);
});

test('a server that knows nothing of what was before it leaves a gap, and goes on', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1, 2);
  world.server.forget('0a1b2c3d');
  await world.publish(3, 5);
  await world.pass(5000);
  await world.publish(6);
  assert.equal(heard.count('gap'), 1);
  assert.deepEqual(heard.data(), numbers(1, 6));
});

test('two gaps of one id are two, and the same gap again is none', async () => {
  const tab = new World().tab();
  const heard = tab.open();
  const [source] = tab.sources;
  const gap = (channel) => ({ id: '5-0', type: 'gap', data: JSON.stringify({ channel, after: '4-0', oldest: null }) });
  source.onEvent({ id: '5-0', type: 'message', data: 'of the same id' });
  for (const channel of ['a', 'b', 'a']) source.onEvent(gap(channel));
  assert.deepEqual(heard.details('gap').map(({ channel }) => channel), ['a', 'b']);
  assert.equal(heard.count('message'), 1);
});

test('whatever the data is, it arrives as it is', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.pass(100);
  const all = ['', 'null', '{"a":1}', '<script>alert(1)</script>', 'two\nlines', '\u{1f600}\u0000'];
  for (const data of all) world.server.publish(data);
  await world.pass(100);
  assert.deepEqual(heard.data(), all);
});
