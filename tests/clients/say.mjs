// SPDX-License-Identifier: BSD-2-Clause
//
// What a client is told, as a line of JSON each, for the test that started it.

export const say = (kind, details = {}) => process.stdout.write(JSON.stringify({ kind, ...details }) + '\n');

export const [url, ...words] = process.argv.slice(2);
