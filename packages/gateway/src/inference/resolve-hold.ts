import type { Micros } from '../core/money.ts';
import type { Receipt, Resolution } from '../ledger/ledger.ts';
import type { ChargeDecision } from '../pricing/settlement.ts';
import type { Target } from '../routing/target.ts';
import type { Admitted } from './admit.ts';
import type { InferenceDeps } from './deps.ts';
import type { Meter } from './meter.ts';
import { receiptOf, settlementOf, type RunEnd } from './settle.ts';
import { upstreamCost } from './upstream-cost.ts';
import type { WorkedTry } from './worked-try.ts';

export type Resolving = {
  charge: ChargeDecision;
  receipt: Receipt;
  /** What the provider charges, where that is known. */
  costMicros: Micros | undefined;
  /** The ledger's word, when it is on disk. */
  resolved: Promise<Resolution>;
};

/** Resolves the hold of a request that has ended: charges by the settlement matrix, or gives everything back. */
export function resolveHold(
  ledger: InferenceDeps['ledger'],
  run: {
    admitted: Admitted;
    end: RunEnd;
    meter: Meter;
    target: Target | undefined;
    /** The last try, when it was at a node of a pool. */
    work: WorkedTry | undefined;
    attempts: number;
    firstPartMs: number;
    durationMs: number;
  },
): Resolving {
  const { admitted, end, meter, target, work, attempts, firstPartMs, durationMs } = run;
  const charge = settlementOf({ admitted, end, meter, target, watch: work?.watch });
  const receipt = receiptOf({ admitted, end, charge, target, attempts, firstPartMs, durationMs });
  const costMicros = upstreamCost({ admitted, target, charge, meter });
  const amountMicros = charge.chargeMicros;
  const resolved =
    amountMicros > 0
      ? ledger.settle(admitted.hold, { amountMicros, receipt, earner: work?.earner() })
      : ledger.release(admitted.hold, receipt);
  return { charge, receipt, costMicros, resolved };
}
