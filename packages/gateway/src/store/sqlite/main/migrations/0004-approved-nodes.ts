import type { Migration } from '../migrate.ts';

/** When an operator said that a node is to be trusted without more proof. NULL: nobody did. */
export const migration: Migration = {
  version: 4,
  name: 'approved-nodes',
  sql: 'ALTER TABLE node_trust ADD COLUMN approved_at INTEGER;',
};
