import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { startLoopbackFleet, TOKEN } from '../testing/loopback-fleet.ts';
import type { LoopbackFleet, LoopbackOptions } from '../testing/loopback-fleet.ts';
import { createRawNode } from '../testing/raw-node.ts';
import { IDENTITY, wantOf } from '../testing/session-setup.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';

const PROTOCOL = 'switchyard.node.v1';
let running: LoopbackFleet | undefined;

afterEach(async () => {
  expect(running?.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  await running?.close();
});

async function start(options?: LoopbackOptions): Promise<LoopbackFleet> {
  running = await startLoopbackFleet(options);
  return running;
}

type Answer = { status: number; body: string; headers: Record<string, unknown> };

function upgrade(
  url: string,
  headers: Record<string, string>,
  protocols = [PROTOCOL],
): Promise<WebSocket | Answer> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/node/v1`, protocols, { headers });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket));
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
      );
    });
  });
}

async function open(url: string, token = TOKEN): Promise<WebSocket> {
  const socket = await upgrade(url, { authorization: `Bearer ${token}` });
  if (!(socket instanceof WebSocket)) throw new Error(`refused with ${socket.status}`);
  return socket;
}

const closeOf = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.on('close', (code) => resolve(code));
  });

test.each<[string, Record<string, string>, string[], [number, string]]>([
  ['no token', {}, [PROTOCOL], [401, 'invalid_node_token']],
  ['an unknown token', { authorization: 'Bearer nk_other' }, [PROTOCOL], [401, 'invalid_node_token']],
  ['another scheme', { authorization: `Basic ${TOKEN}` }, [PROTOCOL], [401, 'invalid_node_token']],
  [
    'a very long token',
    { authorization: `Bearer ${'x'.repeat(5_000)}` },
    [PROTOCOL],
    [401, 'invalid_node_token'],
  ],
  ['a suspended node', { authorization: 'Bearer nk_bad' }, [PROTOCOL], [403, 'node_suspended']],
  ['no subprotocol', { authorization: `Bearer ${TOKEN}` }, [], [426, 'upgrade_required']],
  [
    'another subprotocol',
    { authorization: `Bearer ${TOKEN}` },
    ['switchyard.node.v9'],
    [426, 'upgrade_required'],
  ],
])('%s is refused before the upgrade, as plain HTTP', async (_name, headers, protocols, [status, code]) => {
  const { url, refused } = await start({ identities: { [TOKEN]: IDENTITY, nk_bad: 'suspended' } });
  const answer = await upgrade(url, headers, protocols);
  if (answer instanceof WebSocket) throw new Error('it was let in');
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
  expect(answer.body).not.toContain('nk_');
  expect(refused).toEqual([status]);
});

test('a suspended node hears why in one line of plain letters', async () => {
  const because = 'It failed test jobs.\r\nEvil: 1 \u001b[2J Object at: nodes@example.org';
  const { url } = await start({ identities: { nk_bad: { suspendedBecause: because } } });
  const answer = await upgrade(url, { authorization: 'Bearer nk_bad' });
  if (answer instanceof WebSocket) throw new Error('it was let in');
  expect(answer.status).toBe(403);
  expect(answer.headers['switchyard-reason']).toBe(
    'It failed test jobs. Evil: 1  [2J Object at: nodes@example.org',
  );
  expect(answer.headers['evil']).toBeUndefined();
});

test('of several subprotocols ours is chosen', async () => {
  const { url } = await start();
  const socket = await upgrade(url, { authorization: `Bearer ${TOKEN}` }, ['switchyard.node.v2', PROTOCOL]);
  expect(socket instanceof WebSocket && socket.protocol).toBe(PROTOCOL);
  expect(socket instanceof WebSocket && socket.extensions).toBe('');
});

test('too many sessions, and too many tries of one node, are 429 with a time to come back', async () => {
  const clock = createVirtualClock();
  const other = { ...IDENTITY, nodeId: 'node_2' };
  const { url } = await start({
    clock,
    config: { sessionsMax: 1, connectsPerMinuteMax: 2 },
    identities: { [TOKEN]: IDENTITY, nk_two: other },
  });
  const first = await open(url);
  const full = await upgrade(url, { authorization: 'Bearer nk_two' });
  expect(full).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
  const closed = closeOf(first);
  first.terminate();
  await closed;
  await running?.until(() => running?.log.lines.some((line) => line.includes('node_closed')) === true);
  const second = await open(url);
  second.terminate();
  expect(await upgrade(url, { authorization: `Bearer ${TOKEN}` })).toMatchObject({ status: 429 });
  clock.advance(60_000);
  await running?.until(() => running?.log.lines.filter((line) => line.includes('node_closed')).length === 2);
  await open(url);
});

test('a draining gateway answers 503 with its time to come back, and has no capacity', async () => {
  const { url, fleet } = await start();
  fleet.drain({ retryAfterMs: 4_000, graceMs: 30_000 });
  expect(await upgrade(url, { authorization: `Bearer ${TOKEN}` })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '4' },
  });
  expect(fleet.acquire(wantOf())).toBe('none');
});

test('text messages close with 4400, messages over the hard bound are cut by the library', async () => {
  const { url, fleet } = await start();
  const chatty = await open(url);
  const chattyClosed = closeOf(chatty);
  chatty.send('hello');
  expect(await chattyClosed).toBe(4400);
  const big = await open(url);
  const bigClosed = closeOf(big);
  big.send(new Uint8Array(LINK_LIMITS.socketMessageMaxBytes + 1));
  expect(await bigClosed).toBe(1009);
  expect(fleet.nodes()).toEqual([]);
});

test('a WebSocket ping is answered', async () => {
  const { url } = await start();
  const socket = await open(url);
  const pong = new Promise((resolve) => {
    socket.on('pong', (data) => resolve(data.toString()));
  });
  socket.ping('abc');
  expect(await pong).toBe('abc');
});

test('a line that is cut inside the handshake hurts nobody', async () => {
  const { port, url } = await start();
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => {
    socket.on('connect', resolve);
  });
  socket.write('GET /node/v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  socket.resetAndDestroy();
  const answer = await upgrade(url, {});
  expect(answer).toMatchObject({ status: 401 });
});

test.each([
  ['revoked' as const, 4401],
  ['suspended' as const, 4403],
])('a %s node is cut off at once with %d, in its handshake too', async (reason, code) => {
  const { url, fleet, until } = await start();
  const socket = await open(url);
  const node = createRawNode((message) => socket.send(message));
  socket.on('message', (data: Buffer) => node.take(data));
  node.hello();
  node.capabilities();
  await until(() => fleet.availability('main', 'small').freeSlots === 2);
  const fresh = await open(url);
  const codes = Promise.all([closeOf(socket), closeOf(fresh)]);
  fleet.disconnect('node_1', reason);
  expect(await codes).toEqual([code, code]);
  expect(fleet.nodes()).toEqual([]);
});

test('capacity listeners are told after the change, once per tick, until they leave', async () => {
  const { url, fleet, until } = await start();
  let told = 0;
  const leave = fleet.onCapacity(() => {
    told += 1;
  });
  const socket = await open(url);
  const node = createRawNode((message) => socket.send(message));
  node.hello();
  node.capabilities();
  await until(() => told > 0);
  const slot = fleet.acquire(wantOf());
  if (typeof slot === 'string') throw new Error(slot);
  const before = told;
  slot.release();
  expect(told).toBe(before);
  await until(() => told === before + 1);
  leave();
  const again = fleet.acquire(wantOf());
  if (typeof again !== 'string') again.release();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(told).toBe(before + 1);
});

test('the heartbeat runs on the clock that the fleet was given, and closing leaves no timer', async () => {
  const clock = createVirtualClock();
  const { url, fleet, until } = await start({ clock });
  const socket = await open(url);
  const node = createRawNode((message) => socket.send(message));
  node.hello();
  node.capabilities();
  await until(() => fleet.nodes().length === 1);
  const closed = closeOf(socket);
  clock.advance(25_000);
  expect(await closed).toBe(4408);
  fleet.close();
  expect(clock.pendingTimers()).toBe(0);
});
