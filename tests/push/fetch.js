// SPDX-License-Identifier: BSD-2-Clause
//
// A browser's fetch, as far as polls need it.

class Request {
  constructor(tab, signal, resolve, reject) {
    Object.assign(this, { tab, signal, resolve, reject });
  }

  onAnswer(status, headers, text) {
    const body = () => (this.signal?.aborted ? Promise.reject(abortError()) : Promise.resolve(text));
    this.#end();
    this.resolve({
      status,
      ok: status === 200,
      headers: new Headers(headers),
      text: body,
      json: () => body().then(JSON.parse),
    });
  }

  onFailed() {
    this.#end();
    this.reject(new TypeError('Failed to fetch'));
  }

  abort() {
    this.#end();
    this.drop();
    this.reject(abortError());
  }

  #end() {
    this.tab.fetches.delete(this);
  }
}

const abortError = () => new DOMException('the request was aborted', 'AbortError');

/** The function as a tab sees it. */
export const fetchOf = (tab, server) => (url, { signal, method = 'GET' } = {}) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError());
    const request = new Request(tab, signal, resolve, reject);
    tab.fetches.add(request);
    request.drop = server.poll(request, method, url);
    signal?.addEventListener('abort', () => tab.fetches.has(request) && request.abort());
  });
