// SPDX-License-Identifier: BSD-2-Clause
//
// The clock: the time that the channel "clock" tells, going on by itself between two messages.

import { byId, setText } from './dom.js';
import { parseClock } from './payload.js';
import { language, text } from './texts.js';

const CHANNEL = 'clock';
const STALE_MS = 35000; // examples/clock speaks every 10 s

let isHeard = false;
let told = null; // the last message, and when it came

/** Takes an event, if it is one of the clock's. */
export function hearClock({ data }) {
  const clock = isHeard && parseClock(data);
  if (!clock) return;
  told = { ...clock, at: performance.now() };
  setText('clock-message', `${clock.id}: ${clock.message}`);
  setText('clock-note', '');
  tick();
}

/** Says what to expect of these channels. */
export function expectClock(channels) {
  isHeard = channels.includes(CHANNEL);
  if (told && isHeard) return;
  told = null;
  setText('clock-message', '');
  setText('clock-note', text(isHeard ? 'noTime' : 'notHeard'));
  setText('clock-time', '–');
  byId('clock-time').removeAttribute('datetime');
}

function tick() {
  const age = told ? performance.now() - told.at : Infinity;
  byId('clock-face').classList.toggle('stale', age > STALE_MS);
  if (!told) return;
  if (age <= STALE_MS) return show(new Date(told.id * 1000 + age));
  told = null;
  setText('clock-note', text('staleTime'));
}

function show(time) {
  if (Number.isNaN(time.getTime())) return; // a number, but no time
  const [hours, minutes, seconds] = [time.getHours(), time.getMinutes(), time.getSeconds()];
  setText('clock-time', time.toLocaleTimeString(language, { hourCycle: 'h23' }));
  byId('clock-time').dateTime = time.toISOString();
  turn('hour', (hours % 12) * 30 + minutes / 2);
  turn('minute', minutes * 6 + seconds / 10);
  turn('second', seconds * 6);
}

function turn(hand, degrees) {
  byId(hand).setAttribute('transform', `rotate(${degrees})`);
}

setInterval(tick, 1000);
