// SPDX-License-Identifier: BSD-2-Clause
//
// Writes down what a source says.

const KINDS = ['open', 'error', 'transport', 'role', 'message', 'gap'];

export class Recorder {
  said = []; // {type, detail | data} in order

  constructor(source) {
    this.source = source;
    for (const type of KINDS) this.listen(type);
  }

  listen(type) {
    this.source.addEventListener(type, (event) => this.said.push(describe(event)));
    return this;
  }

  /** The data of the events, gaps among them if wanted. */
  data(...types) {
    const wanted = types.length ? types : ['message'];
    return this.said.filter(({ type }) => wanted.includes(type)).map(({ data }) => data);
  }

  /** The details of what is said beside events. */
  details(type) {
    return this.said.filter((each) => each.type === type).map(({ detail }) => detail);
  }

  count(type) {
    return this.said.filter((each) => each.type === type).length;
  }

  close() {
    this.source.close();
  }
}

/** Its detail comes from another world, whose objects are not equal to ours. */
function describe({ type, data, lastEventId: id, origin, detail }) {
  const shown = detail === undefined ? {} : { detail: { ...detail } };
  return data === undefined ? { type, ...shown } : { type, id, data, origin, ...shown };
}
