import { NO_USAGE, totalInputTokens, totalOutputTokens, type Usage } from '@switchyard/protocol/usage.ts';
import type { Micros } from '../core/money.ts';
import { isUsageWhole, priceUsage } from '../pricing/meter.ts';
import type { ChargeDecision } from '../pricing/settlement.ts';
import type { Target } from '../routing/target.ts';
import type { Admitted } from './admit.ts';
import type { Meter } from './meter.ts';

/**
 * What the provider charges the operator for a request, in µ$, by its price at the moment of the hold, as the client's
 * own price. Undefined: no provider, or its prices are not configured. For the operator only: no reply and no receipt
 * has it. Tries that failed before are not in it: nobody says what they cost.
 */
export function upstreamCost(run: {
  admitted: Admitted;
  target: Target | undefined;
  charge: ChargeDecision;
  meter: Meter;
}): Micros | undefined {
  const { admitted, target, charge, meter } = run;
  const price = target?.costAt?.(admitted.heldAtMs);
  if (price === undefined) return undefined;
  const usage = charge.source === 'none' ? reportWithinBounds(meter.reported(), admitted) : charge.usage;
  return priceUsage(price, usage);
}

/** What is free for the client may still have cost something. A report beyond what was asked for is not believed. */
function reportWithinBounds(reported: Usage | undefined, admitted: Admitted): Usage {
  if (reported === undefined || !isUsageWhole(reported)) return NO_USAGE;
  const isWithin =
    totalInputTokens(reported) <= admitted.inputTokensCeiling &&
    totalOutputTokens(reported) <= admitted.outputCapTokens;
  return isWithin ? reported : NO_USAGE;
}
