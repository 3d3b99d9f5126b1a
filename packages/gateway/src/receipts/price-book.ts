import { z } from 'zod';
import type { Registry } from '../accounts/registry.ts';
import type { Model, Price } from '../catalog/model.ts';
import { micros } from '../core/money.ts';
import { ok } from '../core/result.ts';

/** Every price that was ever in force, by its version, so that an old receipt can still say what it was charged by. */
export type PriceBook = {
  /** Undefined when it is not known: the receipt is older than the book. */
  priceOf(version: string): Promise<Price | undefined>;
};

const META_PREFIX = 'price:';

/** How a price is written down, for the change that makes it. */
export function priceRecord(version: string, price: Price): { type: 'set-meta'; key: string; value: string } {
  return { type: 'set-meta', key: META_PREFIX + version, value: JSON.stringify(price) };
}

/** Writes down the catalogue's prices that are new, those that are only planned too, with one line in the audit trail. Rejects when the store fails. */
export async function openPriceBook(
  registry: Registry,
  models: readonly Pick<Model, 'prices'>[],
): Promise<PriceBook> {
  const known = new Map(models.flatMap(({ prices }) => prices.map(({ version, price }) => [version, price])));
  const fresh: [string, Price][] = [];
  for (const [version, price] of known) {
    if ((await registry.meta(META_PREFIX + version)) === undefined) fresh.push([version, price]);
  }
  if (fresh.length > 0) {
    await registry.change(() =>
      ok({
        changes: fresh.map(([version, price]) => priceRecord(version, price)),
        audit: {
          actor: 'gateway',
          action: 'price.record',
          subject: 'catalogue',
          detail: `${fresh.length} new prices`,
        },
        value: undefined,
      }),
    );
  }
  return {
    async priceOf(version) {
      const price = known.get(version) ?? readPrice(await registry.meta(META_PREFIX + version));
      // Versions come from our own receipts, so there are no more of them than prices ever were.
      if (price !== undefined) known.set(version, price);
      return price;
    },
  };
}

const amount = z.number().int().min(0).transform(micros);

/** A price as it was written down. */
export const priceShape = z.union([
  z.strictObject({ type: z.literal('flat'), amountMicros: amount }),
  z
    .strictObject({
      type: z.literal('per-token'),
      inputMicrosPerMillion: amount,
      imageInputMicrosPerMillion: amount.optional(),
      cacheReadMicrosPerMillion: amount,
      cacheWriteMicrosPerMillion: amount,
      outputMicrosPerMillion: amount,
      reasoningMicrosPerMillion: amount,
      minimumMicros: amount,
    })
    // Prices that were written down before this bucket took pictures for any input.
    .transform((price) => ({
      ...price,
      imageInputMicrosPerMillion: price.imageInputMicrosPerMillion ?? price.inputMicrosPerMillion,
    })),
]);

function readPrice(text: string | undefined): Price | undefined {
  if (text === undefined) return undefined;
  try {
    return priceShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
