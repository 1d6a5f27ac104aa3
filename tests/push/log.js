// SPDX-License-Identifier: BSD-2-Clause
//
// What the model server keeps: events under growing ids, and what a client at some id has not seen of them.

const parse = (id) => {
  const [, time, number = 0, tag = ''] = /^(\d+)(?:-(\d+))?(?:\.(\w+))?/.exec(id);
  return { time: Number(time), number: Number(number), tag };
};

export class Log {
  #clock;
  #tag;
  #number = 0;
  #trimmed; // the id of the last event that is kept no more
  events = [];
  position;

  /** tag: that of a process which keeps its events in memory. */
  constructor(clock, tag = '') {
    this.#clock = clock;
    this.#tag = tag;
    this.position = this.#trimmed = this.#makeId();
  }

  add({ type = 'message', data }) {
    this.position = this.#makeId();
    const event = { id: this.position, type, data };
    this.events.push(event);
    return event;
  }

  trim(kept) {
    this.#trimmed = this.events.at(-kept - 1)?.id ?? this.#trimmed;
    this.events.splice(0, this.events.length - kept);
  }

  /** The events after this id, behind a gap if there may have been more. */
  after(id) {
    if (id === '0') return [...this.events];
    if (parse(id).tag !== this.#tag || this.#isAfter(this.#trimmed, id)) return [this.#gap(id), ...this.events];
    return this.events.filter((event) => this.#isAfter(event.id, id));
  }

  #isAfter(id, other) {
    const [a, b] = [parse(id), parse(other)];
    return a.time > b.time || (a.time === b.time && a.number > b.number);
  }

  #gap(after) {
    const data = JSON.stringify({ channel: 'news', after, oldest: this.events[0]?.id ?? null });
    return { id: this.#trimmed, type: 'gap', data };
  }

  #makeId() {
    return `${this.#clock.now}-${this.#number++}${this.#tag && `.${this.#tag}`}`;
  }
}
