import type { RandomSource } from '../../core/clock.ts';
import type { Standing } from './trust-book.ts';

/** Tests for each job of others, by tier: 10 %, 2 %, 0.5 %. */
const CANARY_SHARES: Record<Standing['tier'], number> = {
  probation: 0.1,
  verified: 0.02,
  operator: 0.005,
};
/** A node with a failure among its last verdicts is tested so many times more often. */
const SUSPECTED_FACTOR = 4;

/** After how many jobs a node is tested next: half to one and a half of the mean, at random, and at least one. */
export function jobsUntilCanary(
  random: RandomSource,
  { tier, isSuspected }: { tier: Standing['tier']; isSuspected: boolean },
): number {
  const share = CANARY_SHARES[tier] * (isSuspected ? SUSPECTED_FACTOR : 1);
  return Math.max(1, Math.round((0.5 + random()) / share));
}
