import { z } from 'zod';
import type { Registry } from '../accounts/registry.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Model, Price, PriceSchedule, ScheduledPrice } from '../catalog/model.ts';
import { type DatedPrice, priceEntry, priceSchedule } from '../catalog/price-version.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { priceRecord, priceShape } from '../receipts/price-book.ts';

/** Where a price stands. */
export type PriceSource = 'configuration' | 'console';
export type PlannedPrice = ScheduledPrice & { source: PriceSource };

/**
 * Prices that operators set while the gateway runs, beside those of the configuration. Of both together the one that began
 * last holds, so a price from here holds until a later date of the configuration or of here.
 */
export type PricePlan = {
  /** In the order of their beginnings. */
  versions(modelId: string): PlannedPrice[];
  /**
   * Durable first, then live for the next request. Requests that run keep the price of their hold.
   * Errors: `invalid_request` (too many).
   */
  set(
    who: { actor: string; nowMs: number },
    model: Pick<Model, 'id'>,
    dated: DatedPrice,
  ): Promise<Result<void, Fault>>;
};

const META_PREFIX = 'price-plan:';
const PRICES_MAX = 200;

const storedPlan = z.array(z.strictObject({ fromMs: z.int(), price: priceShape }));

/** Reads the stored prices and puts them into the catalogue. Rejects when the store fails or holds what is no plan. */
export async function openPricePlan(registry: Registry, catalog: Catalog): Promise<PricePlan> {
  const configured = new Map(catalog.allModels().map(({ id, prices }) => [id, prices]));
  const stored = new Map<string, DatedPrice[]>();
  let tail: Promise<unknown> = Promise.resolve();
  for (const id of configured.keys()) {
    const text = await registry.meta(META_PREFIX + id);
    if (text === undefined) continue;
    stored.set(id, storedPlan.parse(JSON.parse(text)));
    apply(id);
  }

  function apply(id: string): void {
    const base = configured.get(id);
    if (base !== undefined) catalog.setPrices(id, mergedSchedule(id, base, stored.get(id) ?? []));
  }

  /** Of one price after the other: each is added to the list that the one before has left. */
  async function setNow(
    ...[{ actor, nowMs }, { id }, dated]: Parameters<PricePlan['set']>
  ): ReturnType<PricePlan['set']> {
    const before = stored.get(id) ?? [];
    const after = [...before.filter(({ fromMs }) => fromMs !== dated.fromMs), dated];
    if (after.length > PRICES_MAX) return failed(TOO_MANY);
    const { version } = priceEntry(id, dated.price);
    const current = catalog
      .allModels()
      .find((model) => model.id === id)
      ?.prices.findLast(({ fromMs }) => fromMs <= nowMs);
    const from = new Date(dated.fromMs).toISOString();
    const detail = `${words(current?.price)} -> ${words(dated.price)}, from ${from}, version ${version}`;
    const written = await registry.change(() =>
      ok({
        changes: [
          { type: 'set-meta', key: META_PREFIX + id, value: JSON.stringify(after) },
          priceRecord(version, dated.price),
        ],
        audit: { actor, action: 'price.set', subject: id, detail },
        value: undefined,
      }),
    );
    if (!written.ok) return written;
    stored.set(id, after);
    apply(id);
    return ok(undefined);
  }

  return {
    versions(id) {
      const own = new Set((stored.get(id) ?? []).map(({ fromMs }) => fromMs));
      const schedule = catalog.allModels().find((model) => model.id === id)?.prices ?? [];
      return schedule.map((entry) => ({
        ...entry,
        source: own.has(entry.fromMs) ? 'console' : 'configuration',
      }));
    },
    set(who, model, dated) {
      const run = tail.then(() => setNow(who, model, dated));
      tail = run.catch(() => undefined);
      return run;
    },
  };
}

/** Both lists by their beginnings. Where two begin at once, the one that was set here holds. */
function mergedSchedule(id: string, base: PriceSchedule, own: readonly DatedPrice[]): PriceSchedule {
  const begins = new Set(own.map(({ fromMs }) => fromMs));
  const [first, ...later] = base;
  const rest = [...later.filter(({ fromMs }) => !begins.has(fromMs)), ...own];
  rest.sort((a, b) => a.fromMs - b.fromMs);
  return priceSchedule(id, [first, ...rest]);
}

const words = (price: Price | undefined): string => (price === undefined ? 'none' : JSON.stringify(price));

const TOO_MANY = fault('invalid_request', {
  message: `A model may have ${PRICES_MAX} prices from here. Move old ones to the configuration.`,
  param: 'price',
});
