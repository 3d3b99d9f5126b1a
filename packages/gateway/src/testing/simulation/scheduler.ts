import type { Clock, Timer } from '../../core/clock.ts';

/** Whose timers these are. When its owner is dead a timer is forgotten. */
export type Owner = { alive: boolean; timers: number };

/** Virtual time: one queue of events for the whole world, taken out one at a time. */
export type Scheduler = {
  /** Whole ms since the world began. */
  nowMs(): number;
  after(delayMs: number, owner: Owner, task: () => void): Timer;
  /** The clock that an owner's code sees. Wall and monotonic time run alike. */
  clockOf(owner: Owner): Clock;
  /** Moves time on to the next event and runs it. False: there is none. */
  runNext(): boolean;
};

type Entry = {
  dueMs: number;
  order: number;
  owner: Owner;
  periodMs: number;
  task: () => void;
  isCancelled: boolean;
};

/** Events of the same moment run in the order in which they were set. `startMs` is the wall clock at the start. */
export function createScheduler(startMs: number): Scheduler {
  const heap: Entry[] = [];
  let elapsedMs = 0;
  let orders = 0;

  function add(entry: Omit<Entry, 'order' | 'isCancelled'>): Timer {
    const full: Entry = { ...entry, order: orders++, isCancelled: false };
    full.owner.timers += 1;
    push(heap, full);
    return {
      cancel() {
        if (full.isCancelled) return;
        full.isCancelled = true;
        full.owner.timers -= 1;
      },
    };
  }

  function after(delayMs: number, owner: Owner, task: () => void): Timer {
    return add({ dueMs: elapsedMs + Math.max(0, Math.ceil(delayMs)), owner, periodMs: 0, task });
  }

  return {
    nowMs: () => elapsedMs,
    after,
    clockOf: (owner) => ({
      nowMs: () => startMs + elapsedMs,
      monotonicMs: () => elapsedMs,
      after: (delayMs, task) => after(delayMs, owner, task),
      every: (periodMs, task) => add({ dueMs: elapsedMs + periodMs, owner, periodMs, task }),
    }),
    runNext() {
      for (let entry = pop(heap); entry !== undefined; entry = pop(heap)) {
        if (entry.isCancelled || !entry.owner.alive) continue;
        elapsedMs = entry.dueMs;
        if (entry.periodMs === 0) {
          entry.isCancelled = true;
          entry.owner.timers -= 1;
        } else {
          entry.dueMs += entry.periodMs;
          entry.order = orders++;
          push(heap, entry);
        }
        entry.task();
        return true;
      }
      return false;
    },
  };
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
  return first;
}
