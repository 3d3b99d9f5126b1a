import type { Timers } from '../timers.ts';

/** Time for tests: it stands still until `advance` is called. */
export type VirtualTimers = Timers & {
  /** Moves time on and runs what falls due, in order of time. */
  advance(byMs: number): void;
  /** How many timers are set: a test can see a leak with it. */
  pending(): number;
};

type Entry = { dueMs: number; order: number; periodMs: number | undefined; task: () => void };

/** Starts at 0 ms. Timers set for the same moment run in the order they were set. */
export function createVirtualTimers(): VirtualTimers {
  let nowMs = 0;
  let nextOrder = 0;
  const entries = new Set<Entry>();

  function add(delayMs: number, periodMs: number | undefined, task: () => void): { cancel(): void } {
    const entry: Entry = { dueMs: nowMs + delayMs, order: nextOrder++, periodMs, task };
    entries.add(entry);
    return { cancel: () => void entries.delete(entry) };
  }

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
    nowMs: () => nowMs,
    after: (delayMs, task) => add(delayMs, undefined, task),
    every: (periodMs, task) => add(periodMs, periodMs, task),
    advance(byMs) {
      const limitMs = nowMs + byMs;
      for (let entry = earliestUntil(limitMs); entry !== undefined; entry = earliestUntil(limitMs)) {
        nowMs = entry.dueMs;
        if (entry.periodMs === undefined) entries.delete(entry);
        else entry.dueMs += entry.periodMs;
        entry.task();
      }
      nowMs = limitMs;
    },
    pending: () => entries.size,
  };
}
