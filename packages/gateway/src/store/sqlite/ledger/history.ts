import type { Database } from 'better-sqlite3';
import { micros } from '../../../core/money.ts';
import type { Posting, PostingKind, RequestCharge } from '../../../ledger/history.ts';
import { TRANSFER_CODE } from './migrations.ts';

type PostingRow = {
  seq: number;
  id: string;
  debit: number;
  credit: number;
  amount: number;
  code: number;
  reason: string;
  request_id: string | null;
  at_ms: number;
};
type AccountRow = { id: number; owner: string; kind: Posting['balance'] };

const KIND_OF_CODE = Object.fromEntries(
  Object.entries(TRANSFER_CODE).map(([name, code]) => [code, name as PostingKind]),
);

/**
 * Everything that ever moved an account's money, newest first, by a connection that can only read. Each of the account's
 * balances is one walk along an index, so a page costs the same however long the history is.
 */
export function createHistoryReader(
  database: Database,
): (accountId: string, page: { limit: number; before?: number }) => Posting[] {
  const ownAccounts = database.prepare<[string], AccountRow>(
    'SELECT id, owner, kind FROM account WHERE owner = ?',
  );
  const ownerOf = database.prepare<[number], string>('SELECT owner FROM account WHERE id = ?').pluck();
  const columns = 'seq, id, debit, credit, amount, code, reason, request_id, at_ms';
  // Reservations and their voids move nothing: kind 1 and 3 only.
  const debits = database.prepare<[number, number, number], PostingRow>(
    `SELECT ${columns} FROM transfer WHERE debit = ? AND seq < ? AND kind IN (1, 3) ORDER BY seq DESC LIMIT ?`,
  );
  const credits = database.prepare<[number, number, number], PostingRow>(
    `SELECT ${columns} FROM transfer WHERE credit = ? AND code <> 1 AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );

  return (accountId, { limit, before = Number.MAX_SAFE_INTEGER }) => {
    const found: Posting[] = [];
    for (const own of ownAccounts.all(accountId)) {
      for (const row of debits.all(own.id, before, limit)) found.push(posting(row, own, row.credit));
      for (const row of credits.all(own.id, before, limit)) found.push(posting(row, own, row.debit));
    }
    return found.toSorted((a, b) => b.seq - a.seq).slice(0, limit);
  };

  function posting(row: PostingRow, own: AccountRow, other: number): Posting {
    const kind = KIND_OF_CODE[row.code] ?? 'adjustment';
    return {
      seq: row.seq,
      id: row.id,
      atMs: row.at_ms,
      kind: row.id.startsWith('rollup:') ? 'charges of a day' : kind,
      balance: own.kind,
      amountMicros: micros(row.credit === own.id ? row.amount : 0 - row.amount),
      otherAccountId: kind === 'transfer' ? (ownerOf.get(other) ?? '') : '',
      requestId: row.request_id ?? (row.id.startsWith('charge:') ? (row.id.split(':')[1] ?? '') : ''),
      reason: row.reason,
    };
  }
}

/** What a request was charged and what of it was given back. Undefined: nothing, or its charge is summed up by now. */
export function createChargeReader(database: Database): (requestId: string) => RequestCharge | undefined {
  const legs = database.prepare<[string, string], { owner: string; isPaid: number; amount: number }>(
    `SELECT a.owner, a.kind = 'paid' AS isPaid, t.amount FROM transfer t JOIN account a ON a.id = t.debit
     WHERE t.id >= ? AND t.id < ?`,
  );
  const refunds = database.prepare<[string], { id: string; isPaid: number; amount: number }>(
    `SELECT t.id, a.kind = 'paid' AS isPaid, t.amount FROM transfer t JOIN account a ON a.id = t.credit
     WHERE t.request_id = ?`,
  );
  const sum = (rows: readonly { isPaid: number; amount: number }[], isPaid: number) =>
    micros(rows.reduce((total, row) => total + (row.isPaid === isPaid ? row.amount : 0), 0));
  return (requestId) => {
    const charged = legs.all(`charge:${requestId}:`, `charge:${requestId};`);
    const [first] = charged;
    if (first === undefined) return undefined;
    return {
      requestId,
      accountId: first.owner,
      paidMicros: sum(charged, 1),
      promoMicros: sum(charged, 0),
      refunds: refunds.all(requestId).map(({ id, isPaid, amount }) => ({
        id,
        balance: isPaid === 1 ? 'paid' : 'promo',
        amountMicros: micros(amount),
      })),
    };
  };
}
