// SPDX-License-Identifier: BSD-2-Clause
//
// Says in each row in which of the other lists the same id stands: stream, long poll and /list have one id for an event.

import { byId } from './dom.js';
import { text } from './texts.js';

const LISTS = Object.entries({ events: 'placeStream', 'poll-events': 'placePoll', 'list-events': 'placeList' })
  .map(([id, place]) => ({ rows: byId(id).children, element: byId(id), place }));

/** The lists in which each id stands. */
function placesOf() {
  const places = new Map();
  for (const { rows, place } of LISTS) {
    for (const { dataset: { id } } of rows) places.set(id, (places.get(id) ?? new Set()).add(place));
  }
  return places;
}

function mark() {
  const places = placesOf();
  for (const { rows, place } of LISTS) {
    for (const row of rows) {
      const others = [...places.get(row.dataset.id)].filter((other) => other !== place).map((other) => text(other));
      const said = others.length ? text('alsoIn', others) : '';
      const shown = row.querySelector('.places');
      if (shown.textContent !== said) shown.textContent = said;
    }
  }
}

const observer = new MutationObserver(mark);
for (const { element } of LISTS) observer.observe(element, { childList: true });
