// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

test('an event comes with its id, data and origin', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.pass(1000);
  const id = world.server.publish('hello');
  await world.pass(1000);
  assert.deepEqual(heard.said, [
    { type: 'open' },
    { type: 'message', id, data: 'hello', origin: 'https://example.org' },
  ]);
  assert.equal(heard.source.lastEventId, id);
});

test('a type of the application is heard by who listens for it, and by nobody else', async () => {
  const world = new World();
  const heard = world.tab().open().listen('order');
  await world.pass(1000);
  world.server.publish('1', 'order');
  world.server.publish('2', 'other');
  await world.pass(1000);
  assert.deepEqual(heard.data('order'), ['1']);
  assert.deepEqual(heard.data('message'), []);
});

test('a type that is listened for later is heard from then on, after a reconnection too', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.pass(1000);
  heard.listen('order');
  world.server.publish('1', 'order');
  await world.pass(1000);
  world.server.weather.stream = 'refused';
  world.server.cut();
  await world.pass(4000);
  world.server.weather.stream = 'good';
  world.server.publish('2', 'order');
  await world.pass(60000);
  assert.deepEqual(heard.data('order'), ['1', '2']);
});

test('the stream is asked for heartbeats, with the channels as they are', async () => {
  const world = new World();
  world.tab().open({}, '/events?channel=a,b&x=%26');
  const [{ pathname, searchParams }] = world.server.requested('stream');
  assert.equal(pathname, '/events');
  assert.deepEqual(Object.fromEntries(searchParams), { channel: 'a,b', x: '&', heartbeat: 'event' });
});

test('it begins after the given id', async () => {
  const world = new World();
  await world.publish(1, 5);
  const heard = world.tab().open({ lastEventId: '0' });
  await world.pass(1000);
  assert.deepEqual(heard.data(), numbers(1, 5));
});

test('without an id it begins with what is published from now on', async () => {
  const world = new World();
  await world.publish(1, 5);
  const heard = world.tab().open();
  await world.pass(100);
  await world.publish(6, 7);
  await world.pass(1000);
  assert.deepEqual(heard.data(), ['6', '7']);
});

test('a quiet stream is left alone for an hour', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.pass(3600000);
  assert.deepEqual([world.server.requested('stream').length, world.server.requested('poll').length], [1, 0]);
  assert.deepEqual(heard.said, [{ type: 'open' }]);
});

test('it is open from the first sign of life, not from the headers', async () => {
  const world = new World();
  world.server.weather.stream = 'held';
  const heard = world.tab().open({ pollUrl: null });
  await world.pass(4000);
  assert.equal(heard.source.readyState, 0);
  assert.equal(heard.count('open'), 0);
});

test('a lost stream goes on where it was, and says that it was lost', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1, 3);
  world.server.cut();
  await world.publish(4, 6);
  assert.equal(heard.source.readyState, 0);
  await world.pass(5000);
  assert.equal(heard.source.readyState, 1);
  assert.deepEqual(heard.data(), numbers(1, 6));
  assert.deepEqual(heard.details('error'), [{ reason: 'lost', retryAfter: null }]);
  assert.equal(heard.count('open'), 2);
});

test('a stream lost before its first event misses nothing', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.pass(1000);
  world.server.cut();
  await world.publish(1, 3);
  await world.pass(5000);
  assert.deepEqual(heard.data(), numbers(1, 3));
});

test('a stream lost before it was told a position misses nothing', async () => {
  const world = new World();
  world.server.weather.stream = 'hidden';
  const tab = world.tab();
  const heard = tab.open();
  const [source] = tab.sources;
  source.onOpen();
  source.onEvent({ id: '', type: 'heartbeat', data: '{}' });
  await world.pass(100);
  world.server.weather.stream = 'good';
  source.onLost(world.server.retry);
  await world.publish(1, 3);
  await world.pass(5000);
  assert.deepEqual(heard.data(), numbers(1, 3));
  assert.equal(typeof heard.details('error')[0].retryAfter, 'number');
});

for (const [what, options, published] of [
  ['has had an event', {}, 1],
  ['was told where to begin', { lastEventId: '0' }, 0],
]) {
  test(`a stream that ${what} comes back when the server says, and misses nothing`, async () => {
    const world = new World();
    const heard = world.tab().open(options);
    await world.publish(1, published, 100);
    await world.pass(1000);
    world.server.retry = 10000;
    world.server.cut();
    await world.publish(published + 1, 3);
    await world.pass(9000);
    assert.equal(world.server.requested('stream').length, 1);
    await world.pass(1100);
    assert.deepEqual(heard.data(), numbers(1, 3));
    assert.deepEqual(heard.details('error'), [{ reason: 'lost', retryAfter: null }]);
  });
}

test('what is published after the page began is not missed when the first streams cannot be reached', async () => {
  const world = new World();
  world.server.weather.stream = 'unreachable';
  const heard = world.tab().open();
  await world.pass(100);
  await world.publish(1, 3);
  world.server.weather.stream = 'good';
  await world.pass(10000);
  assert.deepEqual(heard.data(), numbers(1, 3));
});
