// SPDX-License-Identifier: BSD-2-Clause
//
// A model of the server and of what is between it and the tabs: /events for streams, /subscribe for polls. Its weather
// is how both are answered from now on:
//
//   good         as they should
//   refused      by an error page
//   unreachable  not at all, and the client knows it
//   held         by headers, but nothing after them (streams)
//   hidden       not at all, and the client does not know it

import { Log } from './log.js';

const HEARTBEAT_MS = 15000;
const POLL_TIMEOUT_MS = 30000;

const toJson = ({ id, type, data }) => ({ id, timestamp: parseInt(id, 10), channel: 'news', event: type, data });

export class Server {
  weather = { stream: 'good', poll: 'good' };
  latency = 5;
  retry = 3000;
  requests = []; // [what, url, tab] of all
  #clock;
  #log;
  #streams = new Set();
  #polls = new Set();

  constructor(clock) {
    this.#clock = clock;
    this.#log = new Log(clock);
  }

  get position() {
    return this.#log.position;
  }

  publish(data, type) {
    const event = this.#log.add({ type, data });
    for (const stream of this.#streams) this.#send(stream, event);
    for (const poll of [...this.#polls]) if (!this.#isHidden(poll)) this.#answer(poll, [event]);
    return event.id;
  }

  /** Another process begins, which knows nothing of the events before. */
  forget(tag) {
    this.cut();
    this.#log = new Log(this.#clock, tag);
  }

  trim(kept) {
    this.#log.trim(kept);
  }

  /** Ends all connections. */
  cut() {
    for (const stream of [...this.#streams]) this.#end(stream, (client) => client.onLost(this.retry));
    for (const poll of [...this.#polls]) this.#end(poll, (client) => client.onFailed());
  }

  /** All that is open stays so, but nothing comes any more. */
  hush() {
    for (const stream of this.#streams) stream.isHeard = false;
    for (const poll of this.#polls) poll.isHeard = false;
  }

  count(kind, tab) {
    const all = kind === 'stream' ? this.#streams : this.#polls;
    return [...all].filter(({ client }) => !tab || client.tab === tab).length;
  }

  requested(kind) {
    return this.requests.filter(([each]) => each === kind).map(([, url]) => new URL(url));
  }

  // --- streams ---

  /** client: an EventSource. Returns what ends the stream from its side. */
  stream(client, url, since) {
    this.requests.push(['stream', url, client.tab]);
    const { searchParams: query } = new URL(url);
    const stream = { client, delay: this.latency, isHeard: true, timer: 0 };
    this.#streams.add(stream);
    if (this.weather.stream === 'refused') this.#end(stream, () => client.onRefused());
    else if (this.weather.stream === 'unreachable') this.#end(stream, () => client.onLost(this.retry));
    else if (this.weather.stream !== 'hidden') this.#open(stream, since || query.get('lastEventId'));
    else stream.isHeard = false;
    return () => this.#drop(stream);
  }

  #open(stream, since) {
    this.#later(stream, () => stream.client.onOpen());
    if (this.weather.stream === 'held') stream.isHeard = false;
    this.#beat(stream);
    if (since) for (const event of this.#log.after(since)) this.#send(stream, event);
    const { position } = this.#log;
    this.#later(stream, () => stream.client.onEvent({ id: position, type: 'push-position', data: '' }));
  }

  #send(stream, event) {
    this.#later(stream, () => stream.client.onEvent(event));
    this.#beatLater(stream);
  }

  #beat(stream) {
    this.#later(stream, () => stream.client.onEvent({ type: 'heartbeat', data: '{}' }));
    this.#beatLater(stream);
  }

  #beatLater(stream) {
    this.#clock.clear(stream.timer);
    stream.timer = this.#clock.set(() => this.#beat(stream), HEARTBEAT_MS);
  }

  // --- polls ---

  /** client: a request. Returns what ends it from its side. */
  poll(client, method, url) {
    this.requests.push([method === 'HEAD' ? 'head' : 'poll', url, client.tab]);
    const since = new URL(url).searchParams.get('since');
    const poll = { client, delay: this.latency, isHeard: this.weather.poll !== 'hidden', timer: 0 };
    this.#polls.add(poll);
    if (this.weather.poll === 'refused') this.#end(poll, () => client.onAnswer(503, {}, '<h1>Unavailable</h1>'));
    else if (this.weather.poll === 'unreachable') this.#end(poll, () => client.onFailed());
    else if (poll.isHeard) this.#take(poll, method, since);
    return () => this.#drop(poll);
  }

  #take(poll, method, since) {
    const events = since ? this.#log.after(since) : [];
    if (events.length || method === 'HEAD') return this.#answer(poll, events);
    poll.timer = this.#clock.set(() => this.#answer(poll, []), POLL_TIMEOUT_MS);
  }

  #answer(poll, events) {
    const headers = { 'Push-Position': this.#log.position };
    this.#end(poll, () => poll.client.onAnswer(200, headers, JSON.stringify(events.map(toJson))));
  }

  // --- both ---

  #isHidden(connection) {
    return !connection.isHeard;
  }

  #later(connection, task) {
    if (!connection.isHeard) return;
    connection.client.tab.later(() => connection.isDropped || task(), connection.delay);
  }

  #end(connection, tell) {
    this.#later(connection, () => tell(connection.client));
    this.#forget(connection);
  }

  #drop(connection) {
    connection.isDropped = true;
    this.#forget(connection);
  }

  #forget(connection) {
    this.#clock.clear(connection.timer);
    this.#streams.delete(connection);
    this.#polls.delete(connection);
  }
}
