// SPDX-License-Identifier: BSD-2-Clause
//
// What the page is told by its address, ?channel=news,clock&event=order&redis=127.0.0.1:6379, and keeps there; and
// whether tabs share a connection, which holds for all pages of the origin.

const PRESETS = ['news', 'clock'];
const CHANNEL_NAME = /^[A-Za-z0-9._:-]{1,128}$/;
const SHARE_KEY = 'fcgi-push.share';

/** The names in a comma-separated text, each once. */
export const names = (text) => [...new Set(text.split(',').map((name) => name.trim()).filter(Boolean))];

const query = () => new URLSearchParams(location.search);
const told = (name) => names(query().getAll(name).join());

/** The channels of the address, or else those of the examples. */
export function readChannels() {
  const channels = told('channel').filter((name) => CHANNEL_NAME.test(name));
  return channels.length ? channels : PRESETS;
}

/** What is offered: the channels of the examples, and those of the address. */
export const offeredChannels = () => [...new Set([...PRESETS, ...readChannels()])];

/** Event types besides "message" and "gap", which are always heard. */
export const readTypes = () => (query().has('event') ? told('event') : ['order']);

/**
 * Where Redis is: { host, port }, { path }, or {} for where it is by default. Anyone can write a link to this page, and
 * its reader copies the lines that come of it: only a local Redis in plain letters gets in.
 */
export function readRedis() {
  const address = query().get('redis') ?? '';
  const tcp = /^(127\.0\.0\.1|localhost|\[::1\]):([1-9][0-9]{0,4})$/.exec(address);
  if (tcp && tcp[2] <= 65535) return { host: tcp[1].replace(/[[\]]/g, ''), port: Number(tcp[2]) };
  if (/^\/[A-Za-z0-9._/-]{1,106}$/.test(address)) return { path: address };
  return {};
}

/** This page's address with another value of a parameter, or without it where that is null; as people write it. */
export function addressWith(parameter, value) {
  const changed = query();
  if (value === null) changed.delete(parameter);
  else changed.set(parameter, value);
  return `?${String(changed).replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/')}`;
}

/** Keeps names in the page's address, so that a reload and a bookmark have them. */
export function keepNames(parameter, chosen) {
  history.replaceState(null, '', addressWith(parameter, chosen.join()));
}

// A browser that keeps nothing for this origin throws at every access.

export function readShare() {
  try { return localStorage.getItem(SHARE_KEY) === 'yes'; } catch { return false; }
}

export function keepShare(isShared) {
  try { localStorage.setItem(SHARE_KEY, isShared ? 'yes' : 'no'); } catch { /* then it holds until the page is left */ }
}
