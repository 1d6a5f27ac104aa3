// SPDX-License-Identifier: BSD-2-Clause
//
// Uses all that push.d.ts promises, as pages would. It is compiled, never run.

import { LongPolling, Polling, PushSource } from '../../../www/push.js';
import type {
  DetailEvent, Gap, GapEvent, LongPollingOptions, LostEvent, PollingOptions, PushSourceOptions, PushedEvent, Reason,
  Role, RoleEvent, Transport, TransportEvent,
} from '../../../www/push.js';

const options: PushSourceOptions = {
  withCredentials: true,
  share: true,
  lastEventId: '0',
  pollUrl: new URL('https://example.org/subscribe'),
  heartbeat: 15000,
  retryStream: 30000,
  EventSource,
};
const source = new PushSource('/events?channel=news', options);
new PushSource(new URL('https://example.org/events'));
new PushSource('/events', { pollUrl: null, EventSource: null });

// --- shaped like an EventSource ---

const likeEventSource: Pick<EventSource, 'url' | 'readyState' | 'withCredentials' | 'close'> = source;
const constants: [0, 1, 2, 0, 1, 2] = [
  PushSource.CONNECTING, PushSource.OPEN, PushSource.CLOSED, source.CONNECTING, source.OPEN, source.CLOSED,
];
const state: 0 | 1 | 2 = source.readyState;
const transport: Transport = source.transport;
const role: Role = source.role;
const texts: string[] = [source.url, source.lastEventId];
const flag: boolean = source.withCredentials;

source.onopen = (event) => event.type;
source.onmessage = function (event) { return this.lastEventId + event.data.length + event.lastEventId + event.origin; };
source.onerror = ({ detail }) => detail.reason;
source.onopen = source.onmessage = source.onerror = null;

// --- its events ---

source.addEventListener('open', (event: Event) => event.timeStamp);
source.addEventListener('message', (event: MessageEvent<string>) => event.data.trim());
source.addEventListener('order', (event: MessageEvent<string>) => JSON.parse(event.data), { once: true });
source.addEventListener('object', { handleEvent: (event: Event) => event.type });
source.addEventListener('nobody', null);
source.addEventListener('gap', (event: GapEvent) => {
  const { channel, after, oldest }: Gap = event.detail;
  return [channel, after, oldest?.length, event.data.length];
});
source.addEventListener('error', (event: LostEvent) => {
  const reasons: Record<Reason, string> = { lost: '', refused: '', silent: '', held: '', failed: '' };
  const pause: number | null = event.detail.retryAfter;
  return reasons[event.detail.reason] + pause;
});
source.addEventListener('transport', (event: TransportEvent) => {
  const names: Record<Transport, Reason | null> = { stream: null, poll: event.detail.reason };
  return names[event.detail.transport];
});
source.addEventListener('role', (event: RoleEvent) => {
  const names: Record<Role, string> = { alone: '', leader: '', follower: '' };
  return names[event.detail.role];
});
source.close();

// --- polls ---

const pollingOptions: PollingOptions<{ id: number }[]> = {
  request: ({ signal }) => fetch('/list', { signal }).then((answer) => answer.json()),
  needToPolling: () => !document.hidden,
  delay: (errors) => 3000 * (errors + 1),
};
const polling = new Polling(pollingOptions);
polling.addEventListener('update', ({ detail }) => detail.map(({ id }) => id.toFixed()));
polling.addEventListener('error', ({ detail }) => detail.message);
polling.addEventListener('end', (event) => event.type);
polling.start();
polling.stop();
const isRunning: boolean = polling.isRunning;

const longPollingOptions: LongPollingOptions = {
  url: '/subscribe', since: '0', withCredentials: false, needToPolling: () => true, timeout: 60000,
};
const longPolling: Polling<PushedEvent[]> = new LongPolling(longPollingOptions);
const another = new LongPolling({ url: new URL('https://example.org/subscribe') });
another.since = another.since + '';
longPolling.addEventListener('update', (event: DetailEvent<PushedEvent[]>) => {
  const [first] = event.detail;
  const { id, timestamp, channel, event: type, data, retry }: PushedEvent = first!;
  return [id, timestamp.toFixed(), channel, type, data, retry?.toFixed()];
});

// --- mistakes ---

// @ts-expect-error: it is the server's
source.lastEventId = '0';
// @ts-expect-error
source.readyState = 2;
// @ts-expect-error
source.transport = 'poll';
// @ts-expect-error: an address is needed
new PushSource();
// @ts-expect-error: no such option
new PushSource('/events', { headers: {} });
// @ts-expect-error: milliseconds
new PushSource('/events', { heartbeat: '15s' });
// @ts-expect-error
source.addEventListener('gap', ({ detail }) => detail.missing);
// @ts-expect-error
new Polling({});
// @ts-expect-error: its requests are its own
new LongPolling({ url: '/subscribe', request: async () => [] });
// @ts-expect-error
polling.isRunning = true;

export { constants, flag, isRunning, likeEventSource, role, state, texts, transport };
