// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

function heldWorld(options = {}, seed = 1) {
  const world = new World({ seed });
  world.server.weather.stream = 'held';
  const tab = world.tab();
  return { world, tab, heard: tab.open(options) };
}

test('a stream without its first heartbeat becomes polls within ten seconds, and nothing is lost', async () => {
  const { world, heard } = heldWorld();
  await world.pass(50);
  await world.publish(1, 9, 1000);
  await world.pass(1000);
  assert.deepEqual(heard.details('transport'), [{ transport: 'poll', reason: 'held' }]);
  assert.equal(heard.source.transport, 'poll');
  assert.equal(heard.source.readyState, 1);
  assert.deepEqual(heard.data(), numbers(1, 9));
});

test('the polls go on after the last event of the stream', async () => {
  const world = new World();
  const heard = world.tab().open();
  await world.publish(1, 3);
  world.server.weather.stream = 'held';
  world.server.cut();
  await world.publish(4, 6);
  await world.pass(9000);
  await world.publish(7, 9);
  await world.pass(1000);
  assert.equal(heard.source.transport, 'poll');
  assert.deepEqual(heard.data(), numbers(1, 9));
});

test('a poll waits for the next event, so a quiet channel costs a request each half minute', async () => {
  const { world } = heldWorld({ retryStream: 3600000 });
  await world.pass(600000);
  const { length } = world.server.requested('poll');
  assert.ok(length >= 19 && length <= 21, `${length} polls in ten minutes`);
});

test('the position asked for when the page began is where polls begin, though it took long to fall back', async () => {
  const { world, heard } = heldWorld();
  await world.pass(20);
  await world.publish(1, 2);
  world.server.weather.poll = 'hidden';
  await world.pass(20000);
  world.server.weather.poll = 'good';
  await world.pass(200000);
  assert.deepEqual(heard.data(), ['1', '2']);
});

test('polls begin although the question for the position is never answered', async () => {
  const { world, heard } = heldWorld({ lastEventId: '0' });
  world.server.weather.poll = 'hidden';
  await world.publish(1);
  await world.pass(6000);
  world.server.weather.poll = 'good';
  await world.pass(60000);
  assert.deepEqual(heard.data(), ['1']);
});

test('waking in the middle of falling back loses nothing', async () => {
  for (const moment of [4990, 5001, 5004, 5006, 5012]) {
    const { world, tab, heard } = heldWorld({ lastEventId: '0' });
    await world.publish(1, 3, 5);
    await world.pass(moment - 15);
    tab.look();
    world.server.weather.poll = 'good';
    await world.publish(4, 5);
    await world.pass(120000);
    assert.deepEqual(heard.data(), numbers(1, 5), `at ${moment}`);
  }
});

test('where streams flow again they are used again, within a minute, and nothing is lost or repeated', async () => {
  const { world, heard } = heldWorld();
  await world.pass(10000);
  world.server.weather.stream = 'good';
  await world.publish(1, 60, 1000);
  assert.deepEqual(heard.details('transport'), [
    { transport: 'poll', reason: 'held' },
    { transport: 'stream', reason: null },
  ]);
  assert.deepEqual(heard.data(), numbers(1, 60));
  assert.deepEqual([world.server.count('stream'), world.server.count('poll')], [1, 0]);
  assert.equal(heard.source.readyState, 1);
});

test('where they do not, they are tried less and less often', async () => {
  const { world } = heldWorld();
  const triesIn = async (ms) => {
    const before = world.server.requested('stream').length;
    await world.pass(ms);
    return world.server.requested('stream').length - before;
  };
  const first = await triesIn(600000);
  await world.pass(4 * 3600000);
  const later = await triesIn(3600000);
  assert.ok(first >= 4 && first <= 8, `${first} tries in the first ten minutes`);
  assert.ok(later >= 4 && later <= 8, `${later} tries in the fifth hour`);
});

test('after hours of streaming a stream that is held back again is tried again as soon as the first time', async () => {
  const { world, heard } = heldWorld();
  for (let time = 0; time < 6; time++) {
    world.server.weather.stream = 'held';
    world.server.cut();
    await world.pass(10000);
    assert.equal(heard.source.transport, 'poll');
    world.server.weather.stream = 'good';
    await world.pass(31000);
    assert.equal(heard.source.transport, 'stream', `time ${time}`);
    await world.pass(3600000);
  }
});

test('polls that are refused are tried again, told, and lose nothing', async () => {
  const { world, heard } = heldWorld();
  await world.pass(6000);
  await world.publish(1, 3);
  world.server.weather.poll = 'refused';
  await world.publish(4);
  await world.pass(60000);
  assert.equal(heard.source.readyState, 0);
  assert.ok(heard.details('error').every(({ reason, retryAfter }) => reason === 'failed' && retryAfter >= 3000));
  await world.publish(5, 6);
  world.server.weather.poll = 'good';
  await world.pass(31000);
  assert.equal(heard.source.readyState, 1);
  assert.deepEqual(heard.data(), numbers(1, 6));
});

test('polls that fail together are not tried again together, and each says when it is', async () => {
  const pauses = [];
  for (let seed = 0; seed < 30; seed++) {
    const { world, heard } = heldWorld({ retryStream: 3600000 }, seed);
    await world.pass(10000);
    world.server.cut();
    await world.pass(10);
    const [{ retryAfter }] = heard.details('error');
    const asked = world.server.requested('poll').length;
    await world.pass(retryAfter - 20);
    assert.equal(world.server.requested('poll').length, asked);
    await world.pass(30);
    assert.equal(world.server.requested('poll').length, asked + 1);
    pauses.push(retryAfter);
  }
  assert.ok(Math.min(...pauses) < 4000 && Math.max(...pauses) > 5000, pauses.join(' '));
});

test('waking is no failed poll', async () => {
  const { world, tab, heard } = heldWorld({ retryStream: 3600000 });
  await world.pass(10000);
  tab.look();
  await world.pass(10000);
  assert.equal(heard.count('error'), 0);
});

test('a poll that is never answered is given up after a minute', async () => {
  const { world, heard } = heldWorld({ retryStream: 3600000 });
  await world.pass(6000);
  world.server.hush();
  await world.publish(1);
  await world.pass(70000);
  assert.deepEqual(heard.data(), ['1']);
});

test('without an EventSource it polls from the beginning on, and tells of no switch', async () => {
  const world = new World();
  const heard = world.tab().open({ EventSource: null });
  await world.pass(100);
  await world.publish(1, 5);
  await world.pass(300000);
  await world.publish(6);
  await world.pass(100);
  assert.deepEqual(heard.data(), numbers(1, 6));
  assert.equal(heard.source.transport, 'poll');
  assert.equal(heard.count('transport'), 0);
  assert.equal(world.server.requested('stream').length, 0);
});

test('it polls where it is told to', async () => {
  const { world } = heldWorld({ pollUrl: '/elsewhere?channel=x' });
  await world.pass(6000);
  const [{ pathname, searchParams }] = world.server.requested('poll');
  assert.deepEqual([pathname, searchParams.get('channel')], ['/elsewhere', 'x']);
});

test('it polls beside the stream, with the same channels, unless told otherwise', async () => {
  const world = new World();
  world.server.weather.stream = 'held';
  world.tab().open({}, '/push/events?channel=a&channel=b');
  await world.pass(6000);
  const [{ pathname, searchParams }] = world.server.requested('poll');
  assert.deepEqual([pathname, searchParams.getAll('channel')], ['/push/subscribe', ['a', 'b']]);
});

for (const name of ['lastEventId', 'last-event-id', 'last_event_id', 'since']) {
  test(`${name}= in the URL is where it begins, by polls too, and only where it begins`, async () => {
    const world = new World();
    await world.publish(1, 3);
    world.server.weather.stream = 'held';
    const heard = world.tab().open({}, `/events?channel=news&${name}=0`);
    await world.pass(10000);
    await world.publish(4);
    assert.deepEqual(heard.data(), numbers(1, 4));
    const { searchParams } = world.server.requested('poll').at(-1);
    assert.deepEqual(Object.fromEntries(searchParams), { channel: 'news', since: world.server.position });
    assert.equal(heard.source.url, `https://example.org/events?channel=news&${name}=0`);
  });
}

test('neither an EventSource nor where to poll is a mistake, and told', () => {
  const world = new World();
  const open = () => world.tab().open({ EventSource: null, pollUrl: null });
  assert.throws(open, { name: 'TypeError', message: /pollUrl/ });
});
