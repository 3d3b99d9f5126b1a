import { z } from 'zod';
import { ERRORS } from '../../core/errors.ts';
import type { AmountView, UsageView } from '../../receipts/receipt-view.ts';

/** Schemas that several operations share. The view types of the code check them: a field that moves breaks the build. */

const codes = Object.keys(ERRORS) as [string, ...string[]];

export const errorBody = z
  .object({
    error: z.object({
      message: z.string().describe('For people. Never holds a value of the request.'),
      type: z.string().describe("OpenAI's class of the error."),
      param: z.string().nullable().describe('Path of the field at fault.'),
      code: z.enum(codes).describe('For programs. The table of errors lists all.'),
    }),
  })
  .meta({ id: 'Error', description: "An error as OpenAI's clients read it." });

export const anthropicErrorBody = z
  .object({
    type: z.literal('error'),
    error: z.object({
      type: z.string().describe("Anthropic's class of the error."),
      message: z.string(),
      code: z.enum(codes).describe('Beyond the dialect: our own code.'),
    }),
    request_id: z.string(),
  })
  .meta({ id: 'AnthropicError', description: "An error as Anthropic's clients read it." });

const tokens = (text: string) => z.int().min(0).describe(text);

export const usageView: z.ZodType<UsageView> = z
  .object({
    input_tokens: tokens(
      'Input that was neither read from nor written to a cache, without pictures counted apart.',
    ),
    image_input_tokens: tokens('Input that pictures became, where it is counted apart.'),
    cache_read_tokens: tokens('Input read from a cache.'),
    cache_write_tokens: tokens('Input written to a cache.'),
    output_tokens: tokens('Output without reasoning.'),
    reasoning_tokens: tokens('Reasoning.'),
    prompt_tokens: tokens("All input, as OpenAI's clients count it."),
    completion_tokens: tokens("All output, as OpenAI's clients count it."),
    total_tokens: tokens('Both.'),
  })
  .loose()
  .meta({ id: 'UsageBuckets', description: 'Tokens in disjoint buckets, then their totals.' });

export const amountView: z.ZodType<AmountView> = z
  .object({
    micros: z.int().describe('Whole millionths of a US dollar: the exact amount.'),
    usd: z.string().describe('The same in US dollars, as decimal text.'),
    credits: z.string().describe('The same in credits of $0.01, as decimal text.'),
  })
  .meta({ id: 'Amount' });

/** Members that the gateway adds to the usage of every dialect. */
export const costMembers = {
  cost: z.number().optional().describe('What was charged, in US dollars.'),
  request_id: z.string().optional().describe('Id of the receipt: `GET /v1/requests/{id}`.'),
};

export const dryRun = z
  .boolean()
  .optional()
  .describe('Beyond the dialect. True: the answer is a quote of the most it can cost; nothing runs.');

export const cacheControl = z.looseObject({ type: z.literal('ephemeral') }).optional();
