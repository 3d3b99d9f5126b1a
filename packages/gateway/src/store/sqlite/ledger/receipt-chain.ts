import type { Database } from 'better-sqlite3';
import type { ReceiptRow } from './receipt-rows.ts';

/**
 * Receipts of one account, newest first, along their chain: one row after the other, as the caller takes them. It ends
 * where receipts were summed up.
 */
export type ReceiptChain = {
  /** @param from the seq to begin at, from `newest` or `before` */
  rows(from: number, rowsMax: number): IterableIterator<ReceiptRow>;
  /** 0 when it has none. */
  newest(accountId: string): number;
  /** The place after a receipt. Undefined: there is none of that id, or it is another account's. */
  before(accountId: string, requestId: string): number | undefined;
};

export function createReceiptChain(database: Database): ReceiptChain {
  const rows = database.prepare<[number, number], ReceiptRow>(
    `WITH RECURSIVE chain (seq, previous, account, place) AS (
       SELECT r.seq, r.previous, r.account, 1 FROM receipt r WHERE r.seq = ?
       UNION ALL
       SELECT r.seq, r.previous, r.account, chain.place + 1 FROM chain CROSS JOIN receipt r ON r.seq = chain.previous
       WHERE chain.place < ? AND r.account = chain.account)
     SELECT f.* FROM chain CROSS JOIN full_receipt f ON f.seq = chain.seq`,
  );
  const newest = database
    .prepare<[string], number>(
      "SELECT last_receipt FROM account WHERE owner = ? AND kind = 'paid' AND tag = ''",
    )
    .pluck();
  const before = database
    .prepare<[string, string], number>(
      `SELECT r.previous FROM receipt r JOIN account a ON a.id = r.account
       WHERE r.request_id = ? AND a.owner = ? AND a.kind = 'paid' AND a.tag = ''`,
    )
    .pluck();
  return {
    rows: (from, rowsMax) => rows.iterate(from, rowsMax),
    newest: (accountId) => newest.get(accountId) ?? 0,
    before: (accountId, requestId) => before.get(requestId, accountId),
  };
}
