// SPDX-License-Identifier: BSD-2-Clause
//
// Events as rows of a list. What comes from outside is shown as text, never as HTML.

const MAX_ROWS = 200;

const template = document.getElementById('row');

/** The members of a JSON object; none when the text is anything else. */
export function parseObject(text) {
  try { return Object(JSON.parse(text)); } catch { return {}; }
}

/** A payload as it was sent; the clock's {"id": …, "message": …} as its message, with what was sent below. */
function describe(data) {
  const { id, message, ...others } = parseObject(data);
  const isClock = Number.isFinite(id) && typeof message === 'string' && !Object.keys(others).length;
  return isClock ? { text: message, note: data } : { text: data, note: '' };
}

function describeGap(data) {
  const { channel, after, oldest } = parseObject(data);
  if (!channel) return { text: 'May have missed messages', note: data };
  const kept = oldest ? `kept from ${oldest} on` : 'none are kept';
  return { text: `May have missed messages on ${channel}`, note: `after ${after}; ${kept}` };
}

/** The time of day, and the day unless it is today. */
function formatTime(time) {
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString();
}

/** A row for one event; label is what its badge says. */
export function makeRow({ type, label = type, id, time, data }) {
  const isGap = type === 'gap';
  const { text, note } = isGap ? describeGap(data) : describe(data);
  const row = template.content.firstElementChild.cloneNode(true);
  const parts = { time: formatTime(time), '.type': label, '.id': id, '.data': text, '.note': note };
  for (const [part, content] of Object.entries(parts)) row.querySelector(part).textContent = content;
  row.querySelector('time').dateTime = time.toISOString();
  row.className = isGap ? 'gap' : 'event';
  return row;
}

/** The rows for a JSON array of events, oldest first; the newest row is the first one. */
export function makeRows(events) {
  const rows = document.createDocumentFragment();
  for (const { id, timestamp, channel, event, data } of events) {
    rows.prepend(makeRow({ type: event, label: `${channel} · ${event}`, id, time: new Date(timestamp), data }));
  }
  return rows;
}

/** Puts rows before the others and drops the oldest beyond the bound. */
export function prepend(parent, rows) {
  parent.prepend(rows);
  while (parent.childElementCount > MAX_ROWS) parent.lastElementChild.remove();
}
