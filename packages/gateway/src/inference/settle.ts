import type { FinishReason } from '@switchyard/protocol/parts.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { JobWatch } from '../fleet/trust/job-watch.ts';
import type { Receipt, RequestEnd } from '../ledger/ledger.ts';
import { countedUsage } from '../pricing/count-output.ts';
import { decideCharge, type ChargeDecision } from '../pricing/settlement.ts';
import type { OwnCount } from '../pricing/token-bound.ts';
import type { Target } from '../routing/target.ts';
import type { Admitted } from './admit.ts';
import type { Meter } from './meter.ts';

/** How a run ended, as the run sees it. */
export type RunEnd =
  | { kind: 'finished'; finish: FinishReason }
  | { kind: 'failed' | 'interrupted'; code: ErrorCode }
  | { kind: 'client-closed' };

/** Asks the settlement matrix what this request costs, and tells the meter which usage is the charged one. */
export function settlementOf(run: {
  admitted: Admitted;
  end: RunEnd;
  meter: Meter;
  target: Target | undefined;
  /** Of a node in a pool. */
  watch: JobWatch | undefined;
}): ChargeDecision {
  const { admitted, meter, target, watch } = run;
  const decision = decideCharge({
    price: admitted.price.price,
    end: endOf(run.end),
    reported: meter.reported(),
    counted: countedUsage(admitted.estimatedInputTokens, meter.counter),
    deliveredParts: meter.counter.contentParts(),
    deliveredTokensCeiling: meter.counter.ceilingTokens(),
    tokenBound: watch?.tokenBound(ownCountOf(admitted, meter)),
    routeKind: target?.kind ?? 'none',
    isOwnNode: watch?.isOwnNode ?? false,
    disconnectPolicy: target?.onDisconnect ?? 'cancel',
    holdMicros: admitted.hold.amountMicros,
    inputTokensCeiling: admitted.inputTokensCeiling,
    imageTokensCeiling: admitted.imageTokensCeiling,
    outputCapTokens: admitted.outputCapTokens,
  });
  meter.setUsage(decision.usage);
  return decision;
}

/** What we counted ourselves, for what a node's report is held against. */
export function ownCountOf(admitted: Admitted, { counter }: Meter): OwnCount {
  return {
    inputTokensEstimate: admitted.estimatedInputTokens,
    imageTokensCeiling: admitted.imageTokensCeiling,
    hasTools: admitted.needs.tools,
    outputTokens: counter.outputTokens(),
    reasoningTokens: counter.reasoningTokens(),
    toolCalls: counter.toolCalls(),
  };
}

/** The metadata that is kept of the request. It has no bucket for pictures: their tokens are kept as input. */
export function receiptOf(run: {
  admitted: Admitted;
  end: RunEnd;
  charge: ChargeDecision;
  target: Target | undefined;
  attempts: number;
  firstPartMs: number;
  durationMs: number;
}): Receipt {
  const { admitted, charge, target } = run;
  return {
    requestId: admitted.exchange.requestId,
    accountId: admitted.caller.account.id,
    keyId: admitted.caller.key.id,
    modelId: admitted.model.id,
    surface: admitted.surface.dialect,
    routeKind: target?.kind ?? 'none',
    routeName: target?.name ?? '',
    nodeId: target?.nodeId ?? '',
    streamed: admitted.decoded.stream,
    startedAtMs: admitted.exchange.startedAtMs,
    firstPartMs: run.firstPartMs,
    durationMs: run.durationMs,
    usage: charge.usage,
    usageSource: charge.source,
    end: endOf(run.end),
    errorCode: run.end.kind === 'failed' || run.end.kind === 'interrupted' ? run.end.code : '',
    heldMicros: admitted.hold.amountMicros,
    chargedMicros: charge.chargeMicros,
    priceVersion: admitted.price.version,
    attempts: run.attempts,
    policy: charge.policy,
    cutAtHold: charge.cutAtHold,
  };
}

function endOf(end: RunEnd): RequestEnd {
  return end.kind === 'finished' ? end.finish : end.kind;
}
