import { EARNINGS_INVARIANTS } from './invariants-earnings.ts';

/**
 * What must hold in a sound ledger, as SQL. `broken` gives one text for each row that breaks it: ids and amounts, for an
 * operator. I1-I10 as in the design notes on money; R1-R6 tie receipts, sums and grants to the money, E1-E3 earnings.
 */
export type InvariantCheck = { means: string; broken: string };

/** The guards of the schema, whose absence nobody would notice until it is too late. */
const TRIGGERS = ['account_counters_grow', 'account_no_delete', 'transfer_no_update', 'transfer_no_delete'];

/** A hold may be open for this long past its deadline: its sweeper may be busy. */
const DEADLINE_GRACE_MS = 60_000;

const label = (account: string): string =>
  `${account}.owner || ' ' || ${account}.kind || iif(${account}.tag = '', '', ' ' || ${account}.tag)`;

/** A transfer of a request has no id of its own. */
const transferName = (transfer: string): string =>
  `coalesce(${transfer}.id, ${transfer}.request_id, 'transfer ' || ${transfer}.seq)`;

export const INVARIANTS = {
  'I1 transfers are whole': {
    means:
      'every transfer moves more than 0 between two different accounts that exist, and only posts, voids and expiries name a reservation',
    broken: `
      SELECT ${transferName('t')} FROM transfer t
      WHERE t.amount <= 0 OR t.debit = t.credit OR (t.kind IN (3, 4, 5)) <> (t.pending IS NOT NULL)
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
          FROM transfer t LEFT JOIN transfer r ON r.seq = t.pending
          WHERE t.code <> 9 OR t.seq <= (SELECT value FROM meta WHERE key = 'earned_up_to')),
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
      WITH
        ends AS (SELECT pending AS seq, count(*) AS n FROM transfer WHERE pending IS NOT NULL GROUP BY pending),
        opens AS (
          SELECT r.seq, count(*) AS n FROM hold h
            JOIN transfer r ON r.seq = h.reserve AND r.debit = h.account AND r.amount = h.amount GROUP BY r.seq)
      SELECT ${transferName('r')} FROM transfer r LEFT JOIN ends USING (seq) LEFT JOIN opens USING (seq)
      WHERE r.kind = 2 AND coalesce(ends.n, 0) + coalesce(opens.n, 0) <> 1
      UNION ALL
      SELECT ${transferName('e')} FROM transfer e LEFT JOIN transfer r ON r.seq = e.pending AND r.kind = 2
      WHERE e.pending IS NOT NULL AND
        (r.seq IS NULL OR r.debit <> e.debit OR r.credit <> e.credit OR e.amount > r.amount
          OR (e.kind IN (4, 5) AND e.amount <> r.amount))
      UNION ALL
      SELECT 'hold of ' || h.request_id FROM hold h
      WHERE NOT EXISTS (SELECT 1 FROM transfer r WHERE r.seq = h.reserve AND r.kind = 2)`,
  },
  'I6 no hold is forgotten': {
    means: 'each open hold is of the running epoch and before its deadline',
    broken: `
      SELECT request_id || ': epoch ' || epoch || ', deadline ' || deadline_ms FROM hold
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
      FROM (SELECT 'transfer' AS name, 'id' AS field UNION ALL SELECT 'transfer', 'pending' UNION ALL SELECT 'receipt', 'request_id') wanted
      WHERE NOT EXISTS (
        SELECT 1 FROM pragma_index_list(wanted.name) l JOIN pragma_index_info(l.name) i
        WHERE l."unique" = 1 AND i.name = wanted.field)
      UNION ALL SELECT id FROM transfer WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1
      UNION ALL SELECT request_id FROM receipt GROUP BY request_id HAVING count(*) > 1`,
  },
  'R1 receipts equal charges': {
    means: 'each receipt says what its charge legs add up to, and each charge leg has a receipt',
    broken: `
      SELECT coalesce(request_id, 'receipt ' || seq) FROM full_receipt
      WHERE charged > held OR account_id IS NULL OR key_id IS NULL OR model_id IS NULL OR end_kind IS NULL
      UNION ALL
      SELECT r.request_id || ': receipt ' || r.charged || ', charged ' || coalesce(sum(t.amount), 0)
      FROM receipt r
        LEFT JOIN account a ON a.id = r.account
        LEFT JOIN transfer t ON t.seq > r.seq AND t.seq <= r.seq + r.legs AND t.receipt = r.seq AND t.kind IN (1, 3) AND t.code = 1
        LEFT JOIN account p ON p.id = t.debit
      GROUP BY r.seq HAVING r.charged <> coalesce(sum(t.amount), 0) OR sum(p.owner <> a.owner) > 0
      UNION ALL
      SELECT ${transferName('t')} FROM transfer t LEFT JOIN receipt r ON r.seq = t.receipt
      WHERE t.receipt IS NOT NULL AND t.code <> 9
        AND (r.seq IS NULL OR t.code <> 1 OR t.seq <= r.seq OR t.seq > r.seq + r.legs)`,
  },
  'R2 key spend equals receipts': {
    means: 'the daily sums of a key add up to its receipts, those in sums included',
    broken: `
      WITH both AS (
        SELECT k.key_id, s.amount FROM key_spend s LEFT JOIN api_key k ON k.id = s.key
        UNION ALL SELECT k.key_id, -r.charged FROM receipt r LEFT JOIN api_key k ON k.id = r.key
        UNION ALL SELECT key_id, -charged FROM rollup)
      SELECT coalesce(key_id, 'a key without a name') || ': off by ' || sum(amount)
      FROM both GROUP BY key_id HAVING sum(amount) <> 0`,
  },
  'R3 sums equal their transfers': {
    means:
      'for each account and day, the sums of old receipts equal the transfers that replace their charges',
    broken: `
      WITH both AS (
        SELECT account_id AS owner, day, charged AS amount FROM rollup
        UNION ALL
        SELECT a.owner, CAST(substr(t.id, 9 + instr(substr(t.id, 8), ':') - 1) AS INTEGER), -t.amount
        FROM transfer t JOIN account a ON a.id = t.debit WHERE t.code = 1 AND t.id LIKE 'rollup:%')
      SELECT owner || ' day ' || day || ': off by ' || sum(amount) FROM both GROUP BY owner, day HAVING sum(amount) <> 0
      UNION ALL SELECT ${transferName('t')} FROM transfer t
      WHERE code = 1 AND kind IN (1, 3) AND (receipt IS NULL) <> (coalesce(id, '') LIKE 'rollup:%')`,
  },
  'R4 refunds stay within charges': {
    means: 'the refunds of a request together are at most what it was charged, while its receipt is kept',
    broken: `
      SELECT t.request_id || ': refunded ' || sum(t.amount) || ' of ' || r.charged
      FROM transfer t JOIN receipt r ON r.request_id = t.request_id
      WHERE t.request_id IS NOT NULL AND t.code = 5 GROUP BY t.request_id HAVING sum(t.amount) > r.charged`,
  },
  'R5 grants end once': {
    means: 'a grant whose rest was taken back has nothing left',
    broken: `
      SELECT ${label('a')} FROM account a JOIN transfer t ON t.id = 'expire:' || a.tag
      WHERE a.tag <> '' AND a.credits_posted <> a.debits_posted`,
  },
  'R6 chains are whole': {
    means: 'the charges and receipts of each account name each other in order, down to what was summed up',
    broken: `
      WITH
        rolled AS (SELECT value AS up_to FROM meta WHERE key = 'rolled_up_to'),
        charge AS (
          SELECT debit, seq, previous, nth, lag(seq) OVER (PARTITION BY debit ORDER BY seq) AS before,
            lag(nth) OVER (PARTITION BY debit ORDER BY seq) AS place
          FROM transfer WHERE code = 1 AND kind IN (1, 3) AND receipt IS NOT NULL),
        paid AS (
          SELECT account, seq, previous, lag(seq) OVER (PARTITION BY account ORDER BY seq) AS before FROM receipt),
        newest AS (SELECT debit, max(seq) AS seq, max(nth) AS nth FROM charge GROUP BY debit),
        newest_receipt AS (SELECT account, max(seq) AS seq FROM receipt GROUP BY account)
      SELECT 'charge ' || seq FROM charge, rolled
      WHERE nth IS NULL OR previous IS NULL OR (previous = coalesce(before, 0) AND nth <> coalesce(place, 0) + 1)
        OR (previous <> coalesce(before, 0) AND (previous > up_to OR previous < coalesce(before, 0)))
      UNION ALL
      SELECT 'receipt ' || seq FROM paid, rolled
      WHERE previous <> coalesce(before, 0) AND (previous > up_to OR previous < coalesce(before, 0))
      UNION ALL
      SELECT ${label('a')} || ': the newest is another one' FROM account a, rolled
        LEFT JOIN newest c ON c.debit = a.id LEFT JOIN newest_receipt r ON r.account = a.id
      WHERE (a.last_charge <> coalesce(c.seq, 0) AND a.last_charge > up_to)
        OR (a.last_receipt <> coalesce(r.seq, 0) AND a.last_receipt > up_to)
        OR coalesce(c.seq, 0) > a.last_charge OR coalesce(r.seq, 0) > a.last_receipt OR coalesce(c.nth, 0) > a.charges`,
  },
  ...EARNINGS_INVARIANTS,
} as const satisfies Record<string, InvariantCheck>;

export type Invariant = keyof typeof INVARIANTS;

/** What the design asks for and this store cannot say yet. */
export const NOT_APPLICABLE = {
  'I7 cash is real': 'no payment processor or chain is connected, so there is nothing to compare with',
} as const;
