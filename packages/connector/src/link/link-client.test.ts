import { afterEach, beforeEach, expect, test } from 'vitest';
import { RECORD_FLAGS, RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { encodeWindow } from '@switchyard/protocol/link/messages.ts';
import { chatOf } from '../testing/chat.ts';
import { jsonBody, startRawGateway } from '../testing/raw-gateway.ts';
import type { RawConnection, RawGateway } from '../testing/raw-gateway.ts';
import { CAPABILITIES, createPlayedAgent } from '../testing/played-agent.ts';
import type { PlayedAgent } from '../testing/played-agent.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import type { VirtualTimers } from '../testing/virtual-timers.ts';
import { startLinkClient } from './link-client.ts';
import type { JobStream, LinkClient } from './types.ts';

const T = RECORD_TYPES;

let gateway: RawGateway;
let timers: VirtualTimers;
let agent: PlayedAgent;
let client: LinkClient | undefined;

beforeEach(async () => {
  gateway = await startRawGateway();
  timers = createVirtualTimers();
  agent = createPlayedAgent();
});

afterEach(async () => {
  client?.close();
  client = undefined;
  await gateway.close();
});

/** Waits for real sockets while virtual time moves on a little, as packed messages need. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    timers.advance(2);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

function start(url = gateway.url): void {
  client = startLinkClient({
    gatewayUrl: url,
    token: 'nk_secret',
    instanceId: 'instance',
    agentVersion: '0.1.0',
    agent,
    random: () => 0.5,
    timers,
  });
}

async function connected(index = 0): Promise<RawConnection> {
  await until(() => (gateway.connections[index]?.got(T.hello).length ?? 0) > 0);
  const connection = gateway.connections[index];
  if (connection === undefined) throw new Error('no connection');
  return connection;
}

async function online(): Promise<RawConnection> {
  start();
  const connection = await connected();
  connection.welcome();
  await until(() => connection.got(T.status).length > 0);
  return connection;
}

const offerBody = (bodyBytes: number): Uint8Array =>
  jsonBody({ jobId: 'job_1', model: 'small', deadlineMs: 1_000, estimatedInputTokens: 1, bodyBytes });

/** Offers a job on stream 1 and sends its request. */
async function running(connection: RawConnection): Promise<JobStream> {
  const body = jsonBody(chatOf('hi'));
  connection.send(connection.record(T.offer, 1, offerBody(body.length)), connection.record(T.data, 1, body));
  await until(() => agent.streams.length === 1);
  const stream = agent.streams[0];
  if (stream === undefined) throw new Error('not started');
  return stream;
}

const bodyOf = (connection: RawConnection, type: number): unknown =>
  JSON.parse(Buffer.from(connection.got(type)[0]?.body ?? []).toString());

test('the token travels in the header, hello and capabilities in their order', async () => {
  const connection = await online();
  expect(connection.path).toBe('/node/v1');
  expect(connection.headers).toMatchObject({
    authorization: 'Bearer nk_secret',
    'sec-websocket-protocol': 'switchyard.node.v1',
  });
  expect(connection.headers['sec-websocket-extensions']).toBeUndefined();
  expect(connection.received.map((record) => record.type)).toEqual([T.hello, T.capabilities, T.status]);
  expect(bodyOf(connection, T.hello)).toEqual({
    instanceId: 'instance',
    agentVersion: '0.1.0',
    features: ['resume1'],
  });
  expect(bodyOf(connection, T.capabilities)).toEqual(CAPABILITIES);
  expect(bodyOf(connection, T.status)).toEqual({ state: 'ready', textSlots: 1 });
  expect(agent.states).toEqual([
    { state: 'connecting', attempt: 1 },
    { state: 'online', sessionId: 's1' },
  ]);
});

test.each<[string, number, (connection: RawConnection) => void]>([
  ['garbage', 4400, ({ socket }) => socket.send(Uint8Array.of(1, 2, 3))],
  ['text', 1003, ({ socket }) => socket.send('hi')],
  ['welcome again', 4400, (gate) => gate.welcome()],
  ['a number left out', 4400, (gate) => gate.send(gate.record(T.ping, 0, new Uint8Array(8), { seq: 9 }))],
  ['an unknown type', 4400, (gate) => gate.send(gate.record(77, 0))],
  ['a type of the node', 4400, (gate) => gate.send(gate.record(T.capabilities, 0, jsonBody(CAPABILITIES)))],
  ['data on no stream', 4400, (gate) => gate.send(gate.record(T.data, 5, new Uint8Array(3)))],
  ['an offer on an even stream', 4400, (gate) => gate.send(gate.record(T.offer, 2, offerBody(3)))],
  ['a bad offer', 4400, (gate) => gate.send(gate.record(T.offer, 1, jsonBody({})))],
  [
    'an offer of too much',
    4400,
    (gate) => gate.send(gate.record(T.offer, 1, offerBody(LINK_LIMITS.jobBodyMaxBytes + 1))),
  ],
  [
    'more than it offered',
    4413,
    (gate) => gate.send(gate.record(T.offer, 1, offerBody(3)), gate.record(T.data, 1, new Uint8Array(4))),
  ],
  [
    'an old stream anew',
    4400,
    (gate) => gate.send(gate.record(T.offer, 3, offerBody(3)), gate.record(T.offer, 1, offerBody(3))),
  ],
  ['credit that was never spent', 4400, (gate) => gate.send(gate.record(T.window, 0, encodeWindow(9)))],
  ['a bad goaway', 4400, (gate) => gate.send(gate.record(T.goaway, 0, jsonBody({ retryAfterMs: -1 })))],
])('a gateway that sends %s is left with %d and tried again', async (_name, code, breach) => {
  const connection = await online();
  breach(connection);
  await until(() => connection.closeCode !== undefined);
  expect(connection.closeCode).toBe(code);
  await until(() => agent.states.at(-1)?.state === 'waiting');
  timers.advance(1_000);
  await connected(1);
});

test('an agent that throws costs the connection and no more', async () => {
  agent.offer = () => {
    throw new Error('agent');
  };
  const connection = await online();
  connection.send(connection.record(T.offer, 1, offerBody(3)));
  await until(() => connection.closeCode === 1011);
});

test('optional unknown records and late records of ended streams are ignored', async () => {
  agent.offer = () => ({ reject: 'busy' });
  const connection = await online();
  connection.send(
    connection.record(99, 0, undefined, { flags: RECORD_FLAGS.optional }),
    connection.record(T.offer, 1, offerBody(600_000)),
  );
  for (let at = 0; at < 4; at += 1) connection.send(connection.record(T.data, 1, new Uint8Array(60_000)));
  connection.send(connection.record(T.cancel, 1), connection.record(T.ping, 0, new Uint8Array(8)));
  await until(() => connection.got(T.pong).length === 1);
  expect(connection.received.filter((record) => record.stream === 1).map((record) => record.type)).toEqual([
    T.reject,
  ]);
  expect(connection.closeCode).toBeUndefined();
});

test('a job that is rejected and cancelled in one breath has one last word', async () => {
  agent.offer = () => ({ reject: 'busy' });
  const connection = await online();
  connection.send(
    connection.record(T.offer, 1, offerBody(8)),
    connection.record(T.cancel, 1),
    connection.record(T.ping, 0, new Uint8Array(8)),
  );
  await until(() => connection.got(T.pong).length === 1 && connection.got(T.reject).length === 1);
  expect(connection.received.filter((record) => record.stream === 1).map((record) => record.type)).toEqual([
    T.reject,
  ]);
});

test('dropped bodies of rejected jobs give the connection its credit back', async () => {
  agent.offer = () => ({ reject: 'busy' });
  const connection = await online();
  for (let job = 0; job < 20; job += 1) {
    const stream = job * 2 + 1;
    connection.send(connection.record(T.offer, stream, offerBody(600_000)));
    for (let at = 0; at < 4; at += 1)
      connection.send(connection.record(T.data, stream, new Uint8Array(60_000)));
    await until(() => connection.got(T.reject).length === job + 1);
  }
  expect(connection.got(T.window, 0).length).toBeGreaterThan(0);
  expect(connection.closeCode).toBeUndefined();
});

test('an unreadable request fails its job and frees the slot', async () => {
  const connection = await online();
  const body = jsonBody({ messages: 'none' });
  connection.send(connection.record(T.offer, 1, offerBody(body.length)), connection.record(T.data, 1, body));
  await until(() => connection.got(T.fail, 1).length === 1);
  expect(bodyOf(connection, T.fail)).toEqual({ code: 'invalid_request' });
  expect(agent.log).toEqual(['abandon']);
});

test('signs of life are passed on at most once a second', async () => {
  const connection = await online();
  const stream = await running(connection);
  for (let at = 0; at < 10; at += 1) stream.alive();
  timers.advance(1_000);
  stream.alive();
  await until(() => connection.got(T.alive, 1).length === 2);
});

test('an answer over 32 MiB fails and stops the engine', async () => {
  const connection = await online();
  const stream = await running(connection);
  const part = { type: 'text-delta' as const, text: 'x'.repeat(9_000) };
  let granted = 0;
  for (let at = 0; at < 5_000 && connection.got(T.fail, 1).length === 0; at += 1) {
    stream.parts([part]);
    if (at % 10 !== 0) continue;
    await until(() => agent.log.at(-1) !== 'pause' || grant());
  }
  function grant(): boolean {
    const bytes = connection.got(T.data, 1).reduce((sum, record) => sum + record.body.length, 0);
    if (bytes === granted) return agent.log.at(-1) !== 'pause';
    const add = encodeWindow(bytes - granted);
    granted = bytes;
    connection.send(connection.record(T.window, 1, add), connection.record(T.window, 0, add));
    return false;
  }
  await until(() => connection.got(T.fail, 1).length === 1);
  expect(agent.log).toContain('cancel');
  expect(granted).toBeLessThanOrEqual(LINK_LIMITS.resultMaxBytes);
});

test('an engine that ignores a pause is cut off', async () => {
  const connection = await online();
  const stream = await running(connection);
  for (let at = 0; at < 600; at += 1) stream.parts([{ type: 'text-delta', text: 'x'.repeat(9_000) }]);
  await until(() => connection.got(T.fail, 1).length === 1);
  expect(agent.log).toEqual(['start', 'pause', 'cancel']);
});

test('silence of 30 s ends the connection and cancels its jobs; a ping keeps it', async () => {
  const connection = await online();
  await running(connection);
  timers.advance(29_000);
  connection.send(connection.record(T.ping, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
  await until(() => connection.got(T.pong).length === 1);
  expect([...(connection.got(T.pong)[0]?.body ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  timers.advance(28_000);
  expect(agent.log).toEqual(['start']);
  timers.advance(4_000);
  await until(() => agent.states.at(-1)?.state === 'waiting');
  expect(agent.log).toEqual(['start', 'cancel']);
});

test('status goes out every 10 s, capabilities on change and at most once a second', async () => {
  const connection = await online();
  timers.advance(10_000);
  await until(() => connection.got(T.status).length === 2);
  agent.report = { ...CAPABILITIES, slots: { text: 0 } };
  client?.capabilitiesChanged();
  client?.capabilitiesChanged();
  await until(() => connection.got(T.capabilities).length === 2);
  timers.advance(900);
  client?.capabilitiesChanged();
  timers.advance(1_100);
  await until(() => connection.got(T.capabilities).length === 3);
  expect(JSON.parse(Buffer.from(connection.got(T.status).at(-1)?.body ?? []).toString())).toEqual({
    state: 'paused',
    textSlots: 0,
  });
});

test('a report that no gateway would take stops the client and names the field', async () => {
  agent.report = { ...CAPABILITIES, slots: { text: -1 } };
  start();
  (await connected()).welcome();
  await until(() => agent.states.at(-1)?.state === 'stopped');
  expect(agent.states.at(-1)).toMatchObject({ reason: expect.stringContaining('slots.text') });
});

test.each([401, 426])('HTTP %d stops', async (status) => {
  gateway.refusal = { status };
  start();
  await until(() => agent.states.at(-1)?.state === 'stopped');
  timers.advance(600_000);
  expect(gateway.asked).toBe(1);
  expect(timers.pending()).toBe(0);
});

test.each([
  [403, {}, 60_500],
  [502, {}, 500],
  [429, { 'retry-after': '20' }, 20_500],
  [503, { 'retry-after': 'soon' }, 500],
])('HTTP %d with %j waits %d ms', async (status, headers, retryInMs) => {
  gateway.refusal = { status, headers };
  start();
  await until(() => agent.states.at(-1)?.state === 'waiting');
  expect(agent.states.at(-1)).toMatchObject({ retryInMs });
});

test('an address where nobody listens is tried again, later each time; a minute online resets that', async () => {
  const { url } = gateway;
  await gateway.close();
  start(url);
  for (const retryInMs of [500, 500, 1_000, 2_000]) {
    await until(() => agent.states.at(-1)?.state === 'waiting');
    expect(agent.states.at(-1)).toMatchObject({ retryInMs, reason: expect.stringContaining('ECONNREFUSED') });
    timers.advance(retryInMs);
    expect(agent.states.at(-1)?.state).toBe('connecting');
  }
  client?.close();
  gateway = await startRawGateway();
  agent = createPlayedAgent();
  gateway.refusal = { status: 500 };
  start();
  await until(() => agent.states.filter((state) => state.state === 'waiting').length === 3);
  gateway.refusal = undefined;
  const connection = await connected();
  connection.welcome();
  await until(() => agent.states.at(-1)?.state === 'online');
  for (let at = 0; at < 3; at += 1) {
    timers.advance(20_000);
    connection.send(connection.record(T.ping, 0, new Uint8Array(8)));
    await until(() => connection.got(T.pong).length === at + 1);
  }
  connection.socket.terminate();
  await until(() => agent.states.at(-1)?.state === 'waiting');
  expect(agent.states.at(-1)).toMatchObject({ retryInMs: 500 });
});

test('close says goodbye, cancels what runs, and leaves no timer', async () => {
  const connection = await online();
  await running(connection);
  client?.close();
  expect(agent.log).toEqual(['start', 'cancel']);
  await until(() => connection.closeCode === 1000);
  await until(() => timers.pending() === 0);
  expect(agent.states.at(-1)?.state).toBe('online');
});
