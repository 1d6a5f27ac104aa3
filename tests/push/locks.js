// SPDX-License-Identifier: BSD-2-Clause
//
// The Web Locks of an origin: exclusive ones, which can be stolen, and which end with their tab.

const abortError = () => new DOMException('the lock is not yours', 'AbortError');

export class Locks {
  #held = []; // of each name at most one
  #waiting = [];

  /** What a tab sees as navigator.locks. */
  of(tab) {
    return { request: (name, options, callback) => this.#request({ tab, name, options, callback }) };
  }

  count(tab) {
    return [...this.#held, ...this.#waiting].filter((request) => request.tab === tab).length;
  }

  holder(name) {
    return this.#held.find((request) => request.name.startsWith(name))?.tab;
  }

  end(tab) {
    this.#held = this.#held.filter((request) => request.tab !== tab);
    this.#waiting = this.#waiting.filter((request) => request.tab !== tab);
    this.#grant();
  }

  #request(request) {
    return new Promise((resolve, reject) => {
      const { signal, steal } = request.options;
      if (signal?.aborted) return reject(abortError());
      Object.assign(request, { resolve, reject });
      signal?.addEventListener('abort', () => this.#withdraw(request));
      if (steal) this.#steal(request);
      else this.#waiting.push(request);
      this.#grant();
    });
  }

  #steal(thief) {
    for (const request of this.#held.filter(({ name }) => name === thief.name)) {
      this.#remove(this.#held, request);
      request.tab.later(() => request.reject(abortError()));
    }
    this.#waiting.unshift(thief);
  }

  #withdraw(request) {
    if (this.#remove(this.#waiting, request)) request.reject(abortError());
  }

  #remove(list, request) {
    const place = list.indexOf(request);
    if (place >= 0) list.splice(place, 1);
    return place >= 0;
  }

  #grant() {
    for (const request of [...this.#waiting]) {
      if (this.#held.some(({ name }) => name === request.name)) continue;
      this.#remove(this.#waiting, request);
      this.#held.push(request);
      request.tab.later(() => this.#hold(request));
    }
  }

  /** Until the promise of the callback is settled. */
  async #hold(request) {
    try {
      request.resolve(await request.callback({ name: request.name }));
    } catch (error) {
      request.reject(error);
    }
    if (this.#remove(this.#held, request)) this.#grant();
  }
}
