// SPDX-License-Identifier: BSD-2-Clause
//
// fetch_event_source.mjs URL [once] - the npm package "@microsoft/fetch-event-source".
//
// It counts the end of a stream as the end of its work, and its promise is fulfilled; with "once" so does this program.
// Otherwise onclose throws, which is how one tells it to come back: with its last id, after the last retry.

import { say, url, words } from './say.mjs';

// What it needs of a browser: it listens for the page's visibility, and uses the timers and fetch of a window.
globalThis.window = globalThis;
globalThis.document = Object.assign(new EventTarget(), { hidden: false });

const { fetchEventSource } = await import('@microsoft/fetch-event-source');

await fetchEventSource(url, {
  async onopen(response) {
    say('open', { status: response.status });
    if (!response.ok) throw new Error(`status ${response.status}`);
  },
  onmessage: ({ id, event, data }) => say('event', { type: event, id, data }),
  onclose() {
    say('close');
    if (!words.includes('once')) throw new Error('the stream has ended');
  },
  onerror: (error) => say('error', { message: error.message }),
});
say('end');
