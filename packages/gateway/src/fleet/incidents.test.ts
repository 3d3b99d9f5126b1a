import { expect, test } from 'vitest';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { capabilitiesOf, jsonBody, modelOf } from '../testing/raw-node.ts';
import { createSessionBench, IDENTITY, settle, wantOf } from '../testing/session-setup.ts';
import type { Peer } from '../testing/session-setup.ts';

/** What several jobs that fail together say about their node. */

const T = RECORD_TYPES;
const JOBS = 8;
const RESUMABLE = { features: ['resume1'] };

type Bench = ReturnType<typeof createSessionBench>;

async function connected(bench: Bench, hello?: { features: string[] }): Promise<Peer> {
  const peer = await bench.ready(IDENTITY, hello);
  peer.node.capabilities(capabilitiesOf([modelOf({ slots: JOBS })], JOBS));
  return peer;
}

/** Starts jobs on all slots of the node, which accepts them all. Gives their streams. */
async function busy(bench: Bench, { node }: Peer): Promise<number[]> {
  const before = node.got(T.offer).length;
  for (let at = 0; at < JOBS; at += 1) bench.start();
  await settle();
  const streams = node
    .got(T.offer)
    .slice(before)
    .map(({ stream }) => stream);
  node.send(...streams.map((stream) => node.record(T.accept, stream)));
  return streams;
}

const breakerOf = (bench: Bench): unknown => bench.registry.nodes()[0]?.models[0]?.breaker;

/** Ways of a node to lose all of its jobs at once. */
const INCIDENTS: [string, (peer: Peer) => void][] = [
  ['its line breaks', ({ line }) => line.onSocketClosed(1006)],
  ['it says goodbye', ({ line }) => line.onSocketClosed(1000)],
  ['it breaks the protocol', ({ node }) => node.hello()],
];

test.each(INCIDENTS)(
  'a node with many jobs is tried again at once when %s, but not for the third time',
  async (_how, lose) => {
    const bench = createSessionBench();
    for (let count = 1; count <= 3; count += 1) {
      const peer = await connected(bench);
      expect(breakerOf(bench)).toBe('closed');
      bench.pass(1_000);
      await busy(bench, peer);
      bench.pass(1_000);
      lose(peer);
    }
    await connected(bench);
    expect(breakerOf(bench)).toBe('open');
    expect(bench.registry.acquire(wantOf())).toBe('none');
    bench.pass(30_000);
    await connected(bench);
    expect(bench.slot().nodeId).toBe('node_1');
    expect(bench.registry.acquire(wantOf())).toBe('none');
  },
);

test('jobs that are given up one after another because of one broken line count once', async () => {
  const bench = createSessionBench();
  const peer = await connected(bench, RESUMABLE);
  const streams = await busy(bench, peer);
  const begun = streams.slice(0, JOBS / 2);
  peer.node.send(...begun.map((stream) => peer.node.part(stream, { type: 'text-delta', text: 'a' })));
  peer.line.onSocketClosed(1006);
  // Those without a part go after 2 s, the others after 10 s.
  bench.pass(10_000);
  expect(bench.seen.jobEnds).toEqual(Array.from({ length: JOBS }, () => 'node-lost'));
  const { session } = await connected(bench, RESUMABLE);
  expect(breakerOf(bench)).toBe('closed');
  expect(session.capacity.record('small').failureRate).toBeCloseTo(0.2);
});

test('a node that answers no offer gets none until it is heard again, and one incident is counted', async () => {
  const bench = createSessionBench();
  const { node } = await connected(bench);
  for (let at = 0; at < JOBS / 2; at += 1) bench.start();
  bench.pass(2_000);
  expect(bench.seen.jobEnds).toEqual(Array.from({ length: JOBS / 2 }, () => 'accept-timeout'));
  expect(breakerOf(bench)).toBe('closed');
  // It is likely to be back soon, so that requests wait for it.
  expect(bench.registry.acquire(wantOf())).toBe('busy');
  node.send(node.record(T.ping, 0, new Uint8Array(8)));
  expect(bench.slot().nodeId).toBe('node_1');
});

test('a node that talks and answers no offer is left out after three', async () => {
  const bench = createSessionBench();
  const { node } = await connected(bench);
  for (let count = 0; count < 3; count += 1) {
    bench.start();
    bench.pass(2_250);
    node.send(node.record(T.ping, 0, new Uint8Array(8)));
  }
  expect(breakerOf(bench)).toBe('open');
});

test('an engine that fails its jobs is no incident of the line: each counts', async () => {
  const bench = createSessionBench();
  const peer = await connected(bench);
  const [one = 0, two = 0, three = 0] = await busy(bench, peer);
  const { node } = peer;
  for (const stream of [one, two, three])
    node.send(node.record(T.fail, stream, jsonBody({ code: 'engine_failed' })));
  expect(breakerOf(bench)).toBe('open');
});

test('a probe that is lost together with older jobs opens the breaker again', async () => {
  const bench = createSessionBench();
  const peer = await connected(bench);
  const [one = 0, two = 0, three = 0] = await busy(bench, peer);
  const { node } = peer;
  for (const stream of [one, two, three])
    node.send(node.record(T.fail, stream, jsonBody({ code: 'engine_failed' })));
  for (let at = 0; at < 3; at += 1) {
    bench.pass(10_000);
    node.send(node.record(T.ping, 0, new Uint8Array(8)));
  }
  bench.start();
  expect(breakerOf(bench)).toBe('half-open');
  peer.line.onSocketClosed(1006);
  await connected(bench);
  expect(breakerOf(bench)).toBe('open');
});

test.each([
  ['on the same line', false],
  ['when it connects anew before its engine is up', true],
])('a node does not get rid of failures by taking the model out of its report %s', async (_when, isAnew) => {
  const bench = createSessionBench();
  const peer = await connected(bench);
  const [one = 0, two = 0, three = 0] = await busy(bench, peer);
  for (const stream of [one, two, three])
    peer.node.send(peer.node.record(T.fail, stream, jsonBody({ code: 'engine_failed' })));
  const { node } = isAnew ? await bench.ready(IDENTITY) : peer;
  bench.pass(2_000);
  node.capabilities(capabilitiesOf([], JOBS));
  expect(breakerOf(bench)).toBeUndefined();
  bench.pass(2_000);
  node.capabilities(capabilitiesOf([modelOf({ slots: JOBS })], JOBS));
  expect(breakerOf(bench)).toBe('open');
});
