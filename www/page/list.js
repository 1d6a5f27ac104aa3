// SPDX-License-Identifier: BSD-2-Clause
//
// One request to /list, and what its answer says.

import { parseObject } from './payload.js';
import { text } from './texts.js';

const ENDPOINT = '/list';

/**
 * The newest events that are kept, oldest first; the answer's ETag; isUnchanged when it is the one that was given. Throws
 * an Error that says why when there is no such answer.
 *
 * With If-None-Match of our own the browser leaves the 304 to us, instead of showing its cached answer again.
 */
export async function fetchList(channels, limit, tag) {
  const response = await request(channels, limit, tag ? { 'If-None-Match': tag } : {});
  const isUnchanged = response.status === 304;
  if (!response.ok && !isUnchanged) throw new Error(await reasonOf(response));
  return {
    isUnchanged,
    tag: response.headers.get('ETag') ?? '',
    events: isUnchanged ? [] : await response.json(),
  };
}

/** What the server has against these channels; '' when it has nothing against them, or does not say. */
export async function whatIsWrongWith(channels) {
  try {
    const response = await request(channels, 1);
    return response.status >= 400 && response.status < 500 ? await reasonOf(response) : '';
  } catch {
    return '';
  }
}

async function request(channels, limit, headers = {}) {
  try {
    return await fetch(`${ENDPOINT}?channel=${channels}&limit=${limit}`, { headers });
  } catch {
    throw new Error(text('unreachable'));
  }
}

/** Why there was no answer: longpoll.fcgi says it as JSON, a web server without it sends a page. */
async function reasonOf(response) {
  const { message } = parseObject(await response.text());
  return typeof message === 'string' ? message : text('answered', response.status);
}
