import type { Clock, Timer } from '../core/clock.ts';
import type { Ask, Router } from './router.ts';
import type { Target } from './target.ts';

/** Requests that wait for a free slot, first come first served per model, bounded in number and time. */
export type WaitingQueue = {
  /**
   * Waits for a target. `settle` is called once, never within this call: with a target, or with why there is none.
   * Returns `full` when the model's queue has no place, else how to leave it.
   */
  enter(ask: Ask, settle: (outcome: Target | 'timeout' | 'none') => void): 'full' | { leave(): void };
  /** Slots may be free: serves who waits. */
  capacityChanged(): void;
  length(): number;
};

type Waiter = {
  ask: Ask;
  deadlineMs: number;
  settle: (outcome: Target | 'timeout' | 'none') => void;
  open: boolean;
};

/** Waiting times are cut to this grain, so that one timer serves everyone. */
const GRAIN_MS = 250;

export function createWaitingQueue(
  clock: Clock,
  router: Router,
  bounds: { waitMs: number; depthPerModel: number },
): WaitingQueue {
  let waiters: Waiter[] = [];
  const depths = new Map<string, number>();
  let timer: Timer | undefined;

  function remove(waiter: Waiter): void {
    if (!waiter.open) return;
    waiter.open = false;
    const depth = (depths.get(waiter.ask.model.id) ?? 1) - 1;
    if (depth > 0) depths.set(waiter.ask.model.id, depth);
    else depths.delete(waiter.ask.model.id);
  }

  /** One pass over who waits. A model found busy is not asked again in the same pass. */
  function serve(): void {
    const nowMs = clock.monotonicMs();
    const busyModels = new Set<string>();
    const settled: (() => void)[] = [];
    for (const waiter of waiters) {
      if (!waiter.open) continue;
      const outcome = busyModels.has(waiter.ask.model.id) ? 'busy' : router.acquire(waiter.ask);
      if (outcome === 'busy') {
        // Waiters may have tried different nodes, so only those that have tried none speak for their model.
        if (waiter.ask.tried.nodes.size === 0) busyModels.add(waiter.ask.model.id);
        if (nowMs < waiter.deadlineMs) continue;
        remove(waiter);
        settled.push(() => waiter.settle('timeout'));
      } else {
        remove(waiter);
        settled.push(() => waiter.settle(outcome));
      }
    }
    waiters = waiters.filter((waiter) => waiter.open);
    if (waiters.length === 0) {
      timer?.cancel();
      timer = undefined;
    }
    for (const run of settled) run();
  }

  return {
    enter(ask, settle) {
      const depth = depths.get(ask.model.id) ?? 0;
      if (depth >= bounds.depthPerModel) return 'full';
      const waiter: Waiter = { ask, settle, open: true, deadlineMs: clock.monotonicMs() + bounds.waitMs };
      waiters.push(waiter);
      depths.set(ask.model.id, depth + 1);
      timer ??= clock.every(GRAIN_MS, serve);
      return { leave: () => remove(waiter) };
    },
    capacityChanged() {
      if (waiters.length > 0) serve();
    },
    length: () => waiters.filter((waiter) => waiter.open).length,
  };
}
