import { expect, it } from 'vitest';
import { testAccount, testKey } from '../accounts/fixtures.ts';
import { micros } from '../core/money.ts';
import { createLedger } from '../ledger/memory-owner.ts';
import type { SpendLimits } from '../ledger/ledger.ts';
import { reservation } from '../ledger/testing-receipt.ts';
import { createTestWriter, EMPTY_SNAPSHOT } from '../ledger/testing-writer.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { spendLeftOf, spendLimitReached } from './spend-left.ts';

const limits = (change: Partial<Record<keyof SpendLimits, number>>): SpendLimits => change as SpendLimits;

/** Held before: 30 by the key, 20 by another key of its person. */
it.each([
  ['no limit', {}, undefined, { leftMicros: Number.MAX_SAFE_INTEGER, window: 'month', whose: 'key' }],
  ["the key's day", { dayMicros: 100 }, undefined, { leftMicros: 70, window: 'day', whose: 'key' }],
  [
    "the key's month under its day",
    { dayMicros: 100, monthMicros: 90 },
    {},
    { leftMicros: 60, window: 'month', whose: 'key' },
  ],
  ["the person's week", {}, { weekMicros: 60 }, { leftMicros: 10, window: 'week', whose: 'member' }],
  [
    "the person's day under the key's",
    { dayMicros: 41 },
    { dayMicros: 60 },
    { leftMicros: 10, window: 'day', whose: 'member' },
  ],
  [
    "the key's day under the person's",
    { dayMicros: 35 },
    { dayMicros: 60 },
    { leftMicros: 5, window: 'day', whose: 'key' },
  ],
  [
    'of several that are used up the one that ends last',
    { dayMicros: 30, weekMicros: 30, monthMicros: 30 },
    { dayMicros: 50 },
    { leftMicros: 0, window: 'month', whose: 'key' },
  ],
  [
    "the person's week after the key's day, when both are used up",
    { dayMicros: 30 },
    { weekMicros: 50 },
    { leftMicros: 0, window: 'week', whose: 'member' },
  ],
  ['what is overdrawn', {}, { dayMicros: 10 }, { leftMicros: 0, window: 'day', whose: 'member' }],
] as const)('the tightest is %s', async (_what, ofKey, ofMember, expected) => {
  const clock = createVirtualClock(Date.parse('2026-11-20T12:00:00Z'));
  const ledger = createLedger({ clock, writer: createTestWriter(), snapshot: EMPTY_SNAPSHOT });
  const deposit = {
    id: 'dep:1',
    accountId: 'acc_1',
    kind: 'deposit',
    balance: 'paid',
    reason: 'test',
  } as const;
  await ledger.transfer({ ...deposit, amountMicros: micros(1_000) });
  ledger.reserve(reservation('req_1', 'acc_1', 30));
  ledger.reserve(reservation('req_2', 'acc_1', 20, { keyId: 'key_2' }));
  const { key } = testKey({ spendLimits: limits(ofKey) });
  const member = {
    id: 'acc_1/ann',
    accountId: 'acc_1',
    personId: 'ann',
    keyIds: ['key_1', 'key_2'],
    requestsPerMinute: undefined,
    concurrency: undefined,
    spendLimits: limits(ofMember ?? {}),
  };
  const caller = { account: testAccount(), key, ...(ofMember === undefined ? {} : { member }) };
  const left = spendLeftOf(ledger, caller, clock.nowMs());
  expect(left).toEqual(expected);
  const { code, message } = spendLimitReached(left, clock.nowMs());
  expect(code).toBe('spend_limit_reached');
  expect(message).toContain(expected.whose === 'key' ? 'of this API key' : 'of the person');
});
