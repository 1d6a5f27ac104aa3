// SPDX-License-Identifier: BSD-2-Clause
//
// eventsource.mjs URL TYPE... - the npm package "eventsource". It ends when the EventSource gives up.

import { EventSource } from 'eventsource';
import { say, url, words } from './say.mjs';

const source = new EventSource(url);
source.onopen = () => say('open');
source.onerror = (error) => say('error', { status: error.code ?? null, readyState: source.readyState });
for (const type of ['message', ...words])
  source.addEventListener(type, (event) => say('event', { type: event.type, id: event.lastEventId, data: event.data }));
