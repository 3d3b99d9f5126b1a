import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import { ZERO_MICROS, micros } from '../core/money.ts';
import type { Hold, Receipt, ReserveRequest } from './ledger.ts';

/** A request to reserve, for tests. Key `key_1` unless told. */
export function reservation(
  requestId: string,
  accountId: string,
  amountMicros: number,
  change: Partial<ReserveRequest> = {},
): ReserveRequest {
  return {
    requestId,
    accountId,
    keyId: 'key_1',
    amountMicros: micros(amountMicros),
    spendLimits: {},
    durable: false,
    ...change,
  };
}

/** A receipt for a hold, for tests. Times have fractions, as those of the real clock. */
export function receiptFor(hold: Hold): Receipt {
  return {
    requestId: hold.requestId,
    accountId: hold.accountId,
    keyId: hold.keyId,
    modelId: 'model',
    surface: 'chat-completions',
    routeKind: 'pool',
    routeName: 'main',
    nodeId: 'node_1',
    streamed: true,
    startedAtMs: 1_795_000_000_000,
    firstPartMs: 12.25,
    durationMs: 345.75,
    usage: { ...NO_USAGE, inputTokens: 10, imageInputTokens: 30, outputTokens: 20 },
    usageSource: 'reported',
    end: 'stop',
    errorCode: '',
    heldMicros: hold.amountMicros,
    chargedMicros: ZERO_MICROS,
    priceVersion: 'v1',
    attempts: 1,
    policy: 'reported',
    cutAtHold: true,
  };
}
