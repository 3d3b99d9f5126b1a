import { expect, test } from 'vitest';
import { RECORD_FLAGS, RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { encodeWindow } from '@switchyard/protocol/link/messages.ts';
import { capabilitiesOf, jsonBody, modelOf } from '../testing/raw-node.ts';
import { createSessionBench, IDENTITY, settle, wantOf } from '../testing/session-setup.ts';
import type { Peer } from '../testing/session-setup.ts';

const T = RECORD_TYPES;
const text = (value: string) => ({ type: 'text-delta' as const, text: value });

test('hello is answered with welcome, and capabilities make the node available', async () => {
  const bench = createSessionBench();
  const { node, line } = bench.connect();
  expect(bench.registry.nodes()).toEqual([]);
  node.hello();
  await settle();
  const welcome = JSON.parse(Buffer.from(node.got(T.welcome)[0]?.body ?? []).toString()) as object;
  expect(welcome).toMatchObject({
    sessionId: line.session?.sessionId,
    epoch: 1,
    heartbeatMs: 10_000,
    features: [],
  });
  expect(bench.registry.acquire(wantOf())).toBe('none');
  node.capabilities();
  expect(bench.registry.availability('main', 'small')).toEqual({ nodesOnline: 1, slots: 2, freeSlots: 2 });
  expect(bench.registry.nodes()[0]).toMatchObject({
    nodeId: 'node_1',
    pool: 'main',
    engine: 'demo 1',
    state: 'ready',
    models: [{ alias: 'small', contextTokens: 8_192, slots: 2, busySlots: 0 }],
  });
  expect(bench.seen.capacity).toBeGreaterThan(0);
});

test('capabilities may come in slices', async () => {
  const bench = createSessionBench();
  const { node } = bench.connect();
  node.hello();
  const models = Array.from({ length: 200 }, (_, at) =>
    modelOf({ alias: `m${at}`, localName: 'x'.repeat(250) }),
  );
  const body = jsonBody(capabilitiesOf(models));
  expect(body.length).toBeGreaterThan(LINK_LIMITS.recordBodyMaxBytes);
  const cut = 60_000;
  node.send(node.record(T.capabilities, 0, body.subarray(0, cut), { flags: 0 }));
  expect(bench.registry.availability('main', 'm199').nodesOnline).toBe(0);
  node.send(node.record(T.capabilities, 0, body.subarray(cut)));
  expect(bench.registry.availability('main', 'm199').nodesOnline).toBe(1);
});

/** Each entry: what the node does after hello and capabilities with one accepted job on stream 1, and the close code. */
const BREACHES: [string, number, (peer: Peer) => void][] = [
  ['garbage', 4400, ({ line }) => line.onMessage(Uint8Array.of(9, 9, 9))],
  ['an empty message', 4400, ({ line }) => line.onMessage(new Uint8Array(0))],
  [
    'a message over 64 KiB',
    4413,
    ({ line }) => line.onMessage(new Uint8Array(LINK_LIMITS.messageMaxBytes + 1)),
  ],
  ['hello again', 4400, ({ node }) => node.hello()],
  ['a number left out', 4400, ({ node }) => node.send(node.record(T.alive, 1, undefined, { seq: 9 }))],
  ['a number twice', 4400, ({ node }) => node.send(node.record(T.alive, 1, undefined, { seq: 1 }))],
  [
    'a number left out on the connection',
    4400,
    ({ node }) => node.send(node.record(T.pong, 0, undefined, { seq: 9 })),
  ],
  ['an unknown type', 4400, ({ node }) => node.send(node.record(99, 0))],
  ['an unknown type on a job', 4400, ({ node }) => node.send(node.record(99, 1))],
  ['a type of the gateway', 4400, ({ node }) => node.send(node.record(T.offer, 1, jsonBody({})))],
  ['a welcome', 4400, ({ node }) => node.send(node.record(T.welcome, 0, jsonBody({})))],
  ['a job type on the connection', 4400, ({ node }) => node.send(node.record(T.finish, 0))],
  ['a connection type on a job', 4400, ({ node }) => node.send(node.record(T.status, 1, jsonBody({})))],
  ['a stream that was never opened', 4400, ({ node }) => node.send(node.record(T.alive, 99))],
  ['an even stream', 4400, ({ node }) => node.send(node.record(T.alive, 2))],
  ['accept twice', 4400, ({ node }) => node.send(node.record(T.accept, 1))],
  [
    'reject after accept',
    4400,
    ({ node }) => node.send(node.record(T.reject, 1, jsonBody({ reason: 'busy' }))),
  ],
  ['cancelled without cancel', 4400, ({ node }) => node.send(node.record(T.cancelled, 1))],
  ['finish without the finish part', 4400, ({ node }) => node.send(node.record(T.finish, 1))],
  [
    'an unknown fail code',
    4400,
    ({ node }) => node.send(node.record(T.fail, 1, jsonBody({ code: 'tired' }))),
  ],
  ['a part that is no JSON', 4400, ({ node }) => node.send(node.record(T.data, 1, Uint8Array.of(0xff)))],
  ['an empty part', 4400, ({ node }) => node.send(node.record(T.data, 1))],
  [
    'a bad part',
    4400,
    ({ node }) => node.send(node.record(T.data, 1, jsonBody({ type: 'text-delta', text: 7 }))),
  ],
  [
    'a part after finish',
    4400,
    ({ node }) => node.send(node.part(1, { type: 'finish', reason: 'stop' }), node.part(1, text('more'))),
  ],
  ['a window of the wrong size', 4400, ({ node }) => node.send(node.record(T.window, 1, new Uint8Array(3)))],
  [
    'credit that was never spent',
    4400,
    ({ node }) => node.send(node.record(T.window, 1, encodeWindow(1 << 20))),
  ],
  [
    'connection credit that was never spent',
    4400,
    ({ node }) => node.send(node.record(T.window, 0, encodeWindow(5e6))),
  ],
  ['a ping of the wrong size', 4400, ({ node }) => node.send(node.record(T.ping, 0, new Uint8Array(9)))],
  ['bad status', 4400, ({ node }) => node.send(node.record(T.status, 0, jsonBody({ state: 'x' })))],
  ['bad drain', 4400, ({ node }) => node.send(node.record(T.drain, 0, jsonBody({ graceMs: -1 })))],
  [
    'bad capabilities',
    4400,
    ({ node }) => node.send(node.record(T.capabilities, 0, jsonBody({ models: 1 }))),
  ],
  [
    'capabilities without end',
    4413,
    ({ node, socket }) => {
      const slice = new Uint8Array(60_000);
      for (let at = 0; at < 40 && socket.closed === undefined; at += 1) {
        node.send(node.record(T.capabilities, 0, slice, { flags: 0 }));
      }
    },
  ],
  [
    'capabilities without pause',
    4429,
    ({ node, socket }) => {
      for (let at = 0; at < 20 && socket.closed === undefined; at += 1) node.capabilities();
    },
  ],
  [
    'signs of life without pause',
    4429,
    ({ node, socket }) => {
      for (let at = 0; at < 3_000 && socket.closed === undefined; at += 1) node.send(node.record(T.alive, 1));
    },
  ],
];

test.each(BREACHES)(
  '%s closes with %d, fails the jobs as lost and leaks nothing',
  async (_name, code, breach) => {
    const bench = createSessionBench();
    const peer = await bench.ready();
    const { sink } = bench.start('secret prompt');
    const waiting = bench.start('secret prompt');
    peer.node.send(peer.node.record(T.accept, 1));
    breach(peer);
    expect(peer.socket.closed?.code).toBe(code);
    expect(sink.fault).toEqual({ code: 'upstream_failed', blame: 'target', cause: 'node-lost' });
    expect(waiting.sink.fault?.cause).toBe('node-lost');
    expect(bench.registry.nodes()).toEqual([]);
    expect(bench.seen.closedWith).toEqual([code]);
    expect(bench.log.lines.join('\n')).not.toMatch(/secret|tired|^error/m);
    // Dead is dead: what still arrives does nothing.
    peer.line.onMessage(Uint8Array.of(1));
    peer.line.onSocketClosed(1006);
    expect(bench.seen.closedWith).toEqual([code]);
  },
);

test.each([
  ['nothing but hello may come first', (peer: Peer) => peer.node.capabilities()],
  [
    'hello must have the number 1',
    (peer: Peer) => peer.node.send(peer.node.record(T.hello, 0, jsonBody({}), { seq: 2 })),
  ],
  [
    'hello must be whole',
    (peer: Peer) => peer.node.send(peer.node.record(T.hello, 0, jsonBody({ instanceId: 1 }))),
  ],
])('%s', (_name, act) => {
  const bench = createSessionBench();
  const peer = bench.connect();
  act(peer);
  expect(peer.socket.closed?.code).toBe(4400);
});

test('an optional unknown record is ignored, and its number counts', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { sink } = bench.start();
  node.send(node.record(99, 0, jsonBody({}), { flags: RECORD_FLAGS.optional }));
  node.send(node.record(T.accept, 1), node.record(99, 1, undefined, { flags: RECORD_FLAGS.optional }));
  node.send(node.part(1, text('still here')));
  expect(socket.closed).toBeUndefined();
  expect(sink.text()).toBe('still here');
});

test('hello must come within 5 s', () => {
  const bench = createSessionBench();
  const { socket } = bench.connect();
  bench.pass(4_750);
  expect(socket.closed).toBeUndefined();
  bench.pass(250);
  expect(socket.closed).toEqual({ code: 4400, reason: 'no hello' });
});

test('an idle node is pinged every 10 s and given up after 25 s of silence', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  bench.pass(10_000);
  await settle();
  expect(node.got(T.ping)).toHaveLength(1);
  bench.pass(14_750);
  await settle();
  expect(node.got(T.ping)).toHaveLength(2);
  expect(socket.closed).toBeUndefined();
  bench.pass(250);
  expect(socket.closed?.code).toBe(4408);
});

test('a busy node is pinged every 5 s and given up after 15 s; its jobs fail', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { sink } = bench.start();
  node.send(node.record(T.accept, 1), node.part(1, text('a')));
  bench.pass(14_750);
  await settle();
  expect(node.got(T.ping)).toHaveLength(2);
  expect(sink.fault).toBeUndefined();
  bench.pass(250);
  expect(socket.closed?.code).toBe(4408);
  expect(sink.fault?.cause).toBe('node-lost');
  expect(bench.clock.pendingTimers()).toBe(0);
});

test('pong gives the round trip, a wrong or late one does not', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  bench.pass(10_000);
  await settle();
  const ping = node.got(T.ping)[0];
  bench.clock.advance(40);
  node.send(node.record(T.pong, 0, new Uint8Array(8)));
  expect(bench.registry.nodes()[0]?.roundTripMs).toBe(0);
  node.send(node.record(T.pong, 0, ping?.body ?? new Uint8Array(0)));
  expect(bench.registry.nodes()[0]?.roundTripMs).toBe(40);
  bench.clock.advance(500);
  node.send(node.record(T.pong, 0, ping?.body ?? new Uint8Array(0)));
  expect(bench.registry.nodes()[0]?.roundTripMs).toBe(40);
});

test("a node's ping is answered with its body", async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  node.send(node.record(T.ping, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
  await settle();
  expect([...(node.got(T.pong)[0]?.body ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a newer session of the same node replaces the older, whose late goodbye changes nothing', async () => {
  const bench = createSessionBench();
  const older = await bench.ready();
  const { sink } = bench.start();
  const newer = await bench.ready();
  expect(older.socket.closed).toEqual({ code: 4409, reason: 'replaced' });
  expect(sink.fault?.cause).toBe('node-lost');
  older.line.onSocketClosed(1006);
  expect(bench.registry.nodes().map((node) => node.sessionId)).toEqual([newer.session.sessionId]);
  expect(bench.free()).toBe(2);
});

test('an unfinished handshake does not replace a session', async () => {
  const bench = createSessionBench();
  const older = await bench.ready();
  bench.connect();
  expect(older.socket.closed).toBeUndefined();
});

test('status changes slots and state; a paused or down node gets no jobs', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  const status = (state: string, textSlots: number) =>
    node.send(node.record(T.status, 0, jsonBody({ state, textSlots })));
  const before = bench.seen.capacity;
  status('ready', 1);
  expect(bench.free()).toBe(1);
  expect(bench.seen.capacity).toBe(before + 1);
  status('paused', 1);
  expect(bench.registry.nodes()[0]?.state).toBe('paused');
  expect(bench.registry.acquire(wantOf())).toBe('none');
  status('ready', 0);
  expect(bench.registry.nodes()[0]?.state).toBe('engine-down');
  status('ready', 2);
  expect(bench.free()).toBe(2);
});

test('a node that drains gets no new jobs and keeps the running one', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const { sink } = bench.start();
  node.send(node.record(T.drain, 0, jsonBody({ graceMs: 1_000 })));
  expect(bench.registry.acquire(wantOf())).toBe('none');
  expect(bench.registry.nodes()[0]?.state).toBe('draining');
  node.send(node.record(T.accept, 1), node.part(1, text('on')));
  expect(sink.text()).toBe('on');
  expect(socket.closed).toBeUndefined();
});

test('a draining gateway lets the last job end, says when to come back, and closes', async () => {
  const bench = createSessionBench();
  const { node, socket, session } = await bench.ready();
  const { sink } = bench.start();
  session.drain({ retryAfterMs: 7_000, graceMs: 30_000 });
  await settle();
  expect(node.got(T.drain)).toHaveLength(1);
  expect(socket.closed).toBeUndefined();
  node.send(
    node.record(T.accept, 1),
    node.part(1, { type: 'finish', reason: 'stop' }),
    node.record(T.finish, 1),
  );
  expect(sink.ended).toBe(true);
  const goAway = JSON.parse(Buffer.from(node.got(T.goaway)[0]?.body ?? []).toString()) as object;
  expect(goAway).toEqual({ closeCode: 4503, retryAfterMs: 7_000 });
  expect(socket.closed?.code).toBe(4503);
});

test('models of somebody else are left out on shared nodes and kept on private ones', async () => {
  const bench = createSessionBench();
  const models = [modelOf({ alias: 'cloud', remoteBacked: true })];
  const shared = await bench.ready();
  shared.node.capabilities(capabilitiesOf(models));
  const mine = await bench.ready({ ...IDENTITY, nodeId: 'node_2', kind: 'private', pool: 'mine' });
  mine.node.capabilities(capabilitiesOf(models));
  expect(bench.registry.acquire(wantOf({ model: 'cloud' }))).toBe('none');
  expect(
    bench.registry.acquire(wantOf({ model: 'cloud', pool: 'mine', accountId: IDENTITY.accountId })),
  ).toMatchObject({
    nodeId: 'node_2',
  });
});

test('slots are counted per model and per node; release and excluded nodes are honoured', async () => {
  const bench = createSessionBench();
  const { node } = await bench.ready();
  node.capabilities(capabilitiesOf([modelOf({ slots: 2 }), modelOf({ alias: 'big', slots: 3 })], 3));
  const slots = [bench.slot(), bench.slot()];
  expect(bench.registry.acquire(wantOf())).toBe('busy');
  const big = bench.slot({ model: 'big' });
  expect(bench.registry.acquire(wantOf({ model: 'big' }))).toBe('busy');
  expect(bench.registry.acquire(wantOf({ excludedNodes: new Set(['node_1']) }))).toBe('none');
  expect(bench.registry.acquire(wantOf({ pool: 'other' }))).toBe('none');
  big.release();
  big.release();
  expect(bench.registry.availability('main', 'big').freeSlots).toBe(1);
  for (const slot of slots) slot.release();
  expect(bench.registry.availability('main', 'big').freeSlots).toBe(3);
});

test('a line that reads nothing is given up when control records pile up', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  socket.bufferBytes = LINK_LIMITS.socketBufferMaxBytes;
  for (let round = 0; round < 200 && socket.closed === undefined; round += 1) {
    for (let at = 0; at < 1_000; at += 1) node.send(node.record(T.ping, 0, new Uint8Array(8)));
    bench.clock.advance(4_000);
  }
  expect(socket.closed?.code).toBe(4429);
});

test('a fault of ours ends the one session with 1011 and tells nothing of the content', async () => {
  const bench = createSessionBench();
  const { node, socket } = await bench.ready();
  const slot = bench.slot();
  const { sink } = bench.start();
  slot.release();
  sink.onParts = () => {
    throw new Error('secret part');
  };
  node.send(node.record(T.accept, 1), node.part(1, text('secret part')));
  expect(socket.closed?.code).toBe(1011);
  expect(sink.fault?.cause).toBe('node-lost');
  expect(bench.log.lines.join()).toContain('node_session_failed');
  expect(bench.log.lines.join()).not.toContain('secret');
});
