// SPDX-License-Identifier: BSD-2-Clause
//
// What is kept of the page's channels, as /list answers it.

import { ask } from './ask.js';
import { makeRows } from './rows.js';

const ENDPOINT = '/list';
const LIMIT = 100;

const byId = (id) => document.getElementById(id);

let channels = [];
let tag = ''; // of the answer that is shown

/** With If-None-Match of our own the browser leaves the 304 to us, instead of showing its cached answer again. */
async function fetchList() {
  const asked = channels;
  try {
    const headers = tag ? { 'If-None-Match': tag } : {};
    const answer = await ask(ENDPOINT, { channel: asked, limit: LIMIT }, { headers });
    if (asked === channels) show(answer);
  } catch (error) {
    showState(`No answer: ${error.message}.`);
  }
}

function show(answer) {
  const at = new Date().toLocaleTimeString();
  if (answer.isUnchanged) return showState(`304 at ${at}: nothing has changed.`);
  tag = answer.tag;
  byId('list-events').replaceChildren(makeRows(answer.events));
  const count = answer.events.length;
  showState(`200 at ${at}: ${count >= LIMIT ? 'the newest ' : ''}${count} ${count === 1 ? 'event' : 'events'}.`);
}

function showState(text) {
  byId('list-state').textContent = text;
}

/** Lists these channels from now on. */
export function listChannels(names) {
  channels = names;
  tag = '';
  byId('list-events').replaceChildren();
  showState('Not fetched yet.');
}

byId('list-fetch').addEventListener('click', fetchList);
