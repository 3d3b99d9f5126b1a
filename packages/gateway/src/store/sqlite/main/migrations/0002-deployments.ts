import type { Migration } from '../migrate.ts';

/**
 * Deployments, and which of them a key may use. A deployment goes with its row: receipts name it by themselves, and
 * ids in `api_key.deployments` that are gone mean nothing.
 */
export const migration: Migration = {
  version: 2,
  name: 'deployments',
  sql: `
CREATE TABLE deployment (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  remote_model TEXT NOT NULL,
  nodes TEXT CHECK (nodes IS NULL OR json_type(nodes) = 'array'),
  created_at INTEGER NOT NULL,
  UNIQUE (account_id, name)
) STRICT;

ALTER TABLE api_key ADD COLUMN deployments TEXT
  CHECK (deployments IS NULL OR json_type(deployments) = 'array');
`,
};
