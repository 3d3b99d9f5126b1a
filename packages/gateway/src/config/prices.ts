import type { Price } from '../catalog/model.ts';
import { micros, MICROS_PER_CREDIT, MICROS_PER_USD, parseAmount, ZERO_MICROS } from '../core/money.ts';
import type { Micros } from '../core/money.ts';
import type { PriceList } from './config.ts';
import { instantMs, percentHundredths } from './fields.ts';
import type { PriceFile, PricesFile } from './schema.ts';

/** The prices of a model with their beginnings. Throws on what the schema and the rules refuse: the value has passed them. */
export function toPrices(file: PricesFile): PriceList {
  const [first, ...later] = Array.isArray(file) ? file : [file];
  if (first === undefined) throw new Error('a list of prices was not validated before it was used');
  return [
    { fromMs: -Infinity, price: toPrice(first) },
    ...later.map((entry) => ({ fromMs: expectInstant(entry.from), price: toPrice(entry) })),
  ];
}

/**
 * The price that is charged, in exact µ$. Missing buckets cost what their whole kind costs (cached input, cache
 * writes and pictures as input, reasoning as output). A discount applies to the numbers per million, rounded up to a whole µ$ per
 * million; `minimum_usd` is charged as written.
 */
export function toPrice(file: PriceFile): Price {
  if (file.per_million_usd === undefined) {
    return {
      type: 'flat',
      amountMicros: file.credits === undefined ? ZERO_MICROS : creditsToMicros(file.credits),
    };
  }
  const list = file.per_million_usd;
  const discount = percentHundredths(file.list_discount_percent ?? 0) ?? 0;
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
    minimumMicros: file.minimum_usd === undefined ? ZERO_MICROS : usdToMicros(file.minimum_usd),
  };
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
