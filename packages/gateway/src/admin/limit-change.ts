import type { z } from 'zod';
import type { Micros } from '../core/money.ts';
import type { SpendLimits } from '../ledger/ledger.ts';
import { countField, limitAmountField } from './fields.ts';

/** The limits that a key and a person may have, as fields of a change. What is left out stays; `null` takes a limit away. */
export const limitChangeFields = () => ({
  requestsPerMinute: countField(1_000_000).nullish(),
  concurrency: countField(100_000).nullish(),
  dayLimitMicros: limitAmountField().nullish(),
  weekLimitMicros: limitAmountField().nullish(),
  monthLimitMicros: limitAmountField().nullish(),
});

type LimitChange = {
  [Name in keyof ReturnType<typeof limitChangeFields>]?: z.output<ReturnType<typeof limitChangeFields>[Name]>;
};

/** Of a key, or of a person over all their keys. `undefined`: no such limit. */
type Limited = {
  requestsPerMinute: number | undefined;
  concurrency: number | undefined;
  spendLimits: SpendLimits;
};

/** The limits after a change. */
export function changedLimits(old: Limited, change: LimitChange): Limited {
  return {
    requestsPerMinute: changed(change.requestsPerMinute, old.requestsPerMinute),
    concurrency: changed(change.concurrency, old.concurrency),
    spendLimits: spendLimits(
      changed(change.dayLimitMicros, old.spendLimits.dayMicros),
      changed(change.weekLimitMicros, old.spendLimits.weekMicros),
      changed(change.monthLimitMicros, old.spendLimits.monthMicros),
    ),
  };
}

/** `undefined`: as it was. `null`: none. */
export function changed<Value>(wanted: Value | null | undefined, old: Value | undefined): Value | undefined {
  if (wanted === undefined) return old;
  return wanted ?? undefined;
}

export function spendLimits(
  dayMicros: Micros | undefined,
  weekMicros: Micros | undefined,
  monthMicros: Micros | undefined,
): SpendLimits {
  return Object.freeze({
    ...(dayMicros === undefined ? {} : { dayMicros }),
    ...(weekMicros === undefined ? {} : { weekMicros }),
    ...(monthMicros === undefined ? {} : { monthMicros }),
  });
}
