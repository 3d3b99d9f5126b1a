import * as fc from 'fast-check';
import { expect } from 'vitest';
import { micros } from '../core/money.ts';
import type { VirtualClock } from '../testing/virtual-clock.ts';
import type { GrantBalance, Hold, OperatorLedger, Resolution, TransferKind } from './ledger.ts';
import { receiptFor, reservation } from './testing-receipt.ts';
import { type Open, createReference } from './testing-reference.ts';

/** One step of a random run. `pick` chooses among the holds of the run, resolved ones included. */
export type Step =
  | {
      do: 'reserve';
      account: number;
      key: number;
      amount: number;
      durable: boolean;
      dayLimit: number | undefined;
      /** Of all keys but the last one together. */
      sharedLimit: number | undefined;
    }
  | { do: 'settle'; pick: number; amount: number }
  | { do: 'release'; pick: number }
  | {
      do: 'transfer';
      id: number;
      account: number;
      kind: TransferKind;
      balance: 'paid' | 'promo';
      amount: number;
    }
  | { do: 'grant'; id: number; account: number; balance: GrantBalance; amount: number; lifetimeMs: number }
  | { do: 'move'; id: number; account: number; to: number; amount: number }
  | { do: 'refund'; id: number; pick: number; balance: 'paid' | 'promo'; amount: number }
  | { do: 'wait'; ms: number; sweeps: boolean }
  | { do: 'restart' };

const amount = fc.oneof(fc.nat(60), fc.nat(1_000));
const signed = fc.integer({ min: -5, max: 600 });
const always = <Name extends Step['do']>(name: Name) => fc.constant(name);
const account = fc.nat(3);
const id = fc.nat(12);

/** Few accounts, keys and ids, so that steps meet; amounts around what the balances are; ends that come to pass. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: always('reserve'),
      account,
      key: fc.nat(2),
      amount,
      durable: fc.boolean(),
      dayLimit: fc.option(fc.nat(800), { nil: undefined, freq: 4 }),
      sharedLimit: fc.option(fc.nat(1_200), { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: always('settle'), pick: fc.nat(), amount }) },
  { weight: 2, arbitrary: fc.record({ do: always('release'), pick: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: always('transfer'),
      id,
      account,
      kind: fc.constantFrom<TransferKind[]>('deposit', 'gift', 'adjustment', 'adjustment', 'refund'),
      balance: fc.constantFrom('paid' as const, 'promo' as const),
      amount: fc.integer({ min: -400, max: 1_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: always('grant'),
      id,
      account,
      balance: fc.constantFrom('promo' as const, 'allowance' as const),
      amount: signed,
      lifetimeMs: fc.integer({ min: -1_000, max: 9_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: always('move'), id, account, to: account, amount: signed }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: always('refund'),
      id,
      pick: fc.nat(),
      balance: fc.constantFrom('paid' as const, 'promo' as const),
      amount: fc.integer({ min: 0, max: 200 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: always('wait'),
      ms: fc.integer({ min: 1, max: 4_000 }),
      sweeps: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: always('restart') }) },
);

export const anySteps: fc.Arbitrary<Step[]> = fc.array(anyStep, {
  minLength: 10,
  maxLength: 60,
  size: 'max',
});

/** A durable hold of a run lives this long, so that some run out. */
const LIFETIME_MS = 3_000;
const ACCOUNTS = ['acc_0', 'acc_1', 'acc_2', 'acc_3'];
const KEYS = ['key_0', 'key_1', 'key_2'];
const SHARED_KEYS = KEYS.slice(0, 2);

export type ReferenceRun = {
  clock: VirtualClock;
  first: OperatorLedger;
  /** Closes a ledger and opens its successor on the same disk. */
  reopen(ledger: OperatorLedger): Promise<OperatorLedger>;
};

/**
 * Takes the steps on a real ledger and on the reference, and compares every outcome and balance. Settles and releases
 * are not waited for until the next transfer or restart, so many are under way at once. All of a run is one UTC day.
 */
export async function runAgainstReference(
  steps: readonly Step[],
  { clock, first, reopen }: ReferenceRun,
): Promise<OperatorLedger> {
  const reference = createReference();
  type Held = { hold: Hold; open: Open; ended: Resolution | undefined };
  let ledger = first;
  let holds: Held[] = [];
  let underWay: Promise<void>[] = [];
  let requests = 0;

  const expectLater = async (actual: Promise<unknown>, expected: unknown) =>
    expect(await actual).toEqual(expected);
  const expectNow = async (actual: Promise<unknown>, outcome: string) =>
    expect(await actual).toEqual({ outcome });
  const resolve = (held: Held, wanted: number | undefined) => {
    const isFirst = held.ended === undefined;
    if (isFirst) {
      const chargedMicros = micros(reference.resolve(held.open, wanted ?? 0));
      held.ended = wanted === undefined ? { outcome: 'released' } : { outcome: 'settled', chargedMicros };
      if (held.open.isExpired) held.ended = { outcome: 'expired' };
    }
    const receipt = receiptFor(held.hold);
    const actual =
      wanted === undefined
        ? ledger.release(held.hold, receipt)
        : ledger.settle(held.hold, { amountMicros: micros(wanted), receipt });
    const ended = held.ended as Resolution;
    const isSame = isFirst || ended.outcome === 'expired';
    underWay.push(expectLater(actual, isSame ? ended : { ...ended, outcome: `already-${ended.outcome}` }));
  };
  const reserve = (step: Step & { do: 'reserve' }) => {
    const requestId = `req_${++requests}`;
    const ids = { accountId: `acc_${step.account}`, keyId: `key_${step.key}`, requestId };
    const spendLimits = step.dayLimit === undefined ? {} : { dayMicros: micros(step.dayLimit) };
    const shared =
      step.sharedLimit === undefined || !SHARED_KEYS.includes(ids.keyId)
        ? undefined
        : { keyIds: SHARED_KEYS, limit: step.sharedLimit };
    const spender =
      shared === undefined
        ? undefined
        : { id: 'acc/ann', keyIds: shared.keyIds, spendLimits: { dayMicros: micros(shared.limit) } };
    const change = { keyId: ids.keyId, durable: step.durable, spendLimits, spender, lifetimeMs: LIFETIME_MS };
    const result = ledger.reserve(reservation(requestId, ids.accountId, step.amount, change));
    const deadlineMs = step.durable ? clock.nowMs() + LIFETIME_MS : undefined;
    const open = reference.reserve({ ...step, shared }, { ...ids, deadlineMs });
    expect(result.ok ? 'reserved' : result.error).toBe(typeof open === 'string' ? open : 'reserved');
    if (result.ok && typeof open !== 'string') holds.push({ hold: result.value, open, ended: undefined });
  };

  for (const step of steps) {
    reference.lapse(clock.nowMs());
    switch (step.do) {
      case 'reserve':
        reserve(step);
        break;
      case 'settle':
      case 'release': {
        const held = holds[step.pick % Math.max(1, holds.length)];
        if (held !== undefined) resolve(held, step.do === 'settle' ? step.amount : undefined);
        break;
      }
      case 'transfer': {
        const { kind, balance } = step;
        const ids = { id: `test:${step.id}`, accountId: `acc_${step.account}` };
        const request = { ...ids, kind, balance, amountMicros: micros(step.amount), reason: 'model' };
        await expectNow(ledger.transfer(request), reference.transfer(request));
        break;
      }
      case 'grant': {
        const ids = { id: `test:${step.id}`, accountId: `acc_${step.account}` };
        // On whole hours, so that the same grant can come twice.
        const expiresAtMs = Math.floor(clock.nowMs() / 5_000) * 5_000 + step.lifetimeMs;
        const request = {
          ...ids,
          balance: step.balance,
          amountMicros: micros(step.amount),
          expiresAtMs,
          reason: 'model',
        };
        await expectNow(ledger.grant(request), reference.grant(request, clock.nowMs()));
        break;
      }
      case 'move': {
        const ids = { fromAccountId: `acc_${step.account}`, toAccountId: `acc_${step.to}` };
        const request = { id: `test:${step.id}`, ...ids, amountMicros: micros(step.amount), reason: 'model' };
        await expectNow(ledger.move(request), reference.move(request));
        break;
      }
      case 'refund': {
        const held = holds[step.pick % Math.max(1, holds.length)];
        if (held === undefined) break;
        const { accountId, requestId } = held.open;
        const { balance } = step;
        const ids = { id: `test:${step.id}`, accountId, requestId };
        const request = { ...ids, balance, amountMicros: micros(step.amount), reason: 'model' };
        await expectNow(ledger.refund(request), reference.refund(request));
        break;
      }
      case 'wait':
        clock.advance(step.ms);
        reference.lapse(clock.nowMs());
        if (!step.sweeps) break;
        ledger.sweep();
        reference.sweep(clock.nowMs());
        break;
      case 'restart':
        await Promise.all(underWay);
        underWay = [];
        holds = [];
        ledger = await reopen(ledger);
        ledger.sweep();
        reference.restart();
        reference.sweep(clock.nowMs());
        break;
    }
    for (const accountId of ACCOUNTS) {
      const balance = ledger.balance(accountId);
      expect(balance).toEqual(reference.balance(accountId));
      const { nextExpiry: _, ...amounts } = balance;
      expect(Math.min(...Object.values(amounts))).toBeGreaterThanOrEqual(0);
    }
    for (const keyId of KEYS) {
      const { spent, held } = reference.key(keyId);
      expect(ledger.keySpend(keyId).dayMicros).toBe(spent + held);
    }
  }
  await Promise.all(underWay);
  return ledger;
}
