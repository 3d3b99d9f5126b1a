import Database from 'better-sqlite3';

/**
 * Fills a ledger that nobody has open with requests of the past, by SQL: much faster than by running them. Each has one
 * charge of 7 µ$ and a receipt; accounts `acc_0` ... each get a deposit that covers theirs. The result adds up.
 * `endMs`: when the last one ended; they are a second apart for each `perSecond`.
 */
export function growLedger(
  path: string,
  growth: { requests: number; accounts: number; perSecond: number; endMs: number },
): void {
  const { requests, accounts, perSecond, endMs } = growth;
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = OFF');
  database.pragma('cache_size = -400000');
  database.pragma('temp_store = MEMORY');
  const startMs = endMs - Math.ceil(requests / perSecond) * 1_000;
  const at = `(${startMs} + (value * 1000) / ${perSecond})`;
  const id = "('req_' || printf('%012d', value))";
  const each = Math.ceil(requests / accounts);
  // The deposits take the first numbers, then each request takes two: its receipt, and its charge under the next.
  const receipt = `(${accounts} + 1 + value * 2)`;
  /** The number of the same account's row before, if there is one. */
  const previous = (row: string): string => `iif(value < ${accounts}, 0, ${row} - ${accounts * 2})`;
  const fill = database.transaction(() => {
    database.exec(`
      INSERT INTO account (id, owner, kind, normal, limited)
        SELECT 1000 + value, 'acc_' || value, 'paid', 'credit', 1 FROM ${numbers(accounts)};
      INSERT INTO transfer (seq, id, kind, debit, credit, amount, code, reason, at_ms)
        SELECT 1 + value, 'dep:' || value, 1, 1, 1000 + value, ${each * 10}, 2, '', ${startMs} FROM ${numbers(accounts)};
      INSERT INTO transfer (seq, kind, receipt, debit, credit, amount, code, at_ms, previous, nth)
        SELECT ${receipt} + 1, 1, ${receipt}, 1000 + value % ${accounts}, 2, 7, 1, ${at}, ${previous(`${receipt} + 1`)},
          1 + value / ${accounts} FROM ${numbers(requests)};
      INSERT INTO api_key (id, key_id) SELECT 1 + value, 'key_' || value FROM ${numbers(accounts)};
      INSERT INTO service (id, model_id, surface, route_kind, route_name, node_id, price_version, streamed)
        SELECT 1 + value, 'model-' || value, 'chat-completions', 'upstream', 'provider', '', 'v1', 1 FROM ${numbers(3)};
      INSERT INTO outcome VALUES (1, 'stop', '', 'reported', 'reported', 0, 1);
      INSERT INTO receipt
        SELECT ${receipt}, ${id}, 1000 + value % ${accounts}, ${previous(receipt)}, 1, 1 + value % ${accounts}, 1 + value % 3, 1,
          ${at}, 100, 900, 50, 0, 0, 0, 100, 0, 9, 7 FROM ${numbers(requests)};
      INSERT INTO key_spend (day, key, amount)
        SELECT started_at_ms / 86400000, key, sum(charged) FROM receipt GROUP BY 1, 2;
      UPDATE account SET credits_posted = ${each * 10} WHERE id >= 1000;
      UPDATE account SET debits_posted = s.amount, spent = s.amount, charges = s.nth, last_charge = s.seq, last_receipt = s.seq - 1
        FROM (SELECT debit, sum(amount) AS amount, max(nth) AS nth, max(seq) AS seq FROM transfer WHERE code = 1 GROUP BY debit) s
        WHERE id = s.debit;
      UPDATE account SET debits_posted = ${each * 10 * accounts} WHERE id = 1;
      UPDATE account SET credits_posted = ${7 * requests} WHERE id = 2;
      UPDATE meta SET value = (SELECT max(seq) FROM transfer) WHERE key = 'earned_up_to';
    `);
  });
  fill();
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

/** A table of the numbers below a bound, in the column `value`. */
function numbers(below: number): string {
  return `(WITH RECURSIVE n (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < ${below - 1}) SELECT value FROM n)`;
}
