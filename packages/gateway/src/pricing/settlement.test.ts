import { NO_USAGE, type Usage } from '@switchyard/protocol/usage.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import {
  type ChargeQuestion,
  SETTLEMENT_POLICIES,
  type SettlementPolicy,
  decideCharge,
} from './settlement.ts';
import { flat, perToken } from './testing-prices.ts';

/** 1 µ$ for each input token, 10 µ$ for each output token, so that charges can be read. */
const TOKENS = perToken({
  input: 1_000_000,
  cacheRead: 1_000_000,
  cacheWrite: 1_000_000,
  imageInput: 2_000_000,
  output: 10_000_000,
});
const FLAT = flat(5_000);

const REPORTED: Usage = { ...NO_USAGE, inputTokens: 100, outputTokens: 50 };
const COUNTED: Usage = { ...NO_USAGE, inputTokens: 80, outputTokens: 40 };
/** Above what is reported: 100 input and 10 output tokens. */
const BOUND = { inputTokens: 200, outputTokens: 60, reasoningTokens: 60 };
const REPORTED_COST = 600;
const COUNTED_COST = 480;

const BASE: ChargeQuestion = {
  imageTokensCeiling: 60,
  price: TOKENS,
  end: 'stop',
  reported: REPORTED,
  counted: COUNTED,
  deliveredParts: 12,
  deliveredTokensCeiling: 300,
  routeKind: 'upstream',
  isOwnNode: false,
  tokenBound: undefined,
  disconnectPolicy: 'cancel',
  holdMicros: micros(10_000),
  inputTokensCeiling: 1_000,
  outputCapTokens: 500,
};

type Row = { policy: SettlementPolicy; when: string; change: Partial<ChargeQuestion>; costs: number };
const ROWS: Row[] = [
  {
    policy: 'not-dispatched',
    when: 'no target was asked',
    change: { routeKind: 'none', end: 'failed' },
    costs: 0,
  },
  {
    policy: 'failed',
    when: 'the upstream failed before the first part',
    change: { end: 'failed', reported: undefined, deliveredParts: 0 },
    costs: 0,
  },
  {
    policy: 'failed',
    when: 'it failed though it reported usage',
    change: { end: 'failed', deliveredParts: 0 },
    costs: 0,
  },
  {
    policy: 'interrupted-reported',
    when: 'the target was lost mid-answer with usage',
    change: { end: 'interrupted' },
    costs: REPORTED_COST,
  },
  {
    policy: 'interrupted-unreported',
    when: 'the target was lost mid-answer without usage',
    change: { end: 'interrupted', reported: undefined },
    costs: 0,
  },
  {
    policy: 'interrupted-unreported',
    when: 'a node was lost mid-answer with an impossible usage',
    change: { end: 'interrupted', routeKind: 'pool', reported: { ...REPORTED, outputTokens: 501 } },
    costs: 0,
  },
  {
    policy: 'flat-interrupted',
    when: 'the target was lost mid-answer at a flat price',
    change: { end: 'interrupted', price: FLAT },
    costs: 0,
  },
  {
    policy: 'client-left-reported',
    when: 'the client left and usage came',
    change: { end: 'client-closed' },
    costs: REPORTED_COST,
  },
  {
    policy: 'client-left-drained-counted',
    when: 'the client left and draining brought no usage',
    change: { end: 'client-closed', reported: undefined, disconnectPolicy: 'drain' },
    costs: COUNTED_COST,
  },
  {
    policy: 'client-left-cancelled-counted',
    when: 'the client left and the target was stopped',
    change: { end: 'client-closed', reported: undefined },
    costs: COUNTED_COST,
  },
  {
    policy: 'client-left-before-output',
    when: 'the client left before the first part',
    change: {
      end: 'client-closed',
      reported: undefined,
      deliveredParts: 0,
      counted: { ...COUNTED, outputTokens: 0 },
    },
    costs: 0,
  },
  {
    policy: 'client-left-before-output',
    when: 'the client left before the first part at a flat price',
    change: { end: 'client-closed', deliveredParts: 0, price: FLAT },
    costs: 0,
  },
  {
    policy: 'flat-client-left',
    when: 'the client left after one part at a flat price',
    change: { end: 'client-closed', deliveredParts: 1, price: FLAT, reported: undefined },
    costs: 5_000,
  },
  { policy: 'reported', when: 'complete', change: {}, costs: REPORTED_COST },
  { policy: 'reported', when: 'cut by the cap', change: { end: 'length' }, costs: REPORTED_COST },
  { policy: 'reported', when: 'ended by tool calls', change: { end: 'tool-calls' }, costs: REPORTED_COST },
  {
    policy: 'reported',
    when: 'ended by a filter after output',
    change: { end: 'content-filter' },
    costs: REPORTED_COST,
  },
  {
    policy: 'reported',
    when: 'the whole cap went into hidden reasoning',
    change: {
      end: 'length',
      deliveredParts: 0,
      reported: { ...REPORTED, outputTokens: 0, reasoningTokens: 500 },
    },
    costs: 5_100,
  },
  {
    policy: 'reported',
    when: 'a node of others reports within its bound',
    change: { routeKind: 'pool', tokenBound: BOUND },
    costs: REPORTED_COST,
  },
  {
    policy: 'reported-bounded',
    when: 'a node of others reports more output than our count bears out',
    change: { routeKind: 'pool', tokenBound: BOUND, reported: { ...REPORTED, outputTokens: 290 } },
    costs: 700,
  },
  {
    policy: 'reported-bounded',
    when: 'a node of others reports more input than our count bears out',
    change: { routeKind: 'pool', tokenBound: BOUND, reported: { ...REPORTED, inputTokens: 900 } },
    costs: 700,
  },
  {
    policy: 'impossible-counted',
    when: 'a node of others reports what cannot be at all',
    change: { routeKind: 'pool', tokenBound: BOUND, reported: { ...REPORTED, outputTokens: 301 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'zero-output',
    when: 'a node of others sends nothing and reports reasoning',
    change: {
      routeKind: 'pool',
      tokenBound: { ...BOUND, reasoningTokens: 0 },
      deliveredParts: 0,
      reported: { ...REPORTED, outputTokens: 0, reasoningTokens: 40 },
    },
    costs: 0,
  },
  {
    policy: 'interrupted-reported',
    when: 'a node of others was lost after it reported too much',
    change: {
      end: 'interrupted',
      routeKind: 'pool',
      tokenBound: BOUND,
      reported: { ...REPORTED, outputTokens: 290 },
    },
    costs: 700,
  },
  {
    policy: 'client-left-reported',
    when: 'the client left and a node of others reported too much',
    change: {
      end: 'client-closed',
      routeKind: 'pool',
      tokenBound: BOUND,
      reported: { ...REPORTED, outputTokens: 290 },
    },
    costs: 700,
  },
  {
    policy: 'own-node-counted',
    when: 'the node of a pool belongs to who pays and reports little',
    change: { routeKind: 'pool', isOwnNode: true, reported: { ...NO_USAGE, outputTokens: 1 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'unreported-counted',
    when: 'complete without usage',
    change: { reported: undefined },
    costs: COUNTED_COST,
  },
  {
    policy: 'impossible-counted',
    when: 'more output than the cap is reported',
    change: { reported: { ...REPORTED, outputTokens: 501 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'impossible-counted',
    when: 'more input than the ceiling is reported',
    change: { reported: { ...REPORTED, cacheReadTokens: 901 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'impossible-counted',
    when: 'usage is no whole number',
    change: { reported: { ...REPORTED, outputTokens: Number.NaN } },
    costs: COUNTED_COST,
  },
  {
    policy: 'reported',
    when: 'a part of the input are pictures',
    change: { reported: { ...REPORTED, inputTokens: 40, imageInputTokens: 60 } },
    costs: 660,
  },
  {
    policy: 'impossible-counted',
    when: 'more pictures are reported than were sent',
    change: { reported: { ...REPORTED, inputTokens: 39, imageInputTokens: 61 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'impossible-counted',
    when: 'the input without pictures fits, with them not',
    change: { reported: { ...REPORTED, inputTokens: 999, imageInputTokens: 2 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'impossible-counted',
    when: 'usage is negative',
    change: { reported: { ...REPORTED, inputTokens: -100 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'impossible-counted',
    when: 'a node reports more output than its bytes can be',
    change: { routeKind: 'pool', reported: { ...REPORTED, outputTokens: 301 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'reported',
    when: 'an upstream reports more output than its bytes, for hidden reasoning',
    change: { reported: { ...REPORTED, outputTokens: 301 } },
    costs: 3_110,
  },
  {
    policy: 'impossible-counted',
    when: 'the client left and the reported usage is impossible',
    change: { end: 'client-closed', reported: { ...REPORTED, outputTokens: 501 } },
    costs: COUNTED_COST,
  },
  {
    policy: 'zero-output',
    when: 'complete without content',
    change: { deliveredParts: 0, reported: { ...REPORTED, outputTokens: 1 } },
    costs: 0,
  },
  {
    policy: 'zero-output',
    when: 'complete without content at a flat price',
    change: { deliveredParts: 0, price: FLAT },
    costs: 0,
  },
  ...(['stop', 'client-closed', 'interrupted'] as const).flatMap((end): Row[] => [
    {
      policy: 'own-node-counted',
      when: `the payer's own node says next to nothing and it ends with ${end}`,
      change: { routeKind: 'deployment', end, reported: { ...REPORTED, inputTokens: 1, outputTokens: 1 } },
      costs: COUNTED_COST,
    },
    {
      policy: 'own-node-counted',
      when: `the payer's own node tells no usage and it ends with ${end}`,
      change: { routeKind: 'deployment', end, reported: undefined },
      costs: COUNTED_COST,
    },
  ]),
  {
    policy: 'failed',
    when: "the payer's own node failed",
    change: { routeKind: 'deployment', end: 'failed' },
    costs: 0,
  },
  {
    policy: 'zero-output',
    when: "the payer's own node says that it thought, and sent nothing",
    change: {
      routeKind: 'deployment',
      deliveredParts: 0,
      reported: { ...REPORTED, outputTokens: 0, reasoningTokens: 500 },
    },
    costs: 0,
  },
  {
    policy: 'client-left-before-output',
    when: "the client left before the payer's own node sent anything",
    change: { routeKind: 'deployment', end: 'client-closed', deliveredParts: 0 },
    costs: 0,
  },
  {
    policy: 'flat-complete',
    when: "the payer's own node answered for a flat fee",
    change: { routeKind: 'deployment', price: FLAT },
    costs: 5_000,
  },
  {
    policy: 'flat-complete',
    when: 'complete at a flat price',
    change: { price: FLAT, reported: undefined },
    costs: 5_000,
  },
];

describe('decideCharge', () => {
  it.each(ROWS)('$policy: $when costs $costs', ({ policy, change, costs }) => {
    expect(decideCharge({ ...BASE, ...change })).toMatchObject({
      policy,
      chargeMicros: costs,
      cutAtHold: false,
    });
  });

  it('has a row for every policy', () => {
    expect(new Set(ROWS.map((row) => row.policy))).toEqual(new Set(Object.keys(SETTLEMENT_POLICIES)));
  });

  it('keeps the count of an interrupted answer in the receipt though it is free', () => {
    const decision = decideCharge({ ...BASE, end: 'interrupted', reported: undefined });
    expect(decision).toMatchObject({ usage: COUNTED, source: 'counted', chargeMicros: 0 });
  });

  it('never charges above the hold and says that it cut', () => {
    expect(decideCharge({ ...BASE, holdMicros: micros(599) })).toMatchObject({
      chargeMicros: 599,
      cutAtHold: true,
    });
  });

  it('bounds its own count by the cap and the ceiling', () => {
    const counted = { ...NO_USAGE, inputTokens: 9_999, outputTokens: 9_999, reasoningTokens: 100 };
    const decision = decideCharge({ ...BASE, reported: undefined, counted });
    expect(decision.usage).toEqual({
      ...NO_USAGE,
      inputTokens: 1_000,
      outputTokens: 400,
      reasoningTokens: 100,
    });
  });

  it('charges between nothing and the hold, without an exception, whatever a target reports', () => {
    const anyNumber = fc.oneof(fc.integer(), fc.nat(600), fc.double(), fc.constant(2 ** 53));
    const usage: fc.Arbitrary<Usage> = fc.record({
      inputTokens: anyNumber,
      imageInputTokens: anyNumber,
      cacheReadTokens: anyNumber,
      cacheWriteTokens: anyNumber,
      outputTokens: anyNumber,
      reasoningTokens: anyNumber,
    });
    fc.assert(
      fc.property(
        fc.record({
          price: fc.constantFrom(TOKENS, FLAT),
          end: fc.constantFrom(
            'stop',
            'length',
            'tool-calls',
            'content-filter',
            'failed',
            'interrupted',
            'client-closed',
          ),
          reported: fc.option(usage, { nil: undefined }),
          deliveredParts: fc.nat(2),
          routeKind: fc.constantFrom('pool', 'upstream', 'none'),
          disconnectPolicy: fc.constantFrom('drain', 'cancel'),
          holdMicros: fc.nat(8_000).map(micros),
        }),
        (change) => {
          const decision = decideCharge({ ...BASE, ...change });
          expect(decision.chargeMicros).toBeGreaterThanOrEqual(0);
          expect(decision.chargeMicros).toBeLessThanOrEqual(change.holdMicros);
          if (change.deliveredParts === 0 && change.price.type === 'flat')
            expect(decision.chargeMicros).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
