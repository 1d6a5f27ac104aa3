// SPDX-License-Identifier: BSD-2-Clause
//
// Whatever may happen on the way, at random. At the end all is well again, and each tab that lives must have heard
// each event of its types once and in order, or of a gap before it; one that has ended, up to some event. The server
// was asked no more often than there was reason to.

import assert from 'node:assert/strict';

import { World } from './world.js';

const STEPS = 25;
const MOST_REQUESTS = 300;
const RARE = 'order'; // a type that some tabs listen for
const typeOf = (number) => (number % 3 ? 'message' : RARE);
const WEATHERS = ['good', 'good', 'refused', 'unreachable', 'hidden'];

export class Chaos {
  happened = []; // for who looks for the reason of a failure
  #random;
  #world;
  #tabs = []; // {tab, heard, state, types, openAt}
  #published = 0;
  #forgotten = 0;
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
    const requests = this.#world.server.requests.length;
    assert.ok(requests <= MOST_REQUESTS, `${requests} requests`);
  }

  #actions = {
    publish: () => this.#publish(1 + Math.floor(this.#random() * 4)),
    'publish with pauses': () => this.#publish(5, 2),
    cut: () => this.#world.server.cut(),
    forget: () => this.#random() < 0.2 && this.#world.server.forget(`${++this.#forgotten}`.padStart(8, '0')),
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

  /** Between one of its events and the next there is no other of its types, or a gap was told. */
  #check({ tab, heard, state, types, openAt }) {
    const name = `tab ${tab.number} (${state}, ${types})`;
    let last = openAt();
    let isFirst = true;
    let hasGap = this.#forgotten > 0; // who has heard nothing yet misses nothing
    for (const { type, data } of heard.said.filter((each) => each.type === 'gap' || types.includes(each.type))) {
      if (type === 'gap') {
        hasGap = true;
        continue;
      }
      const number = Number(data);
      const missing = this.#wanted(types, last, number);
      assert.ok(number > last || isFirst, `${name} heard ${number} once and in order`);
      assert.ok(hasGap || !missing.length, `${name} heard ${missing}, or of a gap`);
      [last, isFirst, hasGap] = [number, false, false];
    }
    if (state === 'ended') return;
    assert.equal(heard.source.readyState, 1, `${name} is open`);
    assert.deepEqual(this.#wanted(types, last, this.#published + 1), [], `${name} heard the last ones`);
  }

  // --- the parts of it ---

  /** What is of these types between two numbers. */
  #wanted(types, after, before) {
    const between = Array.from({ length: Math.max(0, before - after - 1) }, (_, place) => after + 1 + place);
    return between.filter((number) => types.includes(typeOf(number)));
  }

  #pick(list) {
    return list[Math.floor(this.#random() * list.length)];
  }

  #openTab(options) {
    const tab = Object.assign(this.#world.tab(), { number: this.#tabs.length });
    const heard = tab.open({ ...this.#options, ...options });
    const types = this.#pick([['message'], ['message', RARE]]);
    if (types.includes(RARE)) heard.listen(RARE);
    let openAt = options.lastEventId ? 0 : Infinity;
    heard.source.addEventListener('open', () => (openAt = Math.min(openAt, this.#published)));
    this.#tabs.push({ tab, heard, state: 'awake', types, openAt: () => openAt });
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
      this.#world.server.publish(String(++this.#published), typeOf(this.#published));
      if (pause) await this.#world.pass(pause);
    }
    return `up to ${this.#published}`;
  }
}
