import type { Migration } from '../migrate.ts';

/**
 * Trust in nodes. `node_trust` counts the work of a node; `canaries` and `checks` are its last verdicts, `1` for good ones.
 * `sanction` is what was done about a node; rows stay, a lifted one says when and why. `calibration` has one row at most.
 */
export const migration: Migration = {
  version: 3,
  name: 'trust',
  sql: `
CREATE TABLE node_trust (
  node_id TEXT PRIMARY KEY,
  settled_jobs INTEGER NOT NULL CHECK (settled_jobs >= 0),
  first_settled_at INTEGER,
  canaries TEXT NOT NULL,
  checks TEXT NOT NULL
) STRICT;
CREATE TABLE sanction (
  id TEXT PRIMARY KEY,
  node_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('ban', 'reduced')),
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  lifted_at INTEGER,
  lifted_because TEXT
) STRICT;
CREATE INDEX sanction_node ON sanction (node_id);
CREATE TABLE calibration (only INTEGER PRIMARY KEY CHECK (only = 1), state TEXT NOT NULL CHECK (json_valid(state))) STRICT;
`,
};
