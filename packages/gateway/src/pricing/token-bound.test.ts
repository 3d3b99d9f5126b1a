import { NO_USAGE, type Usage, totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_RATIO, NO_YARDSTICK, type OwnCount, learnRatio, tokenBound, withinBound } from './token-bound.ts';

const COUNT: OwnCount = {
  inputTokensEstimate: 100,
  imageTokensCeiling: 0,
  hasTools: false,
  outputTokens: 80,
  reasoningTokens: 20,
  toolCalls: 0,
};
const tokens = fc.nat(5_000);
const anyUsage: fc.Arbitrary<Usage> = fc.record({
  inputTokens: tokens,
  imageInputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  outputTokens: tokens,
  reasoningTokens: tokens,
});

describe('the bound of a report', () => {
  it.each([
    ['text', {}, { inputTokens: 174, outputTokens: 112, reasoningTokens: 22 }],
    ['tools', { hasTools: true, toolCalls: 2 }, { inputTokens: 430, outputTokens: 144, reasoningTokens: 22 }],
    ['a picture', { imageTokensCeiling: 16_384 }, { inputTokens: 4_270 }],
    ['an empty answer', { outputTokens: 0, reasoningTokens: 0 }, { outputTokens: 2, reasoningTokens: 0 }],
  ])('of %s', (_what, change, expected) => {
    expect(tokenBound({ ...COUNT, ...change }, NO_YARDSTICK)).toMatchObject(expected);
  });

  it('follows what the model makes of our count', () => {
    expect(tokenBound(COUNT, { input: 2, output: 0.5 })).toEqual({
      inputTokens: 284,
      outputTokens: 57,
      reasoningTokens: 11,
    });
  });
});

describe('a report within its bound', () => {
  const bound = tokenBound(COUNT, NO_YARDSTICK);

  it('stays as it is when it fits', () => {
    const honest = { ...NO_USAGE, inputTokens: 150, outputTokens: 85, reasoningTokens: 22 };
    expect(withinBound(honest, bound)).toBe(honest);
  });

  it.each<[string, Partial<Usage>, Partial<Usage>]>([
    ['output is cut', { outputTokens: 1_000 }, { outputTokens: 112 }],
    [
      'reasoning is cut',
      { outputTokens: 0, reasoningTokens: 500 },
      { outputTokens: 90, reasoningTokens: 22 },
    ],
    [
      'reasoning that was not sent is output',
      { outputTokens: 10, reasoningTokens: 60 },
      { outputTokens: 48, reasoningTokens: 22 },
    ],
    ['input is cut', { inputTokens: 1_000 }, { inputTokens: 174 }],
    ['writes are plain input', { cacheWriteTokens: 100 }, { inputTokens: 100, cacheWriteTokens: 0 }],
    [
      'what is dearer is cut first',
      { cacheReadTokens: 100, inputTokens: 50, imageInputTokens: 900 },
      { cacheReadTokens: 100, inputTokens: 50, imageInputTokens: 24 },
    ],
  ])('%s', (_what, reported, expected) => {
    expect(withinBound({ ...NO_USAGE, ...reported }, bound)).toMatchObject(expected);
  });

  it('is whole, never above the bound, and never more than was reported', () => {
    const anyCount = fc.record({
      inputTokensEstimate: tokens,
      imageTokensCeiling: tokens,
      hasTools: fc.boolean(),
      outputTokens: tokens,
      reasoningTokens: tokens,
      toolCalls: fc.nat(5),
    });
    const anyRatio = fc.double({ min: 0.25, max: 4, noNaN: true });
    fc.assert(
      fc.property(anyUsage, anyCount, anyRatio, (reported, count, ratio) => {
        const most = tokenBound(count, { input: ratio, output: ratio });
        const believed = withinBound(reported, most);
        expect(Object.values(believed).every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(
          true,
        );
        expect(totalOutputTokens(believed)).toBe(Math.min(totalOutputTokens(reported), most.outputTokens));
        expect(totalInputTokens(believed)).toBe(Math.min(totalInputTokens(reported), most.inputTokens));
        expect(believed.reasoningTokens).toBeLessThanOrEqual(most.reasoningTokens);
      }),
    );
  });
});

describe('what is learned of trusted nodes', () => {
  it('is their mean at first, and follows them later', () => {
    let ratio = learnRatio(NO_RATIO, 200, 100);
    expect(ratio).toEqual({ value: 2, samples: 1 });
    ratio = learnRatio(ratio, 100, 100);
    expect(ratio.value).toBeCloseTo(1.5);
    for (let job = 0; job < 200; job += 1) ratio = learnRatio(ratio, 70, 100);
    expect(ratio.value).toBeCloseTo(0.7, 2);
  });

  it('is not moved by short answers, nor beyond what can be', () => {
    expect(learnRatio(NO_RATIO, 500, 49)).toBe(NO_RATIO);
    expect(learnRatio(NO_RATIO, Number.NaN, 100)).toBe(NO_RATIO);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.maxSafeNat(), fc.nat(10_000))), (reports) => {
        let ratio = NO_RATIO;
        for (const [reported, counted] of reports) ratio = learnRatio(ratio, reported, counted);
        expect(ratio.value).toBeGreaterThanOrEqual(0.25);
        expect(ratio.value).toBeLessThanOrEqual(4);
      }),
    );
  });
});
