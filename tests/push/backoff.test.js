// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

const HALF_HOUR = 1800000;

async function refusedFor(ms, seed) {
  const world = new World({ seed });
  world.server.weather.stream = 'refused';
  const heard = world.tab().open();
  await world.pass(ms);
  return { world, heard, pauses: heard.details('error').map(({ retryAfter }) => retryAfter) };
}

test('an answer that ends an EventSource for good is retried, and nothing is lost', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1, 3);
  world.server.weather.stream = 'refused';
  world.server.cut();
  await world.pass(60000);
  await world.publish(4, 6);
  world.server.weather.stream = 'good';
  await world.pass(30100);
  assert.deepEqual(heard.data(), numbers(1, 6));
  assert.equal(heard.source.readyState, 1);
});

test('a refusal is told with its reason and when it is tried again', async () => {
  const { world, pauses, heard } = await refusedFor(6);
  assert.equal(heard.details('error')[0].reason, 'refused');
  assert.equal(heard.source.readyState, 0);
  const before = world.server.requested('stream').length;
  await world.pass(pauses[0] - 2);
  assert.equal(world.server.requested('stream').length, before);
  await world.pass(2);
  assert.equal(world.server.requested('stream').length, before + 1);
});

test('the pauses have full jitter: each is anywhere below a limit that doubles to 30 s', async () => {
  const lists = [];
  for (let seed = 0; seed < 60; seed++) lists.push((await refusedFor(HALF_HOUR / 6, seed)).pauses);
  for (const [failures, limit] of [1000, 2000, 4000, 8000, 16000, 30000, 30000].entries()) {
    const pauses = lists.map((list) => list[failures]);
    assert.ok(Math.max(...pauses) < limit, `pause ${failures} is below ${limit}`);
    assert.ok(Math.max(...pauses) > limit * 0.7, `pause ${failures} comes near ${limit}`);
    assert.ok(Math.min(...pauses) < limit * 0.3, `pause ${failures} may be short`);
  }
});

test('after success the pauses are short again', async () => {
  for (let seed = 0; seed < 5; seed++) {
    const { world, heard } = await refusedFor(HALF_HOUR / 6, seed);
    world.server.weather.stream = 'good';
    await world.pass(31000);
    assert.equal(heard.source.readyState, 1);
    world.server.weather.stream = 'refused';
    world.server.cut();
    await world.pass(3010);
    const { reason, retryAfter } = heard.details('error').at(-1);
    assert.equal(reason, 'refused');
    assert.ok(retryAfter < 1000, `${retryAfter} ms`);
  }
});

test('a stream held back is retried with pauses when there is nowhere to poll', async () => {
  const world = new World();
  world.server.weather.stream = 'held';
  const heard = world.tab().open({ pollUrl: null, lastEventId: '0' });
  await world.publish(1, 3);
  await world.pass(HALF_HOUR);
  const { length } = world.server.requested('stream');
  assert.ok(length > 50 && length < 500, `${length} tries in half an hour`);
  assert.equal(world.server.requested('poll').length, 0);
  world.server.weather.stream = 'good';
  await world.pass(36000);
  assert.deepEqual(heard.data(), numbers(1, 3));
});
