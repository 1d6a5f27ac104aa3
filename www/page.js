// SPDX-License-Identifier: BSD-2-Clause
//
// The demo page: one EventSource on /events, with its state and its events on screen. Beside it stand the same
// channels as a long poll (poll_panel.js) and as a list (list_panel.js).
//
// A browser whose stream breaks reconnects by itself and sends the last id along. It gives up for good when
// the answer is an error (a 503 while the responder restarts); then this page opens a new EventSource, later
// and later, and hands the last id over in the query.

import { listChannels } from './list_panel.js';
import { pollChannels } from './poll_panel.js';
import { makeRow, prepend } from './rows.js';

const ENDPOINT = '/events';
const CHANNEL_NAME = /^[A-Za-z0-9._:-]{1,128}$/;
const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 30000;
const STABLE_MS = 5000; // a connection that lasted this long starts the backoff anew
const BURST_MS = 2000; // events that follow each other faster are not read aloud

const byId = (id) => document.getElementById(id);
const list = byId('events');
const held = document.createDocumentFragment(); // rows that came while the list is paused

let channels = [];
let types = [];
let source = null; // the EventSource; null before the first and after we closed it
let lastId = '';
let openedAt = 0; // 0 while not open
let failures = 0; // in a row: since the last connection that lasted
let wasLost = false;
let retryTimer = 0;
let arrivedAt = -Infinity;
let isPaused = false;

/** The names in a comma-separated text, each once. */
const names = (text) => [...new Set(text.split(',').map((name) => name.trim()).filter(Boolean))];

/** Takes over the page's query: ?channel=news,clock&event=clock&redis=127.0.0.1:6379 */
function readQuery() {
  const query = new URLSearchParams(location.search);
  channels = names(query.getAll('channel').join()).filter((name) => CHANNEL_NAME.test(name));
  if (!channels.length) channels = ['news', 'clock'];
  types = names(query.has('event') ? query.getAll('event').join() : 'clock');
  byId('channels').value = channels.join(', ');
  byId('types').value = types.join(', ');
  const channel = channels.includes('news') ? 'news' : channels[0];
  byId('command').textContent = `${redisCli(query.get('redis') ?? '')} PUBLISH push:${channel} hello`;
  pollChannels(channels);
  listChannels(channels);
}

/** The command's start. Anyone can write a link to this page: only a local Redis in plain letters gets in. */
function redisCli(address) {
  const tcp = /^(127\.0\.0\.1|localhost|\[::1\]):([1-9][0-9]{0,4})$/.exec(address);
  if (tcp && tcp[2] <= 65535) return `redis-cli -h ${tcp[1].replace(/[[\]]/g, '')} -p ${tcp[2]}`;
  if (/^\/[A-Za-z0-9._/-]{1,106}$/.test(address)) return `redis-cli -s ${address}`;
  return 'redis-cli';
}

/** Opens a stream that continues after the last id, in place of whatever there was. */
function connect() {
  disconnect();
  showState('connecting', 'Connecting…');
  // A position without an event is invisible to scripts, but an event named "heartbeat" carries it along. So we
  // can continue exactly even before the first message. Channel names need no encoding.
  const position = lastId && `&lastEventId=${encodeURIComponent(lastId)}`;
  source = new EventSource(`${ENDPOINT}?channel=${channels.join()}&heartbeat=event${position}`);
  source.addEventListener('open', onOpen);
  source.addEventListener('error', onError);
  source.addEventListener('heartbeat', keepPosition);
  for (const type of new Set(['message', 'gap', ...types])) source.addEventListener(type, onEvent);
}

/** Ends the stream, or the wait for the next one. */
function disconnect() {
  clearTimeout(retryTimer);
  source?.close();
  source = null;
  openedAt = 0;
}

const isClosed = () => !source || source.readyState === EventSource.CLOSED;

function onOpen(event) {
  if (event instanceof MessageEvent) return; // the server may name an event "open"
  openedAt = performance.now();
  if (wasLost) increment('reconnects');
  wasLost = false;
  showState('open', 'Connected');
}

function onError(event) {
  if (event instanceof MessageEvent) return; // or "error"
  if (openedAt && performance.now() - openedAt >= STABLE_MS) failures = 0;
  openedAt = 0;
  wasLost = true;
  if (isClosed()) retryLater();
  else showState('connecting', 'Connection lost, reconnecting…'); // the browser does
}

/** Waits for a random while, so that not all pages return at once; up to twice as long after each failure. */
function retryLater() {
  failures += 1;
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** failures);
  const due = performance.now() + BACKOFF_MIN_MS + Math.random() * (ceiling - BACKOFF_MIN_MS);
  showState('waiting', 'Not available, waiting to reconnect');
  (function tick() {
    const left = due - performance.now();
    if (left <= 0) return connect();
    byId('countdown').textContent = `in ${Math.ceil(left / 1000)} s`;
    retryTimer = setTimeout(tick, left % 1000);
  })();
}

/** Remembers the stream's id. A new stream has none until the server gives one; until then ours holds. */
function keepPosition(event) {
  if (event.lastEventId) lastId = byId('last-id').textContent = event.lastEventId;
}

function onEvent(event) {
  if (!(event instanceof MessageEvent)) return; // a listener for "open" or "error" hears the stream's own as well
  keepPosition(event);
  increment(event.type === 'gap' ? 'gaps' : 'count');
  addRow(event);
}

function showState(state, text) {
  byId('state').dataset.state = state;
  byId('state').textContent = text;
  byId('countdown').textContent = '';
}

function increment(id) {
  byId(id).textContent = Number(byId(id).textContent) + 1;
}

/** Puts a row on top of the list. */
function addRow(event) {
  const time = new Date();
  const row = makeRow({ type: event.type, id: event.lastEventId, time, data: event.data });
  list.setAttribute('aria-live', time - arrivedAt > BURST_MS ? 'polite' : 'off');
  arrivedAt = time;
  list.tabIndex = 0; // it scrolls now, and the keyboard must reach it
  prepend(isPaused ? held : list, row);
}

/** Puts the form into the page's address and listens on from the last id, which fits any set of channels. */
function applySettings(event) {
  event.preventDefault();
  const query = new URLSearchParams(location.search);
  for (const [name, value] of new FormData(event.target)) query.set(name, value);
  history.replaceState(null, '', `?${query}`);
  readQuery();
  connect();
}

function togglePause() {
  isPaused = !isPaused;
  byId('pause').textContent = isPaused ? 'Resume' : 'Pause';
  if (!isPaused) prepend(list, held);
}

async function copyCommand() {
  try {
    await navigator.clipboard.writeText(byId('command').textContent);
    byId('copied').textContent = 'Copied.';
  } catch { // refused, or absent: there is no clipboard on plain HTTP
    getSelection().selectAllChildren(byId('command'));
    byId('copied').textContent = 'Selected; copy it with Ctrl+C.';
  }
}

readQuery();
byId('copy').addEventListener('click', copyCommand);

if (typeof EventSource === 'undefined') {
  showState('unsupported', 'This browser has no EventSource, so nothing can be pushed to it');
} else {
  byId('settings').addEventListener('submit', applySettings);
  byId('pause').addEventListener('click', togglePause);
  addEventListener('online', () => isClosed() && connect());
  addEventListener('pageshow', (event) => event.persisted && isClosed() && connect());
  addEventListener('pagehide', disconnect); // an open stream would keep the page out of the back/forward cache
  connect();
}
