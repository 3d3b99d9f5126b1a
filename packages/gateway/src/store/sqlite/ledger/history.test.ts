import type { Database } from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZERO_MICROS, micros } from '../../../core/money.ts';
import type { JournalItem } from '../../../ledger/journal.ts';
import { keptReceipt } from '../../../receipts/testing-receipts.ts';
import { migrate } from '../main/migrate.ts';
import { createBatchWriter } from './apply-batch.ts';
import { openForReading, openForWriting } from './connection.ts';
import { createHistoryReader } from './history.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { createReceiptChain } from './receipt-chain.ts';
import { createRollup } from './rollup.ts';
import { temporaryLedgers } from './testing-folder.ts';
import { depositItem, resolveItem } from './testing-items.ts';

const newPath = temporaryLedgers();
const ACCOUNTS = ['acc_1', 'acc_2'];
const STARTED_MS = Date.UTC(2026, 10, 20);

/** What happens to one of the accounts: some credit, or a request that takes so much of each balance. */
const anyEvents = fc.array(
  fc.record({
    account: fc.constantFrom(...ACCOUNTS),
    credit: fc.constantFrom('deposit', 'gift', 'none', 'none', 'none', 'none', 'none'),
    paid: fc.integer({ min: 0, max: 3 }),
    promo: fc.integer({ min: 0, max: 1 }),
  }),
  { minLength: 1, maxLength: 300 },
);

function itemOf(
  event: { account: string; credit: string; paid: number; promo: number },
  index: number,
): JournalItem {
  const { account, credit, paid, promo } = event;
  if (credit === 'deposit') return depositItem(account, 5, `dep:${index}`);
  if (credit === 'gift') {
    const gift = depositItem(account, 5, `gift:${index}`);
    return { ...gift, request: { ...gift.request, kind: 'gift', balance: 'promo' } };
  }
  const receipt = keptReceipt({
    requestId: `req_${index}`,
    accountId: account,
    startedAtMs: STARTED_MS + index,
    chargedMicros: micros(paid + promo),
  });
  return { ...resolveItem(receipt), charged: { paidMicros: micros(paid), promoMicros: micros(promo) } };
}

const START: JournalItem[] = ACCOUNTS.flatMap((account) => {
  const gift = depositItem(account, 10_000, `gift:${account}`);
  return [
    depositItem(account, 10_000),
    { ...gift, request: { ...gift.request, kind: 'gift', balance: 'promo' } },
  ];
});

/** The same by a walk over all transfers, without any chain. */
function plainHistory(database: Database, account: string): { seq: number; amount: number }[] {
  return database
    .prepare<[{ account: string }], { seq: number; amount: number }>(
      `SELECT t.seq, iif(c.owner = @account, t.amount, -t.amount) AS amount FROM transfer t
         JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit
       WHERE @account IN (d.owner, c.owner) ORDER BY t.seq DESC`,
    )
    .all({ account });
}

describe('the history of an account', () => {
  it('is whole, in order, and the same from any place on, also after old requests were summed up', () => {
    fc.assert(
      fc.property(
        anyEvents,
        fc.integer({ min: 1, max: 70 }),
        fc.array(fc.nat(700), { maxLength: 5 }),
        fc.nat(300),
        (events, limit, places, summedUp) => {
          const path = newPath();
          const writer = openForWriting(path);
          migrate(writer, LEDGER_MIGRATIONS, 0);
          const write = createBatchWriter(writer, 1);
          expect(write([...START, ...events.map(itemOf)])).toEqual([]);
          const reader = openForReading(path);
          const history = createHistoryReader(reader);
          const check = (): void => {
            for (const account of ACCOUNTS) {
              const plain = plainHistory(reader, account);
              const read = (before?: number) =>
                history(account, { limit, ...(before === undefined ? {} : { before }) }).map(
                  ({ seq, amountMicros }) => ({ seq, amount: amountMicros }),
                );
              expect(read()).toEqual(plain.slice(0, limit));
              for (const place of places) {
                expect(read(place)).toEqual(plain.filter(({ seq }) => seq < place).slice(0, limit));
              }
            }
          };
          check();
          createRollup(writer)({
            beforeMs: STARTED_MS + 86_400_000,
            nowMs: STARTED_MS,
            afterSeq: 0,
            receiptsMax: summedUp,
          });
          check();
          reader.close();
          writer.close();
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe('the chain of receipts', () => {
  it('has those of one account, newest first, also of one that never had money', () => {
    const path = newPath();
    const writer = openForWriting(path);
    migrate(writer, LEDGER_MIGRATIONS, 0);
    const free = (number: number): JournalItem =>
      resolveItem(
        keptReceipt({
          requestId: `req_${number}`,
          accountId: number % 3 === 0 ? 'acc_poor' : 'acc_1',
          chargedMicros: ZERO_MICROS,
        }),
      );
    const write = createBatchWriter(writer, 1);
    for (const first of [0, 10, 20]) write(Array.from({ length: 10 }, (_, index) => free(first + index)));
    const reader = openForReading(path);
    const chain = createReceiptChain(reader);
    const idsFrom = (from: number | undefined, rows: number) =>
      Array.from(chain.rows(from ?? 0, rows), ({ request_id }) => request_id);
    expect(idsFrom(chain.newest('acc_poor'), 99)).toEqual(
      [27, 24, 21, 18, 15, 12, 9, 6, 3, 0].map((number) => `req_${number}`),
    );
    expect(idsFrom(chain.before('acc_1', 'req_5'), 3)).toEqual(['req_4', 'req_2', 'req_1']);
    expect(chain.before('acc_1', 'req_6')).toBeUndefined();
    expect(chain.newest('acc_unknown')).toBe(0);
    reader.close();
    writer.close();
  });
});
