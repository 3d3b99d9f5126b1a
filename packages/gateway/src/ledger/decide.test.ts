import { describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import {
  type AccountState,
  NO_LEGS,
  applyReserve,
  applySettle,
  decideReserve,
  decideSettle,
  emptyAccount,
} from './decide.ts';

function account(paid: number, promo: number, change: Partial<AccountState> = {}): AccountState {
  return { ...emptyAccount(), paidMicros: micros(paid), promoMicros: micros(promo), ...change };
}
const memoryHold = (amount: number) => ({ amountMicros: micros(amount), pinned: NO_LEGS, durable: false });

describe('decideSettle', () => {
  const rows: [name: string, promo: number, charge: number, legs: object][] = [
    ['takes promo first', 100, 60, { promoMicros: 60, paidMicros: 0 }],
    ['then paid', 100, 130, { promoMicros: 100, paidMicros: 30 }],
    ['takes paid alone when there is no promo', 0, 130, { promoMicros: 0, paidMicros: 130 }],
    ['takes nothing for nothing', 100, 0, { promoMicros: 0, paidMicros: 0 }],
    ['takes the hold when more is asked', 100, 9_999, { promoMicros: 100, paidMicros: 50 }],
  ];
  it.each(rows)('%s', (_name, promo, charge, legs) => {
    const state = account(500, promo, { heldMicros: micros(150) });
    expect(decideSettle(state, memoryHold(150), micros(charge))).toEqual(legs);
  });

  it('leaves what a durable hold has pinned to that hold', () => {
    const state = account(100, 100);
    const pinning = decideReserve(state, micros(70), true);
    if (pinning.outcome !== 'reserved') throw new Error(pinning.outcome);
    expect(pinning.pinned).toEqual({ promoMicros: 70, paidMicros: 0 });
    const durable = { amountMicros: micros(70), pinned: pinning.pinned, durable: true };
    applyReserve(state, durable);
    applyReserve(state, memoryHold(130));
    expect(decideReserve(state, micros(1), false)).toEqual({ outcome: 'insufficient' });
    const legs = decideSettle(state, memoryHold(130), micros(130));
    expect(legs).toEqual({ promoMicros: 30, paidMicros: 100 });
    applySettle(state, memoryHold(130), legs);
    expect(decideSettle(state, durable, micros(70))).toEqual({ promoMicros: 70, paidMicros: 0 });
  });
});

describe('the account', () => {
  it('stops the process rather than going on with holds that nothing covers', () => {
    expect(() => applyReserve(account(10, 0), memoryHold(11))).toThrow('invariant');
    expect(() => applySettle(account(10, 0), memoryHold(10), NO_LEGS)).toThrow('invariant');
  });
});
