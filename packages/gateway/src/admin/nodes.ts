import { z } from 'zod';
import type { Account } from '../accounts/account.ts';
import type { KeyDirectory } from '../accounts/key-directory.ts';
import { createNodeToken, hashSecret } from '../accounts/key-secret.ts';
import type { NodeRecord } from '../accounts/store.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import { historyView, type HistoryView } from './availability.ts';
import { connectLine } from './connect-line.ts';
import type { AdminContext } from './context.ts';
import { nameField, reasonField, referenceField, rowsField, tokenField } from './fields.ts';
import { findAccount, findNode } from './lookup.ts';
import { nodeView } from './views.ts';
import type { NodeView } from './views.ts';

export const addNodeInput = z.strictObject({
  name: nameField(),
  /** A private node may stand in none: then it serves deployments only. */
  pool: tokenField(63).optional(),
  kind: z.enum(['shared', 'private']).default('shared'),
  /** Who owns the node. Default: the operator, when there is exactly one account of that role. */
  account: referenceField().optional(),
});
/** `account`: id; only a node of this account. */
const oneNode = { node: referenceField(), account: referenceField().optional() };
export const nodeInput = z.strictObject(oneNode);
export const suspendNodeInput = z.strictObject({ ...oneNode, reason: reasonField() });
export const renameNodeInput = z.strictObject({ ...oneNode, name: nameField() });
export const listNodesInput = z.strictObject({
  removed: z.boolean().default(false),
  limit: rowsField(),
  /** Id. Default: of all accounts. */
  account: referenceField().optional(),
});

/** Holds the node's token, which is nowhere else and cannot be shown again. `connect` is a line for its machine. */
export type NewNodeView = { node: NodeView; token: string; connect: string };

/**
 * Registers a machine and hands its token out, this once.
 * Errors: `not_found` (account), `invalid_request` (unknown pool or none, owner not clear).
 */
export async function addNode(
  context: AdminContext,
  input: z.output<typeof addNodeInput>,
): Promise<Result<NewNodeView, Fault>> {
  const { pool = '' } = input;
  if (pool === '' && input.kind === 'shared') return failed(NO_POOL);
  if (pool !== '' && !context.pools.includes(pool)) return failed(UNKNOWN_POOL);
  const made = await context.registry.change((directory) => {
    const account = ownerOf(directory, input.account);
    if (!account.ok) return account;
    const { node, token } = buildNode(context, { ...input, pool, accountId: account.value.id });
    const detail = `pool ${node.pool === '' ? 'none' : node.pool}, ${node.kind}, account ${node.accountId}`;
    const audit = { actor: context.actor, action: 'node.add', subject: node.id, detail };
    return ok({
      changes: [{ type: 'put-node', node, digest: hashSecret(token) }],
      audit,
      value: { node, token },
    });
  });
  if (!made.ok) return made;
  return ok(newNodeView(context, made.value.node, made.value.token));
}

function ownerOf(directory: KeyDirectory, reference: string | undefined): Result<Account, Fault> {
  if (reference !== undefined) return findAccount(directory, reference);
  const [only, another] = directory.accounts().filter((account) => account.role === 'operator');
  return only === undefined || another !== undefined ? failed(UNKNOWN_OWNER) : ok(only);
}

/** A new node with a new token, not yet kept anywhere. */
export function buildNode(
  context: AdminContext,
  settings: { name: string; pool: string; kind: NodeRecord['kind']; accountId: string },
) {
  const { token, kid } = createNodeToken();
  const node: NodeRecord = Object.freeze({
    id: newId('node'),
    name: settings.name,
    pool: settings.pool,
    kind: settings.kind,
    accountId: settings.accountId,
    kid,
    createdAtMs: context.clock.nowMs(),
    revokedAtMs: undefined,
    suspendedReason: undefined,
  });
  return { node, token };
}

/** Newest first, with their live state. `total` counts those beyond the limit too. */
export function listNodes(
  context: AdminContext,
  input: z.output<typeof listNodesInput>,
): Result<{ nodes: NodeView[]; total: number }, Fault> {
  const live = new Map(context.fleet?.nodes().map((status) => [status.nodeId, status]));
  const all = context.registry.directory
    .nodes()
    .map(({ node }) => node)
    .filter((node) => input.account === undefined || node.accountId === input.account)
    .filter((node) => input.removed || node.revokedAtMs === undefined)
    .sort((one, other) => other.createdAtMs - one.createdAtMs);
  const shown = all.slice(0, input.limit).map((node) => nodeView(context, node, live.get(node.id)));
  return ok({ nodes: shown, total: all.length });
}

/** One node with its last 24 hours; null when no gateway runs. */
export type NodeDetailView = NodeView & { history: HistoryView | null };

/** Errors: `not_found`. */
export function showNode(
  context: AdminContext,
  input: z.output<typeof nodeInput>,
): Result<NodeDetailView, Fault> {
  const entry = findNode(context.registry.directory, input.node, input.account);
  if (!entry.ok) return entry;
  const { node } = entry.value;
  const { history } = context;
  return ok({
    ...view(context, node),
    history: history === undefined ? null : historyView(history.of(node.id)),
  });
}

/** Ends the node's session and refuses it until it is resumed. Errors: `not_found`, `invalid_request` (removed). */
export async function suspendNode(
  context: AdminContext,
  input: z.output<typeof suspendNodeInput>,
): Promise<Result<NodeView, Fault>> {
  const change = { ...input, action: 'node.suspend', detail: input.reason };
  const changed = await changeNode(context, change, (node) => ({ ...node, suspendedReason: input.reason }));
  if (!changed.ok) return changed;
  context.fleet?.disconnect(changed.value.id, 'suspended');
  return ok(view(context, changed.value));
}

/** Errors: `not_found`, `invalid_request` (removed). */
export async function renameNode(
  context: AdminContext,
  input: z.output<typeof renameNodeInput>,
): Promise<Result<NodeView, Fault>> {
  const change = { ...input, action: 'node.rename', detail: 'another name' };
  const changed = await changeNode(context, change, (node) => ({ ...node, name: input.name }));
  return changed.ok ? ok(view(context, changed.value)) : changed;
}

/** Jobs of any length may end; after that the node is refused until it is resumed, for which it asks now and then. */
const DRAIN_TIMES = { graceMs: 3_600_000, retryAfterMs: 0 };

/**
 * The node gets no new jobs, ends those that run, and then stays away until it is resumed.
 * Errors: `not_found`, `invalid_request` (removed).
 */
export async function drainNode(
  context: AdminContext,
  input: z.output<typeof suspendNodeInput>,
): Promise<Result<NodeView, Fault>> {
  const change = { ...input, action: 'node.drain', detail: input.reason };
  const changed = await changeNode(context, change, (node) => ({
    ...node,
    suspendedReason: node.suspendedReason ?? input.reason,
  }));
  if (!changed.ok) return changed;
  context.fleet?.drainNode(changed.value.id, DRAIN_TIMES);
  return ok(view(context, changed.value));
}

/** Lets the node in again. Idempotent. Errors: `not_found`, `invalid_request` (removed). */
export async function resumeNode(
  context: AdminContext,
  input: z.output<typeof nodeInput>,
): Promise<Result<NodeView, Fault>> {
  const change = { ...input, action: 'node.resume', detail: '' };
  const changed = await changeNode(context, change, (node) => ({ ...node, suspendedReason: undefined }));
  return changed.ok ? ok(view(context, changed.value)) : changed;
}

/** Refuses the node's token for ever and ends its session. Its record stays, for the receipts. Errors: `not_found`, `invalid_request` (removed before). */
export async function removeNode(
  context: AdminContext,
  input: z.output<typeof nodeInput>,
): Promise<Result<NodeView, Fault>> {
  const nowMs = context.clock.nowMs();
  const change = { ...input, action: 'node.remove', detail: '' };
  const changed = await changeNode(context, change, (node) => ({ ...node, revokedAtMs: nowMs }));
  if (!changed.ok) return changed;
  context.fleet?.disconnect(changed.value.id, 'revoked');
  return ok(view(context, changed.value));
}

/** Gives the node another token; the old one is refused and its session ends at once. Errors: `not_found`, `invalid_request` (removed). */
export async function rotateNode(
  context: AdminContext,
  input: z.output<typeof nodeInput>,
): Promise<Result<NewNodeView, Fault>> {
  const { token, kid } = createNodeToken();
  const change = { ...input, action: 'node.rotate', detail: `token ${kid}`, token };
  const changed = await changeNode(context, change, (node) => ({ ...node, kid }));
  if (!changed.ok) return changed;
  context.fleet?.disconnect(changed.value.id, 'revoked');
  return ok(newNodeView(context, changed.value, token));
}

const NO_POOL = fault('invalid_request', {
  message: 'A shared node serves a pool: say which one.',
  param: 'pool',
});
const UNKNOWN_POOL = fault('invalid_request', {
  message: 'There is no pool of this name. Pools stand in the configuration, under "pools".',
  param: 'pool',
});
const UNKNOWN_OWNER = fault('invalid_request', {
  message: 'Say which account owns the node: there is not exactly one operator account.',
  param: 'account',
});
const REMOVED = fault('invalid_request', { message: 'This node was removed. Add it again.', param: 'node' });

type NodeChange = {
  node: string;
  account?: string | undefined;
  action: string;
  detail: string;
  token?: Parameters<typeof hashSecret>[0];
};

function changeNode(
  context: AdminContext,
  what: NodeChange,
  change: (node: NodeRecord) => NodeRecord,
): Promise<Result<NodeRecord, Fault>> {
  return context.registry.change((directory) => {
    const entry = findNode(directory, what.node, what.account);
    if (!entry.ok) return entry;
    if (entry.value.node.revokedAtMs !== undefined) return failed(REMOVED);
    const node = Object.freeze(change(entry.value.node));
    const digest = what.token === undefined ? entry.value.digest : hashSecret(what.token);
    const audit = { actor: context.actor, action: what.action, subject: node.id, detail: what.detail };
    return ok({ changes: [{ type: 'put-node', node, digest }], audit, value: node });
  });
}

function newNodeView(context: AdminContext, node: NodeRecord, token: string): NewNodeView {
  const connect = connectLine({ gateway: context.gatewayUrl(), token, kind: node.kind });
  return { node: view(context, node), token, connect };
}

function view(context: AdminContext, node: NodeRecord): NodeView {
  const status = context.fleet?.nodes().find((live) => live.nodeId === node.id);
  return nodeView(context, node, status);
}
