// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

const QUIET = { timers: 0, streams: 0, requests: 0, listeners: 0, channels: 0, locks: 0 };

for (const share of [false, true]) {
  const how = share ? 'a shared source' : 'a source';

  test(`${how} has no connection in the back/forward cache, and goes on behind it without loss`, async () => {
    const world = new World();
    const tab = world.tab();
    const heard = tab.open({ share });
    await world.pass(50);
    await world.publish(1, 3);
    tab.hide();
    await world.pass(0);
    const { listeners, ...rest } = tab.leftovers;
    assert.deepEqual({ ...rest, listeners: 0 }, QUIET);
    assert.ok(listeners > 0);
    assert.equal(heard.source.readyState, 0);
    await world.publish(4, 6, 60000);
    tab.show();
    await world.publish(7, 9);
    assert.deepEqual(heard.data(), numbers(1, 9));
    assert.equal(heard.source.readyState, 1);
  });

  test(`${how} that is frozen goes on when it is resumed, without loss`, async () => {
    const world = new World();
    const tab = world.tab();
    const heard = tab.open({ share });
    await world.pass(50);
    await world.publish(1, 3);
    tab.freeze();
    await world.publish(4, 6, 60000);
    tab.resume();
    await world.publish(7, 9);
    await world.pass(60000);
    assert.deepEqual(heard.data(), numbers(1, 9));
  });

  test(`${how} on a machine that slept goes on when somebody looks at it`, async () => {
    const world = new World();
    const tab = world.tab();
    const heard = tab.open({ share });
    await world.pass(50);
    await world.publish(1, 3);
    world.server.hush();
    tab.halt();
    await world.publish(4, 6, 60000);
    tab.goOn();
    tab.look();
    await world.pass(100);
    assert.deepEqual(heard.data(), numbers(1, 6));
  });
}

test('a stream that the browser revives behind the back/forward cache, as WebKit does, is closed again', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open();
  await world.pass(100);
  const [revived] = tab.sources;
  tab.hide();
  tab.show();
  revived.onOpen();
  await world.pass(100);
  assert.equal(revived.readyState, 2);
  assert.equal(heard.source.readyState, 1);
});

test('it remembers the first position in the back/forward cache, though no event has come', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open();
  await world.pass(100);
  tab.hide();
  await world.publish(1, 2);
  tab.show();
  await world.pass(100);
  assert.deepEqual(heard.data(), ['1', '2']);
});

test('one that polls remembers it, too, and says that it streams behind the cache', async () => {
  const world = new World();
  world.server.weather.stream = 'held';
  const tab = world.tab();
  const heard = tab.open();
  await world.pass(6000);
  assert.equal(heard.source.transport, 'poll');
  tab.hide();
  await world.publish(1, 2);
  world.server.weather.stream = 'good';
  tab.show();
  await world.pass(100);
  assert.deepEqual(heard.data(), ['1', '2']);
  assert.equal(heard.source.transport, 'stream');
  assert.deepEqual(heard.details('transport').at(-1), { transport: 'stream', reason: null });
});

test('the first pageshow of a page, and waking in the cache, are nothing', async () => {
  const world = new World();
  const tab = world.tab();
  tab.open();
  tab.show();
  await world.pass(100);
  tab.hide();
  tab.goOnline();
  tab.look();
  assert.equal(world.server.requested('stream').length, 1);
});

for (const [name, wake] of [
  ['online', (tab) => tab.goOnline()],
  ['visibilitychange', (tab) => tab.look()],
]) {
  test(`${name} brings a lost stream back at once`, async () => {
    const world = new World();
    const tab = world.tab();
    const heard = tab.open();
    await world.publish(1);
    world.server.retry = 40000;
    world.server.cut();
    await world.publish(2);
    wake(tab);
    await world.pass(20);
    assert.deepEqual(heard.data(), ['1', '2']);
    assert.equal(world.server.count('stream'), 1);
  });

  test(`${name} ends the pause after a refusal`, async () => {
    const world = new World({ seed: 5 });
    world.server.weather.stream = 'refused';
    const tab = world.tab();
    const heard = tab.open({ lastEventId: '0' });
    await world.pass(600000);
    world.server.weather.stream = 'good';
    await world.publish(1, 1, 0);
    assert.ok(heard.details('error').at(-1).retryAfter > 100);
    wake(tab);
    await world.pass(20);
    assert.deepEqual(heard.data(), ['1']);
    assert.equal(world.server.count('stream'), 1);
  });

  test(`${name} makes polls ask anew, and looks whether streams flow`, async () => {
    const world = new World();
    world.server.weather.stream = 'held';
    const tab = world.tab();
    const heard = tab.open({ retryStream: 3600000 });
    await world.pass(10000);
    world.server.hush();
    world.server.weather.stream = 'good';
    await world.publish(1, 1, 0);
    wake(tab);
    await world.pass(30);
    assert.deepEqual(heard.data(), ['1']);
    assert.equal(heard.source.transport, 'stream');
  });
}

test('a tab that only polls asks anew when it is woken', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open({ EventSource: null });
  await world.pass(100);
  world.server.hush();
  await world.publish(1);
  tab.look();
  await world.pass(20);
  assert.deepEqual(heard.data(), ['1']);
  assert.equal(world.server.count('poll') + tab.fetches.size, 2);
});

test('a stream that was heard lately is left alone when a tab is shown', async () => {
  const world = new World();
  const tab = world.tab();
  tab.open();
  for (let i = 0; i < 20; i++) {
    await world.pass(7000);
    tab.look(i % 2 === 0);
  }
  assert.equal(world.server.requested('stream').length, 1);
});

test('a tab that is hidden is not woken', async () => {
  const world = new World();
  const tab = world.tab();
  tab.open();
  await world.pass(100);
  world.server.retry = 40000;
  world.server.cut();
  await world.pass(10);
  tab.look(false);
  await world.pass(10);
  assert.equal(world.server.requested('stream').length, 1);
});
