import type { Usage } from '@switchyard/protocol/usage.ts';
import { totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { Price, TokenPrice } from '../catalog/model.ts';
import { type Micros, micros } from '../core/money.ts';

const TOKENS_PER_PRICE = 1_000_000;

/**
 * What a usage costs at a price, in whole µ$.
 *
 * Token price: the sum over the buckets of tokens x µ$ per million, divided once and rounded up once, so that
 * a request is never more than one µ$ above the exact amount. A request with output costs at least the minimum.
 * Flat price: the amount, whatever the usage (whether it is due at all is `decideCharge`'s matter).
 *
 * Throws a RangeError when a count is not a whole number of at least 0, or the cost is no safe integer: reports
 * of others must be checked with `isUsageWhole` first.
 */
export function priceUsage(price: Price, usage: Usage): Micros {
  if (price.type === 'flat') return price.amountMicros;
  if (!isUsageWhole(usage)) throw new RangeError('usage must be whole token counts of at least 0');
  const cost = micros(dividedUp(numerator(price, usage), () => exactNumerator(price, usage)));
  return totalOutputTokens(usage) > 0 && cost < price.minimumMicros ? price.minimumMicros : cost;
}

/** Whether every count is a safe whole number of at least 0: what an upstream or a node reports may be anything. */
export function isUsageWhole(usage: Usage): boolean {
  return (
    isCount(usage.inputTokens) &&
    isCount(usage.imageInputTokens) &&
    isCount(usage.cacheReadTokens) &&
    isCount(usage.cacheWriteTokens) &&
    isCount(usage.outputTokens) &&
    isCount(usage.reasoningTokens)
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function numerator(price: TokenPrice, usage: Usage): number {
  return (
    usage.inputTokens * price.inputMicrosPerMillion +
    usage.imageInputTokens * price.imageInputMicrosPerMillion +
    usage.cacheReadTokens * price.cacheReadMicrosPerMillion +
    usage.cacheWriteTokens * price.cacheWriteMicrosPerMillion +
    usage.outputTokens * price.outputMicrosPerMillion +
    usage.reasoningTokens * price.reasoningMicrosPerMillion
  );
}

/**
 * Divides by one million, rounded up. All terms are at least 0, so a sum below 2^53 proves that no product and no
 * partial sum was rounded. Above that the sum is made again with big integers.
 */
function dividedUp(sum: number, exactSum: () => bigint): number {
  if (sum <= Number.MAX_SAFE_INTEGER) {
    // The remainder is exact. Dividing first would lose a single µ$ of a large sum.
    const rest = sum % TOKENS_PER_PRICE;
    return (sum - rest) / TOKENS_PER_PRICE + (rest > 0 ? 1 : 0);
  }
  const divisor = BigInt(TOKENS_PER_PRICE);
  return Number((exactSum() + divisor - 1n) / divisor);
}

function exactNumerator(price: TokenPrice, usage: Usage): bigint {
  return (
    BigInt(usage.inputTokens) * BigInt(price.inputMicrosPerMillion) +
    BigInt(usage.imageInputTokens) * BigInt(price.imageInputMicrosPerMillion) +
    BigInt(usage.cacheReadTokens) * BigInt(price.cacheReadMicrosPerMillion) +
    BigInt(usage.cacheWriteTokens) * BigInt(price.cacheWriteMicrosPerMillion) +
    BigInt(usage.outputTokens) * BigInt(price.outputMicrosPerMillion) +
    BigInt(usage.reasoningTokens) * BigInt(price.reasoningMicrosPerMillion)
  );
}
