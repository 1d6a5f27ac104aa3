// SPDX-License-Identifier: BSD-2-Clause
//
// The rows of what comes, newest first. While they are paused, new ones are held back.

import { byId, setText } from './dom.js';
import { makeRow, prepend } from './rows.js';
import { text } from './texts.js';

const BURST_MS = 2000; // events that follow each other faster are not read aloud

const list = byId('events');
const held = document.createDocumentFragment();

let arrivedAt = -Infinity;
let isPaused = false;

/** Puts a row on top of the list. */
export function addEvent(event) {
  const time = new Date();
  list.setAttribute('aria-live', time - arrivedAt > BURST_MS ? 'polite' : 'off');
  arrivedAt = time;
  prepend(isPaused ? held : list, makeRow({ type: event.type, id: event.lastEventId, time, data: event.data }));
  showHeld();
}

function showHeld() {
  setText('held', isPaused ? text('heldRows', held.childElementCount) : '');
}

function togglePause() {
  isPaused = !isPaused;
  setText('pause', text(isPaused ? 'resume' : 'pause'));
  if (!isPaused) prepend(list, held);
  showHeld();
}

byId('pause').addEventListener('click', togglePause);
