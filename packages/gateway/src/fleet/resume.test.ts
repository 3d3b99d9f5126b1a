import { expect, test } from 'vitest';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { encodeStreamSeqs, parseStreamSeqs } from '@switchyard/protocol/link/messages.ts';
import type { StreamSeq } from '@switchyard/protocol/link/replay.ts';
import type { RawNode } from '../testing/raw-node.ts';
import { attemptRequestOf, createRecordingSink } from '../testing/recording-sink.ts';
import { createSessionBench, IDENTITY, settle, wantOf } from '../testing/session-setup.ts';
import type { Peer } from '../testing/session-setup.ts';

const T = RECORD_TYPES;
const RESUMABLE = { features: ['resume1'] };
const LOST = { code: 'upstream_failed', blame: 'target', cause: 'node-lost' };
const FINISH = { type: 'finish' as const, reason: 'stop' as const };
const text = (value: string) => ({ type: 'text-delta' as const, text: value });

/** A node with `resume1` and one job that has brought a part: the node's numbers 1 (accept) and 2 (the part) are taken. */
async function streaming() {
  const bench = createSessionBench();
  const peer = await bench.ready(IDENTITY, RESUMABLE);
  const job = bench.start('secret prompt');
  await settle();
  peer.node.send(peer.node.record(T.accept, 1), peer.node.part(1, text('a')));
  const { sessionId } = peer.session;
  const received = peer.node.got(T.offer).length + peer.node.got(T.data, 1).length;
  return { bench, peer, ...job, sessionId, received };
}

/** The node's next line, with the session that it wants to go on with. */
function comeBack(
  bench: ReturnType<typeof createSessionBench>,
  session: { id: string; seqs?: Record<number, number> },
  received: StreamSeq[],
  instanceId?: string,
): Peer {
  const peer = bench.connect();
  peer.node.resume(session, received, instanceId);
  return peer;
}

const sessionIdOf = (node: RawNode): unknown =>
  (JSON.parse(Buffer.from(node.got(T.welcome)[0]?.body ?? []).toString()) as { sessionId: unknown })
    .sessionId;
const pairsOf = (node: RawNode, type: number): StreamSeq[] =>
  node.got(type).flatMap((record) => parseStreamSeqs(record.body) ?? []);

test('both sides are told resume1 and agree on it', async () => {
  const { peer } = await streaming();
  const welcome = JSON.parse(Buffer.from(peer.node.got(T.welcome)[0]?.body ?? []).toString()) as object;
  expect(welcome).toMatchObject(RESUMABLE);
});

test('a node that comes back goes on where it was: the client sees a pause and nothing else', async () => {
  const { bench, peer, sink, sessionId, received } = await streaming();
  peer.line.onSocketClosed(1006);
  expect(bench.registry.nodes()).toMatchObject([{ sessionId, state: 'reconnecting' }]);
  // Its slot stays taken, and no one is told that nobody serves the model.
  expect(bench.registry.acquire(wantOf())).toBe('busy');
  expect(bench.registry.availability('main', 'small').nodesOnline).toBe(0);
  bench.pass(9_750);
  expect(sink.fault).toBeUndefined();

  const { node } = comeBack(bench, { id: sessionId, seqs: { 1: 2 } }, [{ stream: 1, seq: received }]);
  await settle();
  expect(sessionIdOf(node)).toBe(sessionId);
  expect(pairsOf(node, T.resumed)).toEqual([{ stream: 1, seq: 2 }]);
  expect(node.got(T.offer)).toEqual([]);
  expect(bench.free()).toBe(1);
  node.send(node.part(1, text('b')), node.part(1, FINISH), node.record(T.finish, 1));
  expect(sink.text()).toBe('ab');
  expect(sink.ended).toBe(true);
  expect(bench.free()).toBe(2);
  expect(bench.seen.closedWith).toEqual([]);
  expect(bench.log.lines.join('\n')).not.toMatch(/secret|^error|^warn/m);
});

test('a part that was received before is refused: nothing comes twice', async () => {
  const { bench, peer, sink, sessionId, received } = await streaming();
  peer.line.onSocketClosed(1006);
  const { node, socket } = comeBack(bench, { id: sessionId, seqs: { 1: 1 } }, [{ stream: 1, seq: received }]);
  node.send(node.part(1, text('a')));
  expect(socket.closed?.code).toBe(4400);
  expect(sink.text()).toBe('a');
  expect(sink.fault).toEqual(LOST);
});

test('without the node for 10 s its jobs are lost', async () => {
  const { bench, peer, sink } = await streaming();
  peer.line.onSocketClosed(1006);
  bench.pass(9_750);
  expect(sink.fault).toBeUndefined();
  bench.pass(250);
  expect(sink.fault).toEqual(LOST);
  expect(bench.registry.nodes()).toEqual([]);
  expect(bench.seen.closedWith).toEqual([1006]);
  expect(bench.clock.pendingTimers()).toBe(0);
});

test('a job without a first part goes to another node after 2 s; the node is told to stop when it is back', async () => {
  const bench = createSessionBench();
  const peer = await bench.ready(IDENTITY, RESUMABLE);
  const { sink } = bench.start();
  await settle();
  peer.node.send(peer.node.record(T.accept, 1));
  peer.line.onSocketClosed(1006);
  bench.pass(1_750);
  expect(sink.fault).toBeUndefined();
  bench.pass(250);
  expect(sink.fault).toEqual(LOST);
  const { node } = comeBack(bench, { id: peer.session.sessionId, seqs: { 1: 1 } }, [{ stream: 1, seq: 2 }]);
  await settle();
  expect(node.got(T.cancel, 1)).toHaveLength(1);
  expect(bench.free()).toBe(1);
  node.send(node.record(T.cancelled, 1));
  expect(bench.free()).toBe(2);
});

test.each<[string, (peer: Peer, bench: Awaited<ReturnType<typeof streaming>>['bench']) => void]>([
  ['says goodbye', ({ line }) => line.onSocketClosed(1000)],
  ['closes with a code of its own', ({ line }) => line.onSocketClosed(4400)],
  ['is silent for too long', (_peer, bench) => bench.pass(15_000)],
  ['breaks the protocol', ({ node }) => node.hello()],
  [
    'starts anew',
    ({ line }, bench) => {
      line.onSocketClosed(1006);
      bench.connect().node.hello({ instanceId: 'two', features: ['resume1'] });
    },
  ],
  [
    'is revoked while it is away',
    ({ line }, bench) => {
      line.onSocketClosed(1006);
      bench.sessions.disconnect('node_1', 'revoked');
    },
  ],
  [
    'is away when the gateway shuts down',
    ({ line }, bench) => {
      line.onSocketClosed(1006);
      bench.sessions.drain({ retryAfterMs: 1, graceMs: 1 });
    },
  ],
  [
    'is lost while the gateway shuts down',
    ({ line }, bench) => {
      bench.sessions.drain({ retryAfterMs: 1, graceMs: 1 });
      line.onSocketClosed(1006);
    },
  ],
])('a node that %s is not waited for', async (_name, act) => {
  const { bench, peer, sink } = await streaming();
  act(peer, bench);
  expect(sink.fault).toEqual(LOST);
  expect(bench.registry.nodes().filter(({ state }) => state === 'reconnecting')).toEqual([]);
});

test('a node without the feature, or without jobs, is not waited for', async () => {
  const bench = createSessionBench();
  const plain = await bench.ready(IDENTITY);
  const { sink } = bench.start();
  plain.node.send(plain.node.record(T.accept, 1), plain.node.part(1, text('a')));
  plain.line.onSocketClosed(1006);
  expect(sink.fault).toEqual(LOST);
  const idle = await bench.ready(IDENTITY, RESUMABLE);
  idle.line.onSocketClosed(1006);
  expect(bench.registry.nodes()).toEqual([]);
});

test.each<[string, (own: string) => { id: string; instanceId: string }]>([
  ['another session', () => ({ id: 'other', instanceId: 'one' })],
  ['another run of the program', (own) => ({ id: own, instanceId: 'two' })],
])('a node that names %s gets a new one, and the old jobs are lost', async (_name, name) => {
  const { bench, peer, sink, sessionId } = await streaming();
  peer.line.onSocketClosed(1006);
  const { id, instanceId } = name(sessionId);
  const { node, socket } = comeBack(bench, { id, seqs: {} }, [{ stream: 1, seq: 1 }], instanceId);
  await settle();
  expect(sink.fault).toEqual(LOST);
  expect(node.got(T.resumed)).toEqual([]);
  expect(sessionIdOf(node)).not.toBe(sessionId);
  node.capabilities();
  expect(bench.free()).toBe(2);
  expect(socket.closed).toBeUndefined();
});

test("another node cannot take a session over, and a session's end is final", async () => {
  const { bench, peer, sink, sessionId } = await streaming();
  peer.line.onSocketClosed(1006);
  const thief = bench.connect({ ...IDENTITY, nodeId: 'node_2' });
  thief.node.resume({ id: sessionId }, [{ stream: 1, seq: 1 }]);
  await settle();
  expect(sessionIdOf(thief.node)).not.toBe(sessionId);
  expect(sink.fault).toBeUndefined();
  bench.pass(10_000);
  const late = comeBack(bench, { id: sessionId }, []);
  await settle();
  expect(sessionIdOf(late.node)).not.toBe(sessionId);
});

test('a node whose loss was not noticed here takes its session over; the old line is closed', async () => {
  const { bench, peer, sink, sessionId, received } = await streaming();
  const { node } = comeBack(bench, { id: sessionId, seqs: { 1: 2 } }, [{ stream: 1, seq: received }]);
  await settle();
  expect(peer.socket.closed).toEqual({ code: 4409, reason: 'resumed' });
  peer.line.onSocketClosed(1006);
  peer.line.onMessage(Uint8Array.of(1));
  node.send(node.part(1, text('b')));
  expect(sink.text()).toBe('ab');
  expect(bench.registry.nodes()).toMatchObject([{ sessionId, state: 'ready' }]);
});

test.each<[string, (received: number) => StreamSeq[]]>([
  [
    'a stream that was never opened',
    (received) => [
      { stream: 1, seq: received },
      { stream: 99, seq: 1 },
    ],
  ],
  ['records that were never sent', (received) => [{ stream: 1, seq: received + 1 }]],
  ['less than it has acknowledged', () => [{ stream: 1, seq: 0 }]],
  ['nothing of a stream that it has acknowledged', () => []],
])('a node that comes back with %s closes with 4400 and loses its jobs', async (_name, pairs) => {
  const { bench, peer, sink, sessionId, received } = await streaming();
  peer.node.send(peer.node.record(T.ack, 0, encodeStreamSeqs([{ stream: 1, seq: received }])));
  peer.line.onSocketClosed(1006);
  const { socket } = comeBack(bench, { id: sessionId, seqs: { 1: 2 } }, pairs(received));
  expect(socket.closed?.code).toBe(4400);
  expect(sink.fault).toEqual(LOST);
  expect(bench.registry.nodes()).toEqual([]);
});

test.each<[string, (peer: Peer, id: string) => void]>([
  [
    'no RESUME behind such a HELLO',
    ({ node }, id) => {
      node.hello({ ...RESUMABLE, resumeSessionId: id });
      node.capabilities();
    },
  ],
  [
    'RESUME without the feature',
    ({ node }, id) => {
      node.hello({ resumeSessionId: id });
      node.send(node.record(T.resume, 0, encodeStreamSeqs([])));
    },
  ],
  [
    'half a pair',
    ({ node }, id) => {
      node.hello({ ...RESUMABLE, resumeSessionId: id });
      node.send(node.record(T.resume, 0, new Uint8Array(7)));
    },
  ],
  [
    'a stream twice',
    ({ node }, id) => {
      node.hello({ ...RESUMABLE, resumeSessionId: id });
      node.send(
        node.record(
          T.resume,
          0,
          encodeStreamSeqs([
            { stream: 1, seq: 1 },
            { stream: 1, seq: 1 },
          ]),
        ),
      );
    },
  ],
])('%s closes with 4400 and leaves the session waiting', async (_name, act) => {
  const { bench, peer, sink, sessionId, received } = await streaming();
  peer.line.onSocketClosed(1006);
  const wrong = bench.connect();
  act(wrong, sessionId);
  expect(wrong.socket.closed?.code).toBe(4400);
  expect(sink.fault).toBeUndefined();
  comeBack(bench, { id: sessionId, seqs: { 1: 2 } }, [{ stream: 1, seq: received }]);
  expect(bench.registry.nodes()).toMatchObject([{ state: 'ready' }]);
});

test('a node that names a session and says no more is closed after 5 s', async () => {
  const { bench, peer, sessionId } = await streaming();
  peer.line.onSocketClosed(1006);
  const wrong = bench.connect();
  wrong.node.hello({ ...RESUMABLE, resumeSessionId: sessionId });
  bench.pass(5_000);
  expect(wrong.socket.closed).toEqual({ code: 4400, reason: 'no hello' });
});

test('what the node did not get is sent again in its order: an offer, its request, and a cancel', async () => {
  const { bench, peer, sessionId } = await streaming();
  // These leave into a line that is dead already.
  const second = bench.start('another');
  second.attempt.cancel();
  await settle();
  peer.line.onSocketClosed(1006);
  const { node } = comeBack(bench, { id: sessionId, seqs: { 1: 2 } }, [{ stream: 1, seq: 1 }]);
  await settle();
  const shape = node.received
    .filter(({ stream }) => stream > 0)
    .map(({ stream, type, seq }) => [stream, type, seq]);
  expect(shape).toEqual([
    [1, T.data, 2],
    [3, T.offer, 1],
    [3, T.cancel, 2],
  ]);
});

test('a client that leaves while the node is away is cancelled when it is back', async () => {
  const { bench, peer, attempt, sessionId, received } = await streaming();
  peer.line.onSocketClosed(1006);
  attempt.cancel();
  const { node } = comeBack(bench, { id: sessionId, seqs: { 1: 2 } }, [{ stream: 1, seq: received }]);
  await settle();
  expect(node.got(T.cancel, 1)).toHaveLength(1);
  node.send(node.part(1, text('late')), node.record(T.cancelled, 1));
  expect(bench.free()).toBe(2);
});

test('a slot that was taken before the loss and used after it fails as lost', async () => {
  const { bench, peer } = await streaming();
  const slot = bench.slot();
  peer.line.onSocketClosed(1006);
  const sink = createRecordingSink();
  slot.start(attemptRequestOf('hi'), sink);
  await sink.done;
  expect(sink.fault).toEqual(LOST);
});

test('what comes is acknowledged: at once when it is much or the job is over, else within a second', async () => {
  const { bench, peer } = await streaming();
  const { node } = peer;
  expect(pairsOf(node, T.ack)).toEqual([]);
  bench.pass(1_000);
  await settle();
  expect(pairsOf(node, T.ack)).toEqual([{ stream: 1, seq: 2 }]);
  bench.pass(5_000);
  await settle();
  expect(pairsOf(node, T.ack)).toHaveLength(1);
  node.send(...Array.from({ length: LINK_LIMITS.ackRecords }, () => node.part(1, text('x'))));
  await settle();
  expect(pairsOf(node, T.ack).at(-1)).toEqual({ stream: 1, seq: 2 + LINK_LIMITS.ackRecords });
  node.send(node.part(1, FINISH), node.record(T.finish, 1));
  await settle();
  expect(pairsOf(node, T.ack).at(-1)).toEqual({ stream: 1, seq: 4 + LINK_LIMITS.ackRecords });
});

test.each([
  ['of records that were never sent', encodeStreamSeqs([{ stream: 1, seq: 99 }])],
  ['of the connection', encodeStreamSeqs([{ stream: 0, seq: 1 }])],
  ['without whole pairs', new Uint8Array(9)],
])('an acknowledgement %s closes with 4400', async (_name, body) => {
  const { peer } = await streaming();
  peer.node.send(peer.node.record(T.ack, 0, body));
  expect(peer.socket.closed?.code).toBe(4400);
});

test('a connector that is too old is told which one to take, and is no session', () => {
  const bench = createSessionBench({ minAgentVersion: '1.2.0' });
  for (const agentVersion of ['1.1.9', '0.9.0', 'newest', '1.2']) {
    const { node, socket } = bench.connect();
    node.hello({ agentVersion });
    expect(socket.closed).toEqual({ code: 4426, reason: 'update the connector to 1.2.0 or newer' });
    expect(node.got(T.goaway).map(({ body }) => JSON.parse(Buffer.from(body).toString()) as unknown)).toEqual(
      [{ closeCode: 4426, minAgentVersion: '1.2.0' }],
    );
  }
  for (const agentVersion of ['1.2.0', '1.2.1-beta.1', '1.10.0', '2.0.0']) {
    const { node, socket } = bench.connect();
    node.hello({ agentVersion });
    expect(socket.closed).toBeUndefined();
  }
  expect(bench.registry.nodes()).toHaveLength(1);
});
