// SPDX-License-Identifier: BSD-2-Clause
//
// How the connection is: its state, by what it comes and why, the last id, what was counted, and whose it is.

import { byId, setText } from './dom.js';
import { whatIsWrongWith } from './list.js';
import { text } from './texts.js';

let source = null;
let channels = [];
let wasLost = false;
let countdown = 0;

/** Shows this PushSource from now on, which listens to these channels. */
export function watch(newSource, newChannels) {
  source = newSource;
  channels = newChannels;
  source.addEventListener('open', onOpen);
  source.addEventListener('error', onError);
  source.addEventListener('transport', onTransport);
  source.addEventListener('role', showRole);
  setText('why', '');
  showState('connecting', 'connecting');
  setText('transport', text(source.transport));
  showRole();
}

/** Counts an event, or a gap, and shows its id. */
export function countEvent({ type }) {
  increment(type === 'gap' ? 'gaps' : 'count');
  showLastId();
}

// An application may name its events "open", "error", "transport" or "role"; those are MessageEvents. What an old
// source still has to tell, after it was closed, is not about the one that is shown.
const isForeign = (event) => event instanceof MessageEvent || event.target !== source;

function onOpen(event) {
  if (isForeign(event)) return;
  if (wasLost) increment('reconnects');
  wasLost = false;
  showState('open', 'connected');
  if (source.transport === 'stream') setText('why', '');
  showLastId();
}

function onError(event) {
  if (isForeign(event)) return;
  const { reason, retryAfter } = event.detail;
  wasLost = true;
  showState(retryAfter === null ? 'connecting' : 'waiting', reason);
  if (retryAfter !== null) countDown(performance.now() + retryAfter);
  if (reason === 'refused') explain();
}

function onTransport(event) {
  if (isForeign(event)) return;
  const { transport, reason } = event.detail;
  setText('transport', text(transport));
  setText('why', transport === 'poll' ? text(reason === 'held' ? 'whyHeld' : 'whyPoll') : '');
}

/** A script cannot see why a stream was refused; /list refuses the same channels, and says why. */
async function explain() {
  const asked = source;
  const reason = await whatIsWrongWith(channels);
  if (asked === source && reason) setText('why', text('serverSays', reason));
}

function showRole(event) {
  if (event && isForeign(event)) return;
  const canShare = !byId('share').checked || navigator.locks;
  setText('role', text(source.role === 'alone' && !canShare ? 'shareNeeds' : source.role));
  byId('role').dataset.role = source.role;
}

function showState(state, key) {
  clearTimeout(countdown);
  byId('state').dataset.state = state;
  setText('state', text(key));
  setText('countdown', '');
}

function countDown(due) {
  const left = due - performance.now();
  setText('countdown', left > 0 ? text('countdown', Math.ceil(left / 1000)) : '');
  if (left > 0) countdown = setTimeout(countDown, left % 1000 || 1000, due);
}

function increment(id) {
  setText(id, Number(byId(id).textContent) + 1);
}

// A position without an event is told to nobody, so it is looked at now and then.
function showLastId() {
  if (source?.lastEventId) setText('last-id', source.lastEventId);
}

setInterval(showLastId, 1000);
