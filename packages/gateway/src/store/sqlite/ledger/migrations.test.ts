import type { Database } from 'better-sqlite3';
import { expect, it } from 'vitest';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { DatabaseTooOldError, migrate } from '../main/migrate.ts';
import { openForReading, openForWriting } from './connection.ts';
import { createEarningsBalance } from './earnings-read.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { openLedgerStore } from './open.ts';
import { reconcile } from './reconcile.ts';
import { temporaryLedgers } from './testing-folder.ts';
import { growLedger } from './testing-growth.ts';

const newPath = temporaryLedgers();
const clock = createVirtualClock();

it('a ledger from before the first release is refused and left as it is', async () => {
  const path = newPath();
  const database = openForWriting(path);
  migrate(
    database,
    [{ version: 2, name: 'of old', sql: 'CREATE TABLE account (id INTEGER)' }],
    clock.nowMs(),
  );
  await expect(openLedgerStore({ path, clock })).rejects.toThrow(DatabaseTooOldError);
  await expect(openLedgerStore({ path, clock })).rejects.toThrow('the oldest that can be used is 3');
  expect(
    database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all(),
  ).toEqual(['account', 'schema_version']);
  database.close();
});

it('a ledger of version 3 keeps all it has, and earns from then on', async () => {
  const path = newPath();
  const database = openForWriting(path);
  migrate(database, LEDGER_MIGRATIONS.slice(0, 1), clock.nowMs());
  database.close();
  growLedger(path, { requests: 500, accounts: 7, perSecond: 1, endMs: clock.nowMs() });
  const before = openForReading(path);
  const tables = ['account', 'transfer', 'receipt'] as const;
  const rowsOf = (reader: Database) =>
    tables.map((table) => reader.prepare(`SELECT * FROM ${table} WHERE rowid > 0`).raw().all());
  const kept = rowsOf(before);
  before.close();

  const { ledger } = await openLedgerStore({ path, clock });
  const after = openForReading(path);
  const now = rowsOf(after);
  for (const [index, rows] of kept.entries()) {
    const width = (rows[0] as unknown[]).length;
    expect(now[index]?.map((row) => (row as unknown[]).slice(0, width))).toEqual(rows);
  }
  expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [], counts: { receipts: 500 } });
  const held = ledger.reserve(reservation('req_new', 'acc_0', 3));
  if (!held.ok) throw new Error(held.error);
  const earner = { accountId: 'acc_1', shareBps: 10_000, maturityMs: 0 };
  const settled = { amountMicros: held.value.amountMicros, receipt: receiptFor(held.value), earner };
  await ledger.settle(held.value, settled);
  expect(createEarningsBalance(after)('acc_1')).toMatchObject({ pendingMicros: 3 });
  after.close();
  await ledger.close();
  expect(reconcile(path, clock).problems).toEqual([]);
});

it('each ledger has a mark of its own', () => {
  const marks = [newPath(), newPath()].map((path) => {
    const database = openForWriting(path);
    migrate(database, LEDGER_MIGRATIONS, clock.nowMs());
    const mark = database.prepare("SELECT value FROM meta WHERE key = 'ledger_id'").pluck().get() as number;
    database.close();
    return mark;
  });
  expect(marks.every((mark) => Number.isSafeInteger(mark) && mark >= 0)).toBe(true);
  expect(new Set(marks).size).toBe(2);
});
