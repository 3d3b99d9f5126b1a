import { creditsNumber, usdNumber } from '../core/money.ts';
import type { Model, Price } from './model.ts';
import { nextPrice, priceAt } from './price-schedule.ts';

/**
 * A model as `GET /v1/models` shows it: one object that clients of both OpenAI (`object`, `created`, `owned_by`) and
 * Anthropic (`type`, `display_name`, `created_at`) read, with this gateway's own fields beside them.
 */
export type ModelView = {
  id: string;
  object: 'model';
  /** Seconds since 1970. */
  created: number;
  owned_by: string;
  type: 'model';
  display_name: string;
  /** The same moment as `created`, ISO 8601. */
  created_at: string;
  description: string;
  kind: 'text' | 'image';
  /** Whether a target can serve it now. */
  available: boolean;
  /** The price of a request that comes now. */
  pricing: PricingView;
  /** The next planned price, and since when it will hold (ISO 8601). Absent: none is planned. */
  next_pricing?: { from: string } & PricingView;
  /** Tokens of input and output together. Text only. */
  context_length?: number;
  /** Text only. */
  max_output_tokens?: number;
  capabilities: { tools: boolean; vision: boolean; thinking: boolean; json_schema: boolean };
  aliases: readonly string[];
  /** The model that this one is a variant of, or null. */
  variant_of: string | null;
  /** Id of the account's own deployment that it is. Absent: it is of the catalogue. */
  deployment?: string;
  /** How long a request that comes now probably waits, while all slots are busy. */
  expected_wait_seconds?: number;
};

/** What routing says of a model. */
export type ModelNow = {
  available: boolean;
  /** Undefined: a request need not wait. */
  expectedWaitSeconds?: number | undefined;
  nowMs: number;
};

/** `per_message`: per successful request or picture. `per_token`: USD for one million tokens of each kind. */
export type PricingView =
  | { type: 'per_message'; credits: number; usd: number }
  | {
      type: 'per_token';
      currency: 'usd';
      input_per_million: number;
      image_input_per_million: number;
      cached_input_per_million: number;
      cache_write_per_million: number;
      output_per_million: number;
      reasoning_per_million: number;
      /** Least charge of a request with output, in USD. */
      minimum: number;
    };

/** Renders a model for lists, as it is now. A deployment that no node has offered yet has no lengths. */
export function viewModel(model: Model, now: ModelNow): ModelView {
  const next = nextPrice(model, now.nowMs);
  const lengths =
    model.kind === 'text' && model.contextTokens > 0
      ? { context_length: model.contextTokens, max_output_tokens: model.maxOutputTokens }
      : {};
  return {
    id: model.id,
    object: 'model',
    created: model.createdAtSeconds,
    owned_by: model.ownedBy,
    type: 'model',
    display_name: model.displayName,
    created_at: new Date(model.createdAtSeconds * 1000).toISOString(),
    description: model.description,
    kind: model.kind,
    available: now.available,
    pricing: viewPrice(priceAt(model, now.nowMs).price),
    ...(next === undefined
      ? {}
      : { next_pricing: { from: new Date(next.fromMs).toISOString(), ...viewPrice(next.price) } }),
    ...lengths,
    capabilities: {
      tools: model.capabilities.tools,
      vision: model.capabilities.vision,
      thinking: model.capabilities.thinking,
      json_schema: model.capabilities.jsonSchema,
    },
    aliases: model.aliases,
    variant_of: model.variantOf ?? null,
    ...(model.deployment === undefined ? {} : { deployment: model.deployment }),
    ...(now.expectedWaitSeconds === undefined
      ? {}
      : { expected_wait_seconds: Math.ceil(now.expectedWaitSeconds) }),
  };
}

function viewPrice(price: Price): PricingView {
  if (price.type === 'flat') {
    return {
      type: 'per_message',
      credits: creditsNumber(price.amountMicros),
      usd: usdNumber(price.amountMicros),
    };
  }
  return {
    type: 'per_token',
    currency: 'usd',
    input_per_million: usdNumber(price.inputMicrosPerMillion),
    image_input_per_million: usdNumber(price.imageInputMicrosPerMillion),
    cached_input_per_million: usdNumber(price.cacheReadMicrosPerMillion),
    cache_write_per_million: usdNumber(price.cacheWriteMicrosPerMillion),
    output_per_million: usdNumber(price.outputMicrosPerMillion),
    reasoning_per_million: usdNumber(price.reasoningMicrosPerMillion),
    minimum: usdNumber(price.minimumMicros),
  };
}
