import type { Migration } from '../migrate.ts';

/**
 * Accounts, keys, nodes, the audit trail. Times are milliseconds since 1970, amounts whole µ$, flags 0 or 1.
 * Of a secret there is only its SHA-256: a copy of this file lets nobody in.
 */
export const migration: Migration = {
  version: 1,
  name: 'accounts',
  sql: `
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('operator', 'person')),
  suspended INTEGER NOT NULL CHECK (suspended IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  last4 TEXT NOT NULL CHECK (length(last4) = 4),
  name TEXT NOT NULL,
  scopes TEXT NOT NULL CHECK (json_type(scopes) = 'array'),
  models TEXT CHECK (models IS NULL OR json_type(models) = 'array'),
  requests_per_minute INTEGER CHECK (requests_per_minute > 0),
  concurrency INTEGER CHECK (concurrency > 0),
  day_limit_micros INTEGER CHECK (day_limit_micros >= 0),
  week_limit_micros INTEGER CHECK (week_limit_micros >= 0),
  month_limit_micros INTEGER CHECK (month_limit_micros >= 0),
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;
CREATE INDEX api_key_account ON api_key (account_id);

CREATE TABLE node (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  pool TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('shared', 'private')),
  account_id TEXT NOT NULL REFERENCES account (id),
  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  kid TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  suspended_reason TEXT
) STRICT;
CREATE INDEX node_account ON node (account_id);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_keeps_lines BEFORE UPDATE ON audit BEGIN SELECT RAISE (ABORT, 'the audit trail is append only'); END;
CREATE TRIGGER audit_loses_none BEFORE DELETE ON audit BEGIN SELECT RAISE (ABORT, 'the audit trail is append only'); END;

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
`,
};
