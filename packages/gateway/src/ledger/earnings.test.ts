import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { type Earner, dueHourOf, earningOf, hourOf, reversalOf, shareOf } from './earnings.ts';

const OWNER: Earner = { accountId: 'acc_owner', shareBps: 7_000, maturityMs: 86_400_000 };
const HOUR_MS = 3_600_000;
const amount = fc.oneof(fc.nat(20), fc.maxSafeNat()).map(micros);
const bps = fc.integer({ min: 0, max: 10_000 });

describe('the share of a charge', () => {
  it.each([
    [1_000, 7_000, 700],
    [1, 7_000, 0],
    [3, 5_000, 1],
    [10_001, 9_999, 9_999],
    [Number.MAX_SAFE_INTEGER, 10_000, Number.MAX_SAFE_INTEGER],
    [Number.MAX_SAFE_INTEGER, 0, 0],
  ])('of %i at %i bps is %i', (charged, share, earned) => {
    expect(shareOf(micros(charged), share)).toBe(earned);
  });

  it('is exact, rounded down, and never above the charge', () => {
    fc.assert(
      fc.property(amount, bps, (charged, share) => {
        const earned = shareOf(charged, share);
        expect(BigInt(earned)).toBe((BigInt(charged) * BigInt(share)) / 10_000n);
        expect(earned).toBeLessThanOrEqual(charged);
      }),
    );
  });

  it.each([-1, 10_001, 0.5, Number.NaN])('refuses a share of %d', (share) => {
    expect(() => shareOf(micros(1), share)).toThrow(RangeError);
  });
});

describe('an earning', () => {
  const charge = { payerId: 'acc_payer', chargedMicros: micros(1_000), atMs: 10 * HOUR_MS + 1 };

  it('belongs to the owner and is due at the first full hour after its time', () => {
    expect(earningOf(charge, OWNER)).toEqual({
      accountId: 'acc_owner',
      amountMicros: 700,
      dueHour: 35,
    });
    expect(earningOf({ ...charge, atMs: 10 * HOUR_MS }, OWNER)?.dueHour).toBe(34);
  });

  it('is none for who pays it, without an earner, and of nothing', () => {
    expect(earningOf({ ...charge, payerId: OWNER.accountId }, OWNER)).toBeUndefined();
    expect(earningOf(charge, undefined)).toBeUndefined();
    expect(earningOf({ ...charge, chargedMicros: micros(1) }, OWNER)).toBeUndefined();
    expect(earningOf(charge, { ...OWNER, shareBps: 0 })).toBeUndefined();
  });

  it('is never due before its time, nor an hour late', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 45), (timeMs) => {
        const dueMs = dueHourOf(timeMs) * HOUR_MS;
        expect(dueMs).toBeGreaterThanOrEqual(timeMs);
        expect(dueMs - timeMs).toBeLessThan(HOUR_MS);
        expect(hourOf(dueMs)).toBe(dueHourOf(timeMs));
      }),
    );
  });
});

describe('the reversal of a refund', () => {
  it('is all for all, at least its part, and never more than was earned', () => {
    const refunded = fc.tuple(amount, bps, fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(refunded, ([charged, share, part]) => {
        fc.pre(charged > 0);
        const earnedMicros = shareOf(charged, share);
        const refundedMicros = micros(Math.min(charged, Math.floor(charged * part)));
        const back = reversalOf({ earnedMicros, chargedMicros: charged, refundedMicros });
        expect(back).toBeLessThanOrEqual(earnedMicros);
        expect(BigInt(back) * BigInt(charged)).toBeGreaterThanOrEqual(
          BigInt(earnedMicros) * BigInt(refundedMicros),
        );
        const all = reversalOf({ earnedMicros, chargedMicros: charged, refundedMicros: charged });
        expect(all).toBe(earnedMicros);
        // What is left stays within the share of what was kept.
        expect(earnedMicros - back).toBeLessThanOrEqual(shareOf(micros(charged - refundedMicros), share) + 1);
      }),
    );
  });
});
