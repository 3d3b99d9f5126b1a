/**
 * The second schema: credit that ends, transfers between users, refunds of requests, expired holds, the policy of a
 * charge, and sums of old receipts. SQLite cannot change a CHECK, so two tables are made anew; see `migrations.ts` for
 * what they mean.
 */
export const KINDS_OF_CREDIT = `
DROP TRIGGER transfer_no_update;
DROP TRIGGER transfer_no_delete;

CREATE TABLE account_2 (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('paid', 'promo', 'allowance', 'cash', 'revenue', 'expense:promo', 'expense:adjustment')),
  tag TEXT NOT NULL DEFAULT '',
  expires_at_ms INTEGER,
  normal TEXT NOT NULL CHECK (normal IN ('debit', 'credit')),
  limited INTEGER NOT NULL CHECK (limited IN (0, 1)),
  debits_pending INTEGER NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
  debits_posted INTEGER NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
  credits_pending INTEGER NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
  credits_posted INTEGER NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
  spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0 AND spent <= debits_posted),
  UNIQUE (owner, kind, tag),
  CHECK ((tag = '') = (expires_at_ms IS NULL)),
  CHECK (tag = '' OR kind IN ('promo', 'allowance')),
  CHECK (kind <> 'allowance' OR tag <> ''),
  CHECK (limited = 0 OR credits_posted - debits_posted - debits_pending >= 0)
) STRICT;
INSERT INTO account_2 (id, owner, kind, normal, limited, debits_pending, debits_posted, credits_pending, credits_posted, spent)
  SELECT id, owner, kind, normal, limited, debits_pending, debits_posted, credits_pending, credits_posted, spent FROM account;
DROP TABLE account;
ALTER TABLE account_2 RENAME TO account;
CREATE TRIGGER account_counters_grow BEFORE UPDATE ON account
  WHEN NEW.debits_posted < OLD.debits_posted OR NEW.credits_posted < OLD.credits_posted OR NEW.spent < OLD.spent
  BEGIN SELECT RAISE(ABORT, 'counters of accounts only grow'); END;
CREATE TRIGGER account_no_delete BEFORE DELETE ON account
  BEGIN SELECT RAISE(ABORT, 'accounts stay'); END;

CREATE TABLE transfer_2 (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3, 4, 5)),
  pending_id TEXT,
  debit INTEGER NOT NULL,
  credit INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  code INTEGER NOT NULL CHECK (code IN (1, 2, 3, 4, 5, 6, 7, 8)),
  reason TEXT NOT NULL DEFAULT '',
  request_id TEXT,
  at_ms INTEGER NOT NULL,
  CHECK (debit <> credit),
  CHECK ((kind IN (3, 4, 5)) = (pending_id IS NOT NULL)),
  CHECK (request_id IS NULL OR code = 5)
) STRICT;
INSERT INTO transfer_2 (seq, id, kind, pending_id, debit, credit, amount, code, reason, at_ms)
  SELECT seq, id, kind, pending_id, debit, credit, amount, code, reason, at_ms FROM transfer;
DROP TABLE transfer;
ALTER TABLE transfer_2 RENAME TO transfer;
CREATE UNIQUE INDEX transfer_resolves_once ON transfer (pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX transfer_of_debit ON transfer (debit) WHERE kind IN (1, 3);
CREATE INDEX transfer_of_credit ON transfer (credit) WHERE code <> 1;
CREATE INDEX transfer_of_request ON transfer (request_id) WHERE request_id IS NOT NULL;

ALTER TABLE receipt ADD COLUMN policy TEXT NOT NULL DEFAULT '';
ALTER TABLE receipt ADD COLUMN cut_at_hold INTEGER NOT NULL DEFAULT 0;

CREATE TABLE rollup (
  day INTEGER NOT NULL,
  account_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  requests INTEGER NOT NULL CHECK (requests > 0),
  charged INTEGER NOT NULL CHECK (charged >= 0),
  input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  signature TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (day, account_id, key_id, model_id)
) STRICT, WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('rollup_before_ms', 0);
CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer
  WHEN OLD.id NOT LIKE 'rollup:%' OR OLD.at_ms >= (SELECT value FROM meta WHERE key = 'rollup_before_ms')
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer
  WHEN OLD.code <> 1 OR OLD.at_ms >= (SELECT value FROM meta WHERE key = 'rollup_before_ms')
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;
`;
