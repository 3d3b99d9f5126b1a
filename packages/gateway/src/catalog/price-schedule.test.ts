import { describe, expect, it, test } from 'vitest';
import { loadConfigText } from '../config/load.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createCatalog } from './catalog.ts';
import { viewModel } from './model-view.ts';
import type { Model } from './model.ts';
import { nextPrice, priceAt } from './price-schedule.ts';

const FILE = `
pools: { p: {} }
models:
  - id: m
    context_tokens: 100
    max_output_tokens: 50
    price:
      - { credits: 8 }
      - { from: 2027-01-01T00:00:00Z, credits: 10 }
      - { from: 2027-02-01, credits: 8 }
      - { from: "2027-02-01T12:30Z", per_million_usd: { input: 1, output: 4 } }
    routes: [{ pool: p }]
    variants:
      - { id: v, price: [{ free: true }, { from: 2027-01-01, credits: 1 }] }
      - { id: plain, price: { credits: 3 } }
`;

const NEW_YEAR_MS = Date.UTC(2027, 0, 1);
const FEBRUARY_MS = Date.UTC(2027, 1, 1);

function modelOf(name: string): Model {
  const loaded = loadConfigText(FILE, { name: 'x', environment: {}, overrides: {}, workingFolder: '/' });
  if (!loaded.ok) throw new Error('the test file is not valid');
  const model = createCatalog(loaded.value.config, createVirtualClock()).resolveModel(
    { models: undefined },
    name,
  );
  if (!model.ok) throw new Error('not found');
  return model.value;
}

/** Credits of a flat price, or `tokens`. */
function priceText(model: Model, nowMs: number): number | 'tokens' {
  const { price } = priceAt(model, nowMs);
  return price.type === 'flat' ? price.amountMicros / 10_000 : 'tokens';
}

describe('priceAt', () => {
  it.each<[string, model: string, atMs: number, expected: number | 'tokens']>([
    ['long before', 'm', 0, 8],
    ['before 1970', 'm', -1, 8],
    ['a millisecond before', 'm', NEW_YEAR_MS - 1, 8],
    ['at the instant', 'm', NEW_YEAR_MS, 10],
    ['a fraction of a millisecond before', 'm', NEW_YEAR_MS - 0.001, 8],
    ['a millisecond after', 'm', NEW_YEAR_MS + 1, 10],
    ['before the second change', 'm', FEBRUARY_MS - 1, 10],
    ['a date is its first instant', 'm', FEBRUARY_MS, 8],
    ['a time within a day', 'm', FEBRUARY_MS + 12.5 * 3_600_000, 'tokens'],
    ['long after', 'm', Number.MAX_SAFE_INTEGER, 'tokens'],
    ['a variant has dates of its own', 'v', NEW_YEAR_MS - 1, 0],
    ['a variant at its instant', 'v', NEW_YEAR_MS, 1],
    ['a price without dates', 'plain', NEW_YEAR_MS, 3],
  ])('%s', (_name, model, atMs, expected) => {
    expect(priceText(modelOf(model), atMs)).toBe(expected);
  });

  it('follows a clock that moves over the instant, there and back', () => {
    const model = modelOf('m');
    const clock = createVirtualClock(NEW_YEAR_MS - 10);
    const seen = [priceText(model, clock.nowMs())];
    clock.advance(9);
    seen.push(priceText(model, clock.nowMs()));
    clock.advance(1);
    seen.push(priceText(model, clock.nowMs()), priceText(model, NEW_YEAR_MS - 1));
    expect(seen).toEqual([8, 8, 10, 8]);
  });

  it('gives the same price the same name whenever it holds, and another price another', () => {
    const [first, second, third] = modelOf('m').prices.map(({ version }) => version);
    expect(third).toBe(first);
    expect(second).not.toBe(first);
  });
});

describe('nextPrice', () => {
  test.each<[string, number, number | undefined]>([
    ['m', 0, NEW_YEAR_MS],
    ['m', NEW_YEAR_MS - 1, NEW_YEAR_MS],
    ['m', NEW_YEAR_MS, FEBRUARY_MS],
    ['m', FEBRUARY_MS + 86_400_000, undefined],
    ['plain', 0, undefined],
  ])('of %s at %d', (name, nowMs, fromMs) => {
    expect(nextPrice(modelOf(name), nowMs)?.fromMs).toBe(fromMs);
  });

  test('stands in the view of a model beside the present price, until it is the present one', () => {
    const before = viewModel(modelOf('m'), { available: true, nowMs: NEW_YEAR_MS - 1 });
    expect(before).toMatchObject({
      pricing: { type: 'per_message', credits: 8, usd: 0.08 },
      next_pricing: { from: '2027-01-01T00:00:00.000Z', type: 'per_message', credits: 10, usd: 0.1 },
    });
    const after = viewModel(modelOf('m'), { available: true, nowMs: FEBRUARY_MS });
    expect(after).toMatchObject({
      pricing: { credits: 8 },
      next_pricing: { from: '2027-02-01T12:30:00.000Z', type: 'per_token', input_per_million: 1 },
    });
    expect(viewModel(modelOf('plain'), { available: true, nowMs: 0 })).not.toHaveProperty('next_pricing');
  });
});
