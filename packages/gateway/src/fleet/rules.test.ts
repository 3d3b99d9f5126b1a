import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FAIL_CODES, REJECT_REASONS } from '@switchyard/protocol/link/messages.ts';
import { modelOf } from '../testing/raw-node.ts';
import { decideJobDue, firstPartBudgetMs } from './job-rules.ts';
import type { JobView } from './job-rules.ts';
import { countsAgainstNode, failFault, NODE_LOST, rejectFault, timeoutFault } from './node-faults.ts';
import { expectedMs, fitsNeeds, pickNode, type Candidate } from './pick.ts';
import { RateWindow } from './rate-window.ts';
import { blend, createRecordBudget, decideLiveness, spendRecord } from './session-rules.ts';
import { SlicedBody } from './sliced-body.ts';

const JOB: JobView = {
  phase: 'offered',
  isPaused: false,
  offeredAtMs: 0,
  acceptedAtMs: 1_000,
  lastSignAtMs: 1_000,
  cancelledAtMs: 1_000,
  heldSinceMs: undefined,
  firstPartBudgetMs: 15_000,
  deadlineMs: 100_000,
};

test.each<[string, Partial<JobView>, number, string]>([
  ['an offer has 2 s', {}, 1_999, 'none'],
  ['an offer has 2 s', {}, 2_000, 'accept-timeout'],
  ['the first part has its budget from the accept on', { phase: 'waiting' }, 15_999, 'none'],
  ['the first part has its budget from the accept on', { phase: 'waiting' }, 16_000, 'first-part-timeout'],
  [
    'signs of life do not lengthen it',
    { phase: 'waiting', lastSignAtMs: 15_900 },
    16_000,
    'first-part-timeout',
  ],
  ['a stream may be silent for 20 s', { phase: 'streaming' }, 20_999, 'none'],
  ['a stream may be silent for 20 s', { phase: 'streaming' }, 21_000, 'stalled'],
  ['signs of life count in a stream', { phase: 'streaming', lastSignAtMs: 20_000 }, 21_000, 'none'],
  ['a paused stream cannot stall', { phase: 'streaming', isPaused: true }, 90_000, 'none'],
  ['the deadline holds for a paused stream too', { phase: 'streaming', isPaused: true }, 100_000, 'deadline'],
  ['the deadline comes before other words', { phase: 'waiting' }, 100_000, 'deadline'],
  ['a cancel has 30 s', { phase: 'cancelling' }, 30_999, 'none'],
  ['a cancel has 30 s', { phase: 'cancelling' }, 31_000, 'stuck'],
  ['a stuck job waits for ever', { phase: 'stuck' }, 1e9, 'none'],
  ['a closed job is over', { phase: 'closed' }, 1e9, 'none'],
])('%s: %j at %d ms is %s', (_why, fields, nowMs, due) => {
  expect(decideJobDue({ ...JOB, ...fields }, nowMs)).toBe(due);
});

test.each([
  [{ estimatedInputTokens: 0, promptTokensPerSecond: 1_000, isLoaded: true }, 15_000],
  [{ estimatedInputTokens: 10_000, promptTokensPerSecond: 1_000, isLoaded: true }, 35_000],
  [{ estimatedInputTokens: 1_000, promptTokensPerSecond: undefined, isLoaded: true }, 35_000],
  [{ estimatedInputTokens: 0, promptTokensPerSecond: 1_000, isLoaded: false }, 65_000],
  [{ estimatedInputTokens: 1_000_000, promptTokensPerSecond: 1_000, isLoaded: true }, 120_000],
  [{ estimatedInputTokens: 5_000, promptTokensPerSecond: 0.0001, isLoaded: true }, 120_000],
])('the budget of the first part for %j is %d ms', (job, budgetMs) => {
  expect(firstPartBudgetMs(job)).toBe(budgetMs);
});

test.each([
  ['no hello yet', { isWelcomed: false }, 4_999, 'none'],
  ['no hello', { isWelcomed: false }, 5_000, 'hello-timeout'],
  ['idle', {}, 9_999, 'none'],
  ['idle', {}, 10_000, 'ping'],
  ['idle and silent', { lastPingMs: 20_000 }, 24_999, 'none'],
  ['idle and silent', { lastPingMs: 20_000 }, 25_000, 'dead'],
  ['idle but talking', { lastInboundMs: 24_000 }, 25_000, 'ping'],
  ['busy', { hasJobs: true }, 4_999, 'none'],
  ['busy', { hasJobs: true }, 5_000, 'ping'],
  ['busy and silent', { hasJobs: true, lastPingMs: 14_000 }, 14_999, 'none'],
  ['busy and silent', { hasJobs: true, lastPingMs: 14_000 }, 15_000, 'dead'],
])('a session that is %s, %j, at %d ms: %s', (_name, fields, nowMs, liveness) => {
  const session = {
    isWelcomed: true,
    hasJobs: false,
    openedAtMs: 0,
    lastInboundMs: 0,
    lastPingMs: 0,
    ...fields,
  };
  expect(decideLiveness(session, nowMs)).toBe(liveness);
});

test('a budget of records refills with time and never over its size', () => {
  const budget = createRecordBudget(3, 2, 0);
  expect([0, 0, 0, 0].map((nowMs) => spendRecord(budget, nowMs))).toEqual([true, true, true, false]);
  expect(spendRecord(budget, 499)).toBe(false);
  expect(spendRecord(budget, 500)).toBe(true);
  expect([1e6, 1e6, 1e6, 1e6].map((nowMs) => spendRecord(budget, nowMs))).toEqual([true, true, true, false]);
});

test('a mean starts with the first value and follows slowly', () => {
  expect(blend(undefined, 10)).toBe(10);
  expect(blend(10, 20)).toBe(12);
});

test('every word of a node has a fault; only context and invalid requests blame the request', () => {
  const blamed = FAIL_CODES.filter((code) => failFault(code).blame === 'request');
  expect(blamed).toEqual(['context_length_exceeded', 'invalid_request']);
  expect(REJECT_REASONS.every((reason) => rejectFault(reason).blame === 'target')).toBe(true);
  const causes = [...FAIL_CODES.map(failFault), ...REJECT_REASONS.map(rejectFault)].map(
    (fault) => fault.cause,
  );
  expect(new Set(causes).size).toBe(FAIL_CODES.length + REJECT_REASONS.length);
});

test('a full or pausing node is not a bad one', () => {
  expect(REJECT_REASONS.filter((reason) => countsAgainstNode(rejectFault(reason)))).toEqual([]);
  expect(FAIL_CODES.filter((code) => countsAgainstNode(failFault(code)))).toEqual([
    'unsupported',
    'engine_unreachable',
    'engine_failed',
    'timeout',
  ]);
  expect(countsAgainstNode(NODE_LOST)).toBe(true);
  expect(countsAgainstNode(timeoutFault('stalled'))).toBe(true);
});

const NEEDS = { tools: false, vision: false, thinking: false, jsonSchema: false, contextTokens: 1_000 };

test.each([
  [{}, true],
  [{ tools: true }, true],
  [{ vision: true }, false],
  [{ thinking: true }, false],
  [{ jsonSchema: true }, true],
  [{ contextTokens: 8_192 }, true],
  [{ contextTokens: 8_193 }, false],
])('a model with tools, schemas and 8 192 tokens of context meets %j: %s', (needs, fits) => {
  expect(fitsNeeds(modelOf(), { ...NEEDS, ...needs })).toBe(fits);
});

test.each([
  [{}, false],
  [{ prefill: true }, false],
  [{ digest: 'a' }, false],
  [{ digest: 'b', prefill: true }, false],
  [{ digest: 'a', prefill: false }, false],
  [{ digest: 'a', prefill: true }, true],
])('a node with %j goes on in an answer of the weights a: %s', (model, fits) => {
  const needs = { ...NEEDS, continues: { digest: 'a' } };
  expect(fitsNeeds({ ...modelOf(), ...model }, needs)).toBe(fits);
});

const CANDIDATE: Candidate = {
  nodeId: 'a',
  busySlots: 0,
  slots: 2,
  roundTripMs: 0,
  outputTokensPerSecond: 50,
  promptTokensPerSecond: 1_000,
  isLoaded: true,
  failureRate: 0,
  cachedShare: 0,
  weight: 1,
};

test.each<[string, Partial<Candidate>, number, number]>([
  ['reading 1 000 and writing 200 tokens', {}, 1_000, 5_000],
  ['the round trip', { roundTripMs: 40 }, 1_000, 5_040],
  ['half of the slots in use', { busySlots: 1 }, 1_000, 7_500],
  ['most of the prompt in its cache', { cachedShare: 0.8 }, 1_000, 4_200],
  ['a model that must be loaded', { isLoaded: false }, 1_000, 35_000],
  ['a failure at each job', { failureRate: 1 }, 1_000, 15_000],
  [
    'nothing is known of its speed',
    { outputTokensPerSecond: undefined, promptTokensPerSecond: undefined },
    400,
    11_000,
  ],
])('expected time with %s', (_why, fields, inputTokens, ms) => {
  expect(expectedMs({ ...CANDIDATE, ...fields }, inputTokens)).toBeCloseTo(ms);
});

test('one of the nodes is always picked, and never one that is far slower than the best', () => {
  const candidate: fc.Arbitrary<Candidate> = fc.record({
    nodeId: fc.string(),
    busySlots: fc.integer({ min: 0, max: 4 }),
    slots: fc.integer({ min: 0, max: 4 }),
    roundTripMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
    outputTokensPerSecond: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
    promptTokensPerSecond: fc.option(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { nil: undefined }),
    isLoaded: fc.boolean(),
    failureRate: fc.double({ min: 0, max: 1, noNaN: true }),
    cachedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(candidate, { minLength: 1 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (list, inputTokens, random) => {
        const picked = pickNode(list, inputTokens, () => random);
        const times = list.map((node) => expectedMs(node, inputTokens));
        if (picked === undefined) throw new Error('nobody was picked');
        expect(expectedMs(picked, inputTokens)).toBeLessThanOrEqual(Math.min(...times) * 1.5);
      },
    ),
  );
});

test('among nodes of like speed shares follow the square of the time; slow ones get nothing', () => {
  const shareOf = (first: Partial<Candidate>): number => {
    const list = [
      { ...CANDIDATE, ...first },
      { ...CANDIDATE, nodeId: 'b' },
    ];
    let hits = 0;
    for (let at = 0; at < 1_000; at += 1) if (pickNode(list, 0, () => at / 1_000)?.nodeId === 'a') hits += 1;
    return hits / 1_000;
  };
  expect(shareOf({})).toBeCloseTo(0.5, 2);
  expect(shareOf({ outputTokensPerSecond: 100 / 3 })).toBeCloseTo(4 / 13, 2);
  expect(shareOf({ outputTokensPerSecond: 30 })).toBe(0);
  expect(shareOf({ failureRate: 1 })).toBe(0);
});

test('a rate window counts by name, forgets with the next window, and is bounded in names', () => {
  const window = new RateWindow(2);
  window.count('a', 1);
  window.count('a', 1);
  expect([window.isFull('a', 1), window.isFull('b', 1), window.isFull('a', 2)]).toEqual([true, false, false]);
  for (let at = 0; at < 10_002; at += 1) window.count(`n${at}`, 3);
  expect([window.isFull('n0', 3), window.isFull('newcomer', 3)]).toEqual([false, true]);
});

test('a sliced body is bounded and copies its slices', () => {
  const body = new SlicedBody(5);
  const slice = Uint8Array.of(1, 2);
  expect([body.add(slice), body.add(Buffer.of(3, 4, 5))]).toEqual([true, true]);
  slice.fill(9);
  expect([...body.take()]).toEqual([1, 2, 3, 4, 5]);
  expect([body.add(new Uint8Array(5)), body.add(new Uint8Array(1))]).toEqual([true, false]);
});
