// SPDX-License-Identifier: BSD-2-Clause
//
// A browser's EventSource: comes back by itself after a lost connection, and never after an answer that is no stream.

const [CONNECTING, OPEN, CLOSED] = [0, 1, 2];

/** The class as a tab sees it. */
export const eventSourceOf = (tab, server) =>
  class EventSource extends EventTarget {
    tab = tab;
    readyState = CONNECTING;
    #lastEventId = '';
    #drop = null; // ends the request

    constructor(url, { withCredentials = false } = {}) {
      super();
      this.url = url;
      this.withCredentials = withCredentials;
      tab.sources.add(this);
      this.#connect();
    }

    close() {
      this.readyState = CLOSED;
      this.#drop?.();
      tab.sources.delete(this);
    }

    #connect() {
      if (this.readyState === CONNECTING) this.#drop = server.stream(this, this.url, this.#lastEventId);
    }

    // --- what the server says ---

    onOpen() {
      this.readyState = OPEN;
      this.dispatchEvent(new Event('open'));
    }

    onEvent({ id = this.#lastEventId, type, data }) {
      this.#lastEventId = id;
      this.dispatchEvent(new MessageEvent(type, { data, lastEventId: id, origin: new URL(this.url).origin }));
    }

    onLost(retry) {
      this.readyState = CONNECTING;
      tab.later(() => this.#connect(), retry);
      this.dispatchEvent(new Event('error'));
    }

    onRefused() {
      this.readyState = CLOSED;
      tab.sources.delete(this);
      this.dispatchEvent(new Event('error'));
    }
  };
