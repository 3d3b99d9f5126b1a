import { NO_USAGE, type Usage } from '@switchyard/protocol/usage.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { isUsageWhole, priceUsage } from './meter.ts';
import { flat, perToken } from './testing-prices.ts';

describe('priceUsage', () => {
  const price = perToken({
    input: 2_500_000,
    imageInput: 5_000_000,
    cacheRead: 250_000,
    cacheWrite: 3_125_000,
    output: 10_000_000,
  });
  const rows: [name: string, usage: Partial<Usage>, costMicros: number][] = [
    ['one million input tokens cost the price', { inputTokens: 1_000_000 }, 2_500_000],
    ['each bucket has its own price', { inputTokens: 10, cacheReadTokens: 100, cacheWriteTokens: 8 }, 75],
    ['pictures are priced apart from other input', { inputTokens: 10, imageInputTokens: 10 }, 75],
    ['reasoning is priced apart from output', { outputTokens: 3, reasoningTokens: 2 }, 50],
    [
      'a fraction is rounded up once, not per bucket',
      { inputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 1 },
      6,
    ],
    ['no usage costs nothing', {}, 0],
  ];
  it.each(rows)('%s', (_name, usage, costMicros) => {
    expect(priceUsage(price, { ...NO_USAGE, ...usage })).toBe(costMicros);
  });

  it('charges the minimum for a small request with output, and nothing for one without any usage', () => {
    const withMinimum = perToken({ input: 1_000_000, output: 1_000_000, minimum: 50 });
    expect(priceUsage(withMinimum, { ...NO_USAGE, inputTokens: 5, outputTokens: 5 })).toBe(50);
    expect(priceUsage(withMinimum, { ...NO_USAGE, inputTokens: 40, outputTokens: 40 })).toBe(80);
    expect(priceUsage(withMinimum, { ...NO_USAGE, inputTokens: 5 })).toBe(5);
  });

  it('takes a flat price as it is', () => {
    expect(priceUsage(flat(12_345), { ...NO_USAGE, outputTokens: 7 })).toBe(12_345);
  });

  it('is exact where the sum passes 2^53', () => {
    const dear = perToken({ output: 9_007_199_254_740_991 });
    expect(priceUsage(dear, { ...NO_USAGE, outputTokens: 3 })).toBe(27_021_597_765);
    expect(priceUsage(dear, { ...NO_USAGE, outputTokens: 1_000_000 })).toBe(9_007_199_254_740_991);
  });

  it('refuses a cost that is no safe integer instead of charging a wrong one', () => {
    const dear = perToken({ output: 9_007_199_254_740_991 });
    expect(() => priceUsage(dear, { ...NO_USAGE, outputTokens: 1_000_001 })).toThrow(RangeError);
  });

  it.each([Number.NaN, Infinity, -1, 0.5, 2 ** 53])('refuses %s as a token count', (count) => {
    const usage = { ...NO_USAGE, outputTokens: count };
    expect(isUsageWhole(usage)).toBe(false);
    expect(isUsageWhole({ ...NO_USAGE, imageInputTokens: count })).toBe(false);
    expect(() => priceUsage(price, usage)).toThrow(RangeError);
  });

  it('equals exact rational arithmetic for all counts and prices', () => {
    const count = fc.oneof(fc.nat(200_000), fc.nat(2_000_000_000));
    const cents = fc.oneof(fc.nat(20_000_000), fc.nat(2_000_000_000));
    fc.assert(
      fc.property(
        fc.tuple(count, count, count, count, count, count),
        fc.tuple(cents, cents, cents, cents, cents),
        (counts, prices) => {
          const [
            inputTokens,
            cacheReadTokens,
            cacheWriteTokens,
            outputTokens,
            reasoningTokens,
            imageInputTokens,
          ] = counts;
          const [input, cacheRead, cacheWrite, output, imageInput] = prices;
          const exact =
            BigInt(inputTokens) * BigInt(input) +
            BigInt(imageInputTokens) * BigInt(imageInput) +
            BigInt(cacheReadTokens) * BigInt(cacheRead) +
            BigInt(cacheWriteTokens) * BigInt(cacheWrite) +
            BigInt(outputTokens + reasoningTokens) * BigInt(output);
          const usage = {
            inputTokens,
            imageInputTokens,
            cacheReadTokens,
            cacheWriteTokens,
            outputTokens,
            reasoningTokens,
          };
          const cost = priceUsage(perToken({ input, imageInput, cacheRead, cacheWrite, output }), usage);
          expect(cost).toBe(micros(Number((exact + 999_999n) / 1_000_000n)));
        },
      ),
    );
  });
});
