import type { Database } from 'better-sqlite3';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { openForReading } from './connection.ts';

export type ReconcileReport = {
  ok: boolean;
  /** What does not hold, in words for an operator, and how many rows break it. */
  problems: { invariant: Invariant; means: string; rows: number }[];
  counts: { accounts: number; transfers: number; openHolds: number; receipts: number };
};

/** I1-I6 as in the design notes on money; R1 and R2 tie the receipts to the money. `broken` counts the rows that break it. */
const INVARIANTS = {
  'I1 transfers are whole': {
    means:
      'every transfer moves more than 0 between two different accounts that exist, and only posts and voids name a reservation',
    broken: `
      SELECT count(*) FROM transfer t
      WHERE t.amount <= 0 OR t.debit = t.credit OR (t.kind IN (3, 4)) <> (t.pending_id IS NOT NULL)
        OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.debit)
        OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.credit)`,
  },
  'I2 debits equal credits': {
    means: 'over all accounts, posted and pending',
    broken: `
      SELECT (sum(debits_posted) <> sum(credits_posted)) + (sum(debits_pending) <> sum(credits_pending)) FROM account`,
  },
  'I3 counters are sums': {
    means: 'the counters of each account are the sums over its transfers',
    broken: `
      WITH
        effect AS (
          SELECT t.debit, t.credit,
            iif(t.kind IN (1, 3), t.amount, 0) AS posted,
            CASE t.kind WHEN 1 THEN 0 WHEN 2 THEN t.amount ELSE -coalesce(r.amount, 0) END AS pending,
            iif(t.kind IN (1, 3) AND t.code = 1, t.amount, 0) AS spent
          FROM transfer t LEFT JOIN transfer r ON r.id = t.pending_id),
        debits AS (SELECT debit AS id, sum(posted) AS posted, sum(pending) AS pending, sum(spent) AS spent FROM effect GROUP BY debit),
        credits AS (SELECT credit AS id, sum(posted) AS posted, sum(pending) AS pending FROM effect GROUP BY credit)
      SELECT count(*) FROM account a LEFT JOIN debits d ON d.id = a.id LEFT JOIN credits c ON c.id = a.id
      WHERE a.debits_posted <> coalesce(d.posted, 0) OR a.debits_pending <> coalesce(d.pending, 0)
        OR a.credits_posted <> coalesce(c.posted, 0) OR a.credits_pending <> coalesce(c.pending, 0)
        OR a.spent <> coalesce(d.spent, 0)`,
  },
  'I4 no user below zero': {
    means: 'what a user has covers what is taken and reserved, and our own accounts only count up',
    broken: `
      SELECT count(*) FROM account
      WHERE min(debits_posted, debits_pending, credits_posted, credits_pending, spent) < 0
        OR (kind IN ('paid', 'promo') AND (limited <> 1 OR credits_posted - debits_posted - debits_pending < 0))`,
  },
  'I5 reservations resolve once': {
    means:
      'each reservation is either open as a hold or ended by one post or void between the same accounts, a post within its amount',
    broken: `
      SELECT
        (SELECT count(*) FROM transfer r
          WHERE r.kind = 2 AND
            (SELECT count(*) FROM transfer e WHERE e.pending_id = r.id) +
            (SELECT count(*) FROM hold h WHERE h.transfer_id = r.id AND h.account = r.debit AND h.amount = r.amount) <> 1) +
        (SELECT count(*) FROM transfer e LEFT JOIN transfer r ON r.id = e.pending_id AND r.kind = 2
          WHERE e.pending_id IS NOT NULL AND
            (r.id IS NULL OR r.debit <> e.debit OR r.credit <> e.credit OR e.amount > r.amount
              OR (e.kind = 4 AND e.amount <> r.amount))) +
        (SELECT count(*) FROM hold h WHERE NOT EXISTS (SELECT 1 FROM transfer r WHERE r.id = h.transfer_id AND r.kind = 2))`,
  },
  'I6 no hold is forgotten': {
    means: 'each open hold is of the running epoch and before its deadline',
    broken: `
      SELECT count(*) FROM hold
      WHERE epoch <> (SELECT value FROM meta WHERE key = 'boot_epoch') OR deadline_ms < @nowMs`,
  },
  'R1 receipts equal charges': {
    means: 'each receipt says what its charge legs add up to, and each charge leg has a receipt',
    broken: `
      SELECT
        (SELECT count(*) FROM receipt WHERE charged > held) +
        (SELECT count(*) FROM (
          SELECT request_id FROM (
            SELECT request_id, account_id AS owner, charged AS said, 0 AS taken, 1 AS receipts FROM receipt
            UNION ALL
            SELECT substr(t.id, 8, instr(substr(t.id, 8), ':') - 1), a.owner, 0, t.amount, 0
            FROM transfer t LEFT JOIN account a ON a.id = t.debit WHERE t.code = 1 AND t.kind IN (1, 3))
          GROUP BY request_id
          HAVING sum(receipts) <> 1 OR sum(said) <> sum(taken) OR min(owner) <> max(owner)))`,
  },
  'R2 key spend equals receipts': {
    means: 'the daily sums of a key add up to its receipts',
    broken: `
      WITH both AS (
        SELECT key_id, amount FROM key_spend UNION ALL SELECT key_id, -charged FROM receipt)
      SELECT count(*) FROM (SELECT key_id FROM both GROUP BY key_id HAVING sum(amount) <> 0)`,
  },
} as const;

export type Invariant = keyof typeof INVARIANTS;

/**
 * Checks that the ledger adds up, by SQL over one snapshot. Only reads; may run while a gateway works on the file.
 * Takes seconds per million transfers, in the thread that calls it. Throws when the file cannot be read.
 */
export function reconcile(path: string, clock: Clock = systemClock): ReconcileReport {
  const database = openForReading(path);
  try {
    const snapshot = database.transaction(() => {
      const problems: ReconcileReport['problems'] = [];
      for (const invariant of Object.keys(INVARIANTS) as Invariant[]) {
        const { means, broken } = INVARIANTS[invariant];
        const rows = countOf(database, broken, clock.nowMs());
        if (rows > 0) problems.push({ invariant, means, rows });
      }
      const count = (table: string): number => countOf(database, `SELECT count(*) FROM ${table}`, 0);
      return {
        ok: problems.length === 0,
        problems,
        counts: {
          accounts: count('account'),
          transfers: count('transfer'),
          openHolds: count('hold'),
          receipts: count('receipt'),
        },
      };
    });
    return snapshot();
  } finally {
    database.close();
  }
}

function countOf(database: Database, sql: string, nowMs: number): number {
  const statement = database.prepare<unknown[], number>(sql).pluck();
  return (sql.includes('@nowMs') ? statement.get({ nowMs }) : statement.get()) ?? 0;
}
