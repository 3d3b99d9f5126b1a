import type { Account, ApiKey, MemberLimits, Scope } from '../../../accounts/account.ts';
import type { Deployment } from '../../../catalog/deployment.ts';
import type { SecretDigest } from '../../../accounts/key-secret.ts';
import type { NodeRecord, StoredKey, StoredNode } from '../../../accounts/store.ts';
import { micros } from '../../../core/money.ts';
import type { SpendLimits } from '../../../ledger/ledger.ts';
import type { AccountRow, DeploymentRow, KeyRow, MemberLimitRow, NewKeyRow, NodeRow } from './tables.ts';

/** Between rows and domain objects. Objects that come out are frozen: memory shares them with every request. */

export function accountToRow(account: Account): AccountRow {
  return {
    id: account.id,
    name: account.name,
    role: account.role,
    suspended: account.suspended ? 1 : 0,
    created_at: account.createdAtMs,
  };
}

export function accountFromRow(row: AccountRow): Account {
  return Object.freeze({
    id: row.id,
    name: row.name,
    role: row.role,
    suspended: row.suspended === 1,
    createdAtMs: row.created_at,
  });
}

export function keyToRow(key: ApiKey, digest: SecretDigest): NewKeyRow {
  return {
    id: key.id,
    account_id: key.accountId,
    person_id: key.personId ?? null,
    sha256: Buffer.from(digest, 'base64'),
    last4: key.last4,
    name: key.name,
    scopes: JSON.stringify(key.scopes),
    models: listToText(key.models),
    deployments: listToText(key.deployments),
    requests_per_minute: key.requestsPerMinute ?? null,
    concurrency: key.concurrency ?? null,
    ...spendLimitsToRow(key.spendLimits),
    created_at: key.createdAtMs,
    expires_at: key.expiresAtMs ?? null,
    revoked_at: key.revokedAtMs ?? null,
  };
}

export function keyFromRow(row: KeyRow): StoredKey {
  const key: ApiKey = Object.freeze({
    id: row.id,
    accountId: row.account_id,
    personId: row.person_id ?? undefined,
    name: row.name,
    last4: row.last4,
    scopes: Object.freeze(JSON.parse(row.scopes) as Scope[]),
    models: listFromText(row.models),
    deployments: listFromText(row.deployments),
    requestsPerMinute: row.requests_per_minute ?? undefined,
    concurrency: row.concurrency ?? undefined,
    spendLimits: Object.freeze(spendLimitsFromRow(row)),
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at ?? undefined,
    revokedAtMs: row.revoked_at ?? undefined,
  });
  return {
    key,
    digest: row.sha256.toString('base64') as SecretDigest,
    lastUsedAtMs: row.last_used_at ?? undefined,
  };
}

export function memberLimitsToRow(limits: MemberLimits): MemberLimitRow {
  return {
    account_id: limits.accountId,
    person_id: limits.personId,
    requests_per_minute: limits.requestsPerMinute ?? null,
    concurrency: limits.concurrency ?? null,
    ...spendLimitsToRow(limits.spendLimits),
  };
}

export function memberLimitsFromRow(row: MemberLimitRow): MemberLimits {
  return Object.freeze({
    accountId: row.account_id,
    personId: row.person_id,
    requestsPerMinute: row.requests_per_minute ?? undefined,
    concurrency: row.concurrency ?? undefined,
    spendLimits: Object.freeze(spendLimitsFromRow(row)),
  });
}

export function nodeToRow(node: NodeRecord, digest: SecretDigest): NodeRow {
  return {
    id: node.id,
    name: node.name,
    pool: node.pool,
    kind: node.kind,
    account_id: node.accountId,
    sha256: Buffer.from(digest, 'base64'),
    kid: node.kid,
    created_at: node.createdAtMs,
    revoked_at: node.revokedAtMs ?? null,
    suspended_reason: node.suspendedReason ?? null,
  };
}

export function nodeFromRow(row: NodeRow): StoredNode {
  const node: NodeRecord = Object.freeze({
    id: row.id,
    name: row.name,
    pool: row.pool,
    kind: row.kind,
    accountId: row.account_id,
    kid: row.kid,
    createdAtMs: row.created_at,
    revokedAtMs: row.revoked_at ?? undefined,
    suspendedReason: row.suspended_reason ?? undefined,
  });
  return { node, digest: row.sha256.toString('base64') as SecretDigest };
}

export function deploymentToRow(deployment: Deployment): DeploymentRow {
  return {
    id: deployment.id,
    account_id: deployment.accountId,
    name: deployment.name,
    remote_model: deployment.remoteModel,
    nodes: listToText(deployment.nodes),
    created_at: deployment.createdAtMs,
  };
}

export function deploymentFromRow(row: DeploymentRow): Deployment {
  return Object.freeze({
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    remoteModel: row.remote_model,
    nodes: listFromText(row.nodes),
    createdAtMs: row.created_at,
  });
}

/** A list of words that may be missing, which is not the same as an empty one. */
function listToText(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list);
}

function listFromText(text: string | null): readonly string[] | undefined {
  return text === null ? undefined : Object.freeze(JSON.parse(text) as string[]);
}

type SpendLimitRow = Pick<MemberLimitRow, 'day_limit_micros' | 'week_limit_micros' | 'month_limit_micros'>;

function spendLimitsToRow({ dayMicros, weekMicros, monthMicros }: SpendLimits): SpendLimitRow {
  return {
    day_limit_micros: dayMicros ?? null,
    week_limit_micros: weekMicros ?? null,
    month_limit_micros: monthMicros ?? null,
  };
}

function spendLimitsFromRow(row: SpendLimitRow): SpendLimits {
  return {
    ...(row.day_limit_micros === null ? {} : { dayMicros: micros(row.day_limit_micros) }),
    ...(row.week_limit_micros === null ? {} : { weekMicros: micros(row.week_limit_micros) }),
    ...(row.month_limit_micros === null ? {} : { monthMicros: micros(row.month_limit_micros) }),
  };
}
