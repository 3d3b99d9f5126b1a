import { spendWindowEndMs, type SpendWindow } from '../core/spend-window.ts';
import type { Account, Scope } from '../accounts/account.ts';
import type { KeyEntry } from '../accounts/key-directory.ts';
import type { NodeRecord } from '../accounts/store.ts';
import { creditsNumber, usdNumber } from '../core/money.ts';
import type { Micros } from '../core/money.ts';
import type { NodeModelStatus, NodeStatus } from '../fleet/fleet.ts';
import { isActive, SANCTION_REASONS, type Sanction } from '../fleet/trust/sanction.ts';
import type { Balance, SpendLimits, SpendSoFar } from '../ledger/ledger.ts';
import { historyView } from './availability.ts';
import type { AdminContext } from './context.ts';

/**
 * What use cases answer: plain JSON for machines, `null` where there is nothing. Never a secret or a digest; the few
 * answers that hold a new secret say so in their own type.
 */

/** The exact amount in whole µ$, and the same for people. */
export type MoneyView = { micros: number; credits: number; usd: number };

export function moneyView(amount: Micros): MoneyView {
  return { micros: amount, credits: creditsNumber(amount), usd: usdNumber(amount) };
}

const optionalMoney = (amount: Micros | undefined): MoneyView | null =>
  amount === undefined ? null : moneyView(amount);

/** ISO 8601, UTC. */
export function timeView(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

const optionalTime = (timeMs: number | undefined): string | null =>
  timeMs === undefined ? null : timeView(timeMs);

export type BalanceView = {
  available: MoneyView;
  held: MoneyView;
  paid: MoneyView;
  promo: MoneyView;
  allowance: MoneyView;
  deposited: MoneyView;
  spent: MoneyView;
  /** What ends next; null: nothing does. */
  nextExpiry: { at: string; amount: MoneyView; balance: 'promo' | 'allowance' } | null;
};

export function balanceView(balance: Balance): BalanceView {
  const { nextExpiry } = balance;
  return {
    available: moneyView(balance.availableMicros),
    held: moneyView(balance.heldMicros),
    paid: moneyView(balance.paidMicros),
    promo: moneyView(balance.promoMicros),
    allowance: moneyView(balance.allowanceMicros),
    deposited: moneyView(balance.depositedMicros),
    spent: moneyView(balance.spentMicros),
    nextExpiry:
      nextExpiry === undefined
        ? null
        : {
            at: timeView(nextExpiry.atMs),
            amount: moneyView(nextExpiry.amountMicros),
            balance: nextExpiry.balance,
          },
  };
}

export type AccountView = {
  id: string;
  name: string;
  role: Account['role'];
  state: 'active' | 'suspended';
  /** Keys that are not revoked. */
  keys: number;
  balance: BalanceView;
  createdAt: string;
};

export function accountView(context: AdminContext, account: Account): AccountView {
  const keys = context.registry.directory.keys(account.id);
  return {
    id: account.id,
    name: account.name,
    role: account.role,
    state: account.suspended ? 'suspended' : 'active',
    keys: keys.filter(({ identity }) => identity.key.revokedAtMs === undefined).length,
    balance: balanceView(context.ledger.balance(account.id)),
    createdAt: timeView(account.createdAtMs),
  };
}

export type KeyState = 'active' | 'expired' | 'revoked' | 'account-suspended';

export type KeyView = {
  id: string;
  name: string;
  /** The last four characters of the secret. */
  last4: string;
  account: { id: string; name: string };
  /** Whose it is. null: the account's own. */
  person: PersonName | null;
  state: KeyState;
  scopes: readonly Scope[];
  /** null: every model. */
  models: readonly string[] | null;
  /**
   * Names of the account's own deployments; those that are gone are left out. null: all of them, or none when the key
   * is bound to models.
   */
  deployments: readonly string[] | null;
  /** null: as the configuration says. */
  requestsPerMinute: number | null;
  concurrency: number | null;
  /** Per UTC day, ISO week and month; `limit` null: none. */
  spend: WindowsView;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
};

/** `resetsAt`: when the window ends and counts from 0 again. */
export type SpendView = { spent: MoneyView; limit: MoneyView | null; resetsAt: string };

export type WindowsView = { day: SpendView; week: SpendView; month: SpendView };

/** `name` null: the person is gone. */
export type PersonName = { id: string; name: string | null };

export function personName({ people }: AdminContext, personId: string): PersonName {
  return { id: personId, name: people.deps.store.person(personId)?.name ?? null };
}

/** What was spent in the windows of `nowMs`, and what may be. */
export function spendView(nowMs: number, spent: SpendSoFar, limits: SpendLimits): WindowsView {
  const window = (name: SpendWindow, spentMicros: Micros, limitMicros: Micros | undefined): SpendView => ({
    spent: moneyView(spentMicros),
    limit: optionalMoney(limitMicros),
    resetsAt: timeView(spendWindowEndMs(name, nowMs)),
  });
  return {
    day: window('day', spent.dayMicros, limits.dayMicros),
    week: window('week', spent.weekMicros, limits.weekMicros),
    month: window('month', spent.monthMicros, limits.monthMicros),
  };
}

export function keyView(context: AdminContext, entry: KeyEntry): KeyView {
  const { key, account } = entry.identity;
  const { directory } = context.registry;
  return {
    id: key.id,
    name: key.name,
    last4: key.last4,
    account: { id: account.id, name: account.name },
    person: key.personId === undefined ? null : personName(context, key.personId),
    state: keyState(entry, context.clock.nowMs()),
    scopes: key.scopes,
    models: key.models ?? null,
    deployments: key.deployments?.flatMap((id) => directory.deployments.get(id)?.name ?? []) ?? null,
    requestsPerMinute: key.requestsPerMinute ?? null,
    concurrency: key.concurrency ?? null,
    spend: spendView(context.clock.nowMs(), context.ledger.keySpend(key.id), key.spendLimits),
    createdAt: timeView(key.createdAtMs),
    expiresAt: optionalTime(key.expiresAtMs),
    revokedAt: optionalTime(key.revokedAtMs),
    lastUsedAt: optionalTime(entry.lastUsedAtMs),
  };
}

function keyState(entry: KeyEntry, nowMs: number): KeyState {
  const { key, account } = entry.identity;
  if (key.revokedAtMs !== undefined) return 'revoked';
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs) return 'expired';
  return account.suspended ? 'account-suspended' : 'active';
}

/** What the owner of a node is told of a sanction. `because`: words. `until`: ISO 8601. */
type Sanctioned = { because: string; until: string };

export type NodeView = {
  id: string;
  name: string;
  /** Empty for a private node that serves deployments only. */
  pool: string;
  kind: NodeRecord['kind'];
  account: { id: string; name: string };
  /** The public part of its token. */
  kid: string;
  /** `unknown`: no gateway runs, so nobody knows whether it is connected. */
  state: 'removed' | 'suspended' | 'banned' | 'offline' | 'unknown' | NodeStatus['state'];
  suspendedReason: string | null;
  /** Share of its usual jobs, above 0 to 1, by its tier, its test jobs and its sanctions. */
  jobShare: number;
  /** It gets a quarter of its jobs after suspicious answers. null: it does not. */
  reduced: Sanctioned | null;
  /** It gets none, and may not connect. null: it may. */
  banned: Sanctioned | null;
  /** null while it is not connected. */
  session: NodeSessionView | null;
  /** Share of the last 24 hours at which it was ready, 0 to 1. null: nothing is known of them. */
  available: number | null;
  createdAt: string;
  revokedAt: string | null;
};

export type NodeSessionView = {
  connectedAt: string;
  engine: string;
  roundTripMs: number;
  models: NodeModelView[];
};

export type NodeModelView = Omit<NodeModelStatus, 'outputTokensPerSecond' | 'restsForMs'> & {
  /** null: nobody knows. */
  outputTokensPerSecond: number | null;
  restsForSeconds: number;
};

function nodeModelView({ restsForMs, outputTokensPerSecond, ...model }: NodeModelStatus): NodeModelView {
  return {
    ...model,
    outputTokensPerSecond: outputTokensPerSecond ?? null,
    restsForSeconds: Math.ceil(restsForMs / 1_000),
  };
}

/** @param status the node's live state, undefined when it is not connected */
export function nodeView(context: AdminContext, node: NodeRecord, status: NodeStatus | undefined): NodeView {
  return {
    id: node.id,
    name: node.name,
    pool: node.pool,
    kind: node.kind,
    account: { id: node.accountId, name: context.registry.directory.account(node.accountId)?.name ?? '' },
    kid: node.kid,
    state: nodeState(context, node, status),
    suspendedReason: node.suspendedReason ?? null,
    jobShare: context.trust.book.standing(node.id).weight,
    reduced: sanctionedView(context, node.id, 'reduced'),
    banned: sanctionedView(context, node.id, 'ban'),
    session:
      status === undefined
        ? null
        : {
            connectedAt: timeView(status.connectedAtMs),
            engine: status.engine,
            roundTripMs: status.roundTripMs,
            models: status.models.map(nodeModelView),
          },
    available: historyView(context.history?.of(node.id) ?? []).available,
    createdAt: timeView(node.createdAtMs),
    revokedAt: optionalTime(node.revokedAtMs),
  };
}

function sanctionedView(
  { clock, trust }: AdminContext,
  nodeId: string,
  kind: Sanction['kind'],
): Sanctioned | null {
  const nowMs = clock.nowMs();
  const found = trust.book.sanctions(nodeId).find((one) => one.kind === kind && isActive(one, nowMs));
  if (found === undefined) return null;
  const because = `${SANCTION_REASONS[found.reason]} (${found.detail})`;
  return { because, until: timeView(found.expiresAtMs) };
}

function nodeState(
  context: AdminContext,
  node: NodeRecord,
  status: NodeStatus | undefined,
): NodeView['state'] {
  if (node.revokedAtMs !== undefined) return 'removed';
  if (node.suspendedReason !== undefined) return 'suspended';
  if (context.trust.book.standing(node.id).isBanned) return 'banned';
  if (context.fleet === undefined) return 'unknown';
  return status?.state ?? 'offline';
}
