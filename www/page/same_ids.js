// SPDX-License-Identifier: BSD-2-Clause
//
// Says in each row in which of the other lists the same id stands: stream, long poll and /list have one id for an event.

import { byId } from './dom.js';
import { text } from './texts.js';

const PLACES = { events: 'placeStream', 'poll-events': 'placePoll', 'list-events': 'placeList' };
const LISTS = Object.entries(PLACES).map(([id, place]) => ({ list: byId(id), place }));

let isDue = false;

/** The lists in which each id stands. */
function placesOf() {
  const places = new Map();
  for (const { list, place } of LISTS) {
    for (const { dataset: { id } } of list.children) places.set(id, (places.get(id) ?? new Set()).add(place));
  }
  return places;
}

function mark() {
  isDue = false;
  const places = placesOf();
  for (const { list, place } of LISTS) {
    for (const row of list.children) {
      const others = [...places.get(row.dataset.id)].filter((other) => other !== place).map((other) => text(other));
      row.querySelector('.places').textContent = others.length ? text('alsoIn', others) : '';
    }
  }
}

/** Once for all rows that come before the page is drawn anew. */
function markSoon() {
  if (!isDue) requestAnimationFrame(mark);
  isDue = true;
}

const observer = new MutationObserver(markSoon);
for (const { list } of LISTS) observer.observe(list, { childList: true });
