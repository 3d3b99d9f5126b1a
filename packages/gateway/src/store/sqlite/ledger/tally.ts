import type { Database } from 'better-sqlite3';
import { SYSTEM_ACCOUNT, TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';

export type TransferRow = {
  id: string;
  kind: (typeof TRANSFER_KIND)[keyof typeof TRANSFER_KIND];
  pendingId: string | null;
  debit: number;
  credit: number;
  amount: number;
  code: number;
  reason: string;
  /** Of a refund: the request that it is for. */
  requestId?: string;
  atMs: number;
};

type Change = {
  debitsPending: number;
  debitsPosted: number;
  creditsPending: number;
  creditsPosted: number;
  spent: number;
};

/**
 * Writes transfers and sums up what they change, so that each account (most of all our own revenue, which every
 * charge touches) is updated once for a whole batch. `flush` belongs in the same transaction.
 */
export type Tally = {
  /** `reserved` is the amount of the reservation that a post, void or expiry ends. */
  add(row: TransferRow, reserved?: number): void;
  flush(): void;
  /** Forgets what was not flushed, after a rollback. */
  clear(): void;
};

export function createTally(database: Database): Tally {
  const insert = database.prepare<
    [string, number, string | null, number, number, number, number, string, string | null, number]
  >(
    'INSERT INTO transfer (id, kind, pending_id, debit, credit, amount, code, reason, request_id, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  // Numbers are bound as floating point where they are large; the sums must stay integers.
  const update = database.prepare<[number, number, number, number, number, number]>(
    `UPDATE account SET
       debits_pending = debits_pending + CAST(? AS INTEGER), debits_posted = debits_posted + CAST(? AS INTEGER),
       credits_pending = credits_pending + CAST(? AS INTEGER), credits_posted = credits_posted + CAST(? AS INTEGER),
       spent = spent + CAST(? AS INTEGER)
     WHERE id = ?`,
  );
  const changes = new Map<number, Change>();

  function changeOf(account: number): Change {
    let change = changes.get(account);
    if (change === undefined) {
      change = { debitsPending: 0, debitsPosted: 0, creditsPending: 0, creditsPosted: 0, spent: 0 };
      changes.set(account, change);
    }
    return change;
  }

  return {
    add(row, reserved = 0) {
      insert.run(
        row.id,
        row.kind,
        row.pendingId,
        row.debit,
        row.credit,
        row.amount,
        row.code,
        row.reason,
        row.requestId ?? null,
        row.atMs,
      );
      const debit = changeOf(row.debit);
      const credit = changeOf(row.credit);
      if (row.kind === TRANSFER_KIND.reserve) {
        debit.debitsPending += row.amount;
        credit.creditsPending += row.amount;
        return;
      }
      debit.debitsPending -= reserved;
      credit.creditsPending -= reserved;
      if (row.kind === TRANSFER_KIND.void || row.kind === TRANSFER_KIND.expire) return;
      debit.debitsPosted += row.amount;
      credit.creditsPosted += row.amount;
      if (row.code === TRANSFER_CODE.charge && row.credit === SYSTEM_ACCOUNT.revenue)
        debit.spent += row.amount;
    },
    flush() {
      for (const [account, change] of changes) {
        update.run(
          change.debitsPending,
          change.debitsPosted,
          change.creditsPending,
          change.creditsPosted,
          change.spent,
          account,
        );
      }
      changes.clear();
    },
    clear: () => changes.clear(),
  };
}
