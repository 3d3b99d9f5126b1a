/**
 * Version 4: what owners of nodes earn. `migrations.ts` says what it means.
 *
 * SQLite cannot change the checks of a table, so `account` and `transfer` are made anew and filled from the old ones.
 * Our new accounts have numbers below zero: those above are taken in files that exist.
 */
export const EARNINGS_SCHEMA = `
DROP VIEW full_receipt;

CREATE TABLE new_account (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('paid', 'promo', 'allowance', 'earned', 'payable', 'cash', 'revenue',
    'expense:promo', 'expense:adjustment', 'expense:earnings', 'expense:canary')),
  tag TEXT NOT NULL DEFAULT '',
  expires_at_ms INTEGER,
  normal TEXT NOT NULL CHECK (normal IN ('debit', 'credit')),
  limited INTEGER NOT NULL CHECK (limited IN (0, 1)),
  debits_pending INTEGER NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
  debits_posted INTEGER NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
  credits_pending INTEGER NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
  credits_posted INTEGER NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
  spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0 AND spent <= debits_posted),
  charges INTEGER NOT NULL DEFAULT 0,
  last_charge INTEGER NOT NULL DEFAULT 0,
  last_receipt INTEGER NOT NULL DEFAULT 0,
  UNIQUE (owner, kind, tag),
  CHECK ((tag = '') = (expires_at_ms IS NULL)),
  CHECK (tag = '' OR kind IN ('promo', 'allowance')),
  CHECK (kind <> 'allowance' OR tag <> ''),
  CHECK (limited = 0 OR credits_posted - debits_posted - debits_pending >= 0)
) STRICT;
INSERT INTO new_account (id, owner, kind, tag, expires_at_ms, normal, limited, debits_pending, debits_posted,
    credits_pending, credits_posted, spent, charges, last_charge, last_receipt)
  SELECT id, owner, kind, tag, expires_at_ms, normal, limited, debits_pending, debits_posted,
    credits_pending, credits_posted, spent, charges, last_charge, last_receipt FROM account;
DROP TABLE account;
ALTER TABLE new_account RENAME TO account;
INSERT INTO account (id, owner, kind, normal, limited) VALUES
  (-1, 'sys', 'expense:earnings', 'debit', 0),
  (-2, 'sys', 'expense:canary', 'debit', 0);
CREATE TRIGGER account_counters_grow BEFORE UPDATE ON account
  WHEN NEW.debits_posted < OLD.debits_posted OR NEW.credits_posted < OLD.credits_posted OR NEW.spent < OLD.spent
  BEGIN SELECT RAISE(ABORT, 'counters of accounts only grow'); END;
CREATE TRIGGER account_no_delete BEFORE DELETE ON account
  BEGIN SELECT RAISE(ABORT, 'accounts stay'); END;

CREATE TABLE new_transfer (
  seq INTEGER PRIMARY KEY,
  id TEXT,
  kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3, 4, 5)),
  pending INTEGER,
  receipt INTEGER,
  debit INTEGER NOT NULL,
  credit INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  code INTEGER NOT NULL CHECK (code IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)),
  at_ms INTEGER NOT NULL,
  previous INTEGER,
  nth INTEGER,
  reason TEXT,
  request_id TEXT,
  served INTEGER,
  due_hour INTEGER,
  CHECK (debit <> credit),
  CHECK ((kind IN (3, 4, 5)) = (pending IS NOT NULL)),
  CHECK (id IS NOT NULL OR code IN (1, 9)),
  CHECK (id IS NOT NULL OR code = 1 OR (receipt IS NOT NULL AND served IS NOT NULL AND due_hour IS NOT NULL))
) STRICT;
INSERT INTO new_transfer (seq, id, kind, pending, receipt, debit, credit, amount, code, at_ms, previous, nth, reason,
    request_id)
  SELECT seq, id, kind, pending, receipt, debit, credit, amount, code, at_ms, previous, nth, reason, request_id
  FROM transfer;
DROP TABLE transfer;
ALTER TABLE new_transfer RENAME TO transfer;
CREATE UNIQUE INDEX transfer_id ON transfer (id) WHERE id IS NOT NULL;
CREATE UNIQUE INDEX transfer_resolves_once ON transfer (pending) WHERE pending IS NOT NULL;
CREATE INDEX transfer_of_debit ON transfer (debit) WHERE id IS NOT NULL;
CREATE INDEX transfer_of_credit ON transfer (credit) WHERE id IS NOT NULL AND code <> 1;
CREATE INDEX transfer_mark ON transfer (debit) WHERE nth % 32 = 0;
CREATE INDEX transfer_of_request ON transfer (request_id) WHERE request_id IS NOT NULL;
CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer
  WHEN coalesce(OLD.id, '') NOT LIKE 'rollup:%' OR OLD.at_ms >= (SELECT value FROM meta WHERE key = 'rollup_before_ms')
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer
  WHEN OLD.code NOT IN (1, 9) OR OLD.at_ms >= (SELECT value FROM meta WHERE key = 'rollup_before_ms')
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;

CREATE TABLE served (
  id INTEGER PRIMARY KEY,
  node_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  UNIQUE (node_id, model_id)
) STRICT;
CREATE TABLE earning (
  account INTEGER NOT NULL,
  node_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  due_hour INTEGER NOT NULL,
  jobs INTEGER NOT NULL CHECK (jobs >= 0),
  earned INTEGER NOT NULL CHECK (earned >= 0),
  reversed INTEGER NOT NULL DEFAULT 0 CHECK (reversed >= 0),
  matured INTEGER NOT NULL DEFAULT 0 CHECK (matured >= 0),
  PRIMARY KEY (account, day, node_id, model_id, due_hour),
  CHECK (reversed + matured <= earned)
) STRICT, WITHOUT ROWID;
CREATE INDEX earning_due ON earning (due_hour) WHERE due_hour > 0;
CREATE INDEX earning_of_node ON earning (node_id) WHERE due_hour > 0;
CREATE TABLE forfeit (
  id TEXT NOT NULL,
  account INTEGER NOT NULL,
  node_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  refunded INTEGER NOT NULL DEFAULT 0,
  restored INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (id, account, node_id, model_id),
  CHECK (refunded + restored <= amount)
) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) SELECT 'earned_up_to', coalesce(max(seq), 0) FROM transfer;

CREATE VIEW full_receipt AS
  SELECT r.seq, r.request_id, a.owner AS account_id, k.key_id, s.model_id, s.surface, s.route_kind, s.route_name, s.node_id,
    s.streamed, r.started_at_ms, r.first_part_ms, r.duration_ms, r.input_tokens, r.image_input_tokens, r.cache_read_tokens,
    r.cache_write_tokens, r.output_tokens, r.reasoning_tokens, o.usage_source, o.end_kind, o.error_code, r.held, r.charged,
    s.price_version, o.attempts, o.policy, o.cut_at_hold
  FROM receipt r
    LEFT JOIN account a ON a.id = r.account
    LEFT JOIN api_key k ON k.id = r.key
    LEFT JOIN service s ON s.id = r.service
    LEFT JOIN outcome o ON o.id = r.outcome;
CREATE VIEW full_earning AS
  SELECT account, node_id, model_id, day, due_hour, jobs, earned, reversed, matured FROM earning
  UNION ALL
  SELECT t.credit, s.node_id, s.model_id, t.at_ms / 86400000, t.due_hour, 1, t.amount, 0, 0
  FROM transfer t JOIN served s ON s.id = t.served
  WHERE t.code = 9 AND t.seq > (SELECT value FROM meta WHERE key = 'earned_up_to');
`;
