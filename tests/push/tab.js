// SPDX-License-Identifier: BSD-2-Clause
//
// A tab of a browser: push.js in a world of its own, made of stand-ins for all that it meets outside.

import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

import { eventSourceOf } from './event_source.js';
import { fetchOf } from './fetch.js';
import { Recorder } from './recorder.js';

const path = fileURLToPath(new URL('../../www/push.js', import.meta.url));

/** The module as a script whose value is what the module exports, since each tab needs one of its own. */
const source = readFileSync(path, 'utf8').replace(/^export (?=class)/gm, '');
const value = '({ PushSource, Polling, LongPolling })';
const script = new vm.Script(`'use strict'; ${source}\n${value};`, { filename: path });

/** The page's window or document. It knows how many listen. */
class PageTarget extends EventTarget {
  listeners = 0;

  addEventListener(type, listener, options) {
    setMaxListeners(0, options.signal);
    super.addEventListener(type, listener, options);
    this.listeners++;
    options.signal.addEventListener('abort', () => this.listeners--);
  }
}

export class Tab {
  isFrozen = false;
  isEnded = false;
  sources = new Set(); // open EventSources
  fetches = new Set(); // requests that are not answered yet
  window = new PageTarget();
  document = Object.assign(new PageTarget(), { visibilityState: 'visible', baseURI: 'https://example.org/page' });
  #world;
  #timers = new Set();

  constructor(world, stands = {}) {
    this.#world = world;
    Object.assign(this, script.runInContext(vm.createContext({ ...this.#globals(), ...stands })));
  }

  /** A source whose doings are written down. */
  open(options, url = '/events?channel=news') {
    return new Recorder(new this.PushSource(url, options));
  }

  /** What happens to it after a time, not before it is awake. */
  later(task, ms = 0) {
    return this.#world.clock.set(task, ms, this);
  }

  /** What is still going on here: all of it 0 when nobody uses push.js any more. */
  get leftovers() {
    return {
      timers: this.#timers.size,
      streams: this.sources.size,
      requests: this.fetches.size,
      listeners: this.window.listeners + this.document.listeners,
      channels: this.#world.channels.count(this),
      locks: this.#world.locks.count(this),
    };
  }

  // --- what browsers and people do to tabs ---

  freeze() {
    this.document.dispatchEvent(new Event('freeze'));
    this.isFrozen = true;
  }

  resume() {
    this.isFrozen = false;
    this.document.dispatchEvent(new Event('resume'));
  }

  /** Stands still without being told, as when the machine sleeps. */
  halt() {
    this.isFrozen = true;
  }

  goOn() {
    this.isFrozen = false;
  }

  /** Into the back/forward cache. */
  hide() {
    this.window.dispatchEvent(new Event('pagehide'));
    this.isFrozen = true;
  }

  show() {
    this.isFrozen = false;
    this.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  }

  look(isVisible = true) {
    this.document.visibilityState = isVisible ? 'visible' : 'hidden';
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  goOnline() {
    this.window.dispatchEvent(new Event('online'));
  }

  /** Ends in the middle of whatever it does. */
  kill() {
    const { clock, locks, channels } = this.#world;
    this.isEnded = true;
    for (const source of this.sources) source.close();
    for (const request of this.fetches) request.drop();
    clock.forget(this);
    channels.end(this);
    locks.end(this);
  }

  // --- what push.js finds here ---

  #globals() {
    const { server, random, clock, locks, channels } = this.#world;
    return {
      EventTarget, Event, MessageEvent, AbortController, URL, URLSearchParams, Headers,
      EventSource: eventSourceOf(this, server),
      fetch: fetchOf(this, server),
      navigator: { locks: locks.of(this) },
      BroadcastChannel: channels.of(this),
      document: this.document,
      addEventListener: (...listener) => this.window.addEventListener(...listener),
      setTimeout: (task, ms) => this.#setTimeout(task, ms),
      clearTimeout: (id) => { this.#timers.delete(id); clock.clear(id); },
      Date: { now: () => clock.now },
      Math: Object.assign(Object.create(Math), { random }),
    };
  }

  #setTimeout(task, ms) {
    const id = this.later(() => { this.#timers.delete(id); task(); }, ms);
    this.#timers.add(id);
    return id;
  }
}
