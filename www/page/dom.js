// SPDX-License-Identifier: BSD-2-Clause
//
// The two things that every panel does with the document.

export const byId = (id) => document.getElementById(id);

/** Puts text into an element unless it stands there: a status that is written anew is read aloud anew. */
export function setText(id, text) {
  if (byId(id).textContent !== String(text)) byId(id).textContent = text;
}
