// SPDX-License-Identifier: BSD-2-Clause
//
// The BroadcastChannels of an origin: what one tab posts, each other hears later, in the order of the posting tab. What
// is on its way when the posting tab ends, only some hear.

export class Channels {
  #open = new Set();
  #delay;

  /** delay: how long a message takes, by sender and hearer. */
  constructor(delay = () => 1) {
    this.#delay = delay;
  }

  /** What a tab sees as BroadcastChannel. */
  of(tab) {
    const channels = this;
    return class BroadcastChannel {
      onmessage = null;
      tab = tab;

      constructor(name) {
        this.name = name;
        channels.#open.add(this);
      }

      postMessage(data) {
        if (!channels.#open.has(this)) throw new DOMException('the channel is closed', 'InvalidStateError');
        channels.#post(this, structuredClone(data));
      }

      close() {
        channels.#open.delete(this);
      }
    };
  }

  count(tab) {
    return [...this.#open].filter((channel) => channel.tab === tab).length;
  }

  end(tab) {
    for (const channel of this.#open) if (channel.tab === tab) this.#open.delete(channel);
  }

  #post(sender, data) {
    for (const channel of this.#open) {
      if (channel === sender || channel.name !== sender.name) continue;
      const hear = () => !sender.tab.isEnded && this.#open.has(channel) && channel.onmessage?.({ data });
      channel.tab.later(hear, this.#delay(sender.tab, channel.tab));
    }
  }
}
