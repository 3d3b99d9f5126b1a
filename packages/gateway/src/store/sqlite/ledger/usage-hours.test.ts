import { afterEach, expect, it } from 'vitest';
import type { Price } from '../../../catalog/model.ts';
import { micros } from '../../../core/money.ts';
import type { Receipt } from '../../../ledger/ledger.ts';
import { priceUsage } from '../../../pricing/meter.ts';
import { USAGE_HOURS_KEPT } from '../../../receipts/reader.ts';
import { keptReceipt } from '../../../receipts/testing-receipts.ts';
import { migrate } from '../main/migrate.ts';
import { createBatchWriter } from './apply-batch.ts';
import { openForReading, openForWriting } from './connection.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { createRepricing } from './reprice.ts';
import { temporaryLedgers } from './testing-folder.ts';
import { depositItem, resolveItem } from './testing-items.ts';
import { openUsageDays } from './usage-days.ts';
import { createHourSums } from './usage.ts';

const HOUR_MS = 3_600_000;
const DAY = 20_000;
const newPath = temporaryLedgers();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).toReversed()) close();
});

function newBench() {
  const path = newPath();
  const writer = openForWriting(path);
  migrate(writer, LEDGER_MIGRATIONS, 0);
  const write = createBatchWriter(writer, 1);
  write([depositItem('acc_1', 1e12)]);
  const ledger = openForReading(path);
  const days = openUsageDays(`${path}.usage`, ledger);
  closers.push(
    () => void writer.close(),
    () => void ledger.close(),
    () => days.close(),
  );
  let number = 0;
  return {
    ledger,
    add(change: Partial<Receipt>): void {
      number += 1;
      const requestId = `req_${String(number).padStart(22, '0')}`;
      expect(write([resolveItem(keptReceipt({ requestId, ...change }))])).toEqual([]);
    },
    hours(fromHour: number, toHour: number, groupBy?: 'model' | 'key') {
      while (!days.catchUp());
      const rows = createHourSums(days.database, 100)({ accountId: 'acc_1', fromHour, toHour, groupBy });
      if (!rows.ok) throw new Error(rows.error);
      return rows.value.map(({ hour, model, key, requests, chargedMicros }) => {
        return [hour, model ?? key ?? '', requests, chargedMicros];
      });
    },
  };
}

it('sums by hours and groups, and forgets hours that are too old', () => {
  const bench = newBench();
  const at = (hour: number) => ({ startedAtMs: hour * HOUR_MS, chargedMicros: micros(10) });
  bench.add({ ...at(100), modelId: 'a' });
  bench.add({ ...at(100.99), modelId: 'b' });
  bench.add({ ...at(101), modelId: 'a' });
  bench.add({ ...at(101.5), modelId: 'a' });
  expect(bench.hours(100, 101)).toEqual([
    [100, '', 2, 20],
    [101, '', 2, 20],
  ]);
  expect(bench.hours(100, 101, 'model')).toEqual([
    [100, 'a', 1, 10],
    [100, 'b', 1, 10],
    [101, 'a', 2, 20],
  ]);
  expect(bench.hours(102, 200)).toEqual([]);
  bench.add(at(101 + USAGE_HOURS_KEPT - 1));
  expect(bench.hours(0, 101)).toEqual([[101, '', 2, 20]]);
});

it('tells the charged requests of a day and a model again at another price, one by one', () => {
  const bench = newBench();
  const price: Price = {
    type: 'per-token',
    inputMicrosPerMillion: micros(333_333),
    imageInputMicrosPerMillion: micros(0),
    cacheReadMicrosPerMillion: micros(0),
    cacheWriteMicrosPerMillion: micros(0),
    outputMicrosPerMillion: micros(2_000_001),
    reasoningMicrosPerMillion: micros(0),
    minimumMicros: micros(3),
  };
  const startMs = DAY * 24 * HOUR_MS;
  let [requests, charged, would] = [0, 0, 0];
  for (let minute = -200; minute < 24 * 60 + 200; minute += 7) {
    const usage = { ...keptReceipt().usage, inputTokens: minute + 300, outputTokens: Math.abs(minute % 5) };
    const change = {
      startedAtMs: startMs + minute * 60_000,
      usage,
      modelId: minute % 2 === 0 ? 'm' : 'other',
      chargedMicros: micros(minute % 3 === 0 ? 0 : 11),
    };
    bench.add(change);
    if (minute < 0 || minute >= 24 * 60 || change.modelId !== 'm' || change.chargedMicros === 0) continue;
    requests += 1;
    charged += 11;
    would += priceUsage(price, usage);
  }
  const reprice = createRepricing(bench.ledger);
  expect(requests).toBeGreaterThan(50);
  expect(reprice({ modelId: 'm', day: DAY, price })).toEqual({
    requests,
    chargedMicros: charged,
    wouldChargeMicros: would,
  });
  const flat: Price = { type: 'flat', amountMicros: micros(500) };
  expect(reprice({ modelId: 'm', day: DAY, price: flat }).wouldChargeMicros).toBe(500 * requests);
  expect(reprice({ modelId: 'm', day: DAY + 40, price }).requests).toBe(0);
});
