/**
 * The tables of the ledger, see `migrations.ts` for what they mean.
 *
 * Rows of requests only ever come at the end of `transfer` and `receipt`, and the one index that has an entry for each
 * request is by request id, which begins with the time. So a commit writes a few pages at the end of a few trees, however
 * many accounts take part and however long the history is. What belongs to one account is found along a chain:
 * each row names the row before it, the account names the last one.
 */
export const LEDGER_SCHEMA = `
CREATE TABLE account (
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
  charges INTEGER NOT NULL DEFAULT 0,
  last_charge INTEGER NOT NULL DEFAULT 0,
  last_receipt INTEGER NOT NULL DEFAULT 0,
  UNIQUE (owner, kind, tag),
  CHECK ((tag = '') = (expires_at_ms IS NULL)),
  CHECK (tag = '' OR kind IN ('promo', 'allowance')),
  CHECK (kind <> 'allowance' OR tag <> ''),
  CHECK (limited = 0 OR credits_posted - debits_posted - debits_pending >= 0)
) STRICT;
INSERT INTO account (id, owner, kind, normal, limited) VALUES
  (1, 'sys', 'cash', 'debit', 0),
  (2, 'sys', 'revenue', 'credit', 0),
  (3, 'sys', 'expense:promo', 'debit', 0),
  (4, 'sys', 'expense:adjustment', 'debit', 0);
CREATE TRIGGER account_counters_grow BEFORE UPDATE ON account
  WHEN NEW.debits_posted < OLD.debits_posted OR NEW.credits_posted < OLD.credits_posted OR NEW.spent < OLD.spent
  BEGIN SELECT RAISE(ABORT, 'counters of accounts only grow'); END;
CREATE TRIGGER account_no_delete BEFORE DELETE ON account
  BEGIN SELECT RAISE(ABORT, 'accounts stay'); END;

CREATE TABLE transfer (
  seq INTEGER PRIMARY KEY,
  id TEXT,
  kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3, 4, 5)),
  pending INTEGER,
  receipt INTEGER,
  debit INTEGER NOT NULL,
  credit INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  code INTEGER NOT NULL CHECK (code IN (1, 2, 3, 4, 5, 6, 7, 8)),
  at_ms INTEGER NOT NULL,
  previous INTEGER,
  nth INTEGER,
  reason TEXT,
  request_id TEXT,
  CHECK (debit <> credit),
  CHECK ((kind IN (3, 4, 5)) = (pending IS NOT NULL)),
  CHECK (id IS NOT NULL OR code = 1)
) STRICT;
CREATE UNIQUE INDEX transfer_id ON transfer (id) WHERE id IS NOT NULL;
CREATE UNIQUE INDEX transfer_resolves_once ON transfer (pending) WHERE pending IS NOT NULL;
CREATE INDEX transfer_of_debit ON transfer (debit) WHERE id IS NOT NULL;
CREATE INDEX transfer_of_credit ON transfer (credit) WHERE code <> 1;
CREATE INDEX transfer_mark ON transfer (debit) WHERE nth % 32 = 0;
CREATE INDEX transfer_of_request ON transfer (request_id) WHERE request_id IS NOT NULL;
CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer
  WHEN coalesce(OLD.id, '') NOT LIKE 'rollup:%' OR OLD.at_ms >= (SELECT value FROM meta WHERE key = 'rollup_before_ms')
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer
  WHEN OLD.code <> 1 OR OLD.at_ms >= (SELECT value FROM meta WHERE key = 'rollup_before_ms')
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;

CREATE TABLE hold (
  request_id TEXT NOT NULL,
  account INTEGER NOT NULL,
  reserve INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  epoch INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL,
  PRIMARY KEY (request_id, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (id INTEGER PRIMARY KEY, key_id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE service (
  id INTEGER PRIMARY KEY,
  model_id TEXT NOT NULL,
  surface TEXT NOT NULL,
  route_kind TEXT NOT NULL,
  route_name TEXT NOT NULL,
  node_id TEXT NOT NULL,
  price_version TEXT NOT NULL,
  streamed INTEGER NOT NULL,
  UNIQUE (model_id, surface, route_kind, route_name, node_id, price_version, streamed)
) STRICT;
CREATE TABLE outcome (
  id INTEGER PRIMARY KEY,
  end_kind TEXT NOT NULL,
  error_code TEXT NOT NULL,
  usage_source TEXT NOT NULL,
  policy TEXT NOT NULL,
  cut_at_hold INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  UNIQUE (end_kind, error_code, usage_source, policy, cut_at_hold, attempts)
) STRICT;
CREATE TABLE receipt (
  seq INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  account INTEGER NOT NULL,
  previous INTEGER NOT NULL,
  legs INTEGER NOT NULL,
  key INTEGER NOT NULL,
  service INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  first_part_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  image_input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  held INTEGER NOT NULL,
  charged INTEGER NOT NULL CHECK (charged >= 0 AND charged <= held)
) STRICT;
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

CREATE TABLE rollup (
  day INTEGER NOT NULL,
  account_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  requests INTEGER NOT NULL CHECK (requests > 0),
  charged INTEGER NOT NULL CHECK (charged >= 0),
  input_tokens INTEGER NOT NULL,
  image_input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  signature TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (day, account_id, key_id, model_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_spend (
  day INTEGER NOT NULL,
  key INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (day, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO meta (key, value) VALUES ('boot_epoch', 0), ('rollup_before_ms', 0), ('rolled_up_to', 0);
INSERT INTO meta (key, value) VALUES ('ledger_id', random() & 9007199254740991);
`;
