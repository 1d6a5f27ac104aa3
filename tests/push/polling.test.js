// SPDX-License-Identifier: BSD-2-Clause

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import test from 'node:test';

import { World } from './world.js';

/** A Polling whose requests are answered by the test. */
function polled(options = {}) {
  const world = new World();
  const tab = world.tab();
  const asked = []; // {signal, resolve, reject, at}
  const request = ({ signal }) =>
    new Promise((resolve, reject) => asked.push({ signal, resolve, reject, at: world.clock.now }));
  const polling = new tab.Polling({ request, ...options });
  const said = [];
  for (const type of ['update', 'error', 'end']) {
    polling.addEventListener(type, ({ detail }) => said.push(detail === undefined ? type : `${type} ${detail}`));
  }
  return { world, tab, polling, asked, said };
}

test('an update tells the answer, and three seconds later it asks again', async () => {
  const { world, polling, asked, said } = polled();
  polling.start();
  asked[0].resolve('answer');
  await world.pass(2999);
  assert.deepEqual([said, asked.length], [['update answer'], 1]);
  await world.pass(1);
  assert.equal(asked.length, 2);
});

test('an answer that takes long is waited for', async () => {
  const { world, polling, asked } = polled();
  polling.start();
  await world.pass(3600000);
  assert.equal(asked.length, 1);
});

test('each failure in a row makes the pause three seconds longer, up to 30 s', async () => {
  const world = new World();
  const at = [];
  let isBroken = true;
  const request = async () => {
    at.push(world.clock.now);
    if (isBroken) throw new Error('no');
  };
  const polling = new (world.tab().Polling)({ request });
  polling.start();
  await world.pass(300000);
  const pauses = at.slice(1).map((each, i) => (each - at[i]) / 1000);
  assert.deepEqual(pauses.slice(0, 11), [6, 9, 12, 15, 18, 21, 24, 27, 30, 30, 30]);
  isBroken = false;
  await world.pass(60000);
  const [last, previous] = [at.at(-1), at.at(-2)];
  assert.equal(last - previous, 3000);
});

test('a request that throws at once is a failure like any other', async () => {
  const { world, polling, said } = polled({ request: () => { throw new Error('at once'); } });
  polling.start();
  await world.pass(10);
  assert.deepEqual(said, ['error Error: at once']);
  assert.equal(polling.isRunning, true);
});

test('another delay may be given', async () => {
  const { world, polling, asked } = polled({ delay: (errors) => 100 + errors });
  polling.start();
  asked[0].reject(new Error('no'));
  await world.pass(101);
  asked[1].resolve();
  await world.pass(100);
  assert.deepEqual(asked.map(({ at }) => at - asked[0].at), [0, 101, 201]);
});

test('stop() tells the end once, and aborts the request', async () => {
  const { polling, asked, said } = polled();
  polling.start();
  assert.equal(polling.isRunning, true);
  polling.stop();
  polling.stop();
  assert.equal(polling.isRunning, false);
  assert.equal(asked[0].signal.aborted, true);
  assert.deepEqual(said, ['end']);
});

test('what is answered to a stopped run is discarded, good or bad', async () => {
  for (const answer of ['resolve', 'reject']) {
    const { world, polling, asked, said } = polled();
    polling.start();
    polling.stop();
    asked[0][answer](new Error('late'));
    await world.pass(60000);
    assert.deepEqual([said, asked.length], [['end'], 1]);
  }
});

test('a late answer to a stopped run is not taken for one of the next', async () => {
  const { world, polling, asked, said } = polled();
  polling.start();
  polling.stop();
  polling.start();
  asked[0].resolve('old');
  await world.pass(60000);
  assert.deepEqual([said, asked.length], [['end'], 2]);
  asked[1].resolve('new');
  await world.pass(10);
  assert.deepEqual(said, ['end', 'update new']);
});

test('start() while it runs is nothing', async () => {
  const { world, polling, asked } = polled();
  polling.start();
  polling.start();
  await world.pass(10);
  assert.equal(asked.length, 1);
});

test('stopped in a pause it asks no more, and leaves no timer', async () => {
  const { world, tab, polling, asked } = polled();
  polling.start();
  asked[0].resolve();
  await world.pass(1000);
  polling.stop();
  assert.equal(tab.leftovers.timers, 0);
  await world.pass(60000);
  assert.equal(asked.length, 1);
});

test('stop() and start() in an update begin a new run', async () => {
  const { world, polling, asked } = polled();
  polling.addEventListener('update', () => { polling.stop(); polling.start(); }, { once: true });
  polling.start();
  asked[0].resolve();
  await world.pass(10);
  assert.equal(asked.length, 2);
  await world.pass(60000);
  assert.equal(asked.length, 2);
});

test('needToPolling is asked before each request, and false ends it', async () => {
  let left = 2;
  const { world, polling, asked, said } = polled({ needToPolling: () => left-- > 0 });
  polling.start();
  asked[0].resolve(1);
  await world.pass(3000);
  asked[1].resolve(2);
  await world.pass(3000);
  assert.deepEqual([said, asked.length, polling.isRunning], [['update 1', 'update 2', 'end'], 2, false]);
});

test('a long run leaves nothing at its signal', async () => {
  const { world, polling, asked } = polled();
  polling.start();
  for (let i = 0; i < 50; i++) {
    asked.at(-1).resolve(i);
    await world.pass(3000);
  }
  assert.equal(asked.length, 51);
  assert.ok(getEventListeners(asked[0].signal, 'abort').length <= 1);
});
