import type { Account, ApiKey } from './account.ts';
import type { Deployment } from '../catalog/deployment.ts';
import { apiKeyPrefix, createApiKeySecret, createNodeToken, hashSecret, lastFour } from './key-secret.ts';
import type { ParsedSecret, SecretDigest } from './key-secret.ts';
import type { NodeRecord } from './store.ts';

/** Ready-made accounts, keys, nodes and deployments for tests. */

export const TEST_BRAND = 'acme';

export function testAccount(overrides: Partial<Account> = {}): Account {
  return { id: 'acc_1', name: 'Ada', role: 'person', suspended: false, createdAtMs: 1_000, ...overrides };
}

export type TestKey = { key: ApiKey; secret: ParsedSecret; digest: SecretDigest };

export function testKey(overrides: Partial<ApiKey> = {}): TestKey {
  const secret = createApiKeySecret(apiKeyPrefix(TEST_BRAND));
  const key: ApiKey = {
    id: 'key_1',
    accountId: 'acc_1',
    personId: undefined,
    name: 'laptop',
    last4: lastFour(secret),
    scopes: ['inference', 'read'],
    models: undefined,
    deployments: undefined,
    requestsPerMinute: undefined,
    concurrency: undefined,
    spendLimits: {},
    createdAtMs: 2_000,
    expiresAtMs: undefined,
    revokedAtMs: undefined,
    ...overrides,
  };
  return { key, secret, digest: hashSecret(secret) };
}

export type TestNode = { node: NodeRecord; token: ParsedSecret; digest: SecretDigest };

export function testNode(overrides: Partial<NodeRecord> = {}): TestNode {
  const { token, kid } = createNodeToken();
  const node: NodeRecord = {
    id: 'node_1',
    name: 'gpu-1',
    pool: 'main',
    kind: 'shared',
    accountId: 'acc_1',
    kid,
    createdAtMs: 3_000,
    revokedAtMs: undefined,
    suspendedReason: undefined,
    ...overrides,
  };
  return { node, token, digest: hashSecret(token) };
}

export function testDeployment(overrides: Partial<Deployment> = {}): Deployment {
  return {
    id: 'dep_1',
    accountId: 'acc_1',
    name: 'home',
    remoteModel: 'qwen3:8b',
    nodes: undefined,
    createdAtMs: 4_000,
    ...overrides,
  };
}
