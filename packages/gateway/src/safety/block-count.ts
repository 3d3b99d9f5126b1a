import type { Clock } from '../core/clock.ts';

export type BlockCountOptions = {
  clock: Clock;
  /** So many blocks within a day suspend the account. 0: none does. */
  suspendAfter: number;
  /** Called once for each time that an account reaches it. */
  suspend(accountId: string): void;
};

const WINDOW_MS = 86_400_000;

/**
 * Counts prompts over the hard line by account. Times only, in memory only: nothing of a prompt is kept, and a restart
 * begins anew. An account that the operator lets in again begins anew, too.
 */
export function createBlockCount({ clock, suspendAfter, suspend }: BlockCountOptions): {
  blocked(accountId: string): void;
} {
  const timesOf = new Map<string, number[]>();
  return {
    blocked(accountId) {
      if (suspendAfter === 0) return;
      const nowMs = clock.nowMs();
      const times = (timesOf.get(accountId) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS);
      times.push(nowMs);
      if (times.length < suspendAfter) {
        timesOf.set(accountId, times);
        return;
      }
      timesOf.delete(accountId);
      suspend(accountId);
    },
  };
}
