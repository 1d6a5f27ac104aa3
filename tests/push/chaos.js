// SPDX-License-Identifier: BSD-2-Clause
//
// Whatever may happen on the way, at random. At the end all is well again, and each tab that lives must have heard
// each event once and in order; one that has ended, up to some event.

import assert from 'node:assert/strict';

import { World, numbers } from './world.js';

const STEPS = 25;
const WEATHERS = ['good', 'good', 'refused', 'unreachable', 'hidden'];

export class Chaos {
  happened = []; // for who looks for the reason of a failure
  #random;
  #world;
  #tabs = []; // {tab, heard, state, openAt}
  #published = 0;
  #options;

  /** tabs: at the beginning. */
  constructor(seed, { tabs, ...options }) {
    this.#world = new World({ seed, channelDelay: (from, to) => 1 + ((from.number * 7 + to.number * 3) % 5) });
    this.#random = this.#world.random;
    this.#options = options;
    for (let i = 0; i < tabs; i++) this.#openTab({ lastEventId: '0' });
  }

  async run() {
    for (let step = 0; step < STEPS; step++) {
      const [name, action] = this.#pick(Object.entries(this.#actions));
      this.happened.push(`${this.#world.clock.now}: ${name} ${(await action()) ?? ''}`);
      await this.#world.pass(this.#pick([0, 1, 6, 300, 1000, 6000, 20000, 50000]));
    }
    await this.#calm();
    for (const each of this.#tabs) this.#check(each);
  }

  #actions = {
    publish: () => this.#publish(1 + Math.floor(this.#random() * 4)),
    'publish with pauses': () => this.#publish(5, 2),
    cut: () => this.#world.server.cut(),
    hush: () => this.#world.server.hush(),
    'stream weather': () => (this.#world.server.weather.stream = this.#pick([...WEATHERS, 'held'])),
    'poll weather': () => (this.#world.server.weather.poll = this.#pick(WEATHERS)),
    latency: () => (this.#world.server.latency = this.#pick([1, 5, 5, 50, 800])),
    freeze: () => this.#change('awake', 'frozen', (tab) => tab.freeze()),
    resume: () => this.#change('frozen', 'awake', (tab) => tab.resume()),
    halt: () => this.#change('awake', 'halted', (tab) => tab.halt()),
    'go on': () => this.#change('halted', 'awake', (tab) => tab.goOn()),
    hide: () => this.#change('awake', 'hidden', (tab) => tab.hide()),
    show: () => this.#change('hidden', 'awake', (tab) => tab.show()),
    look: () => this.#change('awake', 'awake', (tab) => tab.look()),
    'go online': () => this.#change('awake', 'awake', (tab) => tab.goOnline()),
    'another tab': () => this.#tabs.length < 6 && this.#openTab({}),
    kill: () => this.#tabs.length > 1 && this.#change('awake', 'ended', (tab) => tab.kill()),
  };

  async #calm() {
    for (const each of this.#tabs) {
      if (each.state === 'halted') each.tab.goOn();
      if (each.state === 'frozen') each.tab.resume();
      if (each.state === 'hidden') each.tab.show();
    }
    this.#world.server.weather = { stream: 'good', poll: 'good' };
    this.#world.server.latency = 5;
    await this.#world.pass(20 * 60000);
    await this.#publish(3);
    await this.#world.pass(60000);
  }

  #check({ tab, heard, state, openAt }) {
    const data = heard.data();
    const first = Number(data[0] ?? this.#published + 1);
    const last = state === 'ended' ? first + data.length - 1 : this.#published;
    assert.deepEqual(data, numbers(first, last), `tab ${tab.number} (${state}) heard each event once and in order`);
    if (state === 'ended') return;
    assert.equal(heard.source.readyState, 1, `tab ${tab.number} is open`);
    assert.ok(first <= openAt() + 1, `tab ${tab.number} heard all from its opening on`);
  }

  // --- the parts of it ---

  #pick(list) {
    return list[Math.floor(this.#random() * list.length)];
  }

  #openTab(options) {
    const tab = Object.assign(this.#world.tab(), { number: this.#tabs.length });
    const heard = tab.open({ ...this.#options, ...options });
    let openAt = options.lastEventId ? 0 : Infinity;
    heard.source.addEventListener('open', () => (openAt = Math.min(openAt, this.#published)));
    this.#tabs.push({ tab, heard, state: 'awake', openAt: () => openAt });
    return this.#tabs.length - 1;
  }

  #change(from, to, action) {
    const each = this.#pick(this.#tabs.filter(({ state }) => state === from));
    if (!each) return 'nobody';
    each.state = to;
    action(each.tab);
    return each.tab.number;
  }

  async #publish(count, pause = 0) {
    for (let i = 0; i < count; i++) {
      this.#world.server.publish(String(++this.#published));
      if (pause) await this.#world.pass(pause);
    }
    return `up to ${this.#published}`;
  }
}
