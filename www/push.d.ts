// SPDX-License-Identifier: BSD-2-Clause
//
// The types of push.js. Times are in milliseconds.

/** How events come: over a stream of /events, or as answers of /subscribe. */
export type Transport = 'stream' | 'poll';

/** With share: the tab that holds the connection, or one that is told by it. Without: alone. */
export type Role = 'alone' | 'leader' | 'follower';

/** Why there is no connection now. */
export type Reason =
  | 'lost' //     it ended; the browser comes back by itself where retryAfter is null
  | 'refused' //  the answer was no stream: an error, a login page
  | 'silent' //   nothing came for three heartbeats
  | 'held' //     the first heartbeat did not come: something on the way holds the stream back
  | 'failed'; //  a poll was not answered

/** What may have been missed. */
export interface Gap {
  channel: string;
  /** The id after which events may be missing. */
  after: string;
  /** The id of the oldest event that is kept; null: none is. */
  oldest: string | null;
}

/** A MessageEvent of type "gap"; its data is the same as text. */
export interface GapEvent extends MessageEvent<string> {
  readonly detail: Gap;
}

/** An event with details: those of LostEvent are why, and after how long it is tried again (null: the browser knows). */
export interface DetailEvent<T> extends Event {
  readonly detail: T;
}
export type LostEvent = DetailEvent<{ reason: Reason; retryAfter: number | null }>;
export type TransportEvent = DetailEvent<{ transport: Transport; reason: Reason | null }>;
export type RoleEvent = DetailEvent<{ role: Role }>;

export interface PushSourceOptions {
  /** Send cookies to another origin, which must allow it. */
  withCredentials?: boolean;
  /** One connection for all tabs of this origin that ask for the same URL. Needs https or localhost; else each has its own. */
  share?: boolean;
  /** Go on after this id; '0': begin with all that is kept. By default as the URL says, or from now on. */
  lastEventId?: string;
  /** Where to poll when streams are held back; by default "subscribe" beside the URL's last segment, with its query (channels in a path need it told); null: nowhere. */
  pollUrl?: string | URL | null;
  /** The server's --heartbeat (15 s). */
  heartbeat?: number;
  /** While it polls, how long until streaming is tried again (30 s); it doubles up to a quarter of an hour. */
  retryStream?: number;
  /** Where there is no global one; null: poll. */
  EventSource?: typeof EventSource | null;
}

interface PushSourceEventMap {
  open: Event;
  message: MessageEvent<string>;
  error: LostEvent;
  gap: GapEvent;
  transport: TransportEvent;
  role: RoleEvent;
}

/** An EventSource that goes on whatever happens, and delivers each event once. */
export class PushSource extends EventTarget {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSED: 2;

  constructor(url: string | URL, options?: PushSourceOptions);

  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSED: 2;
  readonly url: string;
  readonly withCredentials: boolean;
  /** CLOSED after close() only. */
  readonly readyState: 0 | 1 | 2;
  /** Where it would go on: the id of the last event, or a position that the server gave. '' before the first. */
  readonly lastEventId: string;
  readonly transport: Transport;
  readonly role: Role;

  onopen: ((this: PushSource, event: Event) => void) | null;
  onmessage: ((this: PushSource, event: MessageEvent<string>) => void) | null;
  onerror: ((this: PushSource, event: LostEvent) => void) | null;

  close(): void;

  addEventListener<K extends keyof PushSourceEventMap>(
    type: K, listener: (this: PushSource, event: PushSourceEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  /** Any other type is one of the application's, as in PUBLISH push:news '{"event":"order","data":…}'. */
  addEventListener(
    type: string, listener: (this: PushSource, event: MessageEvent<string>) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

export interface PollingOptions<T> {
  /** Makes one request and promises the answer; the signal aborts when polling is stopped. */
  request: (context: { signal: AbortSignal }) => Promise<T>;
  /** Asked before each request; false ends the polling. */
  needToPolling?: () => boolean;
  /** The pause before the next request, after so many failures in a row. By default 3 s, and 3 s more each, at most 30 s. */
  delay?: (errors: number) => number;
}

/**
 * Asks again and again. Events: "update", whose detail is the answer; "error", whose detail is why there was none;
 * "end" when it has stopped.
 */
export class Polling<T = unknown> extends EventTarget {
  constructor(options: PollingOptions<T>);
  readonly isRunning: boolean;
  start(): void;
  /** Ends it. The answer of a request that is on its way is nobody's. */
  stop(): void;
  addEventListener(type: 'update', listener: (event: DetailEvent<T>) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: 'error', listener: (event: DetailEvent<Error>) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: 'end', listener: (event: Event) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

/** An event as /list and /subscribe answer it. */
export interface PushedEvent {
  id: string;
  /** Since 1970. */
  timestamp: number;
  channel: string;
  event: string;
  data: string;
  retry?: number;
}

export interface LongPollingOptions {
  /** /subscribe with its channels. */
  url: string | URL;
  /** Go on after this id; by default from now on. */
  since?: string;
  withCredentials?: boolean;
  needToPolling?: () => boolean;
  /** As in PollingOptions. By default none after an answer; after failures as there, less up to half of it at random. */
  delay?: (errors: number) => number;
  /** A request without an answer for so long is given up: the server's --poll-timeout (30 s) and as much again. */
  timeout?: number;
}

/** Polls /subscribe without a pause, and goes on where the answer before ended: nothing is missed, nor while it is stopped. */
export class LongPolling extends Polling<PushedEvent[]> {
  constructor(options: LongPollingOptions);
  /** Where the next request goes on: behind the last answer, when its "update" is told. */
  since: string;
}
