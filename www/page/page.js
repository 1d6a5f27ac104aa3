// SPDX-License-Identifier: BSD-2-Clause
//
// The demo page: one PushSource, whose events go to all panels; and what the visitor chooses. Beside it stand the same
// channels as a long poll (poll_panel.js) and as a list (list_panel.js).

import { offer } from './chips.js';
import { expectClock, hearClock } from './clock_panel.js';
import { showCommands } from './command_panel.js';
import { countEvent, watch } from './connection_panel.js';
import { byId } from './dom.js';
import { showLanguageLink } from './language_link.js';
import { measure } from './latency_panel.js';
import { listChannels } from './list_panel.js';
import { pollChannels } from './poll_panel.js';
import { PushSource } from '../push.js';
import { keepNames, keepShare, offeredChannels, readChannels, readShare, readTypes } from './settings.js';
import { addEvent } from './stream_panel.js';
import { translatePage } from './texts.js';
import './same_ids.js';

const ENDPOINT = '/events';

let source = null;
let channels = readChannels();
let types = readTypes();

/** Listens on from the last id, which fits any set of channels. */
function listen() {
  const lastEventId = source?.lastEventId;
  source?.close();
  source = new PushSource(`${ENDPOINT}?channel=${channels}`, {
    share: byId('share').checked,
    ...(lastEventId && { lastEventId }),
  });
  watch(source, channels);
  for (const type of new Set(['message', 'gap', ...types])) source.addEventListener(type, onEvent);
}

function onEvent(event) {
  if (!(event instanceof MessageEvent)) return; // a listener for "open" or "error" hears the source's own as well
  countEvent(event);
  addEvent(event);
  measure(event);
  hearClock(event);
}

/** Tells the panels that do not listen to the source which channels there are. */
function showChannels() {
  pollChannels(channels);
  listChannels(channels);
  showCommands(channels);
  expectClock(channels);
}

function chooseChannels(chosen) {
  channels = chosen;
  keepNames('channel', channels);
  showLanguageLink();
  showChannels();
  listen();
}

function chooseTypes(chosen) {
  types = chosen;
  keepNames('event', types);
  showLanguageLink();
  listen();
}

function chooseShare() {
  keepShare(byId('share').checked);
  listen();
}

translatePage();
showLanguageLink();
showChannels();
offer(byId('channels'), { offered: offeredChannels(), chosen: channels, isRequired: true, onChange: chooseChannels });
offer(byId('types'), { offered: types, chosen: types, isRequired: false, onChange: chooseTypes });
byId('share').checked = readShare();
byId('share').addEventListener('change', chooseShare);
listen();
