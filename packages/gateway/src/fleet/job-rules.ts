import { LINK_TIMES } from '@switchyard/protocol/link/limits.ts';
import type { JobTimeout } from './node-faults.ts';

/**
 * A job's life as its node session sees it. The sink is served until `cancelling`; the slot is busy until `closed`
 * or `stuck`. A stuck job's slot counts as free again, but its stream is still known, so that what the node sends
 * late can be told from a breach of the protocol.
 */
export type JobPhase = 'offered' | 'waiting' | 'streaming' | 'cancelling' | 'stuck' | 'closed';

export type JobView = {
  phase: JobPhase;
  isPaused: boolean;
  offeredAtMs: number;
  acceptedAtMs: number;
  /** The last part or sign of life, or the end of a pause. */
  lastSignAtMs: number;
  cancelledAtMs: number;
  /** Since when the node has no connection. */
  heldSinceMs: number | undefined;
  firstPartBudgetMs: number;
  deadlineMs: number;
};

/** What a tick has to do with a job. */
export type JobDue = JobTimeout | 'lost' | 'stuck' | 'none';

/**
 * Decides what is due at `nowMs` (monotonic milliseconds, as all times of the view). A paused job cannot stall: the
 * node has no credit to send with. Signs of life do not lengthen the budget of the first part, or a node could hold
 * a request for ever with them.
 */
export function decideJobDue(job: JobView, nowMs: number): JobDue {
  switch (job.phase) {
    case 'offered':
      return nowMs - job.offeredAtMs >= LINK_TIMES.acceptMs ? 'accept-timeout' : 'none';
    case 'waiting':
      if (isHeldTooLong(job, nowMs)) return 'lost';
      if (nowMs - job.offeredAtMs >= job.deadlineMs) return 'deadline';
      return nowMs - job.acceptedAtMs >= job.firstPartBudgetMs ? 'first-part-timeout' : 'none';
    case 'streaming':
      if (nowMs - job.offeredAtMs >= job.deadlineMs) return 'deadline';
      return !job.isPaused && nowMs - job.lastSignAtMs >= LINK_TIMES.stallMs ? 'stalled' : 'none';
    case 'cancelling':
      return nowMs - job.cancelledAtMs >= LINK_TIMES.cancelStuckMs ? 'stuck' : 'none';
    case 'stuck':
    case 'closed':
      break;
  }
  return 'none';
}

/** Nothing has come yet, so another node may begin anew: that is waited for less than an answer's second half. */
function isHeldTooLong({ heldSinceMs }: JobView, nowMs: number): boolean {
  return heldSinceMs !== undefined && nowMs - heldSinceMs >= LINK_TIMES.resumeUnbegunMs;
}

/** Prompt speed taken for a node that has told none: a small model on a processor. */
const DEFAULT_PROMPT_TOKENS_PER_SECOND = 100;
/** Added when the model is not in memory yet. */
const LOAD_MS = 60_000;

/**
 * How long an accepted job may take to its first part: 5 s and three times the expected prompt processing, and a load
 * when the model is not in memory, between 15 s and 120 s.
 */
export function firstPartBudgetMs(job: {
  estimatedInputTokens: number;
  promptTokensPerSecond: number | undefined;
  isLoaded: boolean;
}): number {
  const speed = job.promptTokensPerSecond ?? DEFAULT_PROMPT_TOKENS_PER_SECOND;
  const expectedMs = 5_000 + (3_000 * job.estimatedInputTokens) / speed + (job.isLoaded ? 0 : LOAD_MS);
  return Math.min(Math.max(expectedMs, LINK_TIMES.firstPartMinMs), LINK_TIMES.firstPartMaxMs);
}
