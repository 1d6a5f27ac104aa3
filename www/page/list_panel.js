// SPDX-License-Identifier: BSD-2-Clause
//
// What is kept of the page's channels, as /list answers it.

import { byId, setText } from './dom.js';
import { fetchList } from './list.js';
import { makeRows } from './rows.js';
import { formatTime, text } from './texts.js';

const LIMIT = 100;

let channels = [];
let tag = ''; // of the answer that is shown

async function show() {
  const asked = channels;
  try {
    const answer = await fetchList(asked, LIMIT, tag);
    if (asked === channels) showAnswer(answer);
  } catch (error) {
    setText('list-state', text('listFailed', error.message));
  }
}

function showAnswer({ isUnchanged, tag: newTag, events }) {
  const at = formatTime(new Date());
  if (isUnchanged) return setText('list-state', text('unchanged', at));
  tag = newTag;
  byId('list-events').replaceChildren(makeRows(events));
  setText('list-count', events.length);
  setText('list-newest', events.at(-1)?.id ?? '–');
  setText('list-state', text(events.length >= LIMIT ? 'listedNewest' : 'listed', at, events.length));
}

/** Lists these channels from now on. */
export function listChannels(names) {
  channels = names;
  tag = '';
  byId('list-events').replaceChildren();
  setText('list-count', '–');
  setText('list-newest', '–');
  setText('list-state', text('notFetched'));
}

byId('list-fetch').addEventListener('click', show);
