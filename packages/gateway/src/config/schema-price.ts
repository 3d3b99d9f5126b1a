import { z } from 'zod';
import { amount, instant, name, percent } from './fields.ts';

const MOST_USD_PER_MILLION = 1_000;
const perMillion = () => amount('usd', { minimum: 0, maximum: MOST_USD_PER_MILLION });

const perMillionUsd = z.strictObject({
  input: perMillion().describe('USD for one million input tokens.'),
  cached_input: perMillion()
    .optional()
    .describe('USD for one million input tokens read from a cache. Default: `input`.'),
  cache_write: perMillion()
    .optional()
    .describe('USD for one million input tokens written to a cache. Default: `input`.'),
  image_input: perMillion()
    .optional()
    .describe(
      'USD for one million input tokens that pictures became, where the target counts them apart. Default: `input`.',
    ),
  output: perMillion().describe('USD for one million output tokens.'),
  reasoning: perMillion().optional().describe('USD for one million reasoning tokens. Default: `output`.'),
});

/** What a provider charges for one model. */
const listPrice = perMillionUsd.extend({
  from: instant()
    .optional()
    .describe(
      'Only in a list: since when these numbers hold. The first ones have none, all others a later date.',
    ),
});

/** The list prices of a provider for one model: one set of numbers, or a list of them with dates. */
export const listPrices = () =>
  z.union([listPrice, z.array(listPrice).min(1).max(100)], {
    error: 'numbers per million such as { input: 5, output: 25 }, or a list of them with dates',
  });

/** Exactly one of `credits`, `per_million_usd`, `list_of` and `free`; `price-rules.ts` checks that. */
const price = z
  .strictObject({
    from: instant()
      .optional()
      .describe(
        'Only in a list of prices: since when this one holds. The first price has none, each other one a later date.',
      ),
    credits: amount('credits', { minimum: 'above 0', maximum: 1_000_000 })
      .optional()
      .describe('Flat price of one successful request (or picture). 1 credit is $0.01.'),
    per_million_usd: perMillionUsd.optional().describe('Prices per one million tokens.'),
    list_of: name()
      .optional()
      .describe("The upstream whose `price_list` has this model's prices per one million tokens."),
    free: z
      .literal(true, { error: 'true, or leave the key out' })
      .optional()
      .describe('`true`: requests cost nothing.'),
    minimum_usd: amount('usd', { minimum: 0, maximum: 1_000 })
      .optional()
      .describe(
        'Least charge of a request with output, after the discount. Only with prices per token. Default: 0.',
      ),
    list_discount_percent: percent()
      .optional()
      .describe(
        'Says that the numbers per million are list prices, and how much less is charged. Default: 0.',
      ),
  })
  .meta({
    oneOf: [
      { required: ['credits'] },
      { required: ['per_million_usd'] },
      { required: ['list_of'] },
      { required: ['free'] },
    ],
  });

/** One price, or a list of them with dates; `price-rules.ts` checks the dates. */
export const prices = () =>
  z.union([price, z.array(price).min(1).max(100)], {
    error: 'a price such as { credits: 8 }, or a list of prices with dates',
  });

export type PriceFile = z.output<typeof price>;
/** One price, or a list of them. */
export type PricesFile = z.output<ReturnType<typeof prices>>;
export type PerMillionFile = z.output<typeof perMillionUsd>;
export type ListPricesFile = z.output<ReturnType<typeof listPrices>>;
