import { beforeEach, describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { type VirtualClock, createVirtualClock } from '../testing/virtual-clock.ts';
import type { GrantBalance, Hold, OperatorLedger } from './ledger.ts';
import { createLedger } from './memory-owner.ts';
import { receiptFor, reservation } from './testing-receipt.ts';
import { EMPTY_SNAPSHOT, type TestWriter, createTestWriter } from './testing-writer.ts';

const ACCOUNT = 'acc_1';
const HOUR_MS = 3_600_000;

let clock: VirtualClock;
let writer: TestWriter;
let ledger: OperatorLedger;
beforeEach(() => {
  clock = createVirtualClock();
  writer = createTestWriter();
  ledger = createLedger({ clock, writer, snapshot: EMPTY_SNAPSHOT });
});

function grant(id: string, amount: number, balance: GrantBalance = 'promo', lifetimeMs = HOUR_MS) {
  const expiresAtMs = clock.nowMs() + lifetimeMs;
  return ledger.grant({
    id,
    accountId: ACCOUNT,
    balance,
    amountMicros: micros(amount),
    expiresAtMs,
    reason: '',
  });
}

function deposit(amount: number, balance: 'paid' | 'promo' = 'paid') {
  const request = { id: `dep:${balance}`, accountId: ACCOUNT, balance, reason: '' } as const;
  return ledger.transfer({ ...request, kind: 'deposit', amountMicros: micros(amount) });
}

function hold(requestId: string, amount: number, change = {}): Hold {
  const result = ledger.reserve(reservation(requestId, ACCOUNT, amount, change));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const settle = (open: Hold, amount: number) =>
  ledger.settle(open, { amountMicros: micros(amount), receipt: receiptFor(open) });

const expiries = () => writer.transferIds().filter((id) => id.startsWith('expire:'));

describe('the order of spending', () => {
  it.each([false, true])(
    'is allowance, promo by its end, promo without one, paid (durable: %s)',
    async (durable) => {
      await deposit(100);
      await deposit(100, 'promo');
      await grant('late', 100, 'promo', 3 * HOUR_MS);
      await grant('soon', 100, 'promo', 2 * HOUR_MS);
      await grant('today', 100, 'allowance', HOUR_MS);
      const left = () =>
        writer.snapshot().grants?.map(({ grantId, leftMicros }) => [grantId, Number(leftMicros)]);
      const spend = (id: string, amount: number) => settle(hold(id, amount + 7, { durable }), amount);

      await spend('req_1', 150);
      expect(left()).toEqual([
        ['late', 100],
        ['soon', 50],
      ]);
      await spend('req_2', 60);
      expect(left()).toEqual([['late', 90]]);
      await spend('req_3', 140);
      expect(left()).toEqual([]);
      expect(ledger.balance(ACCOUNT)).toMatchObject({ promoMicros: 50, paidMicros: 100, allowanceMicros: 0 });
      await settle(hold('req_4', 150, { durable }), 120);
      expect(ledger.balance(ACCOUNT)).toMatchObject({ promoMicros: 0, paidMicros: 30, spentMicros: 470 });
    },
  );
});

describe('credit that ends', () => {
  it('is shown by kind with its end, and no longer counts from that moment', async () => {
    await deposit(10);
    await grant('g', 50);
    await grant('a', 20, 'allowance', HOUR_MS / 2);
    expect(ledger.balance(ACCOUNT)).toMatchObject({
      availableMicros: 80,
      promoMicros: 50,
      allowanceMicros: 20,
      nextExpiry: { atMs: clock.nowMs() + HOUR_MS / 2, amountMicros: 20, balance: 'allowance' },
    });
    clock.advance(HOUR_MS - 1);
    expect(ledger.balance(ACCOUNT).availableMicros).toBe(60);
    clock.advance(1);
    expect(ledger.balance(ACCOUNT).availableMicros).toBe(10);
    expect(ledger.reserve(reservation('req_1', ACCOUNT, 11)).ok).toBe(false);
    expect(ledger.sweep()).toEqual({ expiredGrants: 2, expiredHolds: 0 });
    expect(ledger.sweep()).toEqual({ expiredGrants: 0, expiredHolds: 0 });
    expect(ledger.balance(ACCOUNT)).toMatchObject({
      promoMicros: 0,
      allowanceMicros: 0,
      nextExpiry: undefined,
    });
    await ledger.close();
    expect(expiries()).toEqual(['expire:a', 'expire:g']);
  });

  it.each([false, true])(
    'stays as long as a hold needs it, and no new hold gets it (durable: %s)',
    async (durable) => {
      await deposit(30);
      await grant('g', 50);
      const open = hold('req_1', 70, { durable, lifetimeMs: 2 * HOUR_MS });
      clock.advance(HOUR_MS);
      expect(ledger.sweep().expiredGrants).toBe(0);
      expect(ledger.reserve(reservation('req_2', ACCOUNT, durable ? 11 : 1)).ok).toBe(false);
      expect(await settle(open, 70)).toMatchObject({ outcome: 'settled', chargedMicros: 70 });
      expect(ledger.balance(ACCOUNT)).toMatchObject({ promoMicros: 0, paidMicros: 10, availableMicros: 10 });
      expect(ledger.sweep().expiredGrants).toBe(0);
      expect(expiries()).toEqual([]);
    },
  );

  it('goes back in full once the hold that needed it is released', async () => {
    await deposit(30);
    await grant('g', 50);
    const open = hold('req_1', 70);
    clock.advance(HOUR_MS);
    expect(ledger.sweep().expiredGrants).toBe(0);
    await ledger.release(open, receiptFor(open));
    expect(ledger.balance(ACCOUNT)).toMatchObject({ promoMicros: 50, availableMicros: 30 });
    expect(ledger.sweep().expiredGrants).toBe(1);
    await ledger.close();
    expect(expiries()).toEqual(['expire:g']);
  });

  it('is given once, also when the repetition comes after its end', async () => {
    const expiresAtMs = clock.nowMs() + 1_000;
    const request = {
      id: 'g',
      accountId: ACCOUNT,
      balance: 'allowance',
      amountMicros: micros(9),
      reason: '',
    } as const;
    expect(await ledger.grant({ ...request, expiresAtMs })).toEqual({ outcome: 'applied' });
    expect(await ledger.grant({ ...request, expiresAtMs })).toEqual({ outcome: 'exists' });
    expect(await ledger.grant({ ...request, expiresAtMs: expiresAtMs + 1 })).toEqual({
      outcome: 'exists-with-other-content',
    });
    clock.advance(5_000);
    ledger.sweep();
    expect(await ledger.grant({ ...request, expiresAtMs })).toEqual({ outcome: 'exists' });
    expect(await ledger.grant({ ...request, id: 'g2', expiresAtMs })).toEqual({ outcome: 'expired' });
    expect(ledger.balance(ACCOUNT)).toMatchObject({ allowanceMicros: 0, depositedMicros: 9 });
  });

  it('comes in a bounded number of grants at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 103 }, (_, index) => grant(`g${index}`, 1)));
    expect(outcomes.filter(({ outcome }) => outcome === 'applied')).toHaveLength(100);
    expect(outcomes.at(-1)).toEqual({ outcome: 'too-many-grants' });
    expect(await grant('g0', 1)).toEqual({ outcome: 'exists' });
  });

  it('is read back at the start, and ends then when its time is over', async () => {
    await grant('g', 50);
    await settle(hold('req_1', 20), 20);
    await ledger.close();
    clock.advance(HOUR_MS);
    const next = createLedger({ clock, writer, snapshot: writer.snapshot() });
    expect(next.balance(ACCOUNT)).toMatchObject({ promoMicros: 30, availableMicros: 0 });
    expect(next.sweep().expiredGrants).toBe(1);
    await next.close();
    expect(writer.snapshot().grants).toEqual([]);
  });

  it('is never sent back on a broken disk', async () => {
    await grant('g', 50);
    writer.holdBack();
    const lost = deposit(5);
    await Promise.resolve();
    writer.fail();
    await lost;
    clock.advance(HOUR_MS);
    expect(ledger.sweep()).toEqual({ expiredGrants: 0, expiredHolds: 0 });
  });
});

describe('a durable hold past its deadline', () => {
  it('gives its money back once; who settles it later is told, and charged nothing', async () => {
    await deposit(100);
    const spendLimits = { dayMicros: micros(100) };
    const open = hold('req_1', 80, { durable: true, lifetimeMs: 60_000, spendLimits });
    const other = hold('req_2', 10, { durable: true, spendLimits });
    clock.advance(59_999);
    expect(ledger.sweep().expiredHolds).toBe(0);
    clock.advance(1);
    expect(ledger.sweep().expiredHolds).toBe(1);
    expect(ledger.sweep().expiredHolds).toBe(0);
    expect(ledger.balance(ACCOUNT)).toMatchObject({ availableMicros: 90, heldMicros: 10 });
    expect(ledger.keySpend('key_1').dayMicros).toBe(10);
    expect(await settle(open, 80)).toEqual({ outcome: 'expired' });
    expect(await settle(open, 80)).toEqual({ outcome: 'expired' });
    expect(await ledger.release(open, receiptFor(open))).toEqual({ outcome: 'expired' });
    expect(writer.receipts().get('req_1')).toMatchObject({ heldMicros: 80, chargedMicros: 0 });
    clock.advance(HOUR_MS);
    expect(ledger.sweep().expiredHolds).toBe(1);
    expect(await ledger.release(other, receiptFor(other))).toEqual({ outcome: 'expired' });
    expect(ledger.balance(ACCOUNT)).toMatchObject({ availableMicros: 100, heldMicros: 0, spentMicros: 0 });
  });

  it('is never one that was settled in time, nor one in memory', async () => {
    await deposit(100);
    const open = hold('req_1', 80, { durable: true });
    await settle(open, 30);
    hold('req_2', 20);
    clock.advance(100 * HOUR_MS);
    expect(ledger.sweep().expiredHolds).toBe(0);
    expect(ledger.balance(ACCOUNT)).toMatchObject({ availableMicros: 50, heldMicros: 20, spentMicros: 30 });
  });
});

describe('refunds and moves', () => {
  const refund = (id: string, amount: number, balance: 'paid' | 'promo' = 'paid', requestId = 'req_1') =>
    ledger.refund({ id, accountId: ACCOUNT, requestId, balance, amountMicros: micros(amount), reason: '' });
  const move = (id: string, amount: number, toAccountId = 'acc_2') =>
    ledger.move({ id, fromAccountId: ACCOUNT, toAccountId, amountMicros: micros(amount), reason: '' });

  it('give back at most what the request took from that balance, each id once', async () => {
    await deposit(100);
    await grant('g', 20);
    await settle(hold('req_1', 70), 70);
    expect(await refund('r1', 51)).toEqual({ outcome: 'exceeds-charge' });
    expect(await refund('r1', 30)).toEqual({ outcome: 'applied' });
    expect(await refund('r1', 30)).toEqual({ outcome: 'exists' });
    expect(await refund('r2', 21)).toEqual({ outcome: 'exceeds-charge' });
    expect(await refund('r3', 20, 'promo')).toEqual({ outcome: 'applied' });
    expect(await refund('r4', 1, 'promo')).toEqual({ outcome: 'exceeds-charge' });
    expect(await refund('r5', 1, 'paid', 'req_9')).toEqual({ outcome: 'exceeds-charge' });
    expect(await refund('r6', 0)).toEqual({ outcome: 'invalid-amount' });
    expect(ledger.balance(ACCOUNT)).toMatchObject({ paidMicros: 80, promoMicros: 20, spentMicros: 70 });
  });

  it('move only what is paid, free and there, and the money is in one place at every moment', async () => {
    await deposit(100);
    await deposit(40, 'promo');
    hold('req_1', 50);
    writer.holdBack();
    const done = move('m1', 70);
    expect(ledger.balance(ACCOUNT).paidMicros).toBe(30);
    expect(ledger.balance('acc_2').paidMicros).toBe(0);
    await Promise.resolve();
    writer.commit();
    expect(await done).toEqual({ outcome: 'applied' });
    expect(ledger.balance('acc_2')).toMatchObject({ paidMicros: 70, depositedMicros: 70 });
    const tooMuch = [move('m2', 31), move('m3', 21)];
    await Promise.resolve();
    writer.commit();
    expect(await Promise.all(tooMuch)).toEqual([{ outcome: 'insufficient' }, { outcome: 'insufficient' }]);
    expect(await move('m4', 5, ACCOUNT)).toEqual({ outcome: 'invalid-amount' });
    expect(await move('m4', -5)).toEqual({ outcome: 'invalid-amount' });
  });

  it('give a move back that could not be written', async () => {
    await deposit(100);
    writer.holdBack();
    const done = move('m1', 70);
    await Promise.resolve();
    writer.fail();
    expect(await done).toEqual({ outcome: 'ledger-unavailable' });
    expect(ledger.balance(ACCOUNT).paidMicros).toBe(100);
    expect(ledger.balance('acc_2').paidMicros).toBe(0);
  });
});
