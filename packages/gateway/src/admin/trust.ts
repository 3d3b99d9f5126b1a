import { z } from 'zod';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import { isActive, SANCTION_REASONS, type Sanction } from '../fleet/trust/sanction.ts';
import type { AdminContext } from './context.ts';
import { reasonField, referenceField } from './fields.ts';
import { findNode } from './lookup.ts';
import { timeView } from './views.ts';

export const listSanctionsInput = z.strictObject({
  node: referenceField().optional(),
  /** Those that are over or lifted, too. */
  all: z.boolean().default(false),
});

const time = () => z.iso.datetime('must be a time in UTC, as 2026-11-20T12:00:00Z').optional();
export const pardonInput = z
  .strictObject({
    node: referenceField().optional(),
    /** Sanctions that were made in this time, both ends included. */
    from: time(),
    to: time(),
    reason: reasonField(),
  })
  .refine(({ node, from }) => node !== undefined || from !== undefined, {
    message: 'give a node, or from when on',
    path: ['node'],
  });

export type SanctionView = {
  id: string;
  node: { id: string; name: string };
  kind: Sanction['kind'];
  reason: Sanction['reason'];
  /** The reason in words, with counts. */
  because: string;
  at: string;
  expiresAt: string;
  active: boolean;
  lifted: { at: string; because: string } | null;
};

/** `contact`: where owners of nodes object. null: the configuration names nothing. */
export type SanctionsView = { sanctions: SanctionView[]; contact: string | null };

/** The sanctions of a node, or of all, the newest first. Errors: `not_found`. */
export function listSanctions(
  context: AdminContext,
  input: z.output<typeof listSanctionsInput>,
): Result<SanctionsView, Fault> {
  const nodeId = nodeIdOf(context, input.node);
  if (!nodeId.ok) return nodeId;
  const nowMs = context.clock.nowMs();
  const found = context.trust.book.sanctions(nodeId.value);
  const shown = input.all ? found : found.filter((sanction) => isActive(sanction, nowMs));
  return ok({
    sanctions: shown.map((sanction) => sanctionView(context, sanction)),
    contact: context.trust.contact ?? null,
  });
}

/**
 * Lifts the sanctions of a node, of a time (after an incident of our own), or both; what bans took back is pending
 * again. Returns those that were lifted; none is no error. Errors: `not_found`, `invalid_request`.
 */
export async function pardon(
  context: AdminContext,
  input: z.output<typeof pardonInput>,
): Promise<Result<SanctionsView, Fault>> {
  const nodeId = nodeIdOf(context, input.node);
  if (!nodeId.ok) return nodeId;
  const fromMs = input.from === undefined ? -Infinity : Date.parse(input.from);
  const toMs = input.to === undefined ? Infinity : Date.parse(input.to);
  if (fromMs > toMs)
    return failed(fault('invalid_request', { message: 'The time ends before it begins.', param: 'to' }));
  const whom = nodeId.value === undefined ? { fromMs, toMs } : { nodeId: nodeId.value, fromMs, toMs };
  const words = { actor: context.actor, because: input.reason };
  const lifted = await context.trust.book.pardon(whom, words);
  return ok({
    sanctions: lifted.map((sanction) => sanctionView(context, sanction)),
    contact: context.trust.contact ?? null,
  });
}

/** `until`: ISO 8601, at most a year away. */
export type BanNode = { node: string; reason: string; until: string };
const BAN_MAX_MS = 366 * 86_400_000;

/**
 * Bans a node until a day: it is disconnected, and what it has pending is taken back. Errors: `not_found`,
 * `invalid_request` (the end is past or too far away).
 */
export async function banNode(
  context: AdminContext,
  { node, reason, until }: BanNode,
): Promise<Result<undefined, Fault>> {
  const entry = findNode(context.registry.directory, node);
  if (!entry.ok) return entry;
  const [nowMs, untilMs] = [context.clock.nowMs(), Date.parse(until)];
  if (!(untilMs > nowMs && untilMs <= nowMs + BAN_MAX_MS)) {
    const message = 'A ban ends at a time to come, within a year.';
    return failed(fault('invalid_request', { message, param: 'until' }));
  }
  const words = { actor: context.actor, because: reason, untilMs };
  await context.trust.book.ban(entry.value.node.id, words);
  return ok(undefined);
}

/**
 * Trusts a node of others at once (`verified`), or has it prove itself anew (`probation`). Errors: `not_found`,
 * `invalid_request` (the operator's nodes and private ones have no such tier).
 */
export async function setNodeTier(
  context: AdminContext,
  { node, tier, reason }: { node: string; tier: 'verified' | 'probation'; reason: string },
): Promise<Result<undefined, Fault>> {
  const entry = findNode(context.registry.directory, node);
  if (!entry.ok) return entry;
  const { id, kind } = entry.value.node;
  const { book } = context.trust;
  const before = book.standing(id).tier;
  if (before === 'operator' || kind === 'private') return failed(NO_TIER);
  await book.setTier(id, tier);
  const audit = {
    actor: context.actor,
    action: 'node.tier',
    subject: id,
    detail: `${before} -> ${tier}: ${reason}`,
  };
  return context.registry.change(() => ok({ changes: [], audit, value: undefined }));
}

const NO_TIER = fault('invalid_request', {
  message: 'Nodes of the operator and private nodes need no trust.',
  param: 'tier',
});

function nodeIdOf(context: AdminContext, reference: string | undefined): Result<string | undefined, Fault> {
  if (reference === undefined) return ok(undefined);
  const entry = findNode(context.registry.directory, reference);
  return entry.ok ? ok(entry.value.node.id) : entry;
}

function sanctionView(context: AdminContext, sanction: Sanction): SanctionView {
  const { id, nodeId, kind, reason, detail, atMs, expiresAtMs, liftedAtMs, liftedBecause } = sanction;
  const name = context.registry.directory.node(nodeId)?.node.name ?? nodeId;
  return {
    id,
    node: { id: nodeId, name },
    kind,
    reason,
    because: `${SANCTION_REASONS[reason]} (${detail})`,
    at: timeView(atMs),
    expiresAt: timeView(expiresAtMs),
    active: isActive(sanction, context.clock.nowMs()),
    lifted: liftedAtMs === undefined ? null : { at: timeView(liftedAtMs), because: liftedBecause ?? '' },
  };
}
