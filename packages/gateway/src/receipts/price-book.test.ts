import { expect, it } from 'vitest';
import { openRegistry } from '../accounts/registry.ts';
import type { AccountStore, AuditEntry } from '../accounts/store.ts';
import type { Model, Price, TokenPrice } from '../catalog/model.ts';
import { priceSchedule } from '../catalog/price-version.ts';
import { micros } from '../core/money.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { openPriceBook } from './price-book.ts';

const flat: Price = { type: 'flat', amountMicros: micros(80_000) };
const dearer: Price = { type: 'flat', amountMicros: micros(90_000) };
const perToken: TokenPrice = {
  type: 'per-token',
  inputMicrosPerMillion: micros(1),
  imageInputMicrosPerMillion: micros(7),
  cacheReadMicrosPerMillion: micros(2),
  cacheWriteMicrosPerMillion: micros(3),
  outputMicrosPerMillion: micros(4),
  reasoningMicrosPerMillion: micros(5),
  minimumMicros: micros(0),
};

/** Only what the book reads of a model. Each price but the first is planned for later. */
const modelAt = (id: string, price: Price, ...later: Price[]) =>
  ({
    id,
    prices: priceSchedule(id, [
      { fromMs: -Infinity, price },
      ...later.map((next, index) => ({ fromMs: Date.UTC(2030 + index, 0, 1), price: next })),
    ]),
  }) as unknown as Model;

const firstVersion = (model: Model): string => model.prices[0].version;

function memoryStore(): { store: AccountStore; meta: Map<string, string>; audit: AuditEntry[] } {
  const meta = new Map<string, string>();
  const audit: AuditEntry[] = [];
  const store: AccountStore = {
    load: async () => ({ accounts: [], keys: [], nodes: [], deployments: [], memberLimits: [] }),
    async commit(changes, entry) {
      for (const change of changes) if (change.type === 'set-meta') meta.set(change.key, change.value);
      audit.push(entry);
    },
    recordKeyUse: async () => undefined,
    auditTrail: async () => audit,
    meta: async (key) => meta.get(key),
    close: async () => undefined,
  };
  return { store, meta, audit };
}

it('remembers prices that are no longer in the catalogue, over restarts', async () => {
  const { store, audit } = memoryStore();
  const open = async (...models: Model[]) =>
    openPriceBook(await openRegistry({ store, clock: createVirtualClock(), brand: 'x' }), models);
  const first = modelAt('demo', flat);
  const second = modelAt('demo', dearer);
  const metered = modelAt('metered', perToken);

  expect(await (await open(first, metered)).priceOf(firstVersion(first))).toEqual(flat);
  const later = await open(second);
  expect(await later.priceOf(firstVersion(first))).toEqual(flat);
  expect(await later.priceOf(firstVersion(metered))).toEqual(perToken);
  expect(await later.priceOf(firstVersion(second))).toEqual(dearer);
  expect(await later.priceOf('ffffffffffff')).toBeUndefined();
  await open(second);
  expect(audit.map(({ action, detail }) => [action, detail])).toEqual([
    ['price.record', '2 new prices'],
    ['price.record', '1 new prices'],
  ]);
});

it('knows every price of a model, those to come too, also when the plan was dropped', async () => {
  const { store } = memoryStore();
  const registry = await openRegistry({ store, clock: createVirtualClock(), brand: 'x' });
  const model = modelAt('demo', flat, dearer, perToken);
  const book = await openPriceBook(registry, [model]);
  const known = await Promise.all(model.prices.map(({ version }) => book.priceOf(version)));
  expect(known).toEqual([flat, dearer, perToken]);
  const after = await openPriceBook(registry, [modelAt('demo', flat)]);
  expect(await after.priceOf(model.prices[1]?.version ?? '')).toEqual(dearer);
});

it('takes a price of before pictures had their own for one by which they cost as any input', async () => {
  const { store, meta } = memoryStore();
  const { imageInputMicrosPerMillion: _, ...old } = perToken;
  meta.set('price:abc', JSON.stringify(old));
  const registry = await openRegistry({ store, clock: createVirtualClock(), brand: 'x' });
  const book = await openPriceBook(registry, []);
  expect(await book.priceOf('abc')).toEqual({ ...perToken, imageInputMicrosPerMillion: 1 });
});

it.each([
  '',
  '{',
  '{}',
  '{"type":"flat"}',
  '{"type":"flat","amountMicros":0.5}',
  '{"type":"flat","amountMicros":-1}',
])('takes the entry %j for none', async (text) => {
  const { store, meta } = memoryStore();
  meta.set('price:abc', text);
  const book = await openPriceBook(
    await openRegistry({ store, clock: createVirtualClock(), brand: 'x' }),
    [],
  );
  expect(await book.priceOf('abc')).toBeUndefined();
});
