// SPDX-License-Identifier: BSD-2-Clause
//
// Lines to copy: how to publish on a channel from the shell and from applications, and how to read with curl.

const shellQuote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** Of each language its name and snippets: a purpose, by the key of its text, and the code. */
export function makeCommands({ redis, channel, channels, origin }) {
  return [
    { name: 'redis-cli', snippets: redisCli(redis, channel) },
    { name: 'PHP', snippets: [{ purpose: 'fromPhp', code: php(redis, channel) }] },
    { name: 'Python', snippets: [{ purpose: 'fromPython', code: python(redis, channel) }] },
    { name: 'Node', snippets: [{ purpose: 'fromNode', code: node(redis, channel) }] },
    { name: 'curl', snippets: curl(origin, channels) },
  ];
}

function redisCli({ host, port, path }, channel) {
  const command = ['redis-cli', host && `-h ${host} -p ${port}`, path && `-s ${path}`].filter(Boolean).join(' ');
  const publish = `${command} PUBLISH push:${channel}`;
  return [
    { purpose: 'plainText', code: `${publish} hello` },
    { purpose: 'withTime', code: `${publish} '{"text": "hello", "time": '$(date +%s%3N)'}'` },
    { purpose: 'withType', code: `${publish} '{"event": "order", "id": "17", "data": {"state": "paid"}}'` },
  ];
}

function php({ host = '127.0.0.1', port, path }, channel) {
  const where = path ? `'${path}'` : [`'${host}'`, port].filter(Boolean).join(', ');
  return `$redis = new Redis();
$redis->connect(${where});
$redis->publish('push:${channel}', json_encode(['text' => 'hello', 'time' => microtime(true)]));`;
}

function python({ host, port, path }, channel) {
  const where = path ? `unix_socket_path='${path}'` : host ? `host='${host}', port=${port}` : '';
  return `import json, redis, time
r = redis.Redis(${where})
r.publish('push:${channel}', json.dumps({'text': 'hello', 'time': time.time()}))`;
}

function node({ host, port, path }, channel) {
  const authority = host?.includes(':') ? `[${host}]` : host;
  const where = path ? `{ socket: { path: '${path}' } }` : host ? `{ url: 'redis://${authority}:${port}' }` : '';
  return `import { createClient } from 'redis';
const client = await createClient(${where}).connect();
await client.publish('push:${channel}', JSON.stringify({ text: 'hello', time: Date.now() }));`;
}

function curl(origin, channels) {
  const url = (endpoint) => shellQuote(`${origin}/${endpoint}?channel=${channels}`);
  return [
    { purpose: 'readStream', code: `curl -N ${url('events')}` },
    { purpose: 'readPoll', code: `curl ${url('subscribe')}` },
    { purpose: 'readList', code: `curl ${url('list')}` },
  ];
}
