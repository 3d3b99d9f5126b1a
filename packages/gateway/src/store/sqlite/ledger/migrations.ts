import type { Migration } from '../main/migrate.ts';
import { KINDS_OF_CREDIT } from './migration-2.ts';

/**
 * Double entry. All amounts are whole µ$, at least 0; times are milliseconds since 1970.
 *
 * - `account`: balances of each user (what we owe, so credit-normal) and our own four. `paid` and `promo` are there once
 *   for each user; credit that ends has an account of its own, `tag` is the id of the transfer that gave it. The counters
 *   are the sums over `transfer` and only grow; `spent` is the part of the debits that were charges.
 * - `transfer`: append only. kind 1 direct, 2 reserve, then the ends of a reserve: 3 post (at most its amount), 4 void,
 *   5 expire. code 1 charge, 2 deposit, 3 gift, 4 adjustment, 5 refund (`request_id` names the request), 6 transfer
 *   between users, 7 allowance, 8 expiry of a grant.
 * - `hold`: the durable reservations that are open. A reservation in memory leaves no row anywhere.
 * - `receipt`: metadata of each request that had a hold. `key_spend`: charges of a key on a UTC day (days since 1970).
 * - `rollup`: sums over old receipts that were taken out, and over their charges, which one transfer
 *   `rollup:<account>:<day>` for each account and day replaces. `meta.rollup_before_ms` is above 0 only inside the
 *   transaction that does it.
 */
export const LEDGER_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'ledger',
    sql: `
CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('paid', 'promo', 'cash', 'revenue', 'expense:promo', 'expense:adjustment')),
  normal TEXT NOT NULL CHECK (normal IN ('debit', 'credit')),
  limited INTEGER NOT NULL CHECK (limited IN (0, 1)),
  debits_pending INTEGER NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
  debits_posted INTEGER NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
  credits_pending INTEGER NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
  credits_posted INTEGER NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
  spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0 AND spent <= debits_posted),
  UNIQUE (owner, kind),
  CHECK (limited = 0 OR credits_posted - debits_posted - debits_pending >= 0)
) STRICT;

INSERT INTO account (id, owner, kind, normal, limited) VALUES
  (1, 'sys', 'cash', 'debit', 0),
  (2, 'sys', 'revenue', 'credit', 0),
  (3, 'sys', 'expense:promo', 'debit', 0),
  (4, 'sys', 'expense:adjustment', 'debit', 0);

CREATE TABLE transfer (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3, 4)),
  pending_id TEXT,
  debit INTEGER NOT NULL,
  credit INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  code INTEGER NOT NULL CHECK (code IN (1, 2, 3, 4, 5)),
  reason TEXT NOT NULL DEFAULT '',
  at_ms INTEGER NOT NULL,
  CHECK (debit <> credit),
  CHECK ((kind IN (3, 4)) = (pending_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX transfer_resolves_once ON transfer (pending_id) WHERE pending_id IS NOT NULL;
CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer
  BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;

CREATE TABLE hold (
  transfer_id TEXT PRIMARY KEY,
  account INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  epoch INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE receipt (
  seq INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  model_id TEXT NOT NULL,
  surface TEXT NOT NULL,
  route_kind TEXT NOT NULL,
  route_name TEXT NOT NULL,
  node_id TEXT NOT NULL,
  streamed INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  first_part_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  usage_source TEXT NOT NULL,
  end_kind TEXT NOT NULL,
  error_code TEXT NOT NULL,
  held INTEGER NOT NULL,
  charged INTEGER NOT NULL CHECK (charged >= 0 AND charged <= held),
  price_version TEXT NOT NULL,
  attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX receipt_of_account ON receipt (account_id);

CREATE TABLE key_spend (
  day INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (day, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO meta (key, value) VALUES ('boot_epoch', 0);
`,
  },
  { version: 2, name: 'kinds of credit', sql: KINDS_OF_CREDIT },
];

/** Our own accounts, by the ids that the first migration gave them. */
export const SYSTEM_ACCOUNT = { cash: 1, revenue: 2, promoExpense: 3, adjustmentExpense: 4 } as const;

export const TRANSFER_KIND = { direct: 1, reserve: 2, post: 3, void: 4, expire: 5 } as const;

export const TRANSFER_CODE = {
  charge: 1,
  deposit: 2,
  gift: 3,
  adjustment: 4,
  refund: 5,
  transfer: 6,
  allowance: 7,
  expiry: 8,
} as const;
