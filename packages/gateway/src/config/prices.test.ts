import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toPrice } from './prices.ts';
import type { PriceFile } from './schema.ts';

const ALL: PriceFile = {
  per_million_usd: {
    input: 2,
    cached_input: '0.2',
    cache_write: 2.5,
    image_input: 3,
    output: 10,
    reasoning: '12.000001',
  },
  minimum_usd: '0.0001',
};

describe('a price of the file in µ$', () => {
  test('flat, free, and each bucket by itself', () => {
    expect(toPrice({ credits: 8 })).toEqual({ type: 'flat', amountMicros: 80_000 });
    expect(toPrice({ credits: '0.0001' })).toEqual({ type: 'flat', amountMicros: 1 });
    expect(toPrice({ free: true })).toEqual({ type: 'flat', amountMicros: 0 });
    expect(toPrice(ALL)).toEqual({
      type: 'per-token',
      inputMicrosPerMillion: 2_000_000,
      imageInputMicrosPerMillion: 3_000_000,
      cacheReadMicrosPerMillion: 200_000,
      cacheWriteMicrosPerMillion: 2_500_000,
      outputMicrosPerMillion: 10_000_000,
      reasoningMicrosPerMillion: 12_000_001,
      minimumMicros: 100,
    });
  });

  test('a discount reaches every bucket, rounded up, and not the minimum', () => {
    expect(toPrice({ ...ALL, list_discount_percent: '12.5' })).toEqual({
      type: 'per-token',
      inputMicrosPerMillion: 1_750_000,
      imageInputMicrosPerMillion: 2_625_000,
      cacheReadMicrosPerMillion: 175_000,
      cacheWriteMicrosPerMillion: 2_187_500,
      outputMicrosPerMillion: 8_750_000,
      reasoningMicrosPerMillion: 10_500_001,
      minimumMicros: 100,
    });
  });

  test('no fraction is lost or made up: 0.1 + 0.2 is charged as 0.3', () => {
    expect(toPrice({ per_million_usd: { input: 0.3, output: 0.1 } })).toMatchObject({
      inputMicrosPerMillion: 300_000,
      outputMicrosPerMillion: 100_000,
    });
  });

  test('the discounted price is the exact one, rounded up by less than one µ$', () => {
    const amounts = fc.integer({ min: 0, max: 1_000_000_000 });
    const percents = fc.integer({ min: 0, max: 9_999 });
    fc.assert(
      fc.property(amounts, percents, (listMicros, hundredths) => {
        const usd = `${Math.floor(listMicros / 1e6)}.${String(listMicros % 1e6).padStart(6, '0')}`;
        const percent = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}`;
        const price = toPrice({
          per_million_usd: { input: usd, output: usd },
          list_discount_percent: percent,
        });
        const charged = price.type === 'per-token' ? price.inputMicrosPerMillion : -1;
        const over = BigInt(charged) * 10_000n - BigInt(listMicros) * BigInt(10_000 - hundredths);
        expect(over >= 0n && over < 10_000n).toBe(true);
      }),
    );
  });
});
