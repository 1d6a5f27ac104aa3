// SPDX-License-Identifier: BSD-2-Clause
//
// One request to longpoll.fcgi, and what its answer says.

import { parseObject } from './rows.js';

/**
 * Asks /list or /subscribe for events. The answer: its events, oldest first; the position to go on from; its ETag;
 * isUnchanged when the server knows that we have all of it (304). Throws when there is no such answer.
 */
export async function ask(path, query, options = {}) {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`, options);
  const isUnchanged = response.status === 304;
  if (!response.ok && !isUnchanged) throw new Error(await reasonOf(response));
  return {
    isUnchanged,
    position: response.headers.get('Push-Position') ?? '',
    tag: response.headers.get('ETag') ?? '',
    events: isUnchanged ? [] : await response.json(),
  };
}

/** Why there was no answer: longpoll.fcgi says it as JSON, a web server without it sends a page. */
async function reasonOf(response) {
  const { message } = parseObject(await response.text());
  return typeof message === 'string' ? message : `the server answered ${response.status}`;
}
