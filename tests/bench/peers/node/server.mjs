// SPDX-License-Identifier: BSD-2-Clause
// node server.mjs PORT REDIS-SOCKET: streams of what is published to push:<channel>, as applications write it.
import { createServer } from 'node:http';
import { createClient } from 'redis';

const [port, path] = process.argv.slice(2);
const channels = new Map(); // name to the answers that are open
let number = 0;

const redis = createClient({ socket: { path } });
redis.on('error', (error) => console.error(error.message));
await redis.connect();
await redis.pSubscribe('push:*', (message, name) => {
  const clients = channels.get(name.slice('push:'.length));
  if (!clients) return;
  number++;
  const frame = `id: ${number}\ndata: ${message.replaceAll('\n', '\ndata: ')}\n\n`;
  for (const client of clients) client.write(frame);
});

createServer((request, response) => {
  const name = new URL(request.url, 'http://localhost').searchParams.get('channel');
  if (!channels.has(name)) channels.set(name, new Set());
  const clients = channels.get(name);
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(':\n\n');
  clients.add(response);
  response.on('close', () => clients.delete(response));
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
