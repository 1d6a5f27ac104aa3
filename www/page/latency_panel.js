// SPDX-License-Identifier: BSD-2-Clause
//
// How long payloads that carry a time were on their way.

import { byId, setText } from './dom.js';
import { momentOf } from './payload.js';
import { makeSparkline } from './sparkline.js';
import { formatDelay, text } from './texts.js';

const CAPACITY = 60;
const BELIEVABLE_MS = 3600000; // a time further off is not the moment of publishing

const delays = []; // the last ones, oldest first
let draw = null;

/** Takes the time of an event that arrives now. */
export function measure({ data }) {
  const delay = Date.now() - momentOf(data);
  if (!(Math.abs(delay) < BELIEVABLE_MS)) return;
  delays.push(delay);
  if (delays.length > CAPACITY) delays.shift();
  show();
}

function show() {
  const figures = [delays.at(-1), medianOf(delays), Math.max(...delays)].map(formatDelay);
  ['last', 'median', 'max'].forEach((name, index) => setText(`latency-${name}`, figures[index]));
  draw ??= makeSparkline(byId('latency-chart'));
  draw(delays, text('chart', delays.length, ...figures));
  setText('latency-note', Math.min(...delays) < 0 ? text('clocksDiffer') : '');
}

function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
