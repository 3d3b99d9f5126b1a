import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { LINK_TIMES } from '@switchyard/protocol/link/limits.ts';

/** Records that a job's phases allow once, so that the number of jobs bounds them. */
export const ONCE_PER_JOB: ReadonlySet<number> = new Set([
  RECORD_TYPES.accept,
  RECORD_TYPES.reject,
  RECORD_TYPES.finish,
  RECORD_TYPES.fail,
  RECORD_TYPES.cancelled,
]);

export type Liveness = 'none' | 'ping' | 'dead' | 'hello-timeout';

/** All times are monotonic milliseconds. `hasJobs`: a busy node is watched more closely. */
export type LivenessView = {
  isWelcomed: boolean;
  hasJobs: boolean;
  openedAtMs: number;
  lastInboundMs: number;
  lastPingMs: number;
};

/**
 * Any inbound byte counts as alive. Pings go out at their interval even while the node talks: they are what the node
 * hears from an idle gateway, and their answers measure the round trip.
 */
export function decideLiveness(session: LivenessView, nowMs: number): Liveness {
  if (!session.isWelcomed) return nowMs - session.openedAtMs >= LINK_TIMES.helloMs ? 'hello-timeout' : 'none';
  const deadMs = session.hasJobs ? LINK_TIMES.deadBusyMs : LINK_TIMES.deadIdleMs;
  if (nowMs - session.lastInboundMs >= deadMs) return 'dead';
  const pingMs = session.hasJobs ? LINK_TIMES.pingBusyMs : LINK_TIMES.pingIdleMs;
  return nowMs - session.lastPingMs >= pingMs ? 'ping' : 'none';
}

/**
 * Whether a node whose line ended may come back to its jobs: it can, it has some, and it did not say goodbye. Codes from
 * 4000 and 1000 are the node's own words; all others come from proxies and broken lines.
 */
export function mayReturn(lost: { code: number; isResumable: boolean; hasJobs: boolean }): boolean {
  const isGoodbye = lost.code === 1000 || lost.code >= 4000;
  return lost.isResumable && lost.hasJobs && !isGoodbye;
}

/** A bucket of records that a node may send now; it refills with time. */
export type RecordBudget = { readonly size: number; readonly perSecond: number; left: number; atMs: number };

export function createRecordBudget(size: number, perSecond: number, nowMs: number): RecordBudget {
  return { size, perSecond, left: size, atMs: nowMs };
}

/** Takes one record from the budget. False: too many. */
export function spendRecord(budget: RecordBudget, nowMs: number): boolean {
  const refill = ((nowMs - budget.atMs) * budget.perSecond) / 1_000;
  budget.left = Math.min(budget.size, budget.left + refill);
  budget.atMs = nowMs;
  if (budget.left < 1) return false;
  budget.left -= 1;
  return true;
}

/** Exponentially weighted mean with weight 0.2 for the newest value; the first value is taken as it is. */
export function blend(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean * 0.8 + value * 0.2;
}
