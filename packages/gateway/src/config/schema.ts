import { z } from 'zod';
import {
  amount,
  anyNumber,
  byteSize,
  environmentName,
  flag,
  line,
  name,
  network,
  proxyNetwork,
  oneOf,
  percent,
  shaped,
  webAddress,
  wholeNumber,
} from './fields.ts';
import { people } from './schema-people.ts';
import { listPrices, prices } from './schema-price.ts';
import { routing } from './schema-routing.ts';
import { safety } from './schema-safety.ts';
import { earnings, nodes, trust } from './schema-trust.ts';

/**
 * The one schema of `switchyard.yaml`. Keys are snake_case, every object refuses keys that it does not know, every
 * key has a description (the JSON Schema for editors and docs/configuration.md are made from them). What concerns
 * two keys at once stands in `rules.ts`, because zod stops at the first faulty object and all problems shall be shown.
 */
const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
const modelId = () =>
  shaped(MODEL_ID, 'letters, digits and . _ : / -, starting with a letter or digit, at most 128 characters');

const brand = z.strictObject({
  name: line(1, 64).default('Switchyard').describe('The name that people see.'),
  key_prefix: shaped(
    /^(?=.{1,16}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
    '1 to 16 small letters, digits and single dashes, no dash at either end',
  )
    .default('switchyard')
    .describe('The middle of every API key: `sk-<key_prefix>-...`.'),
});

const metrics = z.strictObject({
  enabled: flag().default(true).describe('Whether `GET /metrics` answers.'),
  token_env: environmentName()
    .optional()
    .describe(
      'Environment variable with the token that a scraper sends as `Authorization: Bearer`. Without it only programs on this machine are answered.',
    ),
});

const server = z.strictObject({
  host: shaped(/^[A-Za-z0-9._:-]{1,253}$/, 'an IP address or host name of this machine')
    .default('127.0.0.1')
    .describe('Address to listen on. `0.0.0.0` takes connections from everywhere.'),
  port: wholeNumber(0, 65_535)
    .default(8080)
    .describe('Port to listen on. `0` lets the operating system choose.'),
  public_url: webAddress('an address such as https://api.example.com')
    .optional()
    .describe('How clients reach this server, when that is not host and port.'),
  trusted_proxies: z
    .array(proxyNetwork())
    .max(64)
    .default([])
    .describe('Addresses and CIDR blocks of reverse proxies whose `x-forwarded-for` is believed.'),
  chat_body_max_bytes: byteSize(1024, 256 * 1024 * 1024)
    .default('32 MiB')
    .describe('Largest body of a text request. Bytes, or text such as `32 MiB`.'),
  drain_delay_ms: wholeNumber(0, 600_000)
    .default(0)
    .describe(
      'How long a stopping server still takes requests while `/readyz` says 503 already, so that a load balancer can take it out.',
    ),
  drain_seconds: anyNumber(0, 3600)
    .default(30)
    .describe('How long running requests may go on when the server stops.'),
  metrics: metrics.prefault({}).describe('Metrics for Prometheus.'),
});

const limits = z.strictObject({
  requests_per_minute: wholeNumber(1, 1_000_000)
    .default(60)
    .describe('Requests per minute of a key that has no limit of its own.'),
  concurrency: wholeNumber(1, 100_000)
    .default(16)
    .describe('Requests that one key may run at once, unless the key has a limit of its own.'),
  account_concurrency: wholeNumber(1, 1_000_000)
    .default(64)
    .describe('Requests that all keys of one account together may run at once.'),
  queue_wait_seconds: anyNumber(0, 600)
    .default(20)
    .describe('How long a request waits for a free slot before 503. `0`: not at all.'),
  queue_depth: wholeNumber(0, 100_000).default(256).describe('Requests that may wait for one model at once.'),
});

const pool = z.strictObject({
  description: line(0, 500).default('').describe('What the pool is for.'),
});

/** Keys of one upstream. Each has connections of its own. */
const KEYS_MAX = 32;

const headerName = () => shaped(/^[A-Za-z0-9-]{1,64}$/, 'a header name of letters, digits and dashes');

const upstreamFields = z.strictObject({
  kind: oneOf(['openai', 'openai-compatible', 'anthropic']).describe(
    'Whose API it is. `openai` is OpenAI itself.',
  ),
  base_url: webAddress('an address such as https://api.openai.com/v1')
    .optional()
    .describe(
      'Address that `/chat/completions` and `/responses` (`anthropic`: `/v1/messages`) are appended to. Required for `openai-compatible`; the others know their own.',
    ),
  dialects: z
    .array(oneOf(['chat-completions', 'responses']))
    .min(1)
    .max(2)
    .optional()
    .describe(
      'Which dialects it speaks itself; requests of others are translated to the first. Default: `["chat-completions"]`, for `openai` `["responses","chat-completions"]`. Not for `anthropic`.',
    ),
  api_key_env: environmentName()
    .optional()
    .describe('Environment variable with the key. The key itself never stands in this file.'),
  api_key_file: line(1, 1024)
    .optional()
    .describe('File with the key, relative to this file. One of the four ways to keys, or none.'),
  api_keys_env: z
    .array(environmentName())
    .min(1)
    .max(KEYS_MAX)
    .optional()
    .describe('Environment variables with several keys, used in turn.'),
  api_keys_file: z
    .array(line(1, 1024))
    .min(1)
    .max(KEYS_MAX)
    .optional()
    .describe('Files with several keys, used in turn, relative to this file.'),
  optional: flag()
    .default(false)
    .describe(
      'Whether a missing key is only left out, instead of stopping the start. An upstream without any of its keys is switched off.',
    ),
  headers: z
    .record(headerName(), shaped(/^[\x20-\x7e]{0,1024}$/, 'printable ASCII text, at most 1024 characters'))
    .default({})
    .describe('Headers added to each request. Credentials are refused here.'),
  connect_timeout_ms: wholeNumber(100, 60_000).default(5_000).describe('Time to connect.'),
  first_byte_timeout_ms: wholeNumber(1_000, 900_000)
    .default(120_000)
    .describe('Time from the start of the request to the first part of a streamed answer.'),
  stall_timeout_ms: wholeNumber(1_000, 900_000)
    .default(60_000)
    .describe('Longest silence inside a streamed answer.'),
  reply_timeout_ms: wholeNumber(1_000, 3_600_000)
    .default(600_000)
    .describe('Time from the start of the request to the end of an answer that is not streamed.'),
  allow_private_addresses: z
    .union([z.boolean(), z.array(network()).max(64)], { error: 'true, false, or a list of CIDR blocks' })
    .default(false)
    .describe(
      'Whether the address may be a private or local one: `true`, `false`, or a list of CIDR blocks.',
    ),
  on_disconnect: oneOf(['cancel', 'drain'])
    .default('cancel')
    .describe(
      'When the client leaves: `cancel` stops the provider, `drain` reads its reply to the end for exact usage.',
    ),
  max_tokens_field: oneOf(['max_tokens', 'max_completion_tokens'])
    .default('max_tokens')
    .describe(
      'The name that the provider has for the cap of output tokens in chat completions. Only for `openai-compatible`.',
    ),
  allow_paid_extras: flag()
    .default(false)
    .describe(
      'Whether clients may use what the provider bills beside tokens or at a higher rate. `anthropic`: tools that run there (web search, code execution, advisor), `speed`, `inference_geo`, `fallbacks`. `openai`, and responses anywhere: tools that run there (web search, files, code, pictures, MCP), `service_tier`.',
    ),
  price_list: z
    .record(line(1, 256), listPrices())
    .default({})
    .describe(
      "The provider's list prices, by its names of the models. For the metrics of costs, and for prices with `list_of`.",
    ),
  price_list_discount_percent: percent()
    .optional()
    .describe('How much less than `price_list` the provider charges you. Default: 0.'),
});

/** `rules.ts` checks that an address is there where the kind has none of its own. */
const upstream = upstreamFields.meta({
  if: { properties: { kind: { enum: ['openai', 'anthropic'] } }, required: ['kind'] },
  else: { required: ['base_url'] },
});

/** Exactly one of `pool` and `upstream`. */
const route = z
  .strictObject({
    pool: name().optional().describe('A pool of nodes, by its name in `pools`.'),
    upstream: name().optional().describe('A provider, by its name in `upstreams`.'),
    model: line(1, 256)
      .optional()
      .describe('What the model is called there. Default: the id of the model here.'),
  })
  .meta({ oneOf: [{ required: ['pool'] }, { required: ['upstream'] }] });

const settings = z.strictObject({
  reasoning_effort: oneOf(['none', 'minimal', 'low', 'medium', 'high', 'max'])
    .optional()
    .describe('How much the model thinks, whatever the request says. Needs `capabilities.thinking`.'),
});

const capabilities = z.strictObject({
  tools: flag().default(false).describe('Calls tools. Otherwise requests with tools are refused.'),
  vision: flag().default(false).describe('Takes pictures. Otherwise requests with pictures are refused.'),
  thinking: flag().default(false).describe('Can reason before it answers. Otherwise it is not asked to.'),
  json_schema: flag()
    .default(false)
    .describe('Can be held to a JSON schema. Otherwise requests with one are refused.'),
});

const aliases = () => z.array(modelId()).max(32).default([]);
const maxOutputTokens = () => wholeNumber(1, 8_000_000).optional();

const variant = z.strictObject({
  id: modelId().describe('Name of the variant in requests. Unique among all ids and aliases.'),
  aliases: aliases().describe('Other names of the variant.'),
  display_name: line(1, 128).optional().describe('Name that people see. Default: the id.'),
  description: line(0, 1000).optional().describe("One line about it. Default: its model's."),
  settings: settings.prefault({}).describe('Settings that it adds to each request, over those of its model.'),
  price: prices().describe('Its own price.'),
  max_output_tokens: maxOutputTokens().describe("Most output tokens. Default: its model's."),
});

const model = z
  .strictObject({
    id: modelId().describe('Name of the model in requests. Unique among all ids and aliases.'),
    kind: oneOf(['text', 'image']).default('text').describe('What it makes.'),
    safe_output: flag()
      .default(false)
      .describe(
        'Image models only: declares that it cannot draw adult content, so its pictures are handed out without a look. Otherwise requests without `nsfw` are refused as long as nothing can look at them.',
      ),
    aliases: aliases().describe('Other names that requests may use.'),
    display_name: line(1, 128).optional().describe('Name that people see. Default: the id.'),
    description: line(0, 1000).default('').describe('One line about it.'),
    owned_by: line(1, 128)
      .optional()
      .describe('Shown as `owned_by` in model lists. Default: the name of the brand.'),
    context_tokens: wholeNumber(1, 8_000_000)
      .optional()
      .describe('Tokens of input and output together. Required for text.'),
    max_output_tokens: maxOutputTokens().describe('Most output tokens of one request. Required for text.'),
    capabilities: capabilities.prefault({}).describe('What it can do.'),
    price: prices().describe(
      'What a request costs: exactly one of `credits`, `per_million_usd`, `list_of` and `free`, or a list of such prices with dates.',
    ),
    routes: z.array(route).min(1).max(32).describe('Where its requests may go, in order of preference.'),
    node_share_bps: wholeNumber(0, 10_000)
      .default(7_000)
      .describe(
        'Share of what a request is charged that the owner of its node earns, in hundredths of a percent.',
      ),
    continue_elsewhere: flag()
      .default(false)
      .describe(
        'Whether another node goes on in a streamed text whose node was lost, where its engine can. A request says otherwise with `x-continue`.',
      ),
    hidden: flag().default(false).describe('Whether it is left out of model lists. It still answers.'),
    settings: settings.prefault({}).describe('Settings that are added to each request.'),
    variants: z
      .array(variant)
      .max(32)
      .default([])
      .describe('The same model under other names, settings and prices.'),
  })
  .meta({
    if: { properties: { kind: { const: 'image' } }, required: ['kind'] },
    else: { required: ['context_tokens', 'max_output_tokens'] },
  });

export const configSchema = z
  .strictObject({
    brand: brand.prefault({}).describe("The operator's own name."),
    server: server.prefault({}).describe('Where and how the server listens.'),
    data: z
      .strictObject({
        dir: line(1, 1024).default('./data').describe('Folder of the databases, relative to this file.'),
      })
      .prefault({})
      .describe('Where data is kept.'),
    accounts: z
      .strictObject({
        welcome_usd: amount('usd', { minimum: 0, maximum: 1_000 })
          .default(1)
          .describe('Given once to each new account, in USD.'),
        low_balance_usd: amount('usd', { minimum: 0, maximum: 1_000_000 })
          .default('0.25')
          .describe(
            'Below this balance, in USD, an account is told so: `low` in `GET /v1/balance`, a log line, a metric. `0`: never.',
          ),
        top_ups: z
          .array(z.enum(['usdc', 'card']))
          .max(2)
          .default([])
          .describe(
            'Ways to add credit that the page “Billing” shows. This version takes no payments: the forms say so, and ask for and charge nothing. Empty: only how the operator adds credit by hand.',
          ),
      })
      .prefault({})
      .describe('Accounts of people.'),
    people: people.prefault({}).describe('People who sign in with a browser.'),
    ledger: z
      .strictObject({
        rollup_after_days: wholeNumber(0, 36_500)
          .default(90)
          .describe(
            'Receipts and charges that are older become sums by account, day, key and model; refunds of single requests end with them. `0`: never.',
          ),
      })
      .prefault({})
      .describe('How long the ledger keeps every single request.'),
    limits: limits.prefault({}).describe('Limits of keys, and of the wait for a free slot.'),
    routing: routing.prefault({}).describe('What happens when a try fails.'),
    pools: z.record(name(), pool).default({}).describe('Named sets of nodes.'),
    upstreams: z.record(name(), upstream).default({}).describe("Providers' APIs."),
    models: z.array(model).max(1_000).default([]).describe('The catalogue.'),
    deployments: z
      .strictObject({
        price: prices()
          .prefault({ free: true })
          .describe(
            'What a request to a deployment costs its account, on whose own machines it runs: nothing by default, or a fee by `credits` or `per_million_usd`, or a list of such prices with dates.',
          ),
      })
      .prefault({})
      .describe("Accounts' own models on their own machines."),
    safety: safety.prefault({}).describe('What is checked of pictures.'),
    earnings: earnings.prefault({}).describe('When owners of nodes can be paid what their nodes earned.'),
    nodes: nodes.prefault({}).describe('Who may connect as a node.'),
    trust: trust.prefault({}).describe('How nodes of others are tested, and when they are trusted more.'),
    logging: z
      .strictObject({
        level: oneOf(['debug', 'info', 'warn', 'error', 'silent'])
          .default('info')
          .describe('Least level that is logged.'),
      })
      .prefault({})
      .describe('The log. It never holds content of requests or answers.'),
  })
  .describe('Configuration of a Switchyard gateway.');

/** The file after validation, defaults filled in, still in its own words. */
export type ConfigFile = z.output<typeof configSchema>;
export type ModelFile = ConfigFile['models'][number];
export type UpstreamFile = ConfigFile['upstreams'][string];
