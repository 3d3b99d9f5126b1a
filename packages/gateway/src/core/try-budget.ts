import type { Clock } from './clock.ts';

/** How often, and until when, one request may be tried before its first content: at all its targets together. */
export type TryBudget = {
  /** Takes a try. False: none is left, or it is too late. The first one is always there. */
  take(): boolean;
  /** Whether another try may begin after a pause, ms. */
  allows(pauseMs: number): boolean;
};

/** `attempts`: at least 1. `budgetMs`: counted from the first try; a try that runs is not cut by it. */
export function createTryBudget(
  { attempts, budgetMs }: { attempts: number; budgetMs: number },
  clock: Pick<Clock, 'monotonicMs'>,
): TryBudget {
  let left = attempts;
  let startedMs: number | undefined;
  const allows = (pauseMs: number): boolean => {
    if (startedMs === undefined) return true;
    return left > 0 && clock.monotonicMs() - startedMs + pauseMs <= budgetMs;
  };
  return {
    allows,
    take() {
      if (!allows(0)) return false;
      startedMs ??= clock.monotonicMs();
      left -= 1;
      return true;
    },
  };
}
