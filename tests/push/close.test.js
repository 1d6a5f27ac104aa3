// SPDX-License-Identifier: BSD-2-Clause
//
// Whatever a source is doing: after close() it does nothing, and nothing of it is left.

import assert from 'node:assert/strict';
import test from 'node:test';

import { World } from './world.js';

const QUIET = { timers: 0, streams: 0, requests: 0, listeners: 0, channels: 0, locks: 0 };

/** Closed by close(), it must say nothing more, and leave nothing in its tab or at the server. */
async function mustEnd(world, tab, heard, what, close = () => heard.close()) {
  close();
  const { length } = heard.said;
  await world.pass(0);
  assert.deepEqual(tab.leftovers, QUIET, what);
  assert.deepEqual([world.server.count('stream', tab), world.server.count('poll', tab)], [0, 0], what);
  const asked = () => world.server.requests.filter((request) => request[2] === tab).length;
  const requests = asked();
  world.server.publish('after the end');
  tab.goOnline();
  tab.look();
  tab.show();
  await world.pass(600000);
  assert.equal(heard.said.length, length, what);
  assert.equal(asked(), requests, what);
  assert.equal(heard.source.readyState, 2, what);
}

/** After so many milliseconds; -1: in the same turn. */
const MOMENTS = [
  -1, 0, 1, 4, 5, 6, 10, 300, 3004, 5004, 5005, 5009, 5011, 6000, 31000, 36000, 44999, 46000, 50001, 100000,
];

for (const [how, share] of [['alone', false], ['shared', true]]) {
  for (const stream of ['good', 'refused', 'unreachable', 'held', 'hidden']) {
    for (const poll of ['good', 'refused', 'hidden']) {
      test(`${how}, streams ${stream}, polls ${poll}: nothing is left at any moment`, async () => {
        for (const moment of MOMENTS) {
          const world = new World();
          world.server.weather = { stream, poll };
          const tab = world.tab();
          const heard = tab.open({ share });
          if (moment >= 0) await world.pass(moment);
          await mustEnd(world, tab, heard, `at ${moment}`);
        }
      });
    }
  }
}

/** Closes it in the first event of this type, by which something else may be going on. */
function closeIn(heard, type, count = 1) {
  heard.source.addEventListener(type, () => --count || heard.close());
}

async function endsIn(type, { count = 1, prepare, act, options = {} }) {
  const world = new World();
  const tab = world.tab();
  await prepare?.(world);
  const heard = tab.open(options);
  closeIn(heard, type, count);
  await world.pass(100);
  await act?.(world, tab);
  await world.pass(60000);
  assert.equal(heard.source.readyState, 2, `a ${type} came`);
  await mustEnd(world, tab, heard, type, () => {});
}

test('in the opening', () => endsIn('open', {}));

test('in the opening of one that polls', () => endsIn('open', { options: { EventSource: null } }));

test('in an event, while more are on the way', () =>
  endsIn('message', { options: { lastEventId: '0' }, prepare: (world) => world.publish(1, 5) }));

test('in an event of an answer that has more', () =>
  endsIn('message', { options: { lastEventId: '0', EventSource: null }, prepare: (world) => world.publish(1, 5) }));

test('in an event, where EventSource goes on with what it has read already, as that of npm does', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open();
  closeIn(heard, 'message');
  await world.pass(100);
  const [source] = tab.sources;
  for (const data of ['1', '2']) source.onEvent({ type: 'message', data });
  await mustEnd(world, tab, heard, 'what was read', () => {});
});

test('in an error', () => endsIn('error', { act: (world) => world.server.cut() }));

test('in a refusal', () => endsIn('error', { prepare: (world) => { world.server.weather.stream = 'refused'; } }));

test('in a failed poll', () =>
  endsIn('error', { options: { EventSource: null }, prepare: (world) => { world.server.weather.poll = 'refused'; } }));

test('in the switch to polls', () =>
  endsIn('transport', { prepare: (world) => { world.server.weather.stream = 'held'; } }));

test('in the switch back to streams', () =>
  endsIn('transport', {
    count: 2,
    prepare: (world) => { world.server.weather.stream = 'held'; },
    act: async (world) => {
      await world.pass(6000);
      world.server.weather.stream = 'good';
    },
  }));

test('in the opening of a tab that would have to catch up', () =>
  endsIn('open', {
    options: { share: true, lastEventId: '0' },
    prepare: async (world) => {
      world.tab().open({ share: true });
      await world.publish(1, 5, 50);
    },
  }));

test('in the middle of catching up', () =>
  endsIn('message', {
    count: 3,
    options: { share: true, lastEventId: '0' },
    prepare: async (world) => {
      world.tab().open({ share: true });
      await world.publish(1, 5, 50);
    },
  }));

test('in becoming the leader', () => endsIn('role', { options: { share: true } }));

test('in ceasing to be the leader', () =>
  endsIn('role', {
    count: 2,
    options: { share: true },
    act: async (world, tab) => {
      world.tab().open({ share: true });
      await world.pass(10);
      tab.halt();
      await world.pass(60000);
      tab.goOn();
    },
  }));

test('in what a leader is told of its polls', async () => {
  const world = new World();
  world.server.weather.stream = 'held';
  const tab = world.tab();
  const other = world.tab().open({ share: true, retryStream: 3600000 });
  await world.pass(10000);
  const heard = tab.open({ share: true });
  closeIn(heard, 'transport');
  await world.pass(100);
  await mustEnd(world, tab, heard, 'transport', () => {});
  assert.equal(other.source.readyState, 1);
});

test('in the back/forward cache', async () => {
  for (const share of [false, true]) {
    const world = new World();
    const tab = world.tab();
    const heard = tab.open({ share });
    await world.pass(100);
    tab.hide();
    tab.goOn();
    await mustEnd(world, tab, heard, 'cached');
  }
});

test('twice', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open({ share: true });
  await world.pass(100);
  heard.close();
  await mustEnd(world, tab, heard, 'twice');
});

test('a listener that is added after it is no reason to begin again', async () => {
  const world = new World();
  const tab = world.tab();
  const heard = tab.open({ share: true });
  await world.pass(100);
  heard.close();
  heard.listen('order');
  heard.source.onmessage = () => {};
  await mustEnd(world, tab, heard, 'a listener');
});

test('a tab that is closed leaves the others as they are', async () => {
  const world = new World();
  const tabs = world.tabs(3);
  const heard = tabs.map((tab) => tab.open({ share: true }));
  await world.pass(100);
  heard[1].close();
  await world.publish(1, 3);
  assert.deepEqual(heard.map((each) => each.data().length), [3, 0, 3]);
  assert.deepEqual(tabs[1].leftovers, QUIET);
});
