import type { Clock } from '../../core/clock.ts';
import { Roster, type Rostered } from '../../core/roster.ts';

/** `atMs` is on the monotonic clock and may be moved at any time; `NEVER` stops the watch without ending it. */
export type Deadline = Rostered & { atMs: number; onPassed(): void };

export const NEVER = Number.POSITIVE_INFINITY;

export type Deadlines = {
  add(deadline: Deadline): void;
  remove(deadline: Deadline): void;
  close(): void;
};

/**
 * Watches many deadlines with one coarse timer: a timer for each request, moved at each chunk, costs more than the
 * look at all of them twice a second. A deadline passes up to one period late.
 */
export function createDeadlines(clock: Clock, periodMs = 500): Deadlines {
  const watched = new Roster<Deadline>();
  const timer = clock.every(periodMs, () => {
    const nowMs = clock.monotonicMs();
    for (const deadline of watched) {
      if (deadline.atMs > nowMs) continue;
      watched.delete(deadline);
      deadline.onPassed();
    }
  });
  return {
    add: (deadline) => watched.add(deadline),
    remove: (deadline) => void watched.delete(deadline),
    close: () => {
      timer.cancel();
      watched.clear();
    },
  };
}
