import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { migrate } from '../main/migrate.ts';
import { openForWriting } from './connection.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { openLedgerStore } from './open.ts';
import { reconcile } from './reconcile.ts';
import { temporaryLedgers } from './testing-folder.ts';

const newPath = temporaryLedgers();
const clock = createVirtualClock();

/** What the first version of the schema held: a deposit, a charge with its receipt, an open hold of a dead process. */
const FIRST_VERSION_ROWS = `
INSERT INTO account (id, owner, kind, normal, limited) VALUES (5, 'acc_1', 'paid', 'credit', 1);
INSERT INTO transfer (id, kind, pending_id, debit, credit, amount, code, reason, at_ms) VALUES
  ('dep:1', 1, NULL, 1, 5, 1000, 2, 'test', 1), ('charge:req_1:paid', 1, NULL, 5, 2, 30, 1, '', 2),
  ('hold:req_2:paid', 2, NULL, 5, 2, 200, 1, '', 3);
UPDATE account SET credits_posted = 1000, debits_posted = 30, debits_pending = 200, spent = 30 WHERE id = 5;
UPDATE account SET debits_posted = 1000 WHERE id = 1;
UPDATE account SET credits_posted = 30, credits_pending = 200 WHERE id = 2;
INSERT INTO hold VALUES ('hold:req_2:paid', 5, 200, 0, 4);
INSERT INTO receipt VALUES (1, 'req_1', 'acc_1', 'key_1', 'm', 's', 'pool', 'p', 'n', 0, 1, 1, 1, 1, 0, 0, 1, 0, 'reported', 'stop', '', 30, 30, 'v', 1);
INSERT INTO key_spend VALUES (0, 'key_1', 30);
`;

it('a ledger of the first version keeps every row and adds up afterwards', async () => {
  const path = newPath();
  const database = openForWriting(path);
  migrate(database, LEDGER_MIGRATIONS.slice(0, 1), clock.nowMs());
  database.exec(FIRST_VERSION_ROWS);
  database.close();

  const { ledger, orphanedHolds } = await openLedgerStore({ path, clock });
  expect(orphanedHolds).toBe(1);
  expect(ledger.balance('acc_1')).toMatchObject({
    availableMicros: 970,
    spentMicros: 30,
    depositedMicros: 1_000,
  });
  await ledger.close();
  expect(reconcile(path, clock)).toMatchObject({ ok: true, counts: { transfers: 4, receipts: 1 } });

  const after = new Database(path, { readonly: true });
  expect(after.prepare('SELECT policy, cut_at_hold FROM receipt').get()).toEqual({
    policy: '',
    cut_at_hold: 0,
  });
  after.close();
});
