import { totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { Price } from '../catalog/model.ts';
import { formatCredits, formatUsd, type Micros } from '../core/money.ts';
import type { Receipt } from '../ledger/ledger.ts';

/** An amount three times over: whole µ$, and the exact decimals of it as text, since not every decimal is a double. */
export type AmountView = { micros: number; usd: string; credits: string };

export function amountView(amount: Micros): AmountView {
  return { micros: amount, usd: formatUsd(amount), credits: formatCredits(amount) };
}

/** All in whole µ$, as it is charged by. `version` changes whenever the price does. */
export type PriceView =
  | { version: string; type: 'per_request'; amount_micros: number }
  | {
      version: string;
      type: 'per_token';
      input_micros_per_million: number;
      image_input_micros_per_million: number;
      cache_read_micros_per_million: number;
      cache_write_micros_per_million: number;
      output_micros_per_million: number;
      reasoning_micros_per_million: number;
      minimum_micros: number;
    }
  /** The price is no longer known, only its name. */
  | { version: string; type: 'unknown' };

/**
 * A receipt as its payer reads it, form `v` 1. Text, whole numbers, true, false and null only, so that it can be
 * signed; a field is never taken out of form 1, new ones may come.
 */
export type ReceiptView = {
  object: 'receipt';
  v: 1;
  id: string;
  account: string;
  key: string;
  model: string;
  surface: string;
  streamed: boolean;
  /** `name` and `node` are the operator's own business: only operators see them. */
  route: { kind: Receipt['routeKind']; name?: string; node?: string };
  end: Receipt['end'];
  /** Code of the error catalogue, or null. */
  error: string | null;
  usage: UsageView;
  usage_source: Receipt['usageSource'];
  /** The row of the settlement matrix that decided the charge; null for requests of older versions. */
  policy: string | null;
  /** The usage was worth more than what was held, and only the hold was charged. */
  cut_at_hold: boolean;
  price: PriceView;
  held: AmountView;
  charged: AmountView;
  /** ISO 8601, UTC. */
  started_at: string;
  /** From arrival to the first content; null when none came. */
  first_part_ms: number | null;
  duration_ms: number;
  /** Targets that were asked. */
  attempts: number;
};

/** Disjoint buckets first, then the totals as OpenAI's clients count them. */
export type UsageView = {
  input_tokens: number;
  /** Of pictures, where they are counted apart. */
  image_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
};

export function usageView(usage: Receipt['usage']): UsageView {
  const prompt = totalInputTokens(usage);
  const completion = totalOutputTokens(usage);
  return {
    input_tokens: usage.inputTokens,
    image_input_tokens: usage.imageInputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    output_tokens: usage.outputTokens,
    reasoning_tokens: usage.reasoningTokens,
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}

/** @param price the price of `receipt.priceVersion`, undefined when nobody knows it any more */
export function receiptView(
  receipt: Receipt,
  price: Price | undefined,
  reader: { isOperator: boolean },
): ReceiptView {
  return {
    object: 'receipt',
    v: 1,
    id: receipt.requestId,
    account: receipt.accountId,
    key: receipt.keyId,
    model: receipt.modelId,
    surface: receipt.surface,
    streamed: receipt.streamed,
    route: reader.isOperator
      ? { kind: receipt.routeKind, name: receipt.routeName, node: receipt.nodeId }
      : { kind: receipt.routeKind },
    end: receipt.end,
    error: receipt.errorCode === '' ? null : receipt.errorCode,
    usage: usageView(receipt.usage),
    usage_source: receipt.usageSource,
    policy: receipt.policy === undefined || receipt.policy === '' ? null : receipt.policy,
    cut_at_hold: receipt.cutAtHold === true,
    price: priceView(receipt.priceVersion, price),
    held: amountView(receipt.heldMicros),
    charged: amountView(receipt.chargedMicros),
    started_at: new Date(receipt.startedAtMs).toISOString(),
    first_part_ms: receipt.firstPartMs < 0 ? null : receipt.firstPartMs,
    duration_ms: receipt.durationMs,
    attempts: receipt.attempts,
  };
}

function priceView(version: string, price: Price | undefined): PriceView {
  if (price === undefined) return { version, type: 'unknown' };
  if (price.type === 'flat') return { version, type: 'per_request', amount_micros: price.amountMicros };
  return {
    version,
    type: 'per_token',
    input_micros_per_million: price.inputMicrosPerMillion,
    image_input_micros_per_million: price.imageInputMicrosPerMillion,
    cache_read_micros_per_million: price.cacheReadMicrosPerMillion,
    cache_write_micros_per_million: price.cacheWriteMicrosPerMillion,
    output_micros_per_million: price.outputMicrosPerMillion,
    reasoning_micros_per_million: price.reasoningMicrosPerMillion,
    minimum_micros: price.minimumMicros,
  };
}
