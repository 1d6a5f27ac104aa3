// SPDX-License-Identifier: BSD-2-Clause
//
// Several tabs, one connection.

import assert from 'node:assert/strict';
import test from 'node:test';

import { World, numbers } from './world.js';

/** Tabs that share, all of them open. */
async function shared(count, options = {}) {
  const world = new World();
  const tabs = world.tabs(count);
  const heard = tabs.map((tab) => tab.open({ share: true, ...options }));
  await world.pass(100);
  return { world, tabs, heard };
}

const allData = (heard) => heard.map((each) => each.data());
const times = (count, value) => Array.from({ length: count }, () => value);

test('five tabs have one connection, one of them leads, and each hears each event once', async () => {
  const { world, heard } = await shared(5);
  await world.publish(1, 20);
  assert.equal(world.server.count('stream'), 1);
  assert.equal(world.server.requested('stream').length, 1);
  assert.deepEqual(heard.map(({ source }) => source.role), ['leader', ...times(4, 'follower')]);
  assert.deepEqual(heard.map(({ source }) => source.readyState), times(5, 1));
  assert.deepEqual(allData(heard), times(5, numbers(1, 20)));
});

test('a follower hears the same id, type, data and origin as the leader', async () => {
  const { world, heard } = await shared(2);
  world.server.publish('1', 'gap'); // the type is the model server's to choose
  await world.publish(2);
  const events = heard.map(({ said }) => said.filter(({ type }) => type === 'message' || type === 'gap'));
  assert.equal(events[0].length, 2);
  assert.deepEqual(events[1], events[0]);
});

test('a leader that is closed, by close() or with its tab, is followed within a second', async () => {
  for (const end of [(tab, heard) => heard.close(), (tab) => tab.kill(), (tab) => tab.hide()]) {
    const { world, tabs, heard } = await shared(3);
    await world.publish(1, 3);
    end(tabs[0], heard[0]);
    await world.pass(1000);
    assert.deepEqual(heard.slice(1).map(({ source }) => source.role), ['leader', 'follower']);
    assert.equal(world.server.count('stream'), 1);
    await world.publish(4, 6);
    assert.deepEqual(allData(heard.slice(1)), times(2, numbers(1, 6)));
  }
});

test('the leader may end at any moment of a hundred events: nothing is lost or repeated', async () => {
  for (let moment = 0; moment < 12; moment++) {
    const { world, tabs, heard } = await shared(5);
    await world.publish(1, 50, 3);
    await world.pass(moment);
    tabs[0].kill();
    await world.publish(51, 100, 3);
    await world.pass(2000);
    assert.deepEqual(allData(heard.slice(1)), times(4, numbers(1, 100)), `${moment} ms after the fiftieth`);
    assert.equal(world.server.count('stream'), 1);
  }
});

test('leader after leader may end', async () => {
  const { world, tabs, heard } = await shared(5);
  for (let i = 0; i < 4; i++) {
    await world.publish(1 + 10 * i, 10 + 10 * i, 2);
    tabs[i].kill();
  }
  await world.publish(41, 50, 2);
  await world.pass(2000);
  assert.deepEqual(heard[4].data(), numbers(1, 50));
});

test('a tab that comes later hears what is published from then on', async () => {
  const { world, heard } = await shared(1);
  await world.publish(1, 3);
  const late = world.tab().open({ share: true });
  await world.pass(100);
  assert.equal(late.source.lastEventId, heard[0].source.lastEventId);
  await world.publish(4, 6);
  assert.deepEqual(late.data(), numbers(4, 6));
  assert.deepEqual(heard[0].data(), numbers(1, 6));
  assert.equal(late.source.lastEventId, heard[0].source.lastEventId);
});

test('a tab that comes later with an id catches up, and then shares', async () => {
  const { world, heard } = await shared(1);
  await world.publish(1, 3);
  const late = world.tab().open({ share: true, lastEventId: '0' });
  await world.publish(4, 6, 2);
  await world.pass(100);
  assert.deepEqual(late.data(), numbers(1, 6));
  assert.equal(world.server.count('stream'), 1);
  await world.publish(7);
  assert.deepEqual(allData([...heard, late]), times(2, numbers(1, 7)));
});

test('catching up ends with the last event, not before it', async () => {
  const { world } = await shared(1);
  await world.publish(1);
  const late = world.tab().open({ share: true, lastEventId: '0' });
  await world.pass(200);
  assert.deepEqual(late.data(), ['1']);
  assert.equal(world.server.count('stream'), 1);
});

test('a leader that ends while others catch up takes nothing along', async () => {
  for (let moment = 0; moment < 15; moment++) {
    const { world, tabs } = await shared(2);
    await world.publish(1, 20, 1);
    const late = world.tabs(2).map((tab) => tab.open({ share: true, lastEventId: '0' }));
    await world.publish(21, 22, 1);
    await world.pass(moment);
    tabs[0].kill();
    await world.publish(23, 24, 1);
    tabs[1].kill();
    await world.publish(25, 26, 1);
    await world.pass(2000);
    assert.deepEqual(allData(late), times(2, numbers(1, 26)), `at ${moment}`);
    assert.equal(world.server.count('stream'), 1);
  }
});

test('what two leaders said while a tab caught up may have a hole between, which is filled', async () => {
  const world = new World({ channelDelay: (from, to) => (to === tabs[2] ? 50 : 1) });
  const tabs = world.tabs(3);
  for (const tab of tabs.slice(0, 2)) tab.open({ share: true });
  await world.pass(100);
  await world.publish(1, 3);
  world.server.latency = 500;
  const late = tabs[2].open({ share: true, lastEventId: '0' });
  await world.pass(60);
  await world.publish(4, 4, 60);
  await world.publish(5, 5, 10);
  tabs[0].kill(); // the second tab has heard of 5, the third has not
  world.server.latency = 5;
  await world.pass(20);
  await world.publish(6, 8);
  await world.pass(5000);
  assert.deepEqual(late.data(), numbers(1, 8));
});

test('a tab that cannot catch up for thousands of events does so later, and loses and repeats nothing', async () => {
  const world = new World();
  world.tab().open({ share: true });
  await world.publish(1, 3);
  world.server.weather = { stream: 'hidden', poll: 'hidden' };
  const late = world.tab().open({ share: true, lastEventId: '0' });
  await world.publish(4, 2504, 3);
  assert.deepEqual(late.data(), []);
  world.server.weather = { stream: 'good', poll: 'good' };
  await world.publish(2505, 3000, 200);
  assert.deepEqual(late.data(), numbers(1, 3000));
  assert.equal(world.server.count('stream'), 1);
});

test('a leader that does not know where it is takes no position from others', async () => {
  const world = new World();
  world.server.weather = { stream: 'hidden', poll: 'hidden' };
  const tab = world.tab();
  tab.open({ share: true });
  const second = world.tab().open({ share: true, lastEventId: '5-0' });
  await world.pass(100);
  const [source] = tab.sources;
  source.onEvent({ id: '', type: 'heartbeat', data: '{}' });
  await world.pass(100);
  assert.equal(second.source.readyState, 1);
  assert.equal(second.source.lastEventId, '5-0');
});

test('a tab with an id loses nothing under a leader that has no position yet', async () => {
  const world = new World();
  await world.publish(1, 3);
  world.server.weather = { stream: 'hidden', poll: 'hidden' };
  const first = world.tab().open({ share: true });
  await world.pass(100);
  const second = world.tab().open({ share: true, lastEventId: '0' });
  await world.pass(3000);
  world.server.weather = { stream: 'good', poll: 'good' };
  await world.pass(120000);
  await world.publish(4, 5);
  assert.deepEqual(second.data(), numbers(1, 5));
  assert.deepEqual(first.data(), ['4', '5']);
});

test('what is lost, and how events come, is told to all tabs', async () => {
  const { world, heard } = await shared(3);
  world.server.weather.stream = 'held';
  world.server.cut();
  await world.pass(10000);
  for (const each of heard) {
    assert.equal(each.details('error')[0].reason, 'lost');
    assert.deepEqual(each.details('transport'), [{ transport: 'poll', reason: 'held' }]);
    assert.deepEqual([each.source.readyState, each.source.transport], [1, 'poll']);
  }
  await world.publish(1, 3);
  assert.deepEqual(allData(heard), times(3, numbers(1, 3)));
  assert.ok(world.server.count('poll') <= 1);
});

test('a tab that comes while events are polled says so', async () => {
  const world = new World();
  world.server.weather.stream = 'held';
  world.tab().open({ share: true, retryStream: 3600000 });
  await world.pass(10000);
  const late = world.tab().open({ share: true });
  await world.pass(100);
  assert.equal(late.source.transport, 'poll');
  assert.equal(late.source.readyState, 1);
});

test('types that only one tab listens for are heard by it, whoever leads', async () => {
  const { world, tabs, heard } = await shared(3);
  heard[2].listen('order');
  await world.pass(10);
  world.server.publish('1', 'order');
  await world.pass(50);
  tabs[0].kill();
  await world.pass(50);
  world.server.publish('2', 'order');
  await world.pass(50);
  assert.deepEqual(heard[2].data('order'), ['1', '2']);
  assert.equal(heard[1].count('order'), 0);
});

test('a tab that comes later learns the types of all, before it may lead', async () => {
  const { world, tabs, heard } = await shared(2);
  heard[1].listen('order');
  await world.pass(10);
  const late = world.tab();
  late.open({ share: true });
  await world.pass(50);
  tabs[0].kill();
  tabs[1].hide();
  await world.pass(50);
  tabs[1].show();
  await world.pass(50);
  world.server.publish('1', 'order');
  await world.pass(50);
  assert.deepEqual(heard[1].data('order'), ['1']);
});

test('types that the leader learns from a tab that comes back are not missing there', async () => {
  for (const published of [['order'], ['message', 'order'], ['order', 'message'], ['order', 'message', 'order']]) {
    const { world, tabs, heard } = await shared(2);
    heard[1].listen('order');
    await world.publish(1);
    tabs[1].hide();
    tabs[0].kill();
    world.tab().open({ share: true });
    await world.pass(100);
    for (const [place, type] of published.entries()) world.server.publish(String(place + 2), type);
    await world.pass(100);
    tabs[1].show();
    await world.pass(100);
    world.server.publish('last', 'order');
    await world.pass(100);
    assert.deepEqual(heard[1].data('message', 'order'), [...numbers(1, published.length + 1), 'last'], String(published));
    assert.equal(world.server.count('stream'), 1);
  }
});

test('a tab is open when it knows where it is, and the leader what it wants to hear', async () => {
  const world = new World({ channelDelay: (from) => (from === tabs[1] ? 10 : 1) });
  const tabs = world.tabs(2);
  const leader = tabs[0].open({ share: true });
  await world.pass(1);
  const { source } = tabs[1].open({ share: true }).listen('order');
  const positions = [];
  source.addEventListener('open', () => positions.push(source.lastEventId));
  await world.pass(100);
  assert.deepEqual(positions, [leader.source.lastEventId]);
});

test('a tab that comes back to a server that has forgotten all is told of it, and shares again', async () => {
  const { world, tabs, heard } = await shared(2);
  await world.publish(1, 3);
  tabs[1].hide();
  world.server.forget('0a1b2c3d');
  await world.pass(5000);
  await world.publish(4, 5);
  tabs[1].show();
  await world.pass(100);
  assert.equal(heard[1].count('gap'), 1);
  assert.deepEqual(heard[1].data(), numbers(1, 5));
  assert.equal(world.server.count('stream'), 1);
});

test('other addresses, and other credentials, have a connection of their own', async () => {
  const world = new World();
  world.tab().open({ share: true }, '/events?channel=a');
  world.tab().open({ share: true }, '/events?channel=b');
  world.tab().open({ share: true, withCredentials: true }, '/events?channel=b');
  await world.pass(100);
  assert.equal(world.server.count('stream'), 3);
});

test('two sources of one tab share as well', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = [tab.open({ share: true }), tab.open({ share: true })];
  await world.pass(100);
  await world.publish(1, 3);
  heard[0].close();
  await world.publish(4, 6);
  await world.pass(100);
  assert.deepEqual(heard[1].data(), numbers(1, 6));
  assert.equal(world.server.count('stream'), 1);
});

for (const [what, stands] of [
  ['locks', { navigator: {} }],
  ['a navigator', { navigator: undefined }],
  ['BroadcastChannel', { BroadcastChannel: undefined }],
  ['leave to use it', { BroadcastChannel: function refuse() { throw new DOMException('blocked', 'SecurityError'); } }],
]) {
  test(`without ${what} each tab is alone, and works`, async () => {
    const world = new World();
    const heard = [world.tab(stands), world.tab(stands)].map((tab) => tab.open({ share: true }));
    await world.publish(1, 3);
    assert.deepEqual(heard.map(({ source }) => source.role), ['alone', 'alone']);
    assert.deepEqual(allData(heard), times(2, numbers(1, 3)));
  });
}

test('where locks are refused each tab leads itself, once', async () => {
  const world = new World();
  let requests = 0;
  const locks = { request: () => ++requests && Promise.reject(new DOMException('sandboxed', 'SecurityError')) };
  const heard = [0, 1].map(() => world.tab({ navigator: { locks } }).open({ share: true }));
  await world.pass(100);
  await world.publish(1, 3);
  await world.pass(600000);
  assert.deepEqual(allData(heard), times(2, numbers(1, 3)));
  assert.equal(requests, 2);
});
