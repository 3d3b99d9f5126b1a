import type { Clock, Timer } from '../core/clock.ts';

/** Time for tests: it stands still until `advance` is called. */
export type VirtualClock = Clock & {
  /** Moves time on and runs what falls due on the way, in order of time; each task sees its own due time as now. */
  advance(byMs: number): void;
  /** How many timers are set: a test can see a leak with it. */
  pendingTimers(): number;
};

type Entry = { dueMs: number; order: number; periodMs: number | undefined; task: () => void };

/** Starts at `startMs` on the wall clock (2026-11-20 unless told) and at 0 on the monotonic one. */
export function createVirtualClock(startMs: number = Date.UTC(2026, 10, 20)): VirtualClock {
  let elapsedMs = 0;
  let nextOrder = 0;
  const entries = new Set<Entry>();

  function add(delayMs: number, periodMs: number | undefined, task: () => void): Timer {
    const entry: Entry = { dueMs: elapsedMs + Math.max(0, delayMs), order: nextOrder++, periodMs, task };
    entries.add(entry);
    return { cancel: () => void entries.delete(entry) };
  }

  /** Timers of the same moment run in the order they were set. */
  function earliestUntil(limitMs: number): Entry | undefined {
    let earliest: Entry | undefined;
    for (const entry of entries) {
      if (entry.dueMs > limitMs) continue;
      const isEarlier =
        earliest === undefined ||
        entry.dueMs < earliest.dueMs ||
        (entry.dueMs === earliest.dueMs && entry.order < earliest.order);
      if (isEarlier) earliest = entry;
    }
    return earliest;
  }

  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, task) => add(delayMs, undefined, task),
    every(periodMs, task) {
      if (!(periodMs > 0)) throw new RangeError('a period must be above 0');
      return add(periodMs, periodMs, task);
    },
    advance(byMs) {
      const limitMs = elapsedMs + byMs;
      for (let entry = earliestUntil(limitMs); entry !== undefined; entry = earliestUntil(limitMs)) {
        elapsedMs = entry.dueMs;
        if (entry.periodMs === undefined) {
          entries.delete(entry);
        } else {
          entry.dueMs += entry.periodMs;
          entry.order = nextOrder++;
        }
        entry.task();
      }
      elapsedMs = limitMs;
    },
    pendingTimers: () => entries.size,
  };
}
