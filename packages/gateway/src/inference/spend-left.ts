import { fault, type Fault } from '../core/errors.ts';
import { micros, type Micros } from '../core/money.ts';
import { spendWindowEndMs, type SpendWindow } from '../core/spend-window.ts';
import type { Ledger, SpendLimits, SpendSoFar } from '../ledger/ledger.ts';
import type { Caller } from './deps.ts';

/** What may still be spent under the tightest limit, and which that is: of equal ones the one that ends last. */
export type SpendLeft = { leftMicros: Micros; window: SpendWindow; whose: 'key' | 'member' };

const NO_SPEND_LIMIT: SpendLeft = {
  leftMicros: micros(Number.MAX_SAFE_INTEGER),
  window: 'month',
  whose: 'key',
};

/** What the key may still spend: by its own limits, and by those of its person over all their keys. */
export function spendLeftOf(ledger: Ledger, { key, member }: Caller, nowMs: number): SpendLeft {
  let left = NO_SPEND_LIMIT;
  if (hasLimit(key.spendLimits))
    left = tightest(left, 'key', { limits: key.spendLimits, spent: ledger.keySpend(key.id), nowMs });
  if (member === undefined || !hasLimit(member.spendLimits)) return left;
  return tightest(left, 'member', { limits: member.spendLimits, spent: ledger.spenderSpend(member), nowMs });
}

/** Says which limit it is and when it counts from 0 again. */
export function spendLimitReached({ window, whose }: SpendLeft, nowMs: number): Fault {
  const resetsAt = new Date(spendWindowEndMs(window, nowMs)).toISOString();
  const limit =
    whose === 'key'
      ? `The spend limit of this API key for the ${window} does not cover this request.`
      : `The spend limit for the ${window} of the person whom this API key belongs to does not cover this request. All their keys in this account share it.`;
  return fault('spend_limit_reached', { message: `${limit} It counts from 0 again at ${resetsAt}.` });
}

function hasLimit({ dayMicros, weekMicros, monthMicros }: SpendLimits): boolean {
  return dayMicros !== undefined || weekMicros !== undefined || monthMicros !== undefined;
}

function tightest(
  known: SpendLeft,
  whose: SpendLeft['whose'],
  { limits, spent, nowMs }: { limits: SpendLimits; spent: SpendSoFar; nowMs: number },
): SpendLeft {
  const windows: [SpendWindow, Micros | undefined, Micros][] = [
    ['day', limits.dayMicros, spent.dayMicros],
    ['week', limits.weekMicros, spent.weekMicros],
    ['month', limits.monthMicros, spent.monthMicros],
  ];
  let found = known;
  for (const [window, limitMicros, spentMicros] of windows) {
    if (limitMicros === undefined) continue;
    const leftMicros = micros(Math.max(0, limitMicros - spentMicros));
    // Where several are used up, the end of one that ends sooner helps nobody.
    const isTighter =
      leftMicros < found.leftMicros ||
      (leftMicros === found.leftMicros &&
        spendWindowEndMs(window, nowMs) > spendWindowEndMs(found.window, nowMs));
    if (isTighter) found = { leftMicros, window, whose };
  }
  return found;
}
