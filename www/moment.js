// SPDX-License-Identifier: BSD-2-Clause
//
// When a payload was published, if it says so.

import { parseObject } from './rows.js';

const MIN_S = 1e9; // smaller numbers are no moment but a duration, or a count
const MIN_MS = 1e11; // as seconds, more than three thousand years from now
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The time in a payload's member "time" or "timestamp", in ms since 1970; NaN when there is none. */
export function momentOf(data) {
  const { time, timestamp } = parseObject(data);
  const told = time ?? timestamp;
  if (typeof told === 'string' && ISO.test(told)) return Date.parse(told);
  if (typeof told !== 'number' || told < MIN_S) return NaN;
  return told < MIN_MS ? told * 1000 : told;
}
