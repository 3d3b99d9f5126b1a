import type { Clock } from '../core/clock.ts';

export type BlockCountOptions = {
  clock: Clock;
  /** So many blocks within a day suspend the account. 0: none does. */
  suspendAfter: number;
  /** Called once for each time that an account reaches it. */
  suspend(accountId: string): void;
};

const WINDOW_MS = 86_400_000;
/** Days whose counts are kept. */
const DAYS_MAX = 30;

/**
 * Counts prompts over the hard line by account. Times only, in memory only: nothing of a prompt is kept, and a restart
 * begins anew. An account that the operator lets in again begins anew, too.
 */
export function createBlockCount({ clock, suspendAfter, suspend }: BlockCountOptions): {
  blocked(accountId: string): void;
  /** All blocks by UTC day (`2026-11-20`) since the start, the newest day first. */
  perDay(): { day: string; blocks: number }[];
} {
  const byDay = new Map<string, number>();
  const timesOf = new Map<string, number[]>();
  return {
    blocked(accountId) {
      const day = new Date(clock.nowMs()).toISOString().slice(0, 10);
      byDay.set(day, (byDay.get(day) ?? 0) + 1);
      const oldest = byDay.keys().next().value;
      if (byDay.size > DAYS_MAX && oldest !== undefined) byDay.delete(oldest);
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
    perDay: () => [...byDay].map(([day, blocks]) => ({ day, blocks })).toReversed(),
  };
}
