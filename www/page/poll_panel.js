// SPDX-License-Identifier: BSD-2-Clause
//
// The long poll: one request after the other, each waiting for the next events of the page's channels. It starts with a
// button, since it takes one of the six connections of an HTTP/1.1 browser.

import { byId, setText } from './dom.js';
import { LongPolling } from '../push.js';
import { makeRows, prepend } from './rows.js';
import { text } from './texts.js';

const ENDPOINT = '/subscribe';

let polling = null;
let answers = 0;

function onUpdate({ detail: events, target }) {
  answers += 1;
  setText('poll-count', answers);
  setText('poll-position', target.since);
  prepend(byId('poll-events'), makeRows(events));
  showState('open', text('waiting'));
}

function onError({ detail: error }) {
  showState('waiting', text('noAnswer'), error.message);
}

/** The reason is in the words of whoever gave it: the server, the browser. */
function showState(state, said, reason = '') {
  byId('poll-state').dataset.state = state;
  setText('poll-state', said);
  setText('poll-why', reason);
}

function start() {
  setText('poll-toggle', text('stopPolling'));
  showState('open', text('waiting'));
  polling.start();
}

function onEnd() {
  setText('poll-toggle', text('startPolling'));
  showState('stopped', text('stopped'));
}

/** Polls for these channels from now on, and goes on where it was: a position fits any of them. */
export function pollChannels(names) {
  const isRunning = polling?.isRunning ?? false;
  const since = polling?.since;
  polling?.stop();
  polling = new LongPolling({ url: `${ENDPOINT}?channel=${names}`, ...(since && { since }) });
  polling.addEventListener('update', onUpdate);
  polling.addEventListener('error', onError);
  polling.addEventListener('end', onEnd);
  if (isRunning) start();
}

byId('poll-toggle').addEventListener('click', () => (polling.isRunning ? polling.stop() : start()));
addEventListener('pagehide', () => polling.stop()); // else the page would stay out of the back/forward cache
