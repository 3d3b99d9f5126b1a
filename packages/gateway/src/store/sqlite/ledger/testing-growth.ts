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
  const fill = database.transaction(() => {
    database.exec(`
      INSERT INTO account (id, owner, kind, normal, limited)
        SELECT 1000 + value, 'acc_' || value, 'paid', 'credit', 1 FROM ${numbers(accounts)};
      INSERT INTO transfer (id, kind, debit, credit, amount, code, at_ms)
        SELECT 'dep:' || value, 1, 1, 1000 + value, ${each * 10}, 2, ${startMs} FROM ${numbers(accounts)};
      INSERT INTO transfer (id, kind, debit, credit, amount, code, at_ms)
        SELECT 'charge:' || ${id} || ':paid', 1, 1000 + value % ${accounts}, 2, 7, 1, ${at} FROM ${numbers(requests)};
      INSERT INTO receipt (request_id, account_id, key_id, model_id, surface, route_kind, route_name, node_id, streamed,
          started_at_ms, first_part_ms, duration_ms, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
          reasoning_tokens, usage_source, end_kind, error_code, held, charged, price_version, attempts, policy, cut_at_hold)
        SELECT ${id}, 'acc_' || (value % ${accounts}), 'key_' || (value % ${accounts}), 'model-' || (value % 3), 'chat-completions',
          'upstream', 'provider', '', 1, ${at}, 100, 900, 50, 0, 0, 100, 0, 'reported', 'stop', '', 9, 7, 'v1', 1, 'reported', 0
        FROM ${numbers(requests)};
      INSERT INTO key_spend (day, key_id, amount)
        SELECT started_at_ms / 86400000, key_id, sum(charged) FROM receipt GROUP BY 1, 2;
      CREATE TEMP TABLE sums AS SELECT debit, sum(amount) AS amount FROM transfer WHERE code = 1 GROUP BY debit;
      UPDATE account SET credits_posted = ${each * 10},
        debits_posted = coalesce((SELECT amount FROM sums WHERE debit = account.id), 0),
        spent = coalesce((SELECT amount FROM sums WHERE debit = account.id), 0) WHERE id >= 1000;
      UPDATE account SET debits_posted = ${each * 10 * accounts} WHERE id = 1;
      UPDATE account SET credits_posted = ${7 * requests} WHERE id = 2;
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
