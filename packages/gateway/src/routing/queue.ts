import { modelKey } from '../catalog/model.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { needsNoLess } from './needs.ts';
import type { Ask, Router } from './router.ts';
import type { Target } from './target.ts';

/**
 * Requests that wait for a free slot, bounded in number and time. Whose account was served longest ago is next, so that
 * one who sends a hundred at once does not keep all others waiting; within an account first come, first served.
 */
export type WaitingQueue = {
  /**
   * Waits for a target. `settle` is called once, never within this call: with a target, or with why there is none.
   * Returns `full` when the model's queue has no place, else how to leave it.
   */
  enter(ask: Ask, settle: (outcome: Target | 'timeout' | 'none') => void): 'full' | { leave(): void };
  /** Slots may be free: serves who waits. */
  capacityChanged(): void;
  length(): number;
  /** Requests that wait for one model. */
  waiting(model: Ask['model']): number;
};

type Waiter = {
  ask: Ask;
  deadlineMs: number;
  settle: (outcome: Target | 'timeout' | 'none') => void;
  open: boolean;
};

/** Waiting times are cut to this grain, so that one timer serves everyone. */
const GRAIN_MS = 250;
/** So many accounts are remembered after they were served. One that was served before all of them counts as new. */
const SERVED_ACCOUNTS_MAX = 1_000;

export function createWaitingQueue(
  clock: Clock,
  router: Pick<Router, 'acquire' | 'hasOwnNodes'>,
  bounds: { waitMs: number; depthPerModel: number },
): WaitingQueue {
  let waiters: Waiter[] = [];
  const depths = new Map<string, number>();
  /**
   * When each account was served last, as a count, the longest ago first. Also of those that do not wait: who asks for
   * one thing after the other would else come back as new each time, and always be next.
   */
  const served = new Map<string, number>();
  let servedCount = 0;
  let timer: Timer | undefined;

  /** Waiters in the order in which they are to be served. The sort is stable, so arrival decides among equals. */
  function inTurn(): Waiter[] {
    const turnOf = (waiter: Waiter) => served.get(waiter.ask.accountId) ?? 0;
    return waiters.filter((waiter) => waiter.open).toSorted((a, b) => turnOf(a) - turnOf(b));
  }

  function noteServed({ ask }: Waiter): void {
    servedCount += 1;
    served.delete(ask.accountId);
    served.set(ask.accountId, servedCount);
    const [oldest] = served.keys();
    if (served.size > SERVED_ACCOUNTS_MAX && oldest !== undefined) served.delete(oldest);
  }

  function remove(waiter: Waiter): void {
    if (!waiter.open) return;
    waiter.open = false;
    const depth = (depths.get(modelKey(waiter.ask.model)) ?? 1) - 1;
    if (depth > 0) depths.set(modelKey(waiter.ask.model), depth);
    else depths.delete(modelKey(waiter.ask.model));
  }

  /**
   * Serves who waits until a round finds nobody a slot. Whoever got one goes to the end of the turn, so each round
   * begins anew. What was found busy is not asked for again in the same pass.
   */
  function serve(): void {
    const nowMs = clock.monotonicMs();
    const busy = new Map<string, Ask[]>();
    const settled: (() => void)[] = [];
    for (let next = serveOne(nowMs, busy); next !== undefined; next = serveOne(nowMs, busy))
      settled.push(next);
    waiters = waiters.filter((waiter) => waiter.open);
    if (waiters.length === 0) {
      timer?.cancel();
      timer = undefined;
    }
    for (const run of settled) run();
  }

  /** Finds the first in turn who gets a slot, has waited too long, or waits for nothing. */
  function serveOne(nowMs: number, busy: Map<string, Ask[]>): (() => void) | undefined {
    for (const waiter of inTurn()) {
      const outcome = acquireUnlessBusy(waiter.ask, busy);
      if (outcome === 'busy') {
        if (nowMs < waiter.deadlineMs) continue;
        remove(waiter);
        return () => waiter.settle('timeout');
      }
      remove(waiter);
      if (outcome !== 'none') noteServed(waiter);
      return () => waiter.settle(outcome);
    }
    return undefined;
  }

  /** `busy`: those that were asked for in this pass and found nothing free, by model. */
  function acquireUnlessBusy(ask: Ask, busy: Map<string, Ask[]>): ReturnType<Router['acquire']> {
    const key = modelKey(ask.model);
    const found = busy.get(key) ?? [];
    if (isSpokenFor(ask, found)) return 'busy';
    const outcome = router.acquire(ask);
    // Waiters may have tried different targets, so only those that have tried none speak for others.
    const speaks = ask.tried.nodes.size === 0 && ask.tried.upstreams.size === 0;
    if (outcome === 'busy' && speaks) busy.set(key, [...found, ask]);
    return outcome;
  }

  /** Whether one that found nothing free would have been served wherever this one would be. */
  function isSpokenFor({ model, accountId, needs }: Ask, found: readonly Ask[]): boolean {
    const speakers = found.filter((other) => needsNoLess(needs, other.needs));
    if (speakers.length === 0) return false;
    return speakers.some((other) => other.accountId === accountId) || !router.hasOwnNodes(model, accountId);
  }

  return {
    enter(ask, settle) {
      const depth = depths.get(modelKey(ask.model)) ?? 0;
      if (depth >= bounds.depthPerModel) return 'full';
      const waiter: Waiter = { ask, settle, open: true, deadlineMs: clock.monotonicMs() + bounds.waitMs };
      waiters.push(waiter);
      depths.set(modelKey(ask.model), depth + 1);
      timer ??= clock.every(GRAIN_MS, serve);
      return { leave: () => remove(waiter) };
    },
    capacityChanged() {
      if (waiters.length > 0) serve();
    },
    length: () => waiters.filter((waiter) => waiter.open).length,
    waiting: (model) => depths.get(modelKey(model)) ?? 0,
  };
}
