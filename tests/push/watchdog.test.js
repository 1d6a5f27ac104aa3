// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

test('a stream that is silent for three heartbeats is ended, and goes on where it was', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1, 3);
  world.server.hush();
  await world.publish(4, 6);
  await world.pass(44000);
  assert.deepEqual(heard.details('error'), []);
  await world.pass(2000);
  assert.deepEqual(heard.details('error').map(({ reason }) => reason), ['silent']);
  assert.deepEqual(heard.data(), numbers(1, 6));
  assert.equal(world.server.count('stream'), 1);
});

test('clients that heard the last event together do not come back together', async () => {
  const pauses = [];
  for (let seed = 0; seed < 30; seed++) {
    const world = new World({ seed });
    const heard = world.tab().open();
    await world.publish(1);
    world.server.hush();
    await world.pass(46000);
    pauses.push(heard.details('error')[0].retryAfter);
    assert.equal(world.server.count('stream'), 1);
  }
  assert.ok(Math.min(...pauses) < 300 && Math.max(...pauses) > 700, pauses.join(' '));
});

test('the heartbeat of the server decides what silence is', async () => {
  const world = new World();
  const heard = world.tab().open({ heartbeat: 30000 });
  await world.publish(1);
  world.server.hush();
  await world.pass(89000);
  assert.equal(heard.count('error'), 0);
  await world.pass(2000);
  assert.equal(heard.count('error'), 1);
});

test('a browser that does not get through by itself for three heartbeats is helped', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1);
  world.server.weather.stream = 'hidden';
  world.server.cut();
  await world.pass(40000);
  assert.equal(world.server.requested('stream').length, 2);
  world.server.weather.stream = 'good';
  await world.publish(2);
  await world.pass(10000);
  assert.deepEqual(heard.data(), ['1', '2']);
});

test('events are signs of life as heartbeats are', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1, 60, 14000);
  assert.deepEqual(heard.data(), numbers(1, 60));
  assert.equal(heard.count('error'), 0);
  assert.equal(world.server.requested('stream').length, 1);
});
