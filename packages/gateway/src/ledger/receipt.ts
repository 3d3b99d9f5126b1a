import type { Micros } from '../core/money.ts';
import type { Hold, Receipt } from './ledger.ts';

/**
 * The receipt as it is kept. Who, how much was held and how much charged are the ledger's own knowledge and replace what
 * the caller wrote. Times become whole milliseconds: clocks have fractions, the store's columns are integers.
 */
export function finalReceipt(hold: Hold, receipt: Receipt, chargedMicros: Micros): Receipt {
  const { usage } = receipt;
  return {
    requestId: hold.requestId,
    accountId: hold.accountId,
    keyId: hold.keyId,
    modelId: receipt.modelId,
    surface: receipt.surface,
    routeKind: receipt.routeKind,
    routeName: receipt.routeName,
    nodeId: receipt.nodeId,
    streamed: receipt.streamed,
    startedAtMs: wholeNumber(receipt.startedAtMs),
    firstPartMs: wholeNumber(receipt.firstPartMs),
    durationMs: wholeNumber(receipt.durationMs),
    usage: {
      inputTokens: wholeNumber(usage.inputTokens),
      imageInputTokens: wholeNumber(usage.imageInputTokens),
      cacheReadTokens: wholeNumber(usage.cacheReadTokens),
      cacheWriteTokens: wholeNumber(usage.cacheWriteTokens),
      outputTokens: wholeNumber(usage.outputTokens),
      reasoningTokens: wholeNumber(usage.reasoningTokens),
    },
    usageSource: receipt.usageSource,
    end: receipt.end,
    errorCode: receipt.errorCode,
    heldMicros: hold.amountMicros,
    chargedMicros,
    priceVersion: receipt.priceVersion,
    attempts: wholeNumber(receipt.attempts),
    policy: receipt.policy ?? '',
    cutAtHold: receipt.cutAtHold === true,
  };
}

/** A row that the store cannot take would stop all payments, so nonsense becomes -1 instead. */
function wholeNumber(value: number): number {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : -1;
}
