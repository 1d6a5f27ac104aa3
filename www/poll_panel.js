// SPDX-License-Identifier: BSD-2-Clause
//
// The long poll: one request after the other, each waiting for the next events of the page's channels.
//
// Each answer says how far it goes, and the next request begins there: so nothing is missed between two of them, nor
// while polling is stopped. It starts with a button, since it takes one of the six connections of an HTTP/1.1 browser.

import { ask } from './ask.js';
import { Polling, longPollingDelay } from './polling.js';
import { makeRows, prepend } from './rows.js';

const ENDPOINT = '/subscribe';

const byId = (id) => document.getElementById(id);
const polling = new Polling({ request, delay: longPollingDelay });

let channels = [];
let position = '';
let answers = 0;

async function request({ signal }) {
  try {
    return await ask(ENDPOINT, { channel: channels, ...(position && { since: position }) }, { signal });
  } catch (error) {
    if (!signal.aborted) showState('waiting', `No answer: ${error.message}. Trying again…`);
    throw error;
  }
}

function onUpdate({ detail }) {
  position = detail.position;
  answers += 1;
  byId('poll-position').textContent = position;
  byId('poll-count').textContent = answers;
  prepend(byId('poll-events'), makeRows(detail.events));
  showState('open', 'Waiting for the next event');
}

function showState(state, text) {
  const shown = byId('poll-state');
  shown.dataset.state = state;
  if (shown.textContent !== text) shown.textContent = text; // a status that is written anew is read aloud anew
}

function toggle() {
  if (polling.isRunning) return polling.stop();
  byId('poll-toggle').textContent = 'Stop polling';
  showState('open', 'Waiting for the next event');
  polling.start();
}

function onEnd() {
  byId('poll-toggle').textContent = 'Start polling';
  showState('stopped', 'Stopped');
}

/** Polls for these channels from now on; a position fits any of them. */
export function pollChannels(names) {
  channels = names;
  if (!polling.isRunning) return;
  toggle();
  toggle();
}

polling.addEventListener('update', onUpdate);
polling.addEventListener('end', onEnd);
byId('poll-toggle').addEventListener('click', toggle);
addEventListener('pagehide', () => polling.stop()); // else the page would stay out of the back/forward cache
