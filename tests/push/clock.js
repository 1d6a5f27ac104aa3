// SPDX-License-Identifier: BSD-2-Clause
//
// The time of a test, which passes only when the test says so. What is to happen belongs to somebody: while its owner
// is frozen it waits, and with its owner's end it is forgotten.

const BUSY = 20000; // so many turns without the time passing are an endless loop

/** Lets all that follows from promises happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

export class Clock {
  now = 1700000000000;
  #tasks = new Map(); // in the order of their making
  #lastId = 0;

  set(task, ms, owner) {
    const id = ++this.#lastId;
    this.#tasks.set(id, { at: this.now + Math.max(0, Number(ms) || 0), task, owner });
    return id;
  }

  clear(id) {
    this.#tasks.delete(id);
  }

  /** Forgets all that belongs to an owner who has ended. */
  forget(owner) {
    for (const [id, task] of this.#tasks) if (task.owner === owner) this.#tasks.delete(id);
  }

  /** Lets time pass, and happen what is due. */
  async advance(ms) {
    const end = this.now + ms;
    let turns = 0;
    await settle();
    for (let id; (id = this.#next(end)) !== undefined; ) {
      const { at, task } = this.#tasks.get(id);
      this.#tasks.delete(id);
      turns = at > this.now ? 0 : turns + 1;
      if (turns > BUSY) throw new Error('an endless loop: time does not pass');
      this.now = Math.max(this.now, at);
      task();
      await settle();
    }
    this.now = end;
  }

  #next(end) {
    let [earliest, id] = [end + 1, undefined];
    for (const [each, { at, owner }] of this.#tasks) {
      if (at < earliest && !owner?.isFrozen) [earliest, id] = [at, each];
    }
    return id;
  }
}
