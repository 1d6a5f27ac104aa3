// SPDX-License-Identifier: BSD-2-Clause
//
// What a payload says, if it is JSON of a form that the page knows.

const MIN_S = 1e9; // smaller numbers are no moment but a duration, or a count
const MIN_MS = 1e11; // as seconds, more than three thousand years from now
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The members of a JSON object; none when the text is anything else. */
export function parseObject(json) {
  try { return Object(JSON.parse(json)); } catch { return {}; }
}

/** The clock's {"id": <seconds since 1970>, "message": …}; null for any other payload. */
export function parseClock(data) {
  const { id, message, ...others } = parseObject(data);
  const isClock = Number.isFinite(id) && typeof message === 'string' && !Object.keys(others).length;
  return isClock ? { id, message } : null;
}

/** The time in a payload's member "time" or "timestamp", in ms since 1970; NaN when there is none. */
export function momentOf(data) {
  const { time, timestamp } = parseObject(data);
  const told = time ?? timestamp;
  if (typeof told === 'string' && ISO.test(told)) return Date.parse(told);
  if (typeof told !== 'number' || told < MIN_S) return NaN;
  return told < MIN_MS ? told * 1000 : told;
}
