import type { Clock, Timer } from '../core/clock.ts';

/** A clock that stands still until a test moves it. Wall and monotonic time move together. */
export type VirtualClock = Clock & {
  /** Moves time on and runs every timer that falls due, in order, each at its own time. */
  advance(byMs: number): void;
  /** Timers that are set. A test of tidiness expects 0 at the end. */
  pendingTimers(): number;
};

type Entry = { dueMs: number; order: number; periodMs: number | undefined; task: () => void };

/** 2026-11-20T12:00:00Z unless told otherwise: a Friday, away from the ends of a day, week, month and year. */
export function createVirtualClock(startMs: number = Date.UTC(2026, 10, 20, 12)): VirtualClock {
  const entries = new Set<Entry>();
  let passedMs = 0;
  let order = 0;

  function set(delayMs: number, periodMs: number | undefined, task: () => void): Timer {
    const entry: Entry = { dueMs: passedMs + Math.max(0, delayMs), order: order++, periodMs, task };
    entries.add(entry);
    return { cancel: () => void entries.delete(entry) };
  }

  function nextDue(untilMs: number): Entry | undefined {
    let next: Entry | undefined;
    for (const entry of entries) {
      if (entry.dueMs > untilMs) continue;
      const earlier = next === undefined || entry.dueMs < next.dueMs;
      if (earlier || (entry.dueMs === next?.dueMs && entry.order < next.order)) next = entry;
    }
    return next;
  }

  return {
    nowMs: () => startMs + passedMs,
    monotonicMs: () => passedMs,
    after: (delayMs, task) => set(delayMs, undefined, task),
    every: (periodMs, task) => set(periodMs, Math.max(1, periodMs), task),
    advance(byMs) {
      const untilMs = passedMs + byMs;
      for (let entry = nextDue(untilMs); entry !== undefined; entry = nextDue(untilMs)) {
        passedMs = Math.max(passedMs, entry.dueMs);
        if (entry.periodMs === undefined) entries.delete(entry);
        else entry.dueMs += entry.periodMs;
        entry.task();
      }
      passedMs = untilMs;
    },
    pendingTimers: () => entries.size,
  };
}
