import type { Database } from 'better-sqlite3';
import { micros } from '../../../core/money.ts';
import type { Posting, PostingKind, RequestCharge } from '../../../ledger/history.ts';
import { TRANSFER_CODE } from './migrations.ts';

type AccountRow = { id: number; owner: string; kind: Posting['balance']; tag: string; last_charge: number };
type ChargeRow = { seq: number; amount: number; at_ms: number; request_id: string };
type TransferRow = {
  seq: number;
  id: string;
  debit: number;
  credit: number;
  amount: number;
  code: number;
  reason: string | null;
  request_id: string | null;
  at_ms: number;
};

const KIND_OF_CODE = Object.fromEntries(
  Object.entries(TRANSFER_CODE).map(([name, code]) => [code, name as PostingKind]),
);

/**
 * The charges of an account below a number, newest first, along its chain. Every 32nd charge stands in an index, so any
 * place of the chain is found with a few steps. The chain ends where charges were summed up.
 */
const CHARGES = `
WITH RECURSIVE chain (seq, previous, found) AS (
  SELECT t.seq, t.previous, t.seq < @before FROM transfer t
  WHERE t.debit = @account AND t.nth IS NOT NULL AND t.seq = coalesce(
    (SELECT m.seq FROM transfer m WHERE m.debit = @account AND m.nth % 32 = 0 AND m.seq >= @before ORDER BY m.seq LIMIT 1),
    @last)
  UNION ALL
  SELECT t.seq, t.previous, chain.found + (t.seq < @before) FROM chain CROSS JOIN transfer t ON t.seq = chain.previous
  WHERE chain.found < @limit AND t.debit = @account AND t.nth IS NOT NULL)
SELECT t.seq, t.amount, t.at_ms, r.request_id
FROM chain CROSS JOIN transfer t ON t.seq = chain.seq CROSS JOIN receipt r ON r.seq = t.receipt
WHERE chain.seq < @before`;

/**
 * Everything that ever moved an account's money, newest first, by a connection that can only read. A page costs the same
 * however long the history is.
 */
export function createHistoryReader(
  database: Database,
): (accountId: string, page: { limit: number; before?: number }) => Posting[] {
  const ownAccounts = database.prepare<[string], AccountRow>(
    "SELECT id, owner, kind, tag, last_charge FROM account WHERE owner = ? AND kind IN ('paid', 'promo', 'allowance')",
  );
  const ownerOf = database.prepare<[number], string>('SELECT owner FROM account WHERE id = ?').pluck();
  const charges = database.prepare<
    [{ account: number; last: number; before: number; limit: number }],
    ChargeRow
  >(CHARGES);
  const columns = 'seq, id, debit, credit, amount, code, reason, request_id, at_ms';
  const debits = database.prepare<[number, number, number], TransferRow>(
    `SELECT ${columns} FROM transfer WHERE debit = ? AND id IS NOT NULL AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const credits = database.prepare<[number, number, number], TransferRow>(
    `SELECT ${columns} FROM transfer WHERE credit = ? AND id IS NOT NULL AND code <> 1 AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );

  return (accountId, { limit, before = Number.MAX_SAFE_INTEGER }) => {
    const found: Posting[] = [];
    for (const own of ownAccounts.all(accountId)) {
      for (const row of charges.all({ account: own.id, last: own.last_charge, before, limit }))
        found.push(chargePosting(row, own));
      for (const row of debits.all(own.id, before, limit)) found.push(posting(row, own, row.credit));
      for (const row of credits.all(own.id, before, limit)) found.push(posting(row, own, row.debit));
    }
    return found.toSorted((a, b) => b.seq - a.seq).slice(0, limit);
  };

  function chargePosting(row: ChargeRow, own: AccountRow): Posting {
    const leg = own.tag === '' ? own.kind : `${own.kind}:${own.id}`;
    return {
      seq: row.seq,
      id: `charge:${row.request_id}:${leg}`,
      atMs: row.at_ms,
      kind: 'charge',
      balance: own.kind,
      amountMicros: micros(0 - row.amount),
      otherAccountId: '',
      requestId: row.request_id,
      reason: '',
    };
  }

  function posting(row: TransferRow, own: AccountRow, other: number): Posting {
    const kind = KIND_OF_CODE[row.code] ?? 'adjustment';
    return {
      seq: row.seq,
      id: row.id,
      atMs: row.at_ms,
      kind: row.id.startsWith('rollup:') ? 'charges of a day' : kind,
      balance: own.kind,
      amountMicros: micros(row.credit === own.id ? row.amount : 0 - row.amount),
      otherAccountId: kind === 'transfer' ? (ownerOf.get(other) ?? '') : '',
      requestId: row.request_id ?? '',
      reason: row.reason ?? '',
    };
  }
}

/** What a request was charged and what of it was given back. Undefined: nothing, or its charge is summed up by now. */
export function createChargeReader(database: Database): (requestId: string) => RequestCharge | undefined {
  const legs = database.prepare<[string], { owner: string; isPaid: number; amount: number }>(
    `SELECT a.owner, a.kind = 'paid' AS isPaid, t.amount
     FROM receipt r JOIN transfer t ON t.seq > r.seq AND t.seq <= r.seq + r.legs JOIN account a ON a.id = t.debit
     WHERE r.request_id = ? AND t.kind IN (1, 3)`,
  );
  const refunds = database.prepare<[string], { id: string; isPaid: number; amount: number }>(
    `SELECT t.id, a.kind = 'paid' AS isPaid, t.amount FROM transfer t JOIN account a ON a.id = t.credit
     WHERE t.request_id = ? AND t.code = ${TRANSFER_CODE.refund}`,
  );
  const sum = (rows: readonly { isPaid: number; amount: number }[], isPaid: number) =>
    micros(rows.reduce((total, row) => total + (row.isPaid === isPaid ? row.amount : 0), 0));
  return (requestId) => {
    const charged = legs.all(requestId);
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
