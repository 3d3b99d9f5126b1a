import { afterEach, beforeEach, expect, test } from 'vitest';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { encodeStreamSeqs, parseStreamSeqs } from '@switchyard/protocol/link/messages.ts';
import { chatOf } from '../testing/chat.ts';
import { createPlayedAgent } from '../testing/played-agent.ts';
import type { PlayedAgent } from '../testing/played-agent.ts';
import { jsonBody, startRawGateway } from '../testing/raw-gateway.ts';
import type { RawConnection, RawGateway } from '../testing/raw-gateway.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import type { VirtualTimers } from '../testing/virtual-timers.ts';
import { startLinkClient } from './link-client.ts';
import type { JobStream, LinkClient } from './types.ts';

const T = RECORD_TYPES;
const FEATURES = { features: ['resume1'] };

let gateway: RawGateway;
let timers: VirtualTimers;
let agent: PlayedAgent;
let client: LinkClient;

beforeEach(async () => {
  gateway = await startRawGateway();
  timers = createVirtualTimers();
  agent = createPlayedAgent();
  client = startLinkClient({
    gatewayUrl: gateway.url,
    token: 'nk_secret',
    instanceId: 'instance',
    agentVersion: '0.1.0',
    agent,
    random: () => 0.5,
    timers,
  });
});

afterEach(async () => {
  client.close();
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

async function connected(index: number): Promise<RawConnection> {
  await until(() => (gateway.connections[index]?.got(T.hello).length ?? 0) > 0);
  const connection = gateway.connections[index];
  if (connection === undefined) throw new Error('no connection');
  return connection;
}

/** A job that runs, with one part sent: the node's numbers are 1 (accept) and 2 (the part). */
async function streaming(): Promise<{ connection: RawConnection; stream: JobStream }> {
  const connection = await connected(0);
  connection.welcome(FEATURES);
  const body = jsonBody(chatOf('hi'));
  const offer = {
    jobId: 'job_1',
    model: 'small',
    deadlineMs: 100_000,
    estimatedInputTokens: 1,
    bodyBytes: body.length,
  };
  connection.send(connection.record(T.offer, 1, jsonBody(offer)), connection.record(T.data, 1, body));
  await until(() => agent.streams.length === 1);
  const stream = agent.streams[0];
  if (stream === undefined) throw new Error('not started');
  stream.parts([text('a')]);
  await until(() => connection.got(T.data, 1).length === 1);
  return { connection, stream };
}

async function cut(connection: RawConnection): Promise<RawConnection> {
  connection.socket.terminate();
  await until(() => agent.states.at(-1)?.state === 'waiting');
  timers.advance(500);
  return connected(gateway.connections.indexOf(connection) + 1);
}

const text = (value: string) => ({ type: 'text-delta' as const, text: value });
const bodyOf = (connection: RawConnection, type: number): unknown =>
  JSON.parse(Buffer.from(connection.got(type)[0]?.body ?? []).toString());
const pairsOf = (connection: RawConnection, type: number): unknown =>
  connection.got(type).flatMap((record) => parseStreamSeqs(record.body) ?? []);
const onStream = (connection: RawConnection): string[] =>
  connection.received.filter(({ stream }) => stream === 1).map(({ type, seq }) => `${type}:${seq}`);

test('after a cut the node comes back within a second, says what it has, and sends again what was not received', async () => {
  const { connection, stream } = await streaming();
  const next = await cut(connection);
  stream.parts([text('b')]);
  expect(agent.states.at(-2)).toMatchObject({ state: 'waiting', retryInMs: 500 });
  await until(() => next.got(T.resume).length === 1);
  expect(bodyOf(next, T.hello)).toMatchObject({ instanceId: 'instance', resumeSessionId: 's1', ...FEATURES });
  expect(pairsOf(next, T.resume)).toEqual([{ stream: 1, seq: 2 }]);
  next.welcome(FEATURES);
  next.resumed([{ stream: 1, seq: 1 }], { 1: 2 });
  await until(() => next.got(T.data, 1).length === 2);
  expect(onStream(next)).toEqual([`${T.data}:2`, `${T.data}:3`]);
  expect(next.got(T.capabilities)).toHaveLength(1);
  expect(agent.log).toEqual(['start']);
  expect(agent.states.at(-1)).toEqual({ state: 'online', sessionId: 's1' });
});

test('a gateway that begins a new session gets the node without its old job', async () => {
  const { connection } = await streaming();
  const next = await cut(connection);
  next.welcome({ ...FEATURES, sessionId: 's2' });
  await until(() => agent.log.at(-1) === 'cancel');
  await until(() => next.got(T.status).length === 1);
  expect(onStream(next)).toEqual([]);
});

test('a job that the gateway has ended meanwhile is cancelled', async () => {
  const { connection } = await streaming();
  const next = await cut(connection);
  next.welcome(FEATURES);
  next.resumed([]);
  await until(() => agent.log.at(-1) === 'cancel');
  expect(onStream(next)).toEqual([]);
  expect(next.closeCode).toBeUndefined();
});

test.each<[string, (connection: RawConnection) => void]>([
  ['has more than was sent', (gate) => gate.resumed([{ stream: 1, seq: 99 }])],
  ['says something else first', (gate) => gate.send(gate.record(T.ping, 0, new Uint8Array(8)))],
  ['names half a stream', (gate) => gate.send(gate.record(T.resumed, 0, new Uint8Array(5)))],
  [
    'acknowledges more than was sent',
    (gate) => {
      gate.resumed([{ stream: 1, seq: 2 }], { 1: 2 });
      gate.send(gate.record(T.ack, 0, encodeStreamSeqs([{ stream: 1, seq: 99 }])));
    },
  ],
  [
    'sends a record twice',
    (gate) => {
      gate.resumed([{ stream: 1, seq: 2 }], { 1: 1 });
      gate.send(gate.record(T.cancel, 1));
    },
  ],
])('a gateway that %s is left with 4400, and the job is over', async (_name, act) => {
  const { connection } = await streaming();
  const next = await cut(connection);
  next.welcome(FEATURES);
  act(next);
  await until(() => next.closeCode === 4400);
  await until(() => agent.log.at(-1) === 'cancel');
  await until(() => agent.states.at(-1)?.state === 'waiting');
  timers.advance(1_000);
  expect(bodyOf(await connected(2), T.hello)).not.toHaveProperty('resumeSessionId');
});

test('a job waits 15 s for a connection and no longer', async () => {
  const { connection } = await streaming();
  gateway.refusal = { status: 502 };
  connection.socket.terminate();
  await until(() => agent.states.at(-1)?.state === 'waiting');
  timers.advance(14_900);
  expect(agent.log).toEqual(['start']);
  timers.advance(100);
  expect(agent.log).toEqual(['start', 'cancel']);
  gateway.refusal = undefined;
  await until(() => agent.states.at(-1)?.state === 'waiting');
  timers.advance(30_000);
  expect(bodyOf(await connected(1), T.hello)).not.toHaveProperty('resumeSessionId');
});

test('while a job waits, the tries stay close together', async () => {
  const { connection } = await streaming();
  gateway.refusal = { status: 502 };
  connection.socket.terminate();
  const waits = (): number[] =>
    agent.states.flatMap((state) => (state.state === 'waiting' ? [state.retryInMs] : []));
  while (waits().length < 6) {
    const before = waits().length;
    timers.advance(1_000);
    await until(() => waits().length > before);
  }
  expect(waits()).toEqual([500, 500, 1_000, 1_000, 1_000, 1_000]);
});

test('a handshake that still asks for given up jobs is left', async () => {
  const { connection } = await streaming();
  const next = await cut(connection);
  timers.advance(15_000);
  expect(agent.log).toEqual(['start', 'cancel']);
  await until(() => next.closeCode !== undefined);
  timers.advance(1_000);
  expect(bodyOf(await connected(2), T.hello)).not.toHaveProperty('resumeSessionId');
});

test.each([1000, 4408, 4409, 4503])('after a close with %d no job waits', async (code) => {
  const { connection } = await streaming();
  connection.socket.close(code);
  await until(() => agent.log.at(-1) === 'cancel');
});

test('with a job a silent line is given up after 12 s, before the gateway gives the node up', async () => {
  const { connection } = await streaming();
  timers.advance(11_000);
  expect(connection.closeCode).toBeUndefined();
  timers.advance(2_000);
  await until(() => connection.closeCode === 1006);
  timers.advance(500);
  await connected(1);
  expect(agent.log).toEqual(['start']);
});

test('what was received is acknowledged within a second, or at once when it is much', async () => {
  const { connection } = await streaming();
  expect(pairsOf(connection, T.ack)).toEqual([]);
  timers.advance(1_000);
  await until(() => connection.got(T.ack).length > 0);
  expect(pairsOf(connection, T.ack)).toEqual([{ stream: 1, seq: 2 }]);
  const offer = {
    jobId: 'job_2',
    model: 'small',
    deadlineMs: 1_000,
    estimatedInputTokens: 1,
    bodyBytes: 600_000,
  };
  connection.send(connection.record(T.offer, 3, jsonBody(offer)));
  for (let at = 0; at * 60_000 < LINK_LIMITS.ackBytes; at += 1)
    connection.send(connection.record(T.data, 3, new Uint8Array(60_000)));
  await until(() => connection.got(T.ack).length > 1);
  expect(pairsOf(connection, T.ack)).toContainEqual({ stream: 3, seq: 4 });
});

test('the end of an answer is kept until it is acknowledged', async () => {
  const { connection, stream } = await streaming();
  stream.parts([{ type: 'finish', reason: 'stop' }]);
  stream.end();
  await until(() => connection.got(T.finish, 1).length === 1);
  const next = await cut(connection);
  expect(pairsOf(next, T.resume)).toEqual([{ stream: 1, seq: 2 }]);
  next.welcome(FEATURES);
  next.resumed([{ stream: 1, seq: 2 }], { 1: 2 });
  await until(() => next.got(T.finish, 1).length === 1);
  next.send(next.record(T.ack, 0, encodeStreamSeqs([{ stream: 1, seq: 4 }])));
  const last = await cut(next);
  expect(pairsOf(last, T.resume)).toEqual([]);
});

test('close ends a job that waits for a connection, and leaves no timer', async () => {
  const { connection } = await streaming();
  connection.socket.terminate();
  await until(() => agent.states.at(-1)?.state === 'waiting');
  client.close();
  expect(agent.log).toEqual(['start', 'cancel']);
  expect(timers.pending()).toBe(0);
});

test('a node that leaves without a connection waits for its job no longer than its grace', async () => {
  const { connection } = await streaming();
  gateway.refusal = { status: 502 };
  connection.socket.terminate();
  await until(() => agent.states.at(-1)?.state === 'waiting');
  let isDrained = false;
  const drained = client.drain(5_000).then(() => {
    isDrained = true;
  });
  timers.advance(4_900);
  await Promise.resolve();
  expect(isDrained).toBe(false);
  timers.advance(100);
  await drained;
  expect(agent.log).toEqual(['start', 'cancel']);
});

test('a gateway that shuts down without a last word has said with DRAIN when to come back', async () => {
  const { connection } = await streaming();
  connection.send(connection.record(T.drain, 0, jsonBody({ graceMs: 1_000, retryAfterMs: 20_000 })));
  connection.send(connection.record(T.ping, 0, new Uint8Array(8)));
  await until(() => connection.got(T.pong).length === 1);
  connection.socket.terminate();
  await until(() => agent.states.at(-1)?.state === 'waiting');
  expect(agent.states.at(-1)).toMatchObject({ retryInMs: 20_500 });
});

test('a gateway that takes newer connectors only stops the node, and says which', async () => {
  const connection = await connected(0);
  connection.send(connection.record(T.goaway, 0, jsonBody({ closeCode: 4426, minAgentVersion: '9.1.0' })));
  connection.socket.close(4426);
  await until(() => agent.states.at(-1)?.state === 'stopped');
  expect(agent.states.at(-1)).toEqual({
    state: 'stopped',
    reason:
      'This connector is too old for the gateway. Update it to version 9.1.0 or newer, and start it again.',
  });
});
