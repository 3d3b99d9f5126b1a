import { createHash } from 'node:crypto';
import type { Price, PriceEntry, PriceSchedule } from './model.ts';

/** A price that has no name yet. `fromMs` as in `ScheduledPrice`. */
export type DatedPrice = { fromMs: number; price: Price };

/**
 * Names a price for receipts: 12 hex digits of SHA-256 over the model's id and the price in a fixed order. The same
 * price of the same model always has the same name, on every machine and after every restart; any change gives another.
 */
export function priceEntry(modelId: string, price: Price): PriceEntry {
  const canonical = JSON.stringify([modelId, ...amounts(price)]);
  return { version: createHash('sha256').update(canonical).digest('hex').slice(0, 12), price };
}

/** The prices of a model as the configuration has them, each with its name. Frozen. */
export function priceSchedule(
  modelId: string,
  prices: readonly [DatedPrice, ...DatedPrice[]],
): PriceSchedule {
  const named = ({ fromMs, price }: DatedPrice) => Object.freeze({ ...priceEntry(modelId, price), fromMs });
  const [first, ...later] = prices;
  return Object.freeze([named(first), ...later.map(named)] as const);
}

function amounts(price: Price): (string | number)[] {
  if (price.type === 'flat') return ['flat', price.amountMicros];
  return [
    'per-token',
    price.inputMicrosPerMillion,
    price.cacheReadMicrosPerMillion,
    price.cacheWriteMicrosPerMillion,
    price.outputMicrosPerMillion,
    price.reasoningMicrosPerMillion,
    price.minimumMicros,
    // Only where it says something: prices that are older than this bucket keep their names.
    ...(price.imageInputMicrosPerMillion === price.inputMicrosPerMillion
      ? []
      : ['image-input', price.imageInputMicrosPerMillion]),
  ];
}
