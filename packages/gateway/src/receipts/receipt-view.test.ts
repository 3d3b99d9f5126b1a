import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { priceUsage } from '../pricing/meter.ts';
import { canonicalJson } from './canonical-json.ts';
import { type ReceiptView, receiptView } from './receipt-view.ts';
import { keptReceipt } from './testing-receipts.ts';

const flat = { type: 'flat', amountMicros: micros(80_001) } as const;
const perToken = {
  type: 'per-token',
  inputMicrosPerMillion: micros(1),
  imageInputMicrosPerMillion: micros(7),
  cacheReadMicrosPerMillion: micros(2),
  cacheWriteMicrosPerMillion: micros(3),
  outputMicrosPerMillion: micros(4),
  reasoningMicrosPerMillion: micros(5),
  minimumMicros: micros(6),
} as const;

it('says what was counted, by which price, held and charged', () => {
  expect(receiptView(keptReceipt(), flat, { isOperator: false })).toEqual({
    object: 'receipt',
    v: 1,
    id: 'req_0W4kz1fLAAAAAAAAAAAAAA',
    account: 'acc_1',
    key: 'key_1',
    model: 'demo',
    surface: 'chat-completions',
    streamed: true,
    route: { kind: 'pool' },
    end: 'stop',
    error: null,
    usage: {
      input_tokens: 10,
      image_input_tokens: 4,
      cache_read_tokens: 3,
      cache_write_tokens: 2,
      output_tokens: 20,
      reasoning_tokens: 5,
      prompt_tokens: 19,
      completion_tokens: 25,
      total_tokens: 44,
    },
    usage_source: 'reported',
    policy: 'reported',
    cut_at_hold: false,
    price: { version: 'abcdef012345', type: 'per_request', amount_micros: 80_001 },
    held: { micros: 90_000, usd: '0.09', credits: '9' },
    charged: { micros: 80_001, usd: '0.080001', credits: '8.0001' },
    started_at: '2026-11-20T23:59:59.999Z',
    first_part_ms: 12,
    duration_ms: 345,
    attempts: 1,
  });
});

it('names prices per token in whole µ$, and a price that is gone as unknown', () => {
  expect(receiptView(keptReceipt(), perToken, { isOperator: false }).price).toEqual({
    version: 'abcdef012345',
    type: 'per_token',
    input_micros_per_million: 1,
    image_input_micros_per_million: 7,
    cache_read_micros_per_million: 2,
    cache_write_micros_per_million: 3,
    output_micros_per_million: 4,
    reasoning_micros_per_million: 5,
    minimum_micros: 6,
  });
  expect(receiptView(keptReceipt(), undefined, { isOperator: false }).price).toEqual({
    version: 'abcdef012345',
    type: 'unknown',
  });
});

it('shows names of upstreams and nodes to operators only', () => {
  const upstream = keptReceipt({ routeKind: 'upstream', routeName: 'secret-supplier', nodeId: '' });
  for (const receipt of [upstream, keptReceipt({ routeName: 'secret-pool', nodeId: 'node_secret' })]) {
    expect(JSON.stringify(receiptView(receipt, flat, { isOperator: false }))).not.toContain('secret');
  }
  expect(receiptView(upstream, flat, { isOperator: true }).route).toEqual({
    kind: 'upstream',
    name: 'secret-supplier',
    node: '',
  });
});

it('has null where nothing was', () => {
  const {
    policy: _,
    cutAtHold: __,
    ...old
  } = keptReceipt({
    firstPartMs: -1,
    end: 'failed',
    errorCode: 'upstream_failed',
    chargedMicros: micros(0),
  });
  expect(receiptView(old, undefined, { isOperator: false })).toMatchObject({
    first_part_ms: null,
    end: 'failed',
    error: 'upstream_failed',
    policy: null,
    cut_at_hold: false,
    charged: { micros: 0, usd: '0', credits: '0' },
  });
  expect(
    receiptView(keptReceipt({ policy: '', cutAtHold: true }), undefined, { isOperator: false }),
  ).toMatchObject({ policy: null, cut_at_hold: true });
});

it('can always be signed', () => {
  for (const price of [flat, perToken, undefined]) {
    for (const isOperator of [true, false]) {
      expect(canonicalJson(receiptView(keptReceipt(), price, { isOperator }))).toBeDefined();
    }
  }
});

it('is enough to work out the charge of a price per token, pictures too', () => {
  const anyCount = fc.nat(10_000_000);
  const anyPrice = fc.nat(1_000_000_000).map(micros);
  fc.assert(
    fc.property(
      fc.record({
        inputTokens: anyCount,
        imageInputTokens: anyCount,
        cacheReadTokens: anyCount,
        cacheWriteTokens: anyCount,
        outputTokens: anyCount,
        reasoningTokens: anyCount,
      }),
      fc.record({
        type: fc.constant('per-token' as const),
        inputMicrosPerMillion: anyPrice,
        imageInputMicrosPerMillion: anyPrice,
        cacheReadMicrosPerMillion: anyPrice,
        cacheWriteMicrosPerMillion: anyPrice,
        outputMicrosPerMillion: anyPrice,
        reasoningMicrosPerMillion: anyPrice,
        minimumMicros: anyPrice,
      }),
      (usage, price) => {
        const receipt = keptReceipt({ usage, chargedMicros: priceUsage(price, usage) });
        const view = receiptView(receipt, price, { isOperator: false });
        expect(chargeOf(JSON.parse(JSON.stringify(view)) as ReceiptView)).toBe(view.charged.micros);
      },
    ),
  );
});

/** As a payer would do it, from nothing but the receipt. */
function chargeOf({ usage, price }: ReceiptView): number {
  if (price.type !== 'per_token') throw new Error('another price');
  const exact =
    BigInt(usage.input_tokens) * BigInt(price.input_micros_per_million) +
    BigInt(usage.image_input_tokens) * BigInt(price.image_input_micros_per_million) +
    BigInt(usage.cache_read_tokens) * BigInt(price.cache_read_micros_per_million) +
    BigInt(usage.cache_write_tokens) * BigInt(price.cache_write_micros_per_million) +
    BigInt(usage.output_tokens) * BigInt(price.output_micros_per_million) +
    BigInt(usage.reasoning_tokens) * BigInt(price.reasoning_micros_per_million);
  const charge = Number((exact + 999_999n) / 1_000_000n);
  return usage.completion_tokens > 0 ? Math.max(charge, price.minimum_micros) : charge;
}
