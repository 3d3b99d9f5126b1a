import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toCosts, toPrice, toPrices } from './prices.ts';
import type { PriceList } from './config.ts';
import type { FindList } from './prices.ts';
import type { ListPricesFile, PriceFile } from './schema-price.ts';

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

describe('prices of a provider', () => {
  const LIST: ListPricesFile = [
    { input: 4, output: 20 },
    { from: '2027-01-01', input: 3, output: 15 },
    { from: '2027-03-01', input: 2, output: 10 },
  ];
  const findList: FindList = (upstream) => (upstream === 'main' ? LIST : undefined);
  /** Since when which price of input and output holds. */
  const steps = (prices: PriceList) =>
    prices.map(({ fromMs, price }) => [
      fromMs === -Infinity ? 'ever' : new Date(fromMs).toISOString().slice(0, 10),
      ...(price.type === 'flat'
        ? [price.amountMicros]
        : [price.inputMicrosPerMillion, price.outputMicrosPerMillion]),
    ]);

  test('a cost has the discount of the provider, and the dates of its list', () => {
    expect(steps(toCosts(LIST, '10'))).toEqual([
      ['ever', 3_600_000, 18_000_000],
      ['2027-01-01', 2_700_000, 13_500_000],
      ['2027-03-01', 1_800_000, 9_000_000],
    ]);
    expect(toCosts({ input: 1, cached_input: '0.1', output: 5 }, undefined)[0].price).toMatchObject({
      cacheReadMicrosPerMillion: 100_000,
      cacheWriteMicrosPerMillion: 1_000_000,
      minimumMicros: 0,
    });
  });

  test('a price that follows a list changes with it, with a discount and a minimum of its own', () => {
    const prices = toPrices({ list_of: 'main', list_discount_percent: 50, minimum_usd: '0.01' }, findList);
    expect(steps(prices)).toEqual([
      ['ever', 2_000_000, 10_000_000],
      ['2027-01-01', 1_500_000, 7_500_000],
      ['2027-03-01', 1_000_000, 5_000_000],
    ]);
    expect(prices.map(({ price }) => price)).toMatchObject([
      { minimumMicros: 10_000 },
      { minimumMicros: 10_000 },
      { minimumMicros: 10_000 },
    ]);
  });

  test('between two dates of the model, the list shows through with what holds there', () => {
    const prices = toPrices(
      [
        { credits: 1 },
        { from: '2027-02-01', list_of: 'main' },
        { from: '2027-04-01', list_of: 'main', list_discount_percent: 50 },
        { from: '2027-05-01', credits: 2 },
      ],
      findList,
    );
    expect(steps(prices)).toEqual([
      ['ever', 10_000],
      ['2027-02-01', 3_000_000, 15_000_000],
      ['2027-03-01', 2_000_000, 10_000_000],
      ['2027-04-01', 1_000_000, 5_000_000],
      ['2027-05-01', 20_000],
    ]);
  });

  test('whatever the dates: the moments rise, and at each one holds what model and list say of it', () => {
    const day = (number: number) => new Date(Date.UTC(2027, 0, 1 + number)).toISOString().slice(0, 10);
    const days = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(days, days, (listDays, modelDays) => {
        const rising = (numbers: number[]) => numbers.toSorted((a, b) => a - b);
        const list = [
          { input: 1, output: 1 },
          ...rising(listDays).map((number) => ({ from: day(number), input: number + 2, output: 1 })),
        ];
        const changes = rising(modelDays);
        const prices = toPrices(
          [{ list_of: 'main' }, ...changes.map((number) => ({ from: day(number), list_of: 'main' }))],
          () => list,
        );
        const starts = prices.map(({ fromMs }) => fromMs);
        expect(starts).toEqual([...new Set(starts)].toSorted((a, b) => a - b));
        expect(starts[0]).toBe(-Infinity);
        for (let number = -1; number <= 41; number += 1) {
          const nowMs = Date.UTC(2027, 0, 1 + number);
          const held = prices.findLast(({ fromMs }) => fromMs <= nowMs)?.price;
          const listed = rising(listDays).findLast((start) => start <= number);
          const input = (listed === undefined ? 1 : listed + 2) * 1_000_000;
          expect(held).toMatchObject({ inputMicrosPerMillion: input });
        }
      }),
      { numRuns: 200 },
    );
  });
});
