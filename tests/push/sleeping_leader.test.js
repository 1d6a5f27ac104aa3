// SPDX-License-Identifier: BSD-2-Clause
//
// A tab may hold the lock, and be asleep without having been told.

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

async function withSleepingLeader(count, seed = 1) {
  const world = new World({ seed });
  const tabs = world.tabs(count);
  const heard = tabs.map((tab) => tab.open({ share: true }));
  await world.pass(100);
  await world.publish(1, 3);
  tabs[0].halt();
  return { world, tabs, heard };
}

const roles = (heard) => heard.map(({ source }) => source.role);

test('the others take over within a minute, and lose nothing', async () => {
  const { world, heard } = await withSleepingLeader(3);
  await world.publish(4, 6);
  await world.pass(60000);
  await world.publish(7, 9);
  assert.equal(roles(heard.slice(1)).filter((role) => role === 'leader').length, 1);
  for (const each of heard.slice(1)) assert.deepEqual(each.data(), numbers(1, 9));
});

test('one that somebody looks at takes over within five seconds', async () => {
  const { world, tabs, heard } = await withSleepingLeader(2);
  await world.publish(4, 6);
  tabs[1].look();
  await world.pass(5000);
  assert.equal(heard[1].source.role, 'leader');
  assert.deepEqual(heard[1].data(), numbers(1, 6));
});

test('looking at it again and again does not put it off', async () => {
  const { world, tabs, heard } = await withSleepingLeader(2);
  for (let i = 0; i < 10; i++) {
    tabs[1].look();
    await world.pass(500);
  }
  assert.equal(heard[1].source.role, 'leader');
});

test('a leader that answers keeps the lock, however often others look', async () => {
  const world = new World();
  const tabs = world.tabs(3);
  const heard = tabs.map((tab) => tab.open({ share: true }));
  for (let i = 0; i < 50; i++) {
    tabs[1 + (i % 2)].look();
    await world.pass(3000);
  }
  assert.deepEqual(roles(heard), ['leader', 'follower', 'follower']);
  assert.equal(world.server.requested('stream').length, 1);
});

test('a leader whose server is away keeps the lock as long as it answers', async () => {
  const world = new World();
  const heard = world.tabs(3).map((tab) => tab.open({ share: true }));
  await world.publish(1);
  world.server.weather = { stream: 'refused', poll: 'refused' };
  world.server.cut();
  await world.pass(600000);
  assert.deepEqual(roles(heard), ['leader', 'follower', 'follower']);
});

test('several that take over at once end with one leader, and lose nothing', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { world, tabs, heard } = await withSleepingLeader(6, seed);
    for (const tab of tabs.slice(1)) tab.look();
    await world.publish(4, 40, 150);
    await world.pass(5000);
    assert.equal(roles(heard.slice(1)).filter((role) => role === 'leader').length, 1, `seed ${seed}`);
    for (const each of heard.slice(1)) assert.deepEqual(each.data(), numbers(1, 40), `seed ${seed}`);
  }
});

test('the one that slept follows when it is awake, and has missed nothing', async () => {
  const { world, tabs, heard } = await withSleepingLeader(3);
  await world.publish(4, 6, 30000);
  tabs[0].goOn();
  await world.pass(100);
  await world.publish(7, 9);
  await world.pass(1000);
  assert.equal(heard[0].source.role, 'follower');
  for (const each of heard) assert.deepEqual(each.data(), numbers(1, 9));
  assert.equal(world.server.count('stream'), 1);
});

/** A follower sleeps through these events, and then leads, since the one that told them has ended. */
async function leadFromBehind(last) {
  const world = new World();
  const [first, sleeper, third] = world.tabs(3);
  const heard = [first, sleeper, third].map((tab) => tab.open({ share: true }));
  await world.pass(100);
  await world.publish(1, 3);
  sleeper.halt();
  for (const number of numbers(4, last)) world.server.publish(number);
  await world.pass(100);
  const late = world.tab().open({ share: true });
  await world.pass(100);
  first.kill();
  sleeper.goOn();
  await world.pass(100);
  await world.publish(last + 1);
  assert.equal(heard[1].source.role, 'leader');
  return { sleeper: heard[1], third: heard[2], late };
}

test('who leads from far behind catches up, and repeats thousands of events to nobody', async () => {
  const { sleeper, third } = await leadFromBehind(2600);
  assert.deepEqual(sleeper.data(), numbers(1, 2601));
  assert.deepEqual(third.data(), numbers(1, 2601));
});

test('who leads from far behind tells others nothing that was before their beginning', async () => {
  const { sleeper, late } = await leadFromBehind(6);
  assert.deepEqual(sleeper.data(), numbers(1, 7));
  assert.deepEqual(late.data(), ['7']);
});

test('closed in its sleep it gives back the lock and all else', async () => {
  const { world, tabs, heard } = await withSleepingLeader(2);
  await world.pass(60000);
  heard[0].close();
  tabs[0].goOn();
  await world.pass(1000);
  assert.equal(tabs[0].leftovers.locks, 0);
  assert.equal(tabs[0].leftovers.streams, 0);
});

test('what a leader says that was asleep, and was replaced meanwhile, is not believed', async () => {
  const world = new World();
  const [first, second] = world.tabs(2);
  for (const tab of [first, second]) tab.open({ share: true });
  await world.pass(100);
  first.halt();
  for (const [data, type] of [['1', 'message'], ['2', 'order'], ['3', 'message']]) world.server.publish(data, type);
  world.server.weather = { stream: 'hidden', poll: 'hidden' };
  await world.pass(60000);
  const late = world.tab().open({ share: true }).listen('order');
  await world.pass(1000);
  first.goOn(); // and hears what it waited for, in which no "order" is
  await world.pass(1000);
  world.server.weather = { stream: 'good', poll: 'good' };
  await world.pass(120000);
  assert.deepEqual(late.data('message', 'order'), ['1', '2', '3']);
});
