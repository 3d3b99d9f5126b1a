import type { Clock } from '../core/clock.ts';
import type { RequestEnd } from '../ledger/ledger.ts';

/** How many requests ended in the last minute, and how many of them badly. */
export type RequestRate = {
  ended(end: RequestEnd): void;
  /** `errorRate`: share that failed or broke off, 0 to 1. */
  lastMinute(): { requestsPerSecond: number; errorRate: number };
};

const SECONDS = 60;

/** One count for each of the last 60 seconds. */
export function createRequestRate(clock: Pick<Clock, 'monotonicMs'>): RequestRate {
  const counts = Array.from({ length: SECONDS }, () => ({ second: -1, all: 0, bad: 0 }));
  const secondNow = () => Math.floor(clock.monotonicMs() / 1_000);
  return {
    ended(end) {
      const second = secondNow();
      const count = counts[second % SECONDS];
      if (count === undefined) return;
      if (count.second !== second) Object.assign(count, { second, all: 0, bad: 0 });
      count.all += 1;
      if (end === 'failed' || end === 'interrupted') count.bad += 1;
    },
    lastMinute() {
      const since = secondNow() - SECONDS;
      let [all, bad] = [0, 0];
      for (const count of counts) {
        if (count.second <= since) continue;
        all += count.all;
        bad += count.bad;
      }
      return { requestsPerSecond: all / SECONDS, errorRate: all === 0 ? 0 : bad / all };
    },
  };
}
