import { expect, test } from 'vitest';
import { formatProblem } from './config.ts';
import type { Config } from './config.ts';
import { loadConfigText } from './load.ts';

function load(text: string): Config | string[] {
  const loaded = loadConfigText(text, {
    name: 'test.yaml',
    environment: {},
    overrides: {},
    workingFolder: '/',
  });
  return loaded.ok ? loaded.value.config : loaded.error.map(formatProblem);
}

const pricesOf = (text: string) => {
  const config = load(text);
  return Array.isArray(config) ? config : config.deployments.prices;
};

test('deployments are free unless the file says otherwise', () => {
  const free = [{ fromMs: -Infinity, price: { type: 'flat', amountMicros: 0 } }];
  expect(pricesOf('')).toEqual(free);
  expect(pricesOf('deployments: {}')).toEqual(free);
  expect(pricesOf('deployments: { price: { free: true } }')).toEqual(free);
});

test('a platform fee may be flat or per token, and may change at a moment', () => {
  expect(pricesOf('deployments: { price: { credits: 0.1 } }')).toEqual([
    { fromMs: -Infinity, price: { type: 'flat', amountMicros: 1_000 } },
  ]);
  expect(
    pricesOf(
      'deployments: { price: [{ free: true }, { from: 2027-01-31, per_million_usd: { input: 0.1, output: 0.2 } }] }',
    ),
  ).toMatchObject([
    { price: { type: 'flat', amountMicros: 0 } },
    { fromMs: Date.UTC(2027, 0, 31), price: { type: 'per-token', outputMicrosPerMillion: 200_000 } },
  ]);
});

test.each([
  [
    'deployments: { price: {} }',
    'test.yaml:1:23: deployments.price: says no price (allowed: exactly one of credits, per_million_usd, list_of, free)',
  ],
  [
    'deployments: { price: { list_of: main } }',
    'test.yaml:1:34: deployments.price.list_of: has no list to follow here (allowed: credits, per_million_usd, or free: true)',
  ],
  [
    'deployments: { price: [{ free: true }, { from: 2027-01-31, list_of: main }] }',
    'test.yaml:1:69: deployments.price[1].list_of: has no list to follow here (allowed: credits, per_million_usd, or free: true)',
  ],
  ['deployments: { free: true }', 'test.yaml:1:16: deployments.free: is not a known key (allowed: price)'],
])('%s is refused', (text, problem) => {
  expect(load(text)).toEqual([problem]);
});
