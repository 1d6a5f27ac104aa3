// SPDX-License-Identifier: BSD-2-Clause
//
// PUSH_SEED=n runs one sequence alone, and PUSH_RUNS=n so many of each kind.

import test from 'node:test';

import { Chaos } from './chaos.js';

const { PUSH_SEED, PUSH_RUNS = 25 } = process.env;
const seeds = PUSH_SEED ? [Number(PUSH_SEED)] : Array.from({ length: Number(PUSH_RUNS) }, (_, place) => place + 1);

for (const [what, options] of [
  ['each tab for itself', { tabs: 1 }],
  ['tabs that share', { tabs: 3, share: true }],
  ['a tab that others join', { tabs: 1, share: true }],
  ['tabs that poll and share', { tabs: 2, share: true, EventSource: null }],
]) {
  test(`${what}: whatever happens, each event is heard once and in order`, async () => {
    for (const seed of seeds) {
      const chaos = new Chaos(seed, options);
      try {
        await chaos.run();
      } catch (error) {
        error.message = `seed ${seed}: ${error.message}\n${chaos.happened.join('\n')}`;
        throw error;
      }
    }
  });
}
