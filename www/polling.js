// SPDX-License-Identifier: BSD-2-Clause
//
// Asks a server again and again, and says what it answered:
//
//   const request = () => fetch('/list?channel=news').then((answer) => answer.json());
//   const polling = new Polling({ request });
//   polling.addEventListener('update', (event) => console.log(event.detail));
//   polling.start();

const STEP_MS = 3000;
const MAX_MS = 30000;

/** The pause when each answer comes at once: 3 s, and 3 s more after each failure in a row. */
export const shortPollingDelay = (errors) => Math.min(STEP_MS * (errors + 1), MAX_MS);

/** The pause when the server holds a request until there is news: none, unless a request failed. */
export const longPollingDelay = (errors) => (errors ? shortPollingDelay(errors) : 0);

/** Tells an "update" for each answer, which is the event's detail, and an "end" when it has stopped. */
export class Polling extends EventTarget {
  #request;
  #needToPolling;
  #delay;
  #run = null; // an AbortController; null while stopped

  /**
   * request: makes one request and promises the answer; its argument's signal aborts when polling is stopped
   * needToPolling: asked before each request; false ends the polling
   * delay: the milliseconds before the next request, after this many failures in a row
   */
  constructor({ request, needToPolling = () => true, delay = shortPollingDelay }) {
    super();
    this.#request = request;
    this.#needToPolling = needToPolling;
    this.#delay = delay;
  }

  get isRunning() {
    return this.#run !== null;
  }

  start() {
    if (this.isRunning) return;
    this.#run = new AbortController();
    this.#repeat(this.#run.signal);
  }

  stop() {
    if (!this.isRunning) return;
    this.#run.abort();
    this.#run = null;
    this.dispatchEvent(new Event('end'));
  }

  /** One run. After stop() its signal stays aborted, even when another run has started meanwhile. */
  async #repeat(signal) {
    let errors = 0;
    while (!signal.aborted && this.#needToPolling()) {
      const isGood = await this.#ask(signal);
      errors = isGood ? 0 : errors + 1;
      await new Promise((wake) => setTimeout(wake, this.#delay(errors)));
    }
    if (!signal.aborted) this.stop();
  }

  /** One request; true when it was answered. What is answered to a stopped run is nobody's. */
  async #ask(signal) {
    try {
      const answer = await this.#request({ signal });
      if (!signal.aborted) this.dispatchEvent(new CustomEvent('update', { detail: answer }));
      return true;
    } catch {
      return false;
    }
  }
}
