/**
 * What must hold in a sound ledger, as SQL. `broken` gives one text for each row that breaks it: ids and amounts, for an
 * operator. I1-I10 as in the design notes on money; R1-R5 tie receipts, sums and grants to the money.
 */
export type InvariantCheck = { means: string; broken: string };

/** The guards of the schema, whose absence nobody would notice until it is too late. */
const TRIGGERS = ['account_counters_grow', 'account_no_delete', 'transfer_no_update', 'transfer_no_delete'];

/** A hold may be open for this long past its deadline: its sweeper may be busy. */
const DEADLINE_GRACE_MS = 60_000;

const label = (account: string): string =>
  `${account}.owner || ' ' || ${account}.kind || iif(${account}.tag = '', '', ' ' || ${account}.tag)`;

export const INVARIANTS = {
  'I1 transfers are whole': {
    means:
      'every transfer moves more than 0 between two different accounts that exist, and only posts, voids and expiries name a reservation',
    broken: `
      SELECT t.id FROM transfer t
      WHERE t.amount <= 0 OR t.debit = t.credit OR (t.kind IN (3, 4, 5)) <> (t.pending_id IS NOT NULL)
        OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.debit)
        OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.credit)`,
  },
  'I2 debits equal credits': {
    means: 'over all accounts, posted and pending',
    broken: `
      WITH sums AS (
        SELECT sum(debits_posted) AS dp, sum(credits_posted) AS cp, sum(debits_pending) AS dw, sum(credits_pending) AS cw
        FROM account)
      SELECT 'posted: debits ' || dp || ', credits ' || cp FROM sums WHERE dp <> cp
      UNION ALL SELECT 'pending: debits ' || dw || ', credits ' || cw FROM sums WHERE dw <> cw`,
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
      SELECT ${label('a')} || ': debits ' || a.debits_posted || ' of ' || coalesce(d.posted, 0)
        || ', credits ' || a.credits_posted || ' of ' || coalesce(c.posted, 0)
        || ', pending debits ' || a.debits_pending || ' of ' || coalesce(d.pending, 0)
        || ', pending credits ' || a.credits_pending || ' of ' || coalesce(c.pending, 0)
        || ', spent ' || a.spent || ' of ' || coalesce(d.spent, 0)
      FROM account a LEFT JOIN debits d ON d.id = a.id LEFT JOIN credits c ON c.id = a.id
      WHERE a.debits_posted <> coalesce(d.posted, 0) OR a.debits_pending <> coalesce(d.pending, 0)
        OR a.credits_posted <> coalesce(c.posted, 0) OR a.credits_pending <> coalesce(c.pending, 0)
        OR a.spent <> coalesce(d.spent, 0)`,
  },
  'I4 no user below zero': {
    means: 'what a user has covers what is taken and reserved, and our own accounts only count up',
    broken: `
      SELECT ${label('a')} || ': ' || (a.credits_posted - a.debits_posted - a.debits_pending) FROM account a
      WHERE min(debits_posted, debits_pending, credits_posted, credits_pending, spent) < 0
        OR (owner <> 'sys' AND (limited <> 1 OR credits_posted - debits_posted - debits_pending < 0))`,
  },
  'I5 reservations resolve once': {
    means:
      'each reservation is either open as a hold or ended by one post, void or expiry between the same accounts, a post within its amount',
    broken: `
      SELECT r.id FROM transfer r
      WHERE r.kind = 2 AND
        (SELECT count(*) FROM transfer e WHERE e.pending_id = r.id) +
        (SELECT count(*) FROM hold h WHERE h.transfer_id = r.id AND h.account = r.debit AND h.amount = r.amount) <> 1
      UNION ALL
      SELECT e.id FROM transfer e LEFT JOIN transfer r ON r.id = e.pending_id AND r.kind = 2
      WHERE e.pending_id IS NOT NULL AND
        (r.id IS NULL OR r.debit <> e.debit OR r.credit <> e.credit OR e.amount > r.amount
          OR (e.kind IN (4, 5) AND e.amount <> r.amount))
      UNION ALL
      SELECT h.transfer_id FROM hold h
      WHERE NOT EXISTS (SELECT 1 FROM transfer r WHERE r.id = h.transfer_id AND r.kind = 2)`,
  },
  'I6 no hold is forgotten': {
    means: 'each open hold is of the running epoch and before its deadline',
    broken: `
      SELECT transfer_id || ': epoch ' || epoch || ', deadline ' || deadline_ms FROM hold
      WHERE epoch <> (SELECT value FROM meta WHERE key = 'boot_epoch') OR deadline_ms < @nowMs - ${DEADLINE_GRACE_MS}`,
  },
  'I8 counters only grow': {
    means: 'the guards that refuse a shrinking counter, a changed transfer or a deleted row are in place',
    broken: `
      SELECT 'missing trigger ' || value FROM json_each('${JSON.stringify(TRIGGERS)}')
      WHERE value NOT IN (SELECT name FROM sqlite_master WHERE type = 'trigger')
      UNION ALL SELECT 'a rollup was left open' FROM meta WHERE key = 'rollup_before_ms' AND value <> 0`,
  },
  'I9 acknowledged is durable': {
    means: 'the file is in the mode in which every commit waits for the disk',
    broken: `SELECT 'journal mode ' || journal_mode FROM pragma_journal_mode WHERE journal_mode <> 'wal'`,
  },
  'I10 repetitions change nothing': {
    means: 'each transfer, end of a reservation and receipt is there once, and unique indexes keep it so',
    broken: `
      SELECT 'not unique: ' || wanted.name || '.' || wanted.field
      FROM (SELECT 'transfer' AS name, 'id' AS field UNION ALL SELECT 'transfer', 'pending_id' UNION ALL SELECT 'receipt', 'request_id') wanted
      WHERE NOT EXISTS (
        SELECT 1 FROM pragma_index_list(wanted.name) l JOIN pragma_index_info(l.name) i
        WHERE l."unique" = 1 AND i.name = wanted.field)
      UNION ALL SELECT id FROM transfer GROUP BY id HAVING count(*) > 1
      UNION ALL SELECT request_id FROM receipt GROUP BY request_id HAVING count(*) > 1`,
  },
  'R1 receipts equal charges': {
    means: 'each receipt says what its charge legs add up to, and each charge leg has a receipt',
    broken: `
      SELECT request_id FROM receipt WHERE charged > held
      UNION ALL
      SELECT request_id || ': receipt ' || said || ', charged ' || taken FROM (
        SELECT request_id, sum(said) AS said, sum(taken) AS taken, sum(receipts) AS receipts,
          min(owner) AS owner, max(owner) AS other FROM (
            SELECT request_id, account_id AS owner, charged AS said, 0 AS taken, 1 AS receipts FROM receipt
            UNION ALL
            SELECT substr(t.id, 8, instr(substr(t.id, 8), ':') - 1), a.owner, 0, t.amount, 0
            FROM transfer t LEFT JOIN account a ON a.id = t.debit
            WHERE t.code = 1 AND t.kind IN (1, 3) AND t.id LIKE 'charge:%')
          GROUP BY request_id)
      WHERE receipts <> 1 OR said <> taken OR owner <> other`,
  },
  'R2 key spend equals receipts': {
    means: 'the daily sums of a key add up to its receipts, those in sums included',
    broken: `
      WITH both AS (
        SELECT key_id, amount FROM key_spend UNION ALL SELECT key_id, -charged FROM receipt
        UNION ALL SELECT key_id, -charged FROM rollup)
      SELECT key_id || ': off by ' || sum(amount) FROM both GROUP BY key_id HAVING sum(amount) <> 0`,
  },
  'R3 sums equal their transfers': {
    means:
      'for each account and day, the sums of old receipts equal the transfers that replace their charges',
    broken: `
      WITH both AS (
        SELECT account_id AS owner, day, charged AS amount FROM rollup
        UNION ALL
        SELECT a.owner, CAST(substr(t.id, 9 + instr(substr(t.id, 8), ':') - 1) AS INTEGER), -t.amount
        FROM transfer t JOIN account a ON a.id = t.debit WHERE t.id LIKE 'rollup:%')
      SELECT owner || ' day ' || day || ': off by ' || sum(amount) FROM both GROUP BY owner, day HAVING sum(amount) <> 0
      UNION ALL SELECT id FROM transfer WHERE code = 1 AND kind IN (1, 3) AND id NOT LIKE 'charge:%' AND id NOT LIKE 'rollup:%'`,
  },
  'R4 refunds stay within charges': {
    means: 'the refunds of a request together are at most what it was charged, while its receipt is kept',
    broken: `
      SELECT t.request_id || ': refunded ' || sum(t.amount) || ' of ' || r.charged
      FROM transfer t JOIN receipt r ON r.request_id = t.request_id
      WHERE t.request_id IS NOT NULL GROUP BY t.request_id HAVING sum(t.amount) > r.charged`,
  },
  'R5 grants end once': {
    means: 'a grant whose rest was taken back has nothing left',
    broken: `
      SELECT ${label('a')} FROM account a JOIN transfer t ON t.id = 'expire:' || a.tag
      WHERE a.tag <> '' AND a.credits_posted <> a.debits_posted`,
  },
} as const satisfies Record<string, InvariantCheck>;

export type Invariant = keyof typeof INVARIANTS;

/** What the design asks for and this store cannot say yet. */
export const NOT_APPLICABLE = {
  'I7 cash is real': 'no payment processor or chain is connected, so there is nothing to compare with',
} as const;
