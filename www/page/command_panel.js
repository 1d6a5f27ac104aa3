// SPDX-License-Identifier: BSD-2-Clause
//
// Lines to copy, for the Redis and the address at hand: a tab for each language.

import { makeCommands } from './commands.js';
import { byId, setText } from './dom.js';
import { readRedis } from './settings.js';
import { makeTabs } from './tabs.js';
import { text } from './texts.js';

const FAVOURITE = 'news';

let commands = [];
let shown = 0; // the place of the language

/** Publishes on one of these channels from now on, and reads them all. */
export function showCommands(channels) {
  const channel = channels.includes(FAVOURITE) ? FAVOURITE : channels[0];
  const hadNone = !commands.length;
  commands = makeCommands({ redis: readRedis(), channel, channels, origin: location.origin });
  if (hadNone) makeTabs(byId('languages'), byId('commands'), commands.map(({ name }) => name), show);
  else show(shown);
}

function show(index) {
  shown = index;
  setText('copied', '');
  byId('commands').replaceChildren(...commands[index].snippets.map(makeSnippet));
}

function makeSnippet({ purpose, code }) {
  const snippet = byId('snippet').content.firstElementChild.cloneNode(true);
  const button = snippet.querySelector('button');
  snippet.querySelector('.purpose').textContent = text(purpose);
  snippet.querySelector('code').textContent = code;
  button.textContent = text('copy');
  button.setAttribute('aria-label', text('copyOf', text(purpose)));
  button.addEventListener('click', () => copy(snippet.querySelector('code')));
  return snippet;
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    setText('copied', text('copied'));
  } catch { // refused, or absent: there is no clipboard on plain HTTP
    getSelection().selectAllChildren(code);
    setText('copied', text('selected'));
  }
}
