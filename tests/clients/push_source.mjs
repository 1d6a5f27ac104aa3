// SPDX-License-Identifier: BSD-2-Clause
//
// push_source.mjs URL [poll] - PushSource in Node, over npm "eventsource"; with "poll" without any EventSource.

import { EventSource } from 'eventsource';
import { PushSource } from '../../www/push.js';
import { say, url, words } from './say.mjs';

const source = new PushSource(url, { EventSource: words.includes('poll') ? null : EventSource });
source.onopen = () => say('open', { transport: source.transport });
source.addEventListener('transport', ({ detail }) => say('transport', detail));
source.onerror = ({ detail }) => say('error', detail);
for (const type of ['message', 'order', 'gap'])
  source.addEventListener(type, (event) => say('event', { type: event.type, id: event.lastEventId, data: event.data }));
