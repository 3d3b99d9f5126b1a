import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { createTrustBench } from '../fleet/trust/testing-trust.ts';
import type { ResolveItem } from '../ledger/journal.ts';
import { createNodeWork } from './node-work.ts';
import { closeWorld, openWorld, PER_TOKEN, post, USAGE, useWorld, world } from './testing-text-world.ts';

/**
 * What nodes of others earn by what they send, over the real life of a request: 1 µ$ a token of input, 4 of output, of
 * which the node's owner gets 70 %. An answer of 400 bytes is 100 tokens of our own count.
 */
const SENTENCE = 'The harbour is quiet in the morning and boats come back with fish before noon every day. ';
const ANSWER = SENTENCE.repeat(5).slice(0, 400);

let bench: ReturnType<typeof createTrustBench>;
let owner: string;

beforeEach(async () => {
  await openWorld();
  useWorld(PER_TOKEN, 1_000_000);
  bench = createTrustBench();
  owner = 'acc_owner';
  world.deps.nodeWork = createNodeWork({
    book: bench.book,
    ownershipOf: () => ({ accountId: owner, kind: 'shared', isOperators: false }),
    maturity: { maturityMs: 0, probationMs: 0 },
    canaries: undefined,
  });
});

afterEach(closeWorld);

type Work = {
  pieces: string[];
  output?: number;
  input?: number;
  tookMs?: number;
  finish?: 'stop' | 'length';
};

/** One request that the hostile node answers. Resolves with what was charged, and earned. */
async function serve(work: Work): Promise<{ charged: number; earned: number; policySource: string }> {
  world.targets = ['node'];
  const sent = post({ model: 'm', max_tokens: 1_000, messages: [{ role: 'user', content: 'Tell me.' }] });
  const { sink } = await world.nextTry();
  for (const text of work.pieces) sink.onParts([{ type: 'text-delta', text }]);
  world.clock.advance(work.tookMs ?? 2_000);
  const usage = { ...USAGE, inputTokens: work.input ?? 10, outputTokens: work.output ?? 0 };
  const finish: StreamPart = { type: 'finish', reason: work.finish ?? 'stop' };
  sink.onParts([work.output === undefined ? finish : { ...finish, usage }]);
  sink.onEnd();
  await sent.reply;
  const { requestId, chargedMicros, usageSource } = await world.nextReceipt();
  const resolved = world.written.find(
    (item): item is ResolveItem => item.type === 'resolve' && item.receipt.requestId === requestId,
  );
  return {
    charged: chargedMicros,
    earned: resolved?.earning?.amountMicros ?? 0,
    policySource: usageSource,
  };
}

const HONEST = { charged: 10 + 4 * 100, earned: 287 };
/** 1.1 times our count and two marks. */
const BOUNDED = { charged: 10 + 4 * 112, earned: 320 };

test('an honest node earns its share of what it reports', async () => {
  expect(await serve({ pieces: [ANSWER], output: 100 })).toEqual({ ...HONEST, policySource: 'reported' });
  expect(bench.book.record('node_0')).toMatchObject({ settledJobs: 1, checks: [true] });
});

test.each([
  ['three times its tokens', 300],
  ['a token for each byte', 400],
])('a node that reports %s earns by our bound', async (_what, output) => {
  expect(await serve({ pieces: [ANSWER], output })).toEqual({ ...BOUNDED, policySource: 'counted' });
});

test('a node that reports more than its bytes can hold earns by our own count', async () => {
  const { charged, policySource } = await serve({ pieces: [ANSWER], output: 999 });
  expect(policySource).toBe('counted');
  expect(charged).toBeLessThanOrEqual(BOUNDED.charged);
});

test('a node that says the prompt was long is believed a template and no more', async () => {
  const { charged } = await serve({ pieces: [ANSWER], output: 100, input: 100 });
  const { charged: most } = await serve({ pieces: [ANSWER], output: 100, input: 60 });
  expect(charged).toBeLessThan(HONEST.charged - 10 + 85);
  expect(most).toBe(HONEST.charged + 50);
});

test('a node that splits its answer into frames earns nothing by it', async () => {
  const whole = await serve({ pieces: [ANSWER] });
  const split = await serve({ pieces: Array.from(ANSWER) });
  const stuffed = await serve({ pieces: Array.from(ANSWER).flatMap((char) => ['', char, '']) });
  expect(whole.charged).toBeGreaterThan(0);
  expect(split).toEqual(whole);
  expect(stuffed).toEqual(whole);
});

describe('a node is found and gets less work when it', () => {
  it.each<[string, Work]>([
    ['answers garbage', { pieces: ['\ufffd\u0001'.repeat(200)] }],
    ['says one thing for ever', { pieces: ['yes yes no '.repeat(80)] }],
    ['claims that its cap was reached', { pieces: [ANSWER], finish: 'length' }],
    ['replays what it had ready', { pieces: [ANSWER.repeat(6)], tookMs: 10 }],
  ])('%s', async (_what, work) => {
    const before = bench.book.standing('node_0').weight;
    for (let at = 0; at < 3; at += 1) await serve(work);
    await bench.settle();
    expect(bench.book.sanctions('node_0')).toMatchObject([{ kind: 'reduced', reason: 'suspicious-answers' }]);
    expect(bench.book.standing('node_0').weight).toBe(before / 4);
  });

  it('inflates its reports, once trusted nodes have shown how the model counts', async () => {
    for (let at = 0; at < 5; at += 1)
      bench.book.calibration.learn({
        model: 'm',
        size: 'unknown',
        reported: { input: 100, output: 100 },
        counted: { input: 100, output: 100 },
        hasImages: false,
        outputPerSecond: 50,
      });
    for (let at = 0; at < 3; at += 1) await serve({ pieces: [ANSWER], output: 300 });
    await bench.settle();
    expect(bench.book.sanctions('node_0')).toMatchObject([{ kind: 'reduced' }]);
  });

  it('sends nothing, which nobody pays', async () => {
    for (let at = 0; at < 3; at += 1)
      expect(await serve({ pieces: [], output: 100 })).toMatchObject({ charged: 0, earned: 0 });
    await bench.settle();
    expect(bench.book.sanctions('node_0')).toMatchObject([{ kind: 'reduced' }]);
  });
});

test('a node that answers for a big model with a small one is paid until its speed tells', async () => {
  // 100 tokens in a quarter of a second: nothing odd for a model of any size, and more than a card does with 70B.
  const work = { pieces: [ANSWER], output: 100, tookMs: 250 };
  for (let at = 0; at < 3; at += 1) await serve(work);
  await bench.settle();
  expect(bench.book.sanctions('node_0')).toEqual([]);
  world.remoteModel = 'llama-3.3-70b';
  for (let at = 0; at < 3; at += 1) expect(await serve(work)).toMatchObject(HONEST);
  await bench.settle();
  expect(bench.book.sanctions('node_0')).toMatchObject([{ kind: 'reduced', reason: 'suspicious-answers' }]);
});

test('who pays its own node earns nothing, is charged by our count, and builds no record', async () => {
  owner = 'acc';
  const { charged, earned } = await serve({ pieces: [ANSWER], output: 1 });
  expect(charged).toBeGreaterThanOrEqual(400);
  expect(earned).toBe(0);
  expect(bench.book.record('node_0')).toMatchObject({ settledJobs: 0, checks: [] });
});

test('a node that was banned while it worked earns nothing on what it finishes', async () => {
  bench.echo('node_0', 'failed', 3);
  await bench.settle();
  expect(await serve({ pieces: [ANSWER], output: 100 })).toEqual({
    charged: HONEST.charged,
    earned: 0,
    policySource: 'reported',
  });
});
