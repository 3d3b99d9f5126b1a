import type { NodeTier } from '../../core/node-tier.ts';

/** What is kept of a node's work. Counts and verdicts only, nothing of any job. */
export type TrustRecord = {
  /** Jobs that somebody else paid. A ban sets it back to 0. */
  settledJobs: number;
  firstSettledAtMs: number | undefined;
  /** When an operator said that it is to be trusted without more proof. A ban takes that back. */
  approvedAtMs: number | undefined;
  /** Test jobs, the newest last, at most `WINDOW`: whether it passed. */
  canaries: readonly boolean[];
  /** Checks of ordinary jobs in the same way: whether nothing was found. */
  checks: readonly boolean[];
};

export const NEW_RECORD: TrustRecord = Object.freeze({
  settledJobs: 0,
  firstSettledAtMs: undefined,
  approvedAtMs: undefined,
  canaries: [],
  checks: [],
});

/** Verdicts that are looked back upon. */
export const WINDOW = 20;

export function noteSettled(record: TrustRecord, nowMs: number): TrustRecord {
  return {
    ...record,
    settledJobs: record.settledJobs + 1,
    firstSettledAtMs: record.firstSettledAtMs ?? nowMs,
  };
}

export function noteCanary(record: TrustRecord, passed: boolean): TrustRecord {
  return { ...record, canaries: [...record.canaries, passed].slice(-WINDOW) };
}

export function noteCheck(record: TrustRecord, isClean: boolean): TrustRecord {
  return { ...record, checks: [...record.checks, isClean].slice(-WINDOW) };
}

/** Trusted because an operator says so. */
export function approve(record: TrustRecord, nowMs: number): TrustRecord {
  return { ...record, approvedAtMs: nowMs };
}

/** Begins anew: on probation, with no verdicts. */
export function startAgain(): TrustRecord {
  return NEW_RECORD;
}

/** When a node of somebody else has shown enough to be verified. */
export type PromotionRules = { jobs: number; hours: number };

const HOUR_MS = 3_600_000;

/**
 * The tier of a node towards everyone but its owner. Probation ends after enough paid jobs over enough time with most
 * test jobs passed, or with the word of an operator; all is counted anew after a ban.
 */
export function tierOf(
  node: { isOperators: boolean; record: TrustRecord },
  rules: PromotionRules,
  nowMs: number,
): Exclude<NodeTier, 'own'> {
  if (node.isOperators) return 'operator';
  const { settledJobs, firstSettledAtMs, approvedAtMs, canaries } = node.record;
  if (judge(canaries) === 'bad') return 'probation';
  if (approvedAtMs !== undefined) return 'verified';
  if (settledJobs < rules.jobs || firstSettledAtMs === undefined) return 'probation';
  return nowMs - firstSettledAtMs < rules.hours * HOUR_MS ? 'probation' : 'verified';
}

const IN_A_ROW = 3;
const LEAST_FOR_SHARE = 8;
const WORST_SHARE = 0.4;
const WEIGHT_MIN = 0.1;

/**
 * `bad`: three failures in a row, or more than 40 % of the last 20 when there are at least 8. Otherwise how much of its
 * usual work the node gets, 0.1 to 1: less with each failure. Lenient, since honest small models fail tests, too.
 */
export function judge(verdicts: readonly boolean[]): 'bad' | number {
  const last = verdicts.slice(-WINDOW);
  const failures = last.filter((passed) => !passed).length;
  const tail = last.slice(-IN_A_ROW);
  if (tail.length === IN_A_ROW && tail.every((passed) => !passed)) return 'bad';
  if (last.length >= LEAST_FOR_SHARE && failures / last.length > WORST_SHARE) return 'bad';
  return Math.max(WEIGHT_MIN, 1 - (2 * failures) / Math.max(LEAST_FOR_SHARE, last.length));
}
