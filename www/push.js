// SPDX-License-Identifier: BSD-2-Clause
//
// Events of fcgi-push in a page, whatever happens on the way. One file without dependencies; push.d.ts is its manual.
//
//   import { PushSource } from './push.js';
//   const source = new PushSource('/events?channel=news');
//   source.addEventListener('message', (event) => console.log(event.lastEventId, event.data));
//   source.addEventListener('gap', () => location.reload());
//
// From the bottom up: Polling and LongPolling ask again and again. Stream is one EventSource, watched. Connection
// brings the events of one URL by a Stream, or by a LongPolling where streams are held back. Sharing has one
// Connection for all tabs. PushSource is the face of either. Between these, news are passed on as on(kind, detail):
//
//   message    {id, type, data, origin}             an event
//   position   {id}                                 a sign of life; with an id all up to it has come
//   open                                            events flow
//   lost       {reason, retryAfter}                 they do not, and it is tried again
//   transport  {transport, reason}                  how they will come from now on

const HEARTBEAT_MS = 15000; // the server's --heartbeat
const SILENT_HEARTBEATS = 3;
const FIRST_HEARTBEAT_MS = 5000; // the server sends it at once
const POSITION_TIMEOUT_MS = 5000;
const BACKOFF_MS = 1000;
const BACKOFF_MAX_MS = 30000;
const RETRY_STREAM_MS = 30000;
const RETRY_STREAM_MAX_MS = 15 * 60000;
const POLL_PAUSE_MS = 3000;
const POLL_PAUSE_MAX_MS = 30000;
const POLL_TIMEOUT_MS = 60000; // twice the server's --poll-timeout
const EMPTY_POLL_MS = 1000; // the least --poll-timeout
const LEADER_ANSWER_MS = 2000;
const REMEMBERED_IDS = 2000;
const KEPT_NEWS = 1000;

/** Full jitter: a moment anywhere in a time that doubles, so that clients do not come back together. */
const backoff = (failures) => Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** failures);

/** An Event that says more; CustomEvent is missing in older versions of Node. */
class DetailEvent extends Event {
  constructor(type, detail) {
    super(type);
    this.detail = detail;
  }
}

// --- Polling --------------------------------------------------------------------------------------------------------

/** Resolves after the time, or when the signal aborts. */
function pause(ms, signal) {
  return new Promise((wake) => {
    if (signal.aborted) return wake();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      wake();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

const shortPause = (errors) => Math.min(POLL_PAUSE_MS * (errors + 1), POLL_PAUSE_MAX_MS);

/** The server makes the pauses, and fails for all who wait at once: they do not come back together. */
const longPause = (errors) => (errors ? shortPause(errors) * (0.5 + Math.random() / 2) : 0);

export class Polling extends EventTarget {
  #request;
  #needToPolling;
  #delay;
  #run = null; // an AbortController; null while stopped

  constructor({ request, needToPolling = () => true, delay = shortPause }) {
    super();
    this.#request = request;
    this.#needToPolling = needToPolling;
    this.#delay = delay;
  }

  get isRunning() {
    return this.#run !== null;
  }

  start() {
    if (this.isRunning) return;
    this.#run = new AbortController();
    this.#repeat(this.#run.signal);
  }

  stop() {
    if (!this.isRunning) return;
    this.#run.abort();
    this.#run = null;
    this.dispatchEvent(new Event('end'));
  }

  /** One run. After stop() its signal stays aborted, even when another run has started meanwhile. */
  async #repeat(signal) {
    let errors = 0;
    while (!signal.aborted) {
      if (!this.#needToPolling()) return this.stop();
      errors = (await this.#ask(signal)) ? 0 : errors + 1;
      if (!signal.aborted) await pause(this.#delay(errors), signal);
    }
  }

  /** One request; true when it was answered. What is answered to a stopped run is nobody's. */
  async #ask(signal) {
    try {
      const answer = await this.#request({ signal });
      if (!signal.aborted) this.dispatchEvent(new DetailEvent('update', answer));
      return true;
    } catch (error) {
      if (!signal.aborted) this.dispatchEvent(new DetailEvent('error', error));
      return false;
    }
  }
}

const withQuery = (url, query) => {
  const target = new URL(url);
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  return target.href;
};

const POSITION_NAMES = ['lastEventId', 'last-event-id', 'last_event_id', 'since']; // of the server, in its order

/** A URL, and the position that stood in it: there it begins, and goes on from elsewhere. */
function splitPosition(url) {
  const target = new URL(url);
  const { searchParams: query } = target;
  const position = POSITION_NAMES.map((name) => query.get(name)).find(Boolean) ?? '';
  for (const name of POSITION_NAMES) query.delete(name);
  return { url: target.href, position };
}

const absolute = (url) => new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href).href;

/** What `read` makes of the answer. The request is given up when both take too long, or the signal aborts. */
async function request(url, { method, signal, timeout, withCredentials }, read) {
  const limited = new AbortController();
  const giveUp = () => limited.abort();
  const timer = setTimeout(giveUp, timeout);
  signal.addEventListener('abort', giveUp);
  try {
    const credentials = withCredentials ? 'include' : 'same-origin';
    return await read(await fetch(url, { method, credentials, signal: limited.signal }));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** Why there was no answer: fcgi-push says it as JSON, a web server without it sends a page. */
async function reasonOf(response) {
  const text = await response.text();
  try { return JSON.parse(text).message ?? text; } catch { return `the server answered ${response.status}`; }
}

export class LongPolling extends Polling {
  since;
  #url;
  #withCredentials;
  #timeout;

  constructor(options) {
    const { url, since = '', withCredentials = false, timeout = POLL_TIMEOUT_MS } = options;
    const { needToPolling, delay = longPause } = options;
    super({ request: ({ signal }) => this.#ask(signal), needToPolling, delay });
    this.#url = absolute(url);
    this.since = since;
    this.#withCredentials = withCredentials;
    this.#timeout = timeout;
    this.addEventListener('update', ({ detail }) => { this.since = detail.position; }); // before all others
  }

  /** The position goes with the answer, and is discarded with it. */
  async #ask(signal) {
    const askedAt = Date.now();
    const url = this.since ? withQuery(this.#url, { since: this.since }) : this.#url;
    const options = { signal, timeout: this.#timeout, withCredentials: this.#withCredentials };
    const answer = await request(url, options, (response) => this.#read(response));
    if (!answer.length) await pause(askedAt + EMPTY_POLL_MS - Date.now(), signal); // some servers do not wait
    return answer;
  }

  async #read(response) {
    if (!response.ok) throw new Error(await reasonOf(response));
    const events = await response.json();
    if (!Array.isArray(events)) throw new Error('the answer is no array of events');
    const position = response.headers.get('Push-Position') ?? events.at(-1)?.id ?? this.since;
    return Object.assign(events, { position });
  }
}

// --- One connection -------------------------------------------------------------------------------------------------

/** What the server says of the stream itself. */
const SIGNS = ['heartbeat', 'push-position'];

/**
 * One EventSource that asks for heartbeats, since comments are invisible to scripts. What it tells:
 * on('sign', {id}), on('message', …), on('lost') while the browser comes back by itself, and last of all
 * on('end', {reason}), when it does not or nothing is heard.
 */
class Stream {
  #source;
  #on; // null: closed
  #silence;
  #timer = 0;
  #heardAt = Date.now(); // unlike a timer, it counts the time that the machine slept
  #isLost = false;
  #hasPosition; // the source knows where it is, and can come back by itself

  constructor(url, { EventSource, withCredentials, heartbeat }, types, on) {
    this.#on = on;
    this.#hasPosition = new URL(url).searchParams.has('lastEventId');
    this.#silence = SILENT_HEARTBEATS * heartbeat;
    this.#source = new EventSource(url, { withCredentials });
    for (const type of ['open', 'error', ...SIGNS, ...types]) this.listen(type);
    this.#watch('held', FIRST_HEARTBEAT_MS);
  }

  listen(type) {
    this.#source.addEventListener(type, this.#hear);
  }

  close() {
    clearTimeout(this.#timer);
    this.#source.close();
    this.#on = null;
  }

  /** Whether another one should better take its place when there is reason to look after it. */
  get isDoubtful() {
    return this.#isLost || Date.now() - this.#heardAt > this.#silence / 2;
  }

  #hear = (event) => {
    // npm's goes on with what it has read already; WebKit revives what was closed on the way to the back/forward cache.
    if (!this.#on) return this.#source.close();
    if (!('data' in event)) { // an application may call its events "open" or "error", too
      if (event.type === 'open') this.#watch('held', FIRST_HEARTBEAT_MS);
      else if (event.type === 'error') this.#lose();
      return;
    }
    this.#isLost = false;
    this.#heardAt = Date.now();
    this.#watch('silent', this.#silence);
    const { type, data, lastEventId: id, origin } = event;
    if (id) this.#hasPosition = true;
    if (SIGNS.includes(type)) this.#on('sign', { id });
    else this.#on('message', { id, type, data, origin });
  };

  /** How long the browser waits before it comes back is not known, as the server may have told it by "retry". */
  #lose() {
    if (this.#source.readyState === 2) return this.#end('refused');
    if (!this.#hasPosition) return this.#end('lost'); // it would come back as if it had not been there
    this.#isLost = true;
    this.#watch('silent', this.#silence);
    this.#on('lost');
  }

  #watch(reason, ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(reason), ms);
  }

  #end(reason) {
    const on = this.#on;
    this.close();
    on('end', { reason });
  }
}

const firstTransport = ({ EventSource }) => (EventSource ? 'stream' : 'poll');

/** The events of one URL, for ever, after `cursor`. */
class Connection {
  #options;
  #types;
  #on;
  #cursor;
  #beginning = ''; // what was asked for beside the stream, until that tells where it is
  #isOpen = false;
  #transport;
  #stream = null;
  #polling = null;
  #probe = null; // a Stream beside the polls, to see whether it flows
  #asking = null; // an AbortController of the last question for a position
  #timer = 0; // of whatever comes next: a stream, a probe
  #failures = 0;
  #probePause;
  #streamedAt = 0; // when it went back to streams

  constructor(options, cursor, types, on) {
    this.#options = options;
    this.#cursor = cursor;
    this.#types = types;
    this.#on = on;
    this.#transport = firstTransport(options);
  }

  get cursor() { return this.#cursor; }
  get isOpen() { return this.#isOpen; }
  get transport() { return this.#transport; }
  get role() { return 'alone'; }

  start() {
    this.#beginning = '';
    if (!this.#options.EventSource) return this.#openPolling(null);
    this.#openStream();
    this.#use('stream', null);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#stream?.close();
    this.#probe?.close();
    const polling = this.#polling;
    this.#stream = this.#probe = this.#polling = null;
    this.#isOpen = false;
    polling?.stop();
  }

  listen(type) {
    this.#stream?.listen(type);
  }

  /** What waits tries now. */
  wake() {
    if (this.#polling) return this.#wakePolling();
    if (!this.#stream) return this.#openStream();
    if (!this.#stream.isDoubtful) return;
    this.#stream.close();
    this.#openStream();
    this.#lose('silent', 0);
  }

  #wakePolling() {
    if (this.#polling.isRunning) {
      this.#polling.stop();
      this.#polling.start();
    }
    this.#probePause = this.#options.retryStream;
    if (this.#options.EventSource && !this.#probe) this.#openProbe();
  }

  #open() {
    this.#failures = 0;
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#on('open');
  }

  #move(id) {
    if (id) this.#cursor = id;
    this.#on('position', { id });
  }

  /** To be told last: who hears it may close the source. */
  #use(transport, reason) {
    if (transport === this.#transport) return;
    this.#transport = transport;
    this.#on('transport', { transport, reason });
  }

  /** Before the first position there is what the server said it was. */
  #begin() {
    if (!this.#cursor && this.#beginning) this.#move(this.#beginning);
  }

  #take(message) {
    if (message.id) this.#cursor = message.id;
    this.#on('message', message);
  }

  #lose(reason, retryAfter) {
    this.#isOpen = false;
    this.#on('lost', { reason, retryAfter });
  }

  // --- streaming ---

  #makeStream(types, on) {
    const position = this.#cursor && { lastEventId: this.#cursor };
    return new Stream(withQuery(this.#options.url, { heartbeat: 'event', ...position }), this.#options, types, on);
  }

  #openStream() {
    clearTimeout(this.#timer);
    this.#begin();
    if (!this.#cursor && this.#options.pollUrl) { // in case the stream that would tell it is held back
      this.#askPosition().then((position) => { this.#beginning ||= position; });
    }
    this.#stream = this.#makeStream(this.#types, (kind, detail) => {
      if (kind === 'end') return this.#endStream(detail.reason);
      if (kind === 'lost') return this.#lose('lost', null);
      if (detail.id) this.#asking?.abort();
      this.#open();
      if (kind === 'message') this.#take(detail);
      else this.#move(detail.id);
    });
  }

  #endStream(reason) {
    clearTimeout(this.#timer);
    this.#stream = null;
    if (reason === 'held' && this.#options.pollUrl) return this.#openPolling(reason);
    const retryAfter = backoff(this.#failures++);
    this.#timer = setTimeout(() => this.#openStream(), retryAfter);
    this.#lose(reason, retryAfter);
  }

  // --- polling ---

  /** Where "from now on" begins; '' when it cannot be had. */
  async #askPosition() {
    const { pollUrl, withCredentials } = this.#options;
    this.#asking?.abort();
    this.#asking = new AbortController();
    const options = { method: 'HEAD', signal: this.#asking.signal, timeout: POSITION_TIMEOUT_MS, withCredentials };
    const read = ({ headers }) => headers.get('Push-Position') ?? '';
    return request(pollUrl, options, read).catch(() => '');
  }

  #openPolling(reason) {
    const { pollUrl: url, withCredentials, EventSource, retryStream } = this.#options;
    const polling = new LongPolling({ url, withCredentials, delay: (errors) => this.#pausePolling(errors) });
    this.#polling = polling;
    this.#isOpen = false;
    polling.addEventListener('update', ({ detail }) => this.#takeAll(detail, polling));
    this.#askPosition().then((position) => { // at once, while a poll may be answered only after half a minute
      if (this.#polling !== polling) return;
      this.#beginning ||= position;
      this.#begin();
      polling.since = this.#cursor;
      polling.start();
      if (position) this.#open(); // last, since who hears it may close the source
    });
    if (Date.now() - this.#streamedAt > RETRY_STREAM_MAX_MS) this.#probePause = retryStream;
    if (EventSource) this.#probeLater();
    this.#use('poll', reason);
  }

  #pausePolling(errors) {
    const retryAfter = longPause(errors);
    if (errors) this.#lose('failed', retryAfter);
    return retryAfter;
  }

  #takeAll(events, polling) {
    const { origin } = new URL(this.#options.pollUrl);
    this.#open();
    for (const { id, event: type, data } of events) {
      if (this.#polling !== polling) return; // a listener may have closed the source
      this.#take({ id, type, data, origin });
    }
    if (this.#polling === polling) this.#move(polling.since);
  }

  #probeLater() {
    this.#timer = setTimeout(() => this.#openProbe(), this.#probePause * (0.5 + Math.random() / 2));
    this.#probePause = Math.min(this.#probePause * 2, RETRY_STREAM_MAX_MS);
  }

  #openProbe() {
    clearTimeout(this.#timer);
    this.#probe = this.#makeStream([], (kind) => {
      if (kind === 'sign') return this.#returnToStream();
      this.#probe.close();
      this.#probe = null;
      this.#probeLater();
    });
  }

  #returnToStream() {
    this.stop();
    this.#streamedAt = Date.now();
    this.#openStream();
    this.#use('stream', null);
  }
}

// --- One connection for all tabs ------------------------------------------------------------------------------------

/** What moves the position. */
const isNews = (kind) => kind === 'message' || kind === 'position';

/** An id's time, number and tag: 1700000000000-0.5f3a90c2~42 */
function parseId(id) {
  const [, time, number = 0, tag = ''] = /^(\d+)(?:-(\d+))?(?:\.(\w+))?/.exec(id) ?? [];
  return { time: Number(time), number: Number(number), tag };
}

/** Whether both are of one server's log. */
const canCompare = (id, other) => !id || !other || parseId(id).tag === parseId(other).tag;

/** Whether the first is the older one in the log of both. */
function isBefore(id, other) {
  const [a, b] = [parseId(id), parseId(other)];
  return a.tag === b.tag && (a.time < b.time || (a.time === b.time && a.number < b.number));
}

/** Whether events may stand between them. */
const isBehind = (id, other) => isBefore(id, other) || !canCompare(id, other);

/**
 * One tab of those that share a Connection. The leader, who holds the lock, has it and passes all news on, each with
 * the position before it. So every tab knows whether it has missed something (it was in the back/forward cache, or its
 * leader ended in the middle of a message): then it catches up over a Connection of its own, and keeps meanwhile what
 * the leader says. A leader hears no event of a type that it does not listen for: until it has said that it does, a tab
 * that wants such events takes nothing from it. Who leads next goes on from where it is itself.
 */
class Sharing {
  #options;
  #own; // types that this tab listens for
  #types; // of all tabs: any of them may be the next leader
  #on;
  #name;
  #cursor;
  #role = 'follower';
  #run = null; // an AbortController; null while stopped
  #channel = null;
  #release = null; // gives the lock back
  #connection = null; // the leader's; or a follower's who catches up
  #goal = ''; // a follower's who catches up, or has done so
  #kept = null; // what the leader says after the goal, meanwhile
  #term = 0; // when the leader began, in ms, later than all before it: one that was asleep may go on for a moment
  #isHeard = false; // the leader listens for all that this tab wants to hear
  #transport;
  #timer = 0;
  #isDoubted = false; // the leader: it was asked, and has a moment to answer

  constructor(options, cursor, types, on) {
    this.#options = options;
    this.#cursor = cursor;
    this.#own = types;
    this.#types = new Set(types);
    this.#on = on;
    this.#transport = firstTransport(options);
    this.#name = `fcgi-push ${options.url} ${options.withCredentials}`;
  }

  static get isPossible() {
    try {
      new BroadcastChannel('fcgi-push').close(); // Firefox has it, and refuses it where cookies are blocked
      return Boolean(navigator.locks);
    } catch {
      return false;
    }
  }

  get cursor() { return this.#cursor; }
  get transport() { return this.#transport; }
  get role() { return this.#role; }

  start() {
    this.#run = new AbortController();
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#queue({ signal: this.#run.signal });
    this.#join();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#run?.abort();
    this.#channel?.close();
    this.#run = this.#channel = null;
    this.#follow();
  }

  listen(type) {
    this.#isHeard = false;
    this.#addTypes([type]);
    this.#post('join', [type]);
  }

  wake() {
    if (this.#role === 'leader') this.#connection.wake();
    else this.#doubt();
  }

  #post(kind, detail, before) {
    this.#channel?.postMessage({ kind, detail, before, term: this.#term });
  }

  // --- who leads ---

  /** Waits for the lock. Its promise fails when another tab steals it, and where a sandboxed frame has no locks. */
  #queue(options) {
    const run = this.#run;
    const lead = () => this.#run === run && new Promise((release) => this.#lead(release));
    navigator.locks.request(this.#name, options, lead).catch(({ name }) => {
      if (this.#run !== run) return;
      if (name === 'AbortError') this.#lostLead();
      else this.#lead(() => {});
    });
  }

  #lead(release) {
    clearTimeout(this.#timer);
    this.#term = Math.max(Date.now(), this.#term + 1);
    this.#release = release;
    this.#kept = null;
    this.#goal = '';
    const connection = (this.#connection ??= this.#connect());
    this.#postState();
    this.#setRole('leader');
    this.#adopt(connection);
  }

  #lostLead() {
    this.#queue({ signal: this.#run.signal });
    this.#join();
    this.#follow();
  }

  #follow() {
    this.#connection?.stop();
    this.#connection = this.#kept = null;
    this.#goal = '';
    this.#release?.();
    this.#release = null;
    this.#isHeard = false;
    this.#setRole('follower');
  }

  #setRole(role) {
    if (role === this.#role) return;
    this.#role = role;
    this.#on('role', { role });
  }

  /** Has the leader listen for what this tab wants to hear. It answers with its state. */
  #join() {
    this.#post('join', [...this.#own]);
    this.#watch();
  }

  /** A tab may hold the lock and be asleep. Who hears nothing asks it, and then takes over. */
  #watch() {
    this.#isDoubted = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#doubt(), SILENT_HEARTBEATS * this.#options.heartbeat);
  }

  #doubt() {
    if (this.#isDoubted) return; // waking again and again shall not put off the end of it
    this.#join();
    this.#isDoubted = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#queue({ steal: true }), LEADER_ANSWER_MS * (1 + Math.random()));
  }

  /** newTypes: those for which it did not listen up to here. */
  #postState(newTypes = []) {
    const { cursor, isOpen, transport } = this.#connection;
    this.#post('state', { cursor, isOpen, transport, types: [...this.#types], newTypes });
  }

  // --- what tabs say ---

  #hear({ kind, detail, before, term }) {
    if (kind === 'join') return this.#meet(detail);
    if (this.#role === 'leader' || term < this.#term) return; // the one before, whom the lock was taken from
    this.#isHeard &&= term === this.#term;
    this.#term = term;
    this.#watch();
    if (kind === 'state') this.#hearState(detail);
    else if (isNews(kind)) this.#hearNews({ kind, detail, before });
    else if (kind !== 'open' || this.#isHeard) this.#pass({ kind, detail });
  }

  #meet(types) {
    const newTypes = this.#addTypes(types);
    if (this.#role === 'leader') this.#postState(newTypes);
  }

  /** Returns those that were not known. */
  #addTypes(types) {
    const newTypes = types.filter((type) => !this.#types.has(type));
    for (const type of newTypes) {
      this.#types.add(type);
      this.#connection?.listen(type);
    }
    return newTypes;
  }

  #hearState({ cursor, isOpen, transport, types, newTypes }) {
    this.#addTypes(types);
    this.#isHeard = [...this.#own].every((type) => types.includes(type));
    if (!this.#isHeard) return this.#post('join', [...this.#own]); // it leads since our join
    const hasMissed = newTypes.some((type) => this.#own.has(type)) || this.#isBehind(cursor);
    if (!this.#cursor) this.#pass({ kind: 'position', detail: { id: cursor } });
    else if (hasMissed) this.#catchUp(cursor);
    this.#adopt({ isOpen, transport }); // last, since who hears it may close the source
  }

  /** Shows the state of what the events come over from now on. */
  #adopt({ isOpen, transport }) {
    if (transport !== this.#transport) this.#pass({ kind: 'transport', detail: { transport, reason: null } });
    if (isOpen) this.#on('open');
  }

  #hearNews(news) {
    if (!this.#isHeard) return;
    const goal = this.#goalBefore(news);
    if (this.#isBehind(goal)) this.#catchUp(goal);
    if (this.#kept) this.#keep(news);
    else if (!this.#has(news)) this.#pass(news);
    else if (news.before === this.#goal) this.#goal = news.detail.id || this.#goal;
  }

  /** Up to where all has to be here: beyond the leader's going over to another log, unless it was where we are. */
  #goalBefore({ before, detail: { id } }) {
    const goesOver = before !== this.#cursor && !canCompare(before, id) && !canCompare(this.#cursor, id);
    return goesOver ? id : before;
  }

  /** Whether there is something to fetch; where ids cannot be compared it is fetched once. */
  #isBehind(id) {
    return !this.#kept && id !== this.#goal && isBehind(this.#cursor, id);
  }

  /** Who leads now may have been asleep, and hear first what we have, or what was before our beginning or our gap. */
  #has({ before, detail: { id } }) {
    return isBehind(before, this.#cursor) && !isBefore(this.#cursor, id);
  }

  #pass({ kind, detail }) {
    this.#cursor = detail?.id || this.#cursor;
    this.#transport = detail?.transport ?? this.#transport;
    this.#on(kind, detail);
  }

  // --- the connection ---

  #connect() {
    const tell = (kind, detail) => this.#tell(kind, detail);
    const connection = new Connection(this.#options, this.#cursor, this.#types, tell);
    connection.start();
    return connection;
  }

  #tell(kind, detail) {
    const before = this.#cursor || detail?.id; // without a position nobody can know what was before it
    if (this.#role === 'leader') this.#post(kind, detail, before);
    if (isNews(kind) || this.#role === 'leader') this.#pass({ kind, detail });
    if (kind === 'position' && detail.id && this.#kept) this.#endCatchingUp();
  }

  #catchUp(goal) {
    this.#connection?.stop();
    this.#goal = goal;
    this.#kept = [];
    this.#connection = this.#connect();
  }

  /** No more than so many, should the server be out of reach for this tab alone: the goal is further away then. */
  #keep(news) {
    if (this.#kept.length === KEPT_NEWS) [this.#goal, this.#kept] = [news.before, []];
    this.#kept.push(news);
  }

  /** At a position that is not before the goal; events alone do not show that those of other types are here, too. */
  #endCatchingUp() {
    if (isBefore(this.#cursor, this.#goal)) return;
    const kept = this.#kept;
    this.#connection.stop();
    this.#connection = this.#kept = null;
    for (const news of kept) if (this.#run) this.#hearNews(news); // its leader may have ended, and left out something
  }
}

// --- The source -----------------------------------------------------------------------------------------------------

/** The last so many keys. */
class Memory {
  #keys = new Set();

  /** Remembers a key; false when it is known. */
  add(key) {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > REMEMBERED_IDS) this.#keys.delete(this.#keys.values().next().value);
    return true;
  }
}

/** Where /subscribe is, unless told otherwise. */
const beside = (url) => new URL(`subscribe${new URL(url).search}`, url).href;

function parseGap(data) {
  try { return JSON.parse(data); } catch { return {}; }
}

/** An event's id; but a gap may share that of an event, and says to each client what it is behind. */
function keyOf({ id, type, data }) {
  if (type !== 'gap') return id;
  const { channel, oldest } = parseGap(data);
  return JSON.stringify([id, channel, oldest]);
}

export class PushSource extends EventTarget {
  #url;
  #withCredentials;
  #link; // a Connection or Sharing
  #types = new Set(['message', 'gap']);
  #known = new Memory();
  #handlers = {};
  #page = new AbortController();
  #readyState = 0;
  #isAsleep = false;

  static {
    for (const [value, name] of ['CONNECTING', 'OPEN', 'CLOSED'].entries()) {
      Object.defineProperty(this, name, { value, enumerable: true });
      Object.defineProperty(this.prototype, name, { value, enumerable: true });
    }
    for (const type of ['open', 'message', 'error']) {
      Object.defineProperty(this.prototype, `on${type}`, {
        get() { return this.#handlers[type] ?? null; },
        set(handler) { this.#setHandler(type, handler); },
        enumerable: true,
        configurable: true,
      });
    }
  }

  constructor(url, options = {}) {
    super();
    this.#url = absolute(url);
    const { url: streamUrl, position } = splitPosition(this.#url);
    const { lastEventId = position, withCredentials = false, share = false, heartbeat = HEARTBEAT_MS } = options;
    const { EventSource = globalThis.EventSource, retryStream = RETRY_STREAM_MS } = options;
    this.#withCredentials = withCredentials;
    const pollUrl = options.pollUrl === undefined ? beside(streamUrl) : options.pollUrl && absolute(options.pollUrl);
    if (!EventSource && !pollUrl) throw new TypeError('there is no EventSource here, and pollUrl is null');
    const Link = share && Sharing.isPossible ? Sharing : Connection;
    const settings = { url: streamUrl, pollUrl, withCredentials, heartbeat, EventSource, retryStream };
    this.#link = new Link(settings, lastEventId, this.#types, (kind, detail) => this.#hear(kind, detail));
    this.#watchPage();
    this.#link.start();
  }

  get url() { return this.#url; }
  get withCredentials() { return this.#withCredentials; }
  get readyState() { return this.#readyState; }
  get lastEventId() { return this.#link.cursor; }
  get transport() { return this.#link.transport; }
  get role() { return this.#link.role; }

  addEventListener(type, ...rest) {
    super.addEventListener(type, ...rest);
    if (this.#types.has(type)) return;
    this.#types.add(type);
    this.#link.listen(type);
  }

  close() {
    this.#readyState = PushSource.CLOSED;
    this.#page.abort();
    this.#link.stop();
  }

  /** Beside the listeners: the same function may be one of them, too. */
  #setHandler(type, handler) {
    const isFirst = !(type in this.#handlers);
    this.#handlers[type] = typeof handler === 'function' ? handler : null;
    if (isFirst) this.addEventListener(type, (event) => this.#handlers[type]?.call(this, event));
  }

  // --- news ---

  #hear(kind, detail) {
    if (this.#readyState === PushSource.CLOSED || kind === 'position') return;
    if (kind === 'message') return this.#deliver(detail);
    if (kind === 'open') return this.#open();
    if (kind !== 'role') this.#readyState = PushSource.CONNECTING;
    this.dispatchEvent(new DetailEvent(kind === 'lost' ? 'error' : kind, detail));
  }

  #deliver({ id, type, data, origin }) {
    if (id && !this.#known.add(keyOf({ id, type, data }))) return;
    const event = new MessageEvent(type, { data, origin, lastEventId: id });
    if (type === 'gap') event.detail = parseGap(data);
    this.dispatchEvent(event);
  }

  #open() {
    if (this.#readyState === PushSource.OPEN) return;
    this.#readyState = PushSource.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  // --- the page ---

  /**
   * An open connection would keep a page out of the back/forward cache. Neither there nor frozen does it hear the
   * server, but it may go on answering other tabs.
   */
  #watchPage() {
    const { signal } = this.#page;
    const listen = (target, type, listener) => target?.addEventListener?.(type, listener, { signal });
    listen(globalThis, 'pagehide', () => this.#sleep());
    listen(globalThis, 'pageshow', () => this.#show());
    listen(globalThis, 'online', () => this.#wake());
    listen(globalThis.document, 'freeze', () => this.#sleep());
    listen(globalThis.document, 'resume', () => this.#show());
    listen(globalThis.document, 'visibilitychange', () => document.visibilityState === 'visible' && this.#wake());
  }

  #sleep() {
    if (this.#isAsleep) return;
    this.#isAsleep = true;
    this.#link.stop();
    this.#readyState = PushSource.CONNECTING;
  }

  #show() {
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    this.#link.start();
  }

  #wake() {
    if (!this.#isAsleep) this.#link.wake();
  }
}
