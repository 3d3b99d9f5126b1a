import type { Price, TokenPrice } from '../catalog/model.ts';
import type { DatedPrice } from '../catalog/price-version.ts';
import { micros, MICROS_PER_CREDIT, MICROS_PER_USD, parseAmount, ZERO_MICROS } from '../core/money.ts';
import type { Micros } from '../core/money.ts';
import type { PriceList } from './config.ts';
import { instantMs, percentHundredths } from './fields.ts';
import type { ListPricesFile, PerMillionFile, PriceFile, PricesFile } from './schema-price.ts';

/** An upstream's list prices for the model in question, as the file has them. Undefined: it has none. */
export type FindList = (upstream: string) => ListPricesFile | undefined;

/**
 * The prices of a model with their beginnings. A price that follows a list (`list_of`) changes whenever that list does.
 * Throws on what the schema and the rules refuse: the value has passed them.
 */
export function toPrices(file: PricesFile, findList: FindList): PriceList {
  const periods = dated(file);
  return nonEmpty(
    periods.flatMap(({ fromMs, entry }, index) => {
      if (entry.list_of === undefined) return [{ fromMs, price: toPrice(entry) }];
      const list = findList(entry.list_of);
      if (list === undefined) throw new Error('a list of prices was not validated before it was used');
      const untilMs = periods[index + 1]?.fromMs ?? Infinity;
      return holdingWithin(dated(list), fromMs, untilMs).map((numbers) => ({
        fromMs: numbers.fromMs,
        price: toTokenPrice(numbers.entry, entry),
      }));
    }),
  );
}

/** What a provider charges for one model, with the beginnings, after its discount. */
export function toCosts(list: ListPricesFile, discountPercent: string | number | undefined): PriceList {
  const terms = discountPercent === undefined ? {} : { list_discount_percent: discountPercent };
  return nonEmpty(dated(list).map(({ fromMs, entry }) => ({ fromMs, price: toTokenPrice(entry, terms) })));
}

/** A price that follows no list. */
export function toPrice(file: PriceFile): Price {
  if (file.per_million_usd !== undefined) return toTokenPrice(file.per_million_usd, file);
  const amountMicros = file.credits === undefined ? ZERO_MICROS : creditsToMicros(file.credits);
  return { type: 'flat', amountMicros };
}

type Terms = Pick<PriceFile, 'list_discount_percent' | 'minimum_usd'>;

/**
 * What is charged, in exact µ$. Missing buckets cost what their whole kind costs (cached input, cache writes and
 * pictures as input, reasoning as output). A discount applies to the numbers per million, rounded up to a whole µ$ per
 * million; `minimum_usd` is charged as written.
 */
function toTokenPrice(list: PerMillionFile, terms: Terms): TokenPrice {
  const discount = percentHundredths(terms.list_discount_percent ?? 0) ?? 0;
  const charged = (usd: string | number): Micros => discounted(usdToMicros(usd), discount);
  const input = charged(list.input);
  const output = charged(list.output);
  return {
    type: 'per-token',
    inputMicrosPerMillion: input,
    imageInputMicrosPerMillion: list.image_input === undefined ? input : charged(list.image_input),
    cacheReadMicrosPerMillion: list.cached_input === undefined ? input : charged(list.cached_input),
    cacheWriteMicrosPerMillion: list.cache_write === undefined ? input : charged(list.cache_write),
    outputMicrosPerMillion: output,
    reasoningMicrosPerMillion: list.reasoning === undefined ? output : charged(list.reasoning),
    minimumMicros: terms.minimum_usd === undefined ? ZERO_MICROS : usdToMicros(terms.minimum_usd),
  };
}

type Dated<Entry> = { fromMs: number; entry: Entry };

/** One entry, or a list of them, each with its beginning. The first one holds since ever. */
function dated<Entry extends { from?: string | undefined }>(file: Entry | Entry[]): Dated<Entry>[] {
  const entries = Array.isArray(file) ? file : [file];
  return entries.map((entry, index) => ({
    fromMs: index === 0 ? -Infinity : expectInstant(entry.from),
    entry,
  }));
}

/** What of a list holds from one moment until before another. */
function holdingWithin<Entry>(list: Dated<Entry>[], fromMs: number, untilMs: number): Dated<Entry>[] {
  const present = list.findLast((numbers) => numbers.fromMs <= fromMs);
  const later = list.filter((numbers) => numbers.fromMs > fromMs && numbers.fromMs < untilMs);
  return present === undefined ? later : [{ ...present, fromMs }, ...later];
}

function nonEmpty([first, ...later]: DatedPrice[]): PriceList {
  if (first === undefined) throw new Error('a list of prices was not validated before it was used');
  return [first, ...later];
}

/** `discountHundredths` is in hundredths of a percent: 50 % is 5000. Whole numbers all the way, rounded up. */
function discounted(list: Micros, discountHundredths: number): Micros {
  const numerator = BigInt(list) * BigInt(10_000 - discountHundredths);
  return micros(Number((numerator + 9_999n) / 10_000n));
}

/** Throws on what the schema refuses: the value has passed it. */
export function usdToMicros(value: string | number): Micros {
  return expectAmount(parseAmount(value, MICROS_PER_USD));
}

function creditsToMicros(value: string | number): Micros {
  return expectAmount(parseAmount(value, MICROS_PER_CREDIT));
}

function expectInstant(from: string | undefined): number {
  const parsed = from === undefined ? undefined : instantMs(from);
  if (parsed === undefined) throw new Error('a date was not validated before it was used');
  return parsed;
}

function expectAmount(parsed: Micros | undefined): Micros {
  if (parsed === undefined) throw new Error('an amount was not validated before it was used');
  return parsed;
}
