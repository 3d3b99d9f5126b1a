import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import { micros } from '../../../core/money.ts';
import type { Receipt } from '../../../ledger/ledger.ts';
import { USAGE_GROUPS, type UsageQuestion, type UsageRow } from '../../../receipts/reader.ts';
import { keptReceipt } from '../../../receipts/testing-receipts.ts';
import { migrate } from '../main/migrate.ts';
import { createBatchWriter } from './apply-batch.ts';
import { openForReading, openForWriting } from './connection.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { createRollup } from './rollup.ts';
import { temporaryLedgers } from './testing-folder.ts';
import { depositItem, resolveItem } from './testing-items.ts';
import { openUsageDays, type UsageDays } from './usage-days.ts';
import { openRecordReader } from './usage-reader.ts';
import { createReceiptList, createUsageSums } from './usage.ts';

const DAY_MS = 86_400_000;
const newPath = temporaryLedgers();

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).toReversed()) close();
});

type Bench = {
  writer: Database;
  ledger: Database;
  usagePath: string;
  ledgerPath: string;
  add(...receipts: readonly Receipt[]): void;
};

function newBench(ledgerPath = newPath()): Bench {
  const writer = openForWriting(ledgerPath);
  migrate(writer, LEDGER_MIGRATIONS, 0);
  const write = createBatchWriter(writer, 1);
  write(['acc_1', 'acc_2'].map((account) => depositItem(account, 1e12)));
  const ledger = openForReading(ledgerPath);
  closers.push(
    () => void writer.close(),
    () => void ledger.close(),
  );
  return {
    writer,
    ledger,
    ledgerPath,
    usagePath: `${ledgerPath}.usage`,
    add(...receipts) {
      const items = receipts.map(resolveItem);
      expect(write(items)).toEqual([]);
    },
  };
}

function openDays(bench: Bench): UsageDays {
  const days = openUsageDays(bench.usagePath, bench.ledger);
  closers.push(() => days.close());
  return days;
}

function caughtUp(days: UsageDays): UsageDays {
  while (!days.catchUp());
  return days;
}

const id = (number: number) => `req_${String(number).padStart(22, '0')}`;
const ask = (change: Partial<UsageQuestion> = {}): UsageQuestion => ({
  accountId: 'acc_1',
  fromDay: 0,
  toDay: 100_000,
  groupBy: ['model'],
  ...change,
});

/** The charge of each group, by its names. */
function charges(days: UsageDays, question: UsageQuestion): Record<string, number> {
  const rows = createUsageSums(days.database, 1_000)(question);
  if (!rows.ok) throw new Error(rows.error);
  return Object.fromEntries(
    rows.value.map((row) => [question.groupBy.map((group) => row[group]).join(' '), row.chargedMicros]),
  );
}

describe('sums', () => {
  /** Small sets of names, so that groups really come together. */
  const receipts = fc.array(
    fc.record({
      account: fc.constantFrom('acc_1', 'acc_2'),
      model: fc.constantFrom('a', 'b'),
      key: fc.constantFrom('key_1', 'key_2'),
      day: fc.integer({ min: 20_000, max: 20_002 }),
      ms: fc.constantFrom(0, 1, DAY_MS - 1),
      tokens: fc.integer({ min: -1, max: 1_000 }),
      charged: fc.integer({ min: 0, max: 1_000_000 }),
    }),
    { maxLength: 30 },
  );

  it('equal a plain addition, whenever they are caught up', () => {
    fc.assert(
      fc.property(
        receipts,
        receipts,
        fc.shuffledSubarray([...USAGE_GROUPS], { minLength: 1 }),
        fc.integer({ min: 19_999, max: 20_002 }),
        (first, second, groupBy, fromDay) => {
          const bench = newBench();
          const days = openDays(bench);
          const all = [...first, ...second].map((row, index) =>
            keptReceipt({
              requestId: id(index),
              accountId: row.account,
              modelId: row.model,
              keyId: row.key,
              startedAtMs: row.day * DAY_MS + row.ms,
              usage: {
                ...NO_USAGE,
                inputTokens: row.tokens,
                imageInputTokens: row.tokens,
                reasoningTokens: row.tokens,
              },
              heldMicros: micros(1_000_000),
              chargedMicros: micros(row.charged),
            }),
          );
          for (const receipt of all.slice(0, first.length)) bench.add(receipt);
          caughtUp(days);
          for (const receipt of all.slice(first.length)) bench.add(receipt);
          caughtUp(caughtUp(days));
          const question = ask({ fromDay, toDay: 20_001, groupBy });
          expect(createUsageSums(days.database, 1_000)(question)).toEqual({
            ok: true,
            value: plainSums(all, question),
          });
          for (const close of closers.splice(0).toReversed()) close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are refused from one row more than the bound', () => {
    const bench = newBench();
    for (const number of [1, 2, 3]) bench.add(keptReceipt({ requestId: id(number), modelId: `m${number}` }));
    const days = caughtUp(openDays(bench));
    expect(createUsageSums(days.database, 3)(ask())).toMatchObject({ ok: true });
    expect(createUsageSums(days.database, 2)(ask())).toEqual({ ok: false, error: 'too-many-rows' });
    expect(createUsageSums(days.database, 1)(ask({ groupBy: ['key'] }))).toMatchObject({ ok: true });
  });

  it('come in steps, and go on after a restart', () => {
    const bench = newBench();
    bench.add(...Array.from({ length: 100_001 }, (_, number) => keptReceipt({ requestId: id(number) })));
    const days = openDays(bench);
    expect([days.catchUp(), days.catchUp()]).toEqual([false, false]);
    expect(charges(days, ask())).toEqual({ demo: 80_001 * 100_000 });
    days.close();
    const again = openDays(bench);
    expect([again.catchUp(), again.catchUp()]).toEqual([true, true]);
    expect(charges(again, ask())).toEqual({ demo: 80_001 * 100_001 });
  });

  it('include receipts that the ledger has summed up and removed, before or after they were counted', () => {
    const bench = newBench();
    const rollUp = createRollup(bench.writer);
    const sumUp = (receiptsMax: number) =>
      rollUp({ beforeMs: Date.UTC(2026, 11, 1), nowMs: Date.UTC(2026, 11, 31), afterSeq: 0, receiptsMax });
    bench.add(...[1, 2, 3, 4, 5, 6].map((number) => keptReceipt({ requestId: id(number) })));
    expect(sumUp(1).receipts).toBe(1);
    const days = openDays(bench);
    expect(charges(caughtUp(days), ask())).toEqual({ demo: 6 * 80_001 });
    // Counted already: nothing to do.
    expect(sumUp(2).receipts).toBe(2);
    const before = days.database.prepare('SELECT total_changes()').pluck().get();
    expect(charges(caughtUp(days), ask())).toEqual({ demo: 6 * 80_001 });
    expect(days.database.prepare('SELECT total_changes()').pluck().get()).toBe(before);
    // One that was not counted yet: the sums begin anew.
    bench.add(...[7, 8].map((number) => keptReceipt({ requestId: id(number) })));
    expect(sumUp(4).receipts).toBe(4);
    expect(charges(caughtUp(days), ask())).toEqual({ demo: 8 * 80_001 });
    expect(sumUp(9).receipts).toBe(1);
    bench.add(keptReceipt({ requestId: id(9) }));
    expect(charges(caughtUp(days), ask())).toEqual({ demo: 9 * 80_001 });
  });

  it('are made anew when the ledger is another one, for example an older copy that went on differently', () => {
    const bench = newBench();
    for (const number of [1, 2]) bench.add(keptReceipt({ requestId: id(number) }));
    caughtUp(openDays(bench)).close();
    const restored = newBench();
    for (const number of [1, 7, 8])
      restored.add(keptReceipt({ requestId: id(number), chargedMicros: micros(5) }));
    expect(charges(caughtUp(openDays({ ...restored, usagePath: bench.usagePath })), ask())).toEqual({
      demo: 15,
    });
  });

  it('are made anew when the ledger is an older copy of itself that went on differently', () => {
    const bench = newBench();
    bench.add(keptReceipt({ requestId: id(1) }));
    const copy = newPath();
    bench.writer.exec(`VACUUM INTO '${copy}'`);
    bench.add(keptReceipt({ requestId: id(2) }));
    caughtUp(openDays(bench)).close();
    const older = { ...newBench(copy), usagePath: bench.usagePath };
    older.add(...[7, 8].map((number) => keptReceipt({ requestId: id(number), chargedMicros: micros(5) })));
    expect(charges(caughtUp(openDays(older)), ask())).toEqual({ demo: 80_001 + 10 });
  });

  it.each<[string, (path: string) => void]>([
    ['no database', (path) => writeFileSync(path, 'x'.repeat(5_000))],
    ['broken', (path) => writeFileSync(path, readFileSync(path).fill(7, 0, 200))],
    ['of another version', (path) => alter(path, 'PRAGMA user_version = 99; DROP TABLE usage_day')],
    ['empty', (path) => writeFileSync(path, '')],
  ])('are made anew when their file is %s', (_name, damage) => {
    const bench = newBench();
    bench.add(keptReceipt({ requestId: id(1) }));
    caughtUp(openDays(bench)).close();
    damage(bench.usagePath);
    const days = caughtUp(openDays(bench));
    expect(charges(days, ask())).toEqual({ demo: 80_001 });
    expect(statSync(bench.usagePath).mode & 0o777).toBe(0o600);
  });

  function alter(path: string, sql: string): void {
    const database = openForWriting(path);
    database.exec(sql);
    database.close();
  }
});

describe('lists', () => {
  function filled(): Bench {
    const bench = newBench();
    for (let number = 0; number < 10; number += 1) {
      bench.add(
        keptReceipt({
          requestId: id(number),
          accountId: number === 4 ? 'acc_2' : 'acc_1',
          modelId: number % 2 === 0 ? 'even' : 'odd',
          keyId: number < 5 ? 'key_1' : 'key_2',
          end: number === 3 ? 'interrupted' : 'stop',
        }),
      );
    }
    return bench;
  }

  it('are newest first, by pages, of one account only', () => {
    const list = createReceiptList(filled().ledger);
    const seen: string[] = [];
    let before: string | undefined;
    let pages = 0;
    do {
      const page = list({ accountId: 'acc_1', limit: 4, ...(before === undefined ? {} : { before }) });
      if (!page.ok) throw new Error(page.error);
      seen.push(...page.value.receipts.map((receipt) => receipt.requestId));
      before = page.value.nextBefore;
      pages += 1;
    } while (before !== undefined);
    expect(seen).toEqual([9, 8, 7, 6, 5, 3, 2, 1, 0].map(id));
    expect(pages).toBe(3);
  });

  it.each([
    [{ model: 'odd' }, [9, 7, 5, 3, 1]],
    [{ model: 'odd', key: 'key_1' }, [3, 1]],
    [{ end: 'interrupted' as const }, [3]],
    [{ model: 'gone' }, []],
    [{ key: "key_1' OR '1'='1" }, []],
  ])('can be filtered by %j', (filter, expected) => {
    const page = createReceiptList(filled().ledger)({ accountId: 'acc_1', limit: 10, ...filter });
    if (!page.ok) throw new Error(page.error);
    expect(page.value.receipts.map((receipt) => receipt.requestId)).toEqual(expected.map(id));
    expect(page.value.nextBefore).toBeUndefined();
  });

  it('take no cursor of another account, nor an unknown one', () => {
    const list = createReceiptList(filled().ledger);
    for (const number of [4, 99]) {
      expect(list({ accountId: 'acc_1', limit: 4, before: id(number) })).toEqual({
        ok: false,
        error: 'unknown-cursor',
      });
    }
  });

  it('look at a bounded number of rows, and say where to go on', () => {
    const bench = newBench();
    bench.add(
      ...Array.from({ length: 6_000 }, (_, number) =>
        keptReceipt({ requestId: id(number), modelId: number === 500 ? 'rare' : 'common' }),
      ),
    );
    const list = createReceiptList(bench.ledger);
    const first = list({ accountId: 'acc_1', limit: 1, model: 'rare' });
    expect(first).toEqual({ ok: true, value: { receipts: [], nextBefore: id(1_000) } });
    const second = list({ accountId: 'acc_1', limit: 1, model: 'rare', before: id(1_000) });
    expect(second).toMatchObject({ ok: true, value: { receipts: [{ requestId: id(500) }] } });
  });
});

describe('the reading thread', () => {
  it('starts with the first question, answers, and refuses more than it should have waiting', async () => {
    const bench = newBench();
    bench.add(keptReceipt({ requestId: id(1) }));
    const reader = openRecordReader(bench);
    expect(existsSync(bench.usagePath)).toBe(false);
    const asked = Array.from({ length: 6 }, () => reader.usage(ask()));
    const other = reader.list({ accountId: 'acc_2', limit: 1 });
    const outcomes = (await Promise.all(asked)).map((answer) => (answer.ok ? 'ok' : answer.error));
    expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok', 'busy', 'busy']);
    expect(await other).toEqual({ ok: true, value: { receipts: [], nextBefore: undefined } });
    expect(await reader.usage(ask())).toMatchObject({ ok: true, value: [{ chargedMicros: 80_001 }] });
    const crowd = Array.from({ length: 70 }, (_, index) =>
      reader.list({ accountId: `acc_${index}`, limit: 1 }),
    );
    const answers = (await Promise.all(crowd)).map((answer) => (answer.ok ? 'ok' : answer.error));
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(6);
    await reader.close();
    await expect(reader.usage(ask())).rejects.toThrow('closed');
  });

  it('rejects its questions when it cannot read, and tries again with the next', async () => {
    const bench = newBench();
    const reader = openRecordReader({ ...bench, ledgerPath: `${bench.ledgerPath}.none` });
    await expect(reader.usage(ask())).rejects.toThrow('the reader of receipts has ended');
    await expect(reader.list({ accountId: 'acc_1', limit: 1 })).rejects.toThrow('has ended');
    await reader.close();
  });
});

/** The same sums, made in the plainest way. */
function plainSums(all: readonly Receipt[], question: UsageQuestion): UsageRow[] {
  const rows = new Map<string, UsageRow>();
  for (const receipt of all) {
    const day = Math.floor(receipt.startedAtMs / DAY_MS);
    if (receipt.accountId !== question.accountId || day < question.fromDay || day > question.toDay) continue;
    const names = { day, model: receipt.modelId, key: receipt.keyId };
    const groups = Object.fromEntries(question.groupBy.map((group) => [group, names[group]]));
    const name = JSON.stringify(groups);
    const tokens = Math.max(0, receipt.usage.inputTokens);
    const row = rows.get(name) ?? { ...groups, requests: 0, usage: NO_USAGE, chargedMicros: micros(0) };
    rows.set(name, {
      ...row,
      requests: row.requests + 1,
      usage: {
        ...NO_USAGE,
        inputTokens: row.usage.inputTokens + tokens,
        imageInputTokens: row.usage.imageInputTokens + tokens,
        reasoningTokens: row.usage.reasoningTokens + tokens,
      },
      chargedMicros: micros(row.chargedMicros + receipt.chargedMicros),
    });
  }
  return [...rows.values()].toSorted((a, b) => {
    for (const group of question.groupBy) {
      const [left, right] = [a[group] ?? 0, b[group] ?? 0];
      if (left !== right) return left < right ? -1 : 1;
    }
    return 0;
  });
}
