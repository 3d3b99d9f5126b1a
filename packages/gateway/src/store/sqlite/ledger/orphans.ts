import type { Database } from 'better-sqlite3';
import { SYSTEM_ACCOUNT, TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';
import { createNumbers } from './numbers.ts';

/**
 * Voids the durable holds of earlier runs: one process owns the ledger, so a hold of an earlier epoch has nobody left who
 * could resolve it. Inside a transaction. Returns how many requests they were of.
 */
export function voidOrphans(database: Database, epoch: number, nowMs: number): number {
  const orphans = 'FROM hold WHERE epoch < @epoch';
  const requests = database
    .prepare<[{ epoch: number }], number>(`SELECT count(DISTINCT request_id) ${orphans}`)
    .pluck()
    .get({ epoch });
  if (requests === undefined || requests === 0) return 0;
  const before = createNumbers(database).next();
  database
    .prepare(
      `INSERT INTO transfer (seq, kind, pending, debit, credit, amount, code, at_ms, request_id, reason)
       SELECT @before + row_number() OVER (ORDER BY reserve), ${TRANSFER_KIND.void}, reserve, account,
         ${SYSTEM_ACCOUNT.revenue}, amount, ${TRANSFER_CODE.charge}, @nowMs, request_id, 'the process that held it ended'
       ${orphans}`,
    )
    .run({ before, nowMs, epoch });
  database
    .prepare(
      `UPDATE account SET debits_pending = debits_pending - o.amount
       FROM (SELECT account, sum(amount) AS amount ${orphans} GROUP BY account) o WHERE id = o.account`,
    )
    .run({ epoch });
  database
    .prepare(
      `UPDATE account SET credits_pending = credits_pending - (SELECT sum(amount) ${orphans})
       WHERE id = ${SYSTEM_ACCOUNT.revenue}`,
    )
    .run({ epoch });
  database.prepare(`DELETE ${orphans}`).run({ epoch });
  return requests;
}
