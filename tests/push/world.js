// SPDX-License-Identifier: BSD-2-Clause
//
// All that a test needs: a server, the tabs of one origin, and a time for them.

import { Channels } from './channels.js';
import { Clock } from './clock.js';
import { Locks } from './locks.js';
import { randomOf } from './random.js';
import { Server } from './server.js';
import { Tab } from './tab.js';

export class World {
  clock = new Clock();
  server = new Server(this.clock);
  locks = new Locks();

  constructor({ seed = 1, channelDelay } = {}) {
    this.random = randomOf(seed);
    this.channels = new Channels(channelDelay);
  }

  tab(stands) {
    return new Tab(this, stands);
  }

  tabs(count) {
    return Array.from({ length: count }, () => this.tab());
  }

  pass(ms) {
    return this.clock.advance(ms);
  }

  /** Publishes the numbers from first to last, one after each pause. */
  async publish(first, last = first, pause = 10) {
    for (let number = first; number <= last; number++) {
      this.server.publish(String(number));
      await this.pass(pause);
    }
  }
}

export const numbers = (first, last) => Array.from({ length: last - first + 1 }, (_, place) => String(first + place));
