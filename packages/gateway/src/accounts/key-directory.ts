import type { Clock } from '../core/clock.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { Account, ApiKey, MemberId, MemberLimits, MemberShare, Scope } from './account.ts';
import { createDeploymentIndex, type DeploymentIndex } from './deployment-index.ts';
import { extractCredential } from './credential.ts';
import { adminKeyPrefix, apiKeyPrefix, hashSecret, parseApiKey, parseNodeToken } from './key-secret.ts';
import type { SecretDigest } from './key-secret.ts';
import { createMemberIndex } from './member-index.ts';
import type { Change, NodeRecord, Snapshot } from './store.ts';

/** Who sends a request. The same object for every request of a key until the key, its account or its member's limits change. */
export type Identity = {
  readonly account: Account;
  readonly key: ApiKey;
  /** What the key's person may do with all their keys together. Undefined: no such limits, or nobody's key. */
  readonly member: MemberShare | undefined;
};

/**
 * Every account, key, node and deployment, in memory. A request costs one SHA-256 and one map look-up, whether its key is known
 * or not; nothing here waits or touches the disk. About 1 KB per key: one million keys take 1 GB.
 */
export type KeyDirectory = {
  /**
   * Who sends the request with these raw headers (`request.rawHeaders`), and notes that the key was used.
   * Errors: `invalid_api_key` (also expired and revoked keys), `conflicting_credentials`, `account_suspended`.
   */
  authenticate(rawHeaders: readonly string[]): Result<Identity, Fault>;
  /** The same for a credential that was read already. */
  identify(credential: string): Result<Identity, Fault>;
  /**
   * Who a node token belongs to; undefined when it is unknown or removed. A node of a suspended account is suspended
   * too. Never throws, never writes: the node link asks it before it takes a connection.
   */
  authenticateNode(token: string): NodeOwner | 'suspended' | undefined;

  account(id: string): Account | undefined;
  accounts(): Account[];
  key(id: string): KeyEntry | undefined;
  /** The keys of one account, or of all. Revoked and expired ones are among them. */
  keys(accountId?: string): KeyEntry[];
  /** The keys of a person in an account, revoked and expired ones too. */
  memberKeys(member: MemberId): KeyEntry[];
  memberLimits(member: MemberId): MemberLimits | undefined;
  node(id: string): NodeEntry | undefined;
  /** Revoked ones are among them. */
  nodes(): NodeEntry[];
  readonly deployments: Pick<DeploymentIndex, 'get' | 'named' | 'list'>;

  /** Takes over changes that are durable already. */
  apply(changes: readonly Change[]): void;
  /** Hands out the keys used since the last call, with the time of the last use in milliseconds. */
  takeKeyUses(): Map<string, number>;
};

/** Which node a token belongs to. `kind` `private`: it serves its own account only. */
export type NodeOwner = {
  nodeId: string;
  name: string;
  pool: string;
  kind: 'shared' | 'private';
  accountId: string;
};

export type KeyEntry = { identity: Identity; digest: SecretDigest; lastUsedAtMs: number | undefined };
export type NodeEntry = { node: NodeRecord; digest: SecretDigest };

export type KeyDirectoryOptions = {
  clock: Clock;
  /** `brand.keyPrefix` of the configuration: keys begin with `sk-<brand>-`. */
  brand: string;
  snapshot: Snapshot;
};

export function createKeyDirectory(options: KeyDirectoryOptions): KeyDirectory {
  const { clock, brand } = options;
  const accounts = new Map<string, Account>();
  const keysById = new Map<string, KeyEntry>();
  const keysByDigest = new Map<SecretDigest, KeyEntry>();
  const keysByAccount = new Map<string, Set<KeyEntry>>();
  const nodesById = new Map<string, NodeEntry>();
  const nodesByDigest = new Map<SecretDigest, NodeEntry>();
  const members = createMemberIndex();
  const deployments = createDeploymentIndex(options.snapshot.deployments);
  const used = new Set<KeyEntry>();
  const keyPrefix = apiKeyPrefix(brand);
  const adminPrefix = adminKeyPrefix(brand);
  const unknownKey = fault('invalid_api_key', {
    message: `The API key is not valid. Keys of this service begin with "${keyPrefix}".`,
  });

  function putAccount(account: Account): void {
    accounts.set(account.id, account);
    for (const entry of keysByAccount.get(account.id) ?? []) {
      entry.identity = { ...entry.identity, account };
    }
  }

  function putKey(key: ApiKey, digest: SecretDigest, lastUsedAtMs?: number): void {
    const account = accounts.get(key.accountId);
    if (account === undefined) throw new Error('a key must belong to a known account');
    const known = keysById.get(key.id);
    if (known === undefined) {
      const entry: KeyEntry = { identity: { account, key, member: undefined }, digest, lastUsedAtMs };
      keysById.set(key.id, entry);
      keysByDigest.set(digest, entry);
      const siblings = keysByAccount.get(key.accountId) ?? new Set();
      keysByAccount.set(key.accountId, siblings.add(entry));
      members.putKey(entry);
      return;
    }
    if (known.digest !== digest) {
      keysByDigest.delete(known.digest);
      keysByDigest.set(digest, known);
      known.digest = digest;
    }
    known.identity = { account, key, member: known.identity.member };
    members.putKey(known);
  }

  function putNode(node: NodeRecord, digest: SecretDigest): void {
    const known = nodesById.get(node.id);
    if (known !== undefined) nodesByDigest.delete(known.digest);
    const entry = { node, digest };
    nodesById.set(node.id, entry);
    nodesByDigest.set(digest, entry);
  }

  function identify(credential: string): Result<Identity, Fault> {
    const secret = parseApiKey(credential, keyPrefix) ?? parseApiKey(credential, adminPrefix);
    if (secret === undefined) return failed(unknownKey);
    const entry = keysByDigest.get(hashSecret(secret));
    if (entry === undefined) return failed(unknownKey);
    const { account, key } = entry.identity;
    const nowMs = clock.nowMs();
    if (key.revokedAtMs !== undefined) return refuse('This API key was revoked.');
    if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs) return refuse('This API key has expired.');
    if (account.suspended) return failed(fault('account_suspended'));
    entry.lastUsedAtMs = nowMs;
    used.add(entry);
    return ok(entry.identity);
  }

  for (const account of options.snapshot.accounts) putAccount(account);
  for (const stored of options.snapshot.keys) putKey(stored.key, stored.digest, stored.lastUsedAtMs);
  for (const limits of options.snapshot.memberLimits) members.putLimits(limits);
  for (const stored of options.snapshot.nodes) putNode(stored.node, stored.digest);

  return {
    identify,
    authenticate(rawHeaders) {
      const credential = extractCredential(rawHeaders);
      return credential.ok ? identify(credential.value) : credential;
    },
    authenticateNode(token) {
      const secret = parseNodeToken(token);
      if (secret === undefined) return undefined;
      const node = nodesByDigest.get(hashSecret(secret))?.node;
      const owner = node === undefined ? undefined : accounts.get(node.accountId);
      if (node === undefined || owner === undefined || node.revokedAtMs !== undefined) return undefined;
      if (node.suspendedReason !== undefined || owner.suspended) return 'suspended';
      return {
        nodeId: node.id,
        name: node.name,
        pool: node.pool,
        kind: node.kind,
        accountId: node.accountId,
      };
    },
    account: (id) => accounts.get(id),
    accounts: () => [...accounts.values()],
    key: (id) => keysById.get(id),
    keys: (accountId) => [
      ...(accountId === undefined ? keysById.values() : (keysByAccount.get(accountId) ?? [])),
    ],
    memberKeys: (member) => members.keys(member),
    memberLimits: (member) => members.limits(member),
    node: (id) => nodesById.get(id),
    nodes: () => [...nodesById.values()],
    deployments,
    apply(changes) {
      for (const change of changes) {
        switch (change.type) {
          case 'put-account':
            putAccount(change.account);
            break;
          case 'put-key':
            putKey(change.key, change.digest);
            break;
          case 'put-node':
            putNode(change.node, change.digest);
            break;
          case 'put-deployment':
            deployments.put(change.deployment);
            break;
          case 'delete-deployment':
            deployments.delete(change.id);
            break;
          case 'put-member-limits':
            members.putLimits(change.limits);
            break;
          case 'delete-member-limits':
            members.deleteLimits(change);
            break;
          case 'set-meta':
            break;
        }
      }
    },
    takeKeyUses() {
      const uses = new Map<string, number>();
      for (const entry of used) uses.set(entry.identity.key.id, entry.lastUsedAtMs ?? 0);
      used.clear();
      return uses;
    },
  };
}

/** Undefined when the key has the right; `permission_denied` when it lacks it. */
export function requireScope(key: ApiKey, scope: Scope): Fault | undefined {
  if (key.scopes.includes(scope)) return undefined;
  return fault('permission_denied', { message: `This API key lacks the scope "${scope}".` });
}

function refuse(message: string): Result<Identity, Fault> {
  return failed(fault('invalid_api_key', { message }));
}
