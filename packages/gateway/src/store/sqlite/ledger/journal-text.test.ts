import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { micros } from '../../../core/money.ts';
import type { Legs } from '../../../ledger/decide.ts';
import type { JournalItem } from '../../../ledger/journal.ts';
import type { Receipt } from '../../../ledger/ledger.ts';
import { batchFromText, batchToText } from './journal-text.ts';
import { depositItem } from './testing-items.ts';

const anyMicros = fc.nat(Number.MAX_SAFE_INTEGER).map(micros);
const anyCount = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER });
const anyName = fc.string({ unit: 'binary' });
const balance = fc.constantFrom('promo' as const, 'allowance' as const);
const anyLegs: fc.Arbitrary<Legs> = fc.record(
  {
    paidMicros: anyMicros,
    promoMicros: anyMicros,
    grants: fc.array(fc.record({ grantId: anyName, balance, amountMicros: anyMicros })),
  },
  { requiredKeys: ['paidMicros', 'promoMicros'] },
);
const anyReceipt: fc.Arbitrary<Receipt> = fc.record({
  requestId: anyName,
  accountId: anyName,
  keyId: anyName,
  modelId: anyName,
  surface: anyName,
  routeKind: fc.constantFrom('pool', 'upstream', 'none'),
  routeName: anyName,
  nodeId: anyName,
  streamed: fc.boolean(),
  startedAtMs: anyCount,
  firstPartMs: anyCount,
  durationMs: anyCount,
  usage: fc.record({
    inputTokens: anyCount,
    imageInputTokens: anyCount,
    cacheReadTokens: anyCount,
    cacheWriteTokens: anyCount,
    outputTokens: anyCount,
    reasoningTokens: anyCount,
  }),
  usageSource: fc.constantFrom('reported', 'counted', 'none'),
  end: fc.constantFrom('stop', 'failed', 'client-closed'),
  errorCode: fc.constantFrom('', 'upstream_failed'),
  heldMicros: anyMicros,
  chargedMicros: anyMicros,
  priceVersion: anyName,
  attempts: anyCount,
  policy: fc.constantFrom('', 'reported', 'failed'),
  cutAtHold: fc.boolean(),
});

const anyItem: fc.Arbitrary<JournalItem> = fc.oneof(
  fc.record({
    type: fc.constant('resolve' as const),
    receipt: anyReceipt,
    charged: anyLegs,
    durableHold: fc.option(anyLegs, { nil: undefined }),
    earning: fc.option(fc.record({ accountId: anyName, amountMicros: anyMicros, dueHour: anyCount }), {
      nil: undefined,
    }),
    day: anyCount,
    atMs: anyCount,
  }),
  fc.record({
    type: fc.constant('hold' as const),
    step: fc.constantFrom('reserve' as const, 'expire' as const),
    requestId: anyName,
    accountId: anyName,
    pinned: anyLegs,
    deadlineMs: anyCount,
    atMs: anyCount,
  }),
  anyName.map((id) => depositItem('acc_1', 5, id)),
  fc.record({
    type: fc.constant('earnings' as const),
    step: fc.record({ do: fc.constant('fold' as const), hour: anyCount }),
    atMs: anyCount,
  }),
);

it('a batch is the same after its way as text', () => {
  fc.assert(
    fc.property(fc.array(anyItem, { maxLength: 5 }), (batch) => {
      expect(batchFromText(batchToText(batch))).toEqual(batch);
    }),
  );
});
