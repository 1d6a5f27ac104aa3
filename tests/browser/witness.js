// SPDX-License-Identifier: BSD-2-Clause
//
// A page that holds PushSources and writes down what they tell, for tests to read.

import { PushSource } from './push.js';

const sources = {};
const life = []; // what happened to the page itself

/** Begins with a source; its messages and those of further types are written down in the order in which they come. */
function listen(name, url, options, types) {
  const source = new PushSource(url, options);
  const entries = [];
  const note = (kind, more) => entries.push({ kind, at: Date.now(), ...more });
  const noteEvent = ({ type, lastEventId: id, data }) => note('event', { type, id, data });
  for (const type of ['message', ...types]) source.addEventListener(type, noteEvent);
  source.addEventListener('gap', ({ lastEventId: id, detail }) => note('gap', { id, ...detail }));
  source.addEventListener('open', () => note('open'));
  for (const kind of ['error', 'transport', 'role']) source.addEventListener(kind, ({ detail }) => note(kind, detail));
  sources[name] = { source, entries };
}

function tell(name) {
  const { source, entries } = sources[name];
  const { readyState, lastEventId, transport, role } = source;
  return { readyState, lastEventId, transport, role, entries };
}

const noteLife = (kind, more) => life.push({ kind, at: Date.now(), ...more });
addEventListener('pageshow', ({ persisted }) => noteLife('pageshow', { persisted }));
addEventListener('pagehide', ({ persisted }) => noteLife('pagehide', { persisted }));
for (const kind of ['online', 'offline']) addEventListener(kind, () => noteLife(kind));
for (const kind of ['freeze', 'resume']) document.addEventListener(kind, () => noteLife(kind));
document.addEventListener('visibilitychange', () => noteLife(document.visibilityState));

window.witness = { listen, tell, life, close: (name) => sources[name].source.close() };
