import type { Database } from 'better-sqlite3';
import { TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';
import type { OldReceipt } from './rollup-rows.ts';

type EarningRow = { seq: number; debit: number; credit: number; amount: number; at_ms: number };

/**
 * Earnings of old requests: one transfer for each pair of accounts takes their place. They are counted in already, by
 * account and in the sums by node and day, which stay.
 */
export function createEarningRollup(database: Database) {
  const find = database.prepare<[number, number], EarningRow>(
    `SELECT seq, debit, credit, amount, at_ms FROM transfer
     WHERE seq = ? AND receipt = ? AND code = ${TRANSFER_CODE.earning}`,
  );
  const foldedTo = database.prepare<[], number>("SELECT value FROM meta WHERE key = 'earned_up_to'").pluck();
  const remove = database.prepare<[number]>('DELETE FROM transfer WHERE seq = ?');
  const grow = database.prepare<[number, string]>(
    'UPDATE transfer SET amount = amount + CAST(? AS INTEGER) WHERE id = ?',
  );
  const insert = database.prepare<[number, string, number, number, number, number]>(
    `INSERT INTO transfer (seq, id, kind, debit, credit, amount, code, reason, at_ms)
     VALUES (?, ?, ${TRANSFER_KIND.direct}, ?, ?, CAST(? AS INTEGER), ${TRANSFER_CODE.earning}, '', ?)`,
  );
  const sums = new Map<string, EarningRow>();

  return {
    /** It stands right behind the charges of its receipt. */
    of: ({ seq, legs }: OldReceipt): EarningRow | undefined => find.get(seq + legs + 1, seq),
    isOld: ({ seq, at_ms }: EarningRow, guardMs: number): boolean =>
      at_ms < guardMs && seq <= (foldedTo.get() ?? 0),
    rollUp(earning: EarningRow): void {
      remove.run(earning.seq);
      const id = `rollup:earned:${earning.debit}:${earning.credit}`;
      const sum = sums.get(id);
      if (sum === undefined) sums.set(id, { ...earning });
      else sum.amount += earning.amount;
    },
    flush() {
      for (const [id, { seq, debit, credit, amount, at_ms }] of sums) {
        if (grow.run(amount, id).changes === 0) insert.run(seq, id, debit, credit, amount, at_ms);
      }
      sums.clear();
    },
    clear: () => sums.clear(),
  };
}
