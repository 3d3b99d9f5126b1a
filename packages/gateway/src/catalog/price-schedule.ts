import type { Model, PriceEntry, ScheduledPrice } from './model.ts';

/**
 * The price of a model at a moment: the last one that has begun. Asked once for each request, when its money is held,
 * and never remembered for the next one, so a price changes at its instant without a restart. A list has a few entries,
 * and most have one.
 */
export function priceAt(model: Pick<Model, 'prices'>, nowMs: number): PriceEntry {
  let [current] = model.prices;
  for (const entry of model.prices) {
    if (entry.fromMs > nowMs) break;
    current = entry;
  }
  return current;
}

/** The price that will hold next, undefined when no change is planned. */
export function nextPrice(model: Pick<Model, 'prices'>, nowMs: number): ScheduledPrice | undefined {
  return model.prices.find((entry) => entry.fromMs > nowMs);
}
