// SPDX-License-Identifier: BSD-2-Clause
//
// Events as rows of a list. What comes from outside is shown as text, never as HTML.

import { byId } from './dom.js';
import { parseClock, parseObject } from './payload.js';
import { formatCount, formatTime, text } from './texts.js';

const MAX_ROWS = 200;
const LONG_CHARACTERS = 600; // longer payloads, or of more lines, are cut off until a button is pressed
const LONG_LINES = 12;

/** A payload as it was sent; the clock's as its message, with what was sent below. */
function describe(data) {
  const clock = parseClock(data);
  return clock ? { said: clock.message, note: data } : { said: data, note: '' };
}

function describeGap(data) {
  const { channel, after, oldest } = parseObject(data);
  if (!channel) return { said: text('mayHaveMissed'), note: data };
  const note = oldest ? text('keptFrom', after, oldest) : text('noneKept', after);
  return { said: text('mayHaveMissedOn', channel), note };
}

/** A row for one event; label is what its badge says. */
export function makeRow({ type, label = type, id, time, data, retry }) {
  const isGap = type === 'gap';
  const { said, note } = isGap ? describeGap(data) : describe(data);
  const notes = [note, retry && text('retry', retry)].filter(Boolean);
  const row = byId('row').content.firstElementChild.cloneNode(true);
  const parts = { time: formatTime(time), '.type': label, '.id': id, '.data': said, '.note': notes.join('\n') };
  for (const [part, content] of Object.entries(parts)) row.querySelector(part).textContent = content;
  row.querySelector('time').dateTime = time.toISOString();
  row.className = isGap ? 'gap' : 'event';
  row.dataset.id = id;
  if (said.length > LONG_CHARACTERS || said.split('\n', LONG_LINES + 1).length > LONG_LINES) cut(row, said.length);
  return row;
}

/** Shows the beginning of a long payload, and a button for all of it. */
function cut(row, length) {
  const button = row.querySelector('.more');
  const show = (isWhole) => {
    row.classList.toggle('cut', !isWhole);
    button.setAttribute('aria-expanded', isWhole);
    button.textContent = isWhole ? text('showLess') : text('showAll', formatCount(length));
  };
  button.addEventListener('click', () => show(row.classList.contains('cut')));
  button.hidden = false;
  show(false);
}

/** The rows for a JSON array of events, oldest first; the newest row is the first one. */
export function makeRows(events) {
  const rows = document.createDocumentFragment();
  for (const { id, timestamp, channel, event, data, retry } of events) {
    const label = `${channel} · ${event}`;
    rows.prepend(makeRow({ type: event, label, id, time: new Date(timestamp), data, retry }));
  }
  return rows;
}

/** Puts rows before the others and drops the oldest beyond the bound. */
export function prepend(parent, rows) {
  parent.prepend(rows);
  while (parent.childElementCount > MAX_ROWS) parent.lastElementChild.remove();
}
