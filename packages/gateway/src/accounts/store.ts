import type { Account, ApiKey, MemberLimits } from './account.ts';
import type { Deployment } from '../catalog/deployment.ts';
import type { SecretDigest } from './key-secret.ts';

/** A registered machine that serves models, without its token: only the token's SHA-256 is kept. */
export type NodeRecord = {
  id: string;
  name: string;
  /** Empty for a private node that serves deployments only. */
  pool: string;
  /** `shared`: serves the pool for everyone. `private`: serves its own account only. */
  kind: 'shared' | 'private';
  /** Who owns it. */
  accountId: string;
  /** The public part of its token. */
  kid: string;
  createdAtMs: number;
  revokedAtMs: number | undefined;
  /** Set while it is suspended. */
  suspendedReason: string | undefined;
};

/** One line of the audit trail: who did what to which thing. Never a secret, never content of a request. */
export type AuditEntry = {
  atMs: number;
  /** `cli`, `first-run`, or the id of the admin key. */
  actor: string;
  /** The use case: `key.create`. */
  action: string;
  /** The id of the thing that changed. */
  subject: string;
  /** What changed, in words for people. */
  detail: string;
};

/** One durable step. `put` makes the thing or replaces it as a whole, by id; `delete` of what is gone does nothing. */
export type Change =
  | { type: 'put-account'; account: Account }
  | { type: 'put-key'; key: ApiKey; digest: SecretDigest }
  | { type: 'put-node'; node: NodeRecord; digest: SecretDigest }
  | { type: 'put-deployment'; deployment: Deployment }
  | { type: 'delete-deployment'; id: string }
  | { type: 'put-member-limits'; limits: MemberLimits }
  | { type: 'delete-member-limits'; accountId: string; personId: string }
  | { type: 'set-meta'; key: string; value: string };

export type StoredKey = { key: ApiKey; digest: SecretDigest; lastUsedAtMs: number | undefined };
export type StoredNode = { node: NodeRecord; digest: SecretDigest };
export type Snapshot = {
  accounts: Account[];
  keys: StoredKey[];
  nodes: StoredNode[];
  deployments: Deployment[];
  memberLimits: MemberLimits[];
};

/**
 * Port: where accounts, keys, nodes, deployments and limits of members are kept. Memory is filled from it once at the start; after that it is
 * only written. Its promises reject when the disk fails.
 */
export type AccountStore = {
  load(): Promise<Snapshot>;
  /** All changes and the audit line become durable together or not at all. Rejects when a digest is taken. */
  commit(changes: readonly Change[], audit: AuditEntry): Promise<void>;
  /** Notes when keys were last used: key id to milliseconds since 1970. Unknown ids are passed over. */
  recordKeyUse(uses: ReadonlyMap<string, number>): Promise<void>;
  /** The newest lines of the audit trail, newest first. */
  auditTrail(limit: number): Promise<AuditEntry[]>;
  meta(key: string): Promise<string | undefined>;
  close(): Promise<void>;
};
