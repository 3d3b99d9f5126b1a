import { z } from 'zod';
import type { ModelView } from '../../catalog/model-view.ts';
import type { QuoteView } from '../../inference/quote.ts';
import { amountView, usageView } from './common.ts';

/** What callers read of models, money and their own requests. */

const perMessage = z.object({
  type: z.literal('per_message'),
  credits: z.number().describe('Credits of $0.01 per successful request or picture.'),
  usd: z.number(),
});

const usdPerMillion = z.number().describe('US dollars for one million tokens.');

const perToken = z.object({
  type: z.literal('per_token'),
  currency: z.literal('usd'),
  input_per_million: usdPerMillion,
  image_input_per_million: usdPerMillion,
  cached_input_per_million: usdPerMillion,
  cache_write_per_million: usdPerMillion,
  output_per_million: usdPerMillion,
  reasoning_per_million: usdPerMillion,
  minimum: z.number().describe('Least charge of a request with output, in US dollars.'),
});

export const modelView: z.ZodType<ModelView> = z
  .looseObject({
    id: z.string(),
    object: z.literal('model'),
    created: z.int().describe('Seconds since 1970.'),
    owned_by: z.string(),
    type: z.literal('model'),
    display_name: z.string(),
    created_at: z.string().describe('The same moment, ISO 8601.'),
    description: z.string(),
    kind: z.enum(['text', 'image']),
    available: z.boolean().describe('Whether something can serve it now.'),
    pricing: z.union([perMessage, perToken]).describe('The price of a request that comes now.'),
    next_pricing: z
      .union([perMessage.extend({ from: z.string() }), perToken.extend({ from: z.string() })])
      .exactOptional()
      .describe('The next planned price and since when it will hold.'),
    context_length: z.int().exactOptional().describe('Tokens of input and output together.'),
    max_output_tokens: z.int().exactOptional(),
    capabilities: z.object({
      tools: z.boolean(),
      vision: z.boolean(),
      thinking: z.boolean(),
      json_schema: z.boolean(),
    }),
    aliases: z.array(z.string()),
    variant_of: z.string().nullable(),
    deployment: z
      .string()
      .exactOptional()
      .describe("Id of the account's own deployment that it is. Absent: it is of the catalogue."),
    expected_wait_seconds: z
      .int()
      .exactOptional()
      .describe('How long a request that comes now probably waits, while all slots are busy.'),
  })
  .meta({ id: 'Model' });

export const modelList = z
  .object({
    object: z.literal('list'),
    data: z.array(modelView),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: 'ModelList', description: 'One object for clients of both OpenAI and Anthropic.' });

const credits = (text: string) => z.number().describe(`${text}, in credits of $0.01.`);

export const balanceView = z
  .object({
    object: z.literal('balance'),
    credits: credits('What can be spent now'),
    usd: z.number().describe('The same in US dollars.'),
    held: credits('Held by running requests'),
    low: z.boolean().describe("Whether it is below the operator's mark."),
    kinds: z.object({ paid: z.number(), promo: z.number(), allowance: z.number() }),
    next_expiry: z
      .object({ at: z.string(), credits: z.number(), kind: z.string() })
      .nullable()
      .describe('The next part of the balance that ends.'),
    total_deposited: z.number(),
    total_spent: z.number(),
  })
  .meta({ id: 'Balance' });

export const quoteView: z.ZodType<QuoteView> = z
  .object({
    object: z.literal('quote'),
    model: z.string(),
    max_cost: z.number().describe('US dollars, exact.'),
    max_cost_credits: z.number(),
    max_output_tokens: z.int(),
    max_input_tokens: z.int().describe('A bound that no tokenizer passes, not a count.'),
    price_version: z.string(),
  })
  .meta({ id: 'Quote' });

export const receiptView = z
  .looseObject({
    object: z.literal('receipt'),
    v: z.literal(1),
    id: z.string(),
    account: z.string(),
    key: z.string(),
    model: z.string(),
    surface: z.string(),
    streamed: z.boolean(),
    route: z.looseObject({ kind: z.enum(['pool', 'deployment', 'upstream', 'none']) }),
    end: z.enum([
      'stop',
      'length',
      'tool-calls',
      'content-filter',
      'refused',
      'failed',
      'interrupted',
      'client-closed',
    ]),
    error: z.string().nullable().describe('Code of the table of errors.'),
    usage: usageView,
    usage_source: z.string().describe('Who counted: reported, counted, estimated or none.'),
    policy: z.string().nullable().describe('The row of the settlement matrix that decided the charge.'),
    cut_at_hold: z.boolean(),
    price: z.looseObject({ version: z.string(), type: z.enum(['per_request', 'per_token', 'unknown']) }),
    held: amountView,
    charged: amountView,
    started_at: z.string(),
    first_part_ms: z.int().nullable(),
    duration_ms: z.int(),
    attempts: z.int(),
    signature: z
      .object({ alg: z.literal('EdDSA'), kid: z.string(), value: z.string() })
      .optional()
      .describe('Over the canonical JSON of the rest. On single receipts.'),
  })
  .meta({ id: 'Receipt' });

export const receiptList = z
  .object({
    object: z.literal('list'),
    data: z.array(receiptView),
    has_more: z.boolean(),
    next_before: z.string().nullable().describe('The `before` of the next page.'),
  })
  .meta({ id: 'ReceiptList' });

const usageSum = z.looseObject({ requests: z.int(), charged: amountView });

export const usageReport = z
  .object({
    object: z.literal('usage'),
    from: z.string().describe('First day, UTC.'),
    to: z.string().describe('Last day, UTC.'),
    group_by: z.array(z.enum(['day', 'model', 'key'])),
    data: z.array(usageSum),
    total: usageSum,
  })
  .meta({ id: 'UsageReport' });

const earningsSums = {
  jobs: z.int().describe('Jobs that earned something.'),
  earned: amountView.describe('What was taken back, is pending or has matured, together.'),
  taken_back: amountView.describe('After refunds, or a ban.'),
  pending: amountView,
  matured: amountView.describe('Payable, or paid out.'),
};

export const earningsReport = z
  .object({
    object: z.literal('earnings'),
    from: z.string().describe('First day, UTC.'),
    to: z.string().describe('Last day, UTC.'),
    group_by: z.array(z.enum(['day', 'node', 'model'])),
    data: z.array(
      z.object({
        day: z.string().optional(),
        node: z.string().optional(),
        node_name: z.string().optional(),
        model: z.string().optional(),
        share_bps: z
          .int()
          .nullable()
          .optional()
          .describe("The owner's share of a charge for this model today, in hundredths of a percent."),
        ...earningsSums,
      }),
    ),
    total: z.object(earningsSums),
    balance: z
      .object({
        pending: amountView,
        payable: amountView,
        paid: amountView.describe('Paid out so far.'),
        next: z
          .object({ at: z.string(), amount: amountView })
          .nullable()
          .describe('When the next part of what is pending becomes payable.'),
      })
      .describe('Of the account, whatever the days.'),
  })
  .meta({ id: 'EarningsReport' });

export const receiptKeys = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: z.string(),
        kid: z.string(),
        use: z.literal('sig'),
        alg: z.literal('EdDSA'),
      }),
    ),
  })
  .meta({ id: 'ReceiptKeys', description: 'A JSON Web Key Set.' });
