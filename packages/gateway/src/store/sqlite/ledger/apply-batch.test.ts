import { describe, expect, it } from 'vitest';
import { micros } from '../../../core/money.ts';
import { NO_LEGS } from '../../../ledger/decide.ts';
import type { JournalItem, ResolveItem } from '../../../ledger/journal.ts';
import { receiptFor } from '../../../ledger/testing-receipt.ts';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { migrate } from '../main/migrate.ts';
import { createBatchWriter } from './apply-batch.ts';
import { openForWriting } from './connection.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { reconcile } from './reconcile.ts';
import { temporaryLedgers } from './testing-folder.ts';
import { depositItem, resolveItem } from './testing-items.ts';

const newPath = temporaryLedgers();
const clock = createVirtualClock();

function setUp() {
  const path = newPath();
  const database = openForWriting(path);
  migrate(database, LEDGER_MIGRATIONS, clock.nowMs());
  const write = createBatchWriter(database, 0);
  const balance = (owner: string): unknown =>
    database
      .prepare("SELECT credits_posted - debits_posted FROM account WHERE owner = ? AND kind = 'paid'")
      .pluck()
      .get(owner);
  return { path, database, write, balance };
}

function charge(requestId: string, accountId: string, amount: number): ResolveItem {
  const chargedMicros = micros(amount);
  const receipt = receiptFor({ requestId, accountId, keyId: 'key_1', amountMicros: chargedMicros });
  return resolveItem({ ...receipt, firstPartMs: 12, durationMs: 345, chargedMicros });
}

describe('a batch', () => {
  it('is written whole, with one sum for each account', () => {
    const { write, balance, path } = setUp();
    const batch = [depositItem('acc_1', 500), charge('req_1', 'acc_1', 30), charge('req_2', 'acc_1', 12)];
    expect(write(batch)).toEqual([]);
    expect(balance('acc_1')).toBe(458);
    expect(reconcile(path, clock).problems).toEqual([]);
  });

  const bad: [name: string, item: JournalItem][] = [
    ['more than the balance', charge('req_bad', 'acc_1', 501)],
    ['an account without money', charge('req_bad', 'acc_9', 1)],
    ['a request that is charged already', charge('req_0', 'acc_1', 1)],
    ['a number that is not whole', { ...charge('req_bad', 'acc_1', 1), atMs: 1.5 }],
    [
      'a hold that is not open',
      { ...charge('req_bad', 'acc_1', 1), durableHold: charge('x', 'y', 1).charged },
    ],
  ];
  it.each(bad)('loses only the item that the checks refuse: %s', (_name, item) => {
    const { write, balance, path } = setUp();
    write([depositItem('acc_1', 500), charge('req_0', 'acc_1', 5)]);
    expect(
      write([charge('req_1', 'acc_1', 30), item, depositItem('acc_2', 77), charge('req_2', 'acc_2', 7)]),
    ).toEqual([1, 'refused']);
    expect(balance('acc_1')).toBe(465);
    expect(balance('acc_2')).toBe(70);
    expect(reconcile(path, clock).problems).toEqual([]);
    // The row ids that were remembered during the rolled back try are not used again.
    expect(write([depositItem('acc_3', 1), depositItem('acc_2', 3, 'dep:again')])).toEqual([]);
    expect(reconcile(path, clock).problems).toEqual([]);
  });

  it('answers for ids that were used, also within the batch', () => {
    const { write, balance } = setUp();
    const lookUp = { ...depositItem('acc_1', 5, 'dep:unknown'), lookUpOnly: true };
    const batch = [
      depositItem('acc_1', 5),
      depositItem('acc_1', 5),
      depositItem('acc_1', 6),
      depositItem('acc_2', 5, 'dep:acc_1'),
      lookUp,
    ];
    expect(write(batch)).toEqual([
      1,
      'exists',
      2,
      'exists-with-other-content',
      3,
      'exists-with-other-content',
      4,
      'absent',
    ]);
    expect(balance('acc_1')).toBe(5);
  });

  it('is thrown back whole when the store itself fails', () => {
    const { write, balance, database } = setUp();
    write([depositItem('acc_1', 500)]);
    database.exec('DROP TABLE receipt');
    expect(() => write([depositItem('acc_1', 1, 'dep:2'), charge('req_1', 'acc_1', 5)])).toThrow(
      'no such table',
    );
    expect(balance('acc_1')).toBe(500);
  });

  it('writes a release as a receipt and nothing else', () => {
    const { write, path } = setUp();
    expect(write([{ ...charge('req_1', 'acc_1', 0), charged: NO_LEGS }])).toEqual([]);
    expect(reconcile(path, clock)).toMatchObject({ ok: true, counts: { transfers: 0, receipts: 1 } });
  });
});
