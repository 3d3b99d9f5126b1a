import * as fc from 'fast-check';
import { expect } from 'vitest';
import { micros } from '../core/money.ts';
import type { Balance, Hold, Ledger, Resolution, TransferKind, TransferRequest } from './ledger.ts';
import { receiptFor, reservation } from './testing-receipt.ts';

/** One step of a random run. `pick` chooses among the holds of the run, resolved ones included. */
export type Step =
  | {
      do: 'reserve';
      account: number;
      key: number;
      amount: number;
      durable: boolean;
      dayLimit: number | undefined;
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
  | { do: 'restart' };

const amount = fc.oneof(fc.nat(60), fc.nat(1_000));

/** Few accounts, keys and ids, so that steps meet; amounts around what the balances are. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      account: fc.nat(3),
      key: fc.nat(2),
      amount,
      durable: fc.boolean(),
      dayLimit: fc.option(fc.nat(800), { nil: undefined, freq: 4 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('settle' as const), pick: fc.nat(), amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), pick: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('transfer' as const),
      id: fc.nat(12),
      account: fc.nat(3),
      kind: fc.constantFrom<TransferKind[]>('deposit', 'gift', 'adjustment', 'adjustment', 'refund'),
      balance: fc.constantFrom('paid' as const, 'promo' as const),
      amount: fc.integer({ min: -400, max: 1_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);

export const anySteps: fc.Arbitrary<Step[]> = fc.array(anyStep, {
  minLength: 10,
  maxLength: 60,
  size: 'max',
});

/** The reference: what every outcome must be, told without holds in memory, batches, threads or disks. */
function createReference() {
  type Money = {
    paid: number;
    promo: number;
    held: number;
    pinnedPaid: number;
    pinnedPromo: number;
    deposited: number;
    spent: number;
  };
  const accounts = new Map<string, Money>();
  const keys = new Map<string, { spent: number; held: number }>();
  const transfers = new Map<string, string>();
  const of = <Value>(map: Map<string, Value>, id: string, empty: Value): Value =>
    map.get(id) ?? (map.set(id, empty), empty);
  const account = (id: string) =>
    of(accounts, id, { paid: 0, promo: 0, held: 0, pinnedPaid: 0, pinnedPromo: 0, deposited: 0, spent: 0 });
  const key = (id: string) => of(keys, id, { spent: 0, held: 0 });
  const free = (money: Money) => money.paid + money.promo - money.held;
  type Open = {
    accountId: string;
    keyId: string;
    amount: number;
    durable: boolean;
    paid: number;
    promo: number;
  };

  return {
    account,
    key,
    balance(id: string): Balance {
      const { paid, promo, held, deposited, spent } = account(id);
      const [available, ...rest] = [paid + promo - held, held, paid, promo, deposited, spent].map(micros);
      const [heldMicros, paidMicros, promoMicros, depositedMicros, spentMicros] = rest;
      return {
        availableMicros: available,
        heldMicros,
        paidMicros,
        promoMicros,
        depositedMicros,
        spentMicros,
      } as Balance;
    },
    reserve(step: Step & { do: 'reserve' }, ids: { accountId: string; keyId: string }): Open | string {
      const money = account(ids.accountId);
      if (step.amount > free(money)) return 'insufficient_credits';
      const owner = key(ids.keyId);
      if (owner.spent + owner.held + step.amount > (step.dayLimit ?? Infinity)) return 'spend_limit_reached';
      const promo = step.durable ? Math.min(step.amount, money.promo - money.pinnedPromo) : 0;
      const paid = step.durable ? step.amount - promo : 0;
      money.held += step.amount;
      owner.held += step.amount;
      money.pinnedPaid += paid;
      money.pinnedPromo += promo;
      return { ...ids, amount: step.amount, durable: step.durable, paid, promo };
    },
    resolve(open: Open, wanted: number): number {
      const money = account(open.accountId);
      const owner = key(open.keyId);
      const charge = Math.min(wanted, open.amount);
      const promo = Math.min(charge, open.durable ? open.promo : money.promo - money.pinnedPromo);
      money.promo -= promo;
      money.paid -= charge - promo;
      money.spent += charge;
      owner.spent += charge;
      money.held -= open.amount;
      owner.held -= open.amount;
      money.pinnedPaid -= open.paid;
      money.pinnedPromo -= open.promo;
      return charge;
    },
    transfer(request: TransferRequest): string {
      const { amountMicros: change, balance, kind } = request;
      if (change === 0 || (change < 0 && kind !== 'adjustment')) return 'invalid-amount';
      const content = JSON.stringify(request);
      const first = transfers.get(request.id);
      if (first !== undefined) return first === content ? 'exists' : 'exists-with-other-content';
      const money = account(request.accountId);
      const pinned = balance === 'paid' ? money.pinnedPaid : money.pinnedPromo;
      if (change < 0 && (money[balance] - pinned + change < 0 || free(money) + change < 0))
        return 'insufficient';
      transfers.set(request.id, content);
      money[balance] += change;
      if (change > 0) money.deposited += change;
      return 'applied';
    },
    /** A process that ends forgets its holds and charges nothing for them. */
    restart() {
      for (const money of accounts.values()) Object.assign(money, { held: 0, pinnedPaid: 0, pinnedPromo: 0 });
      for (const owner of keys.values()) owner.held = 0;
    },
  };
}

const ACCOUNTS = ['acc_0', 'acc_1', 'acc_2', 'acc_3'];
const KEYS = ['key_0', 'key_1', 'key_2'];

/**
 * Takes the steps on a real ledger and on the reference, and compares every outcome and balance. Settles and releases
 * are not waited for until the next transfer or restart, so many are under way at once.
 * `reopen` closes a ledger and opens its successor on the same disk.
 */
export async function runAgainstReference(
  steps: readonly Step[],
  first: Ledger,
  reopen: (ledger: Ledger) => Promise<Ledger>,
): Promise<Ledger> {
  const reference = createReference();
  type Held = {
    hold: Hold;
    open: Exclude<ReturnType<typeof reference.reserve>, string>;
    ended: Resolution | undefined;
  };
  let ledger = first;
  let holds: Held[] = [];
  let underWay: Promise<void>[] = [];
  let requests = 0;

  const expectLater = async (actual: Promise<unknown>, expected: unknown) =>
    expect(await actual).toEqual(expected);
  const resolve = (held: Held, wanted: number | undefined) => {
    const isFirst = held.ended === undefined;
    if (isFirst) {
      const chargedMicros = micros(reference.resolve(held.open, wanted ?? 0));
      held.ended = wanted === undefined ? { outcome: 'released' } : { outcome: 'settled', chargedMicros };
    }
    const receipt = receiptFor(held.hold);
    const actual =
      wanted === undefined
        ? ledger.release(held.hold, receipt)
        : ledger.settle(held.hold, { amountMicros: micros(wanted), receipt });
    const ended = held.ended as Resolution;
    underWay.push(expectLater(actual, isFirst ? ended : { ...ended, outcome: `already-${ended.outcome}` }));
  };

  for (const step of steps) {
    switch (step.do) {
      case 'reserve': {
        const ids = { accountId: `acc_${step.account}`, keyId: `key_${step.key}` };
        const spendLimits = step.dayLimit === undefined ? {} : { dayMicros: micros(step.dayLimit) };
        const change = { keyId: ids.keyId, durable: step.durable, spendLimits };
        const result = ledger.reserve(reservation(`req_${++requests}`, ids.accountId, step.amount, change));
        const open = reference.reserve(step, ids);
        expect(result.ok ? 'reserved' : result.error).toBe(typeof open === 'string' ? open : 'reserved');
        if (result.ok && typeof open !== 'string') holds.push({ hold: result.value, open, ended: undefined });
        break;
      }
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
        expect(await ledger.transfer(request)).toEqual({ outcome: reference.transfer(request) });
        break;
      }
      case 'restart':
        await Promise.all(underWay);
        underWay = [];
        holds = [];
        ledger = await reopen(ledger);
        reference.restart();
        break;
    }
    for (const id of ACCOUNTS) {
      const balance = ledger.balance(id);
      expect(balance).toEqual(reference.balance(id));
      expect(Math.min(...Object.values(balance))).toBeGreaterThanOrEqual(0);
    }
    for (const id of KEYS) {
      const { spent, held } = reference.key(id);
      expect(ledger.keySpend(id).dayMicros).toBe(spent + held);
    }
  }
  await Promise.all(underWay);
  return ledger;
}
