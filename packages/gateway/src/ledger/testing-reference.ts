import { micros } from '../core/money.ts';
import type { Balance, GrantBalance, TransferRequest } from './ledger.ts';

type Pot = {
  id: string;
  balance: GrantBalance;
  expiresAtMs: number;
  left: number;
  pinned: number;
  isLapsed: boolean;
};
type Money = {
  paid: number;
  promo: number;
  pots: Pot[];
  held: number;
  pinnedPaid: number;
  pinnedPromo: number;
  deposited: number;
  spent: number;
};

/** A hold as the reference remembers it. `parts`: what a durable one pinned, by pot, promo or paid. */
export type Open = {
  accountId: string;
  keyId: string;
  requestId: string;
  amount: number;
  deadlineMs: number | undefined;
  parts: Part[];
  isExpired: boolean;
};
type Part = { from: Pot | 'promo' | 'paid'; amount: number };

export type Reference = ReturnType<typeof createReference>;

/** What every outcome must be, told without holds in memory, batches, threads or disks. */
export function createReference() {
  const accounts = new Map<string, Money>();
  const keys = new Map<string, { spent: number; held: number }>();
  const transfers = new Map<string, string>();
  /** By request: what was charged to paid and to all else, less what went back there. */
  const refundable = new Map<string, { accountId: string; paid: number; promo: number }>();
  const durable = new Set<Open>();
  const of = <Value>(map: Map<string, Value>, id: string, empty: Value): Value =>
    map.get(id) ?? (map.set(id, empty), empty);
  const account = (id: string): Money => {
    const none = { paid: 0, promo: 0, held: 0, pinnedPaid: 0, pinnedPromo: 0, deposited: 0, spent: 0 };
    return of(accounts, id, { ...none, pots: [] });
  };
  const key = (id: string) => of(keys, id, { spent: 0, held: 0 });
  const sum = (pots: readonly Pot[], value: (pot: Pot) => number) =>
    pots.reduce((total, pot) => total + value(pot), 0);
  const free = ({ paid, promo, held, pots }: Money) =>
    Math.max(0, paid + promo + sum(pots, (pot) => (pot.isLapsed ? pot.pinned : pot.left)) - held);

  /** Allowance, promo by its end, promo without one, paid. */
  function split(money: Money, amount: number, withLapsed: boolean): Part[] {
    const usable = money.pots.filter((pot) => withLapsed || !pot.isLapsed);
    const byEnd = (balance: GrantBalance) =>
      usable
        .filter((pot) => pot.balance === balance)
        .toSorted((a, b) => a.expiresAtMs - b.expiresAtMs || (a.id < b.id ? -1 : 1))
        .map((pot) => ({ from: pot, most: pot.left - pot.pinned }));
    const sources = [
      ...byEnd('allowance'),
      ...byEnd('promo'),
      { from: 'promo' as const, most: money.promo - money.pinnedPromo },
      { from: 'paid' as const, most: money.paid - money.pinnedPaid },
    ];
    let rest = amount;
    return sources.map(({ from, most }) => {
      const part = Math.min(rest, most);
      rest -= part;
      return { from, amount: part };
    });
  }

  function pin(money: Money, parts: readonly Part[], sign: 1 | -1): void {
    for (const { from, amount } of parts) {
      if (from === 'paid') money.pinnedPaid += sign * amount;
      else if (from === 'promo') money.pinnedPromo += sign * amount;
      else from.pinned += sign * amount;
    }
  }

  function release(open: Open): void {
    const money = account(open.accountId);
    money.held -= open.amount;
    key(open.keyId).held -= open.amount;
    pin(money, open.parts, -1);
    durable.delete(open);
  }

  /** The answer for an id that was used, else undefined. */
  function known(id: string, content: unknown): string | undefined {
    const first = transfers.get(id);
    if (first === undefined) return undefined;
    return first === JSON.stringify(content) ? 'exists' : 'exists-with-other-content';
  }

  function credit(money: Money, id: string, content: unknown, amount: number): void {
    transfers.set(id, JSON.stringify(content));
    money.deposited += amount;
  }

  return {
    key,
    balance(id: string): Balance {
      const { paid, promo, pots, held, deposited, spent } = account(id);
      const next = pots.toSorted((a, b) => a.expiresAtMs - b.expiresAtMs)[0]?.expiresAtMs;
      const ending = pots.filter((pot) => pot.expiresAtMs === next);
      const first = ending.find((pot) => pot.balance === 'allowance') ?? ending[0];
      const ends = sum(ending, (pot) => (pot.balance === first?.balance ? pot.left : 0));
      return {
        availableMicros: micros(free(account(id))),
        heldMicros: micros(held),
        paidMicros: micros(paid),
        promoMicros: micros(promo + sum(pots, (pot) => (pot.balance === 'promo' ? pot.left : 0))),
        allowanceMicros: micros(sum(pots, (pot) => (pot.balance === 'allowance' ? pot.left : 0))),
        depositedMicros: micros(deposited),
        spentMicros: micros(spent),
        nextExpiry:
          first === undefined
            ? undefined
            : { atMs: first.expiresAtMs, amountMicros: micros(ends), balance: first.balance },
      };
    },
    reserve(
      step: {
        amount: number;
        dayLimit: number | undefined;
        shared?: { keyIds: string[]; limit: number } | undefined;
      },
      ids: { accountId: string; keyId: string; requestId: string; deadlineMs: number | undefined },
    ): Open | string {
      const money = account(ids.accountId);
      if (step.amount > free(money)) return 'insufficient_credits';
      const owner = key(ids.keyId);
      if (owner.spent + owner.held + step.amount > (step.dayLimit ?? Infinity)) return 'spend_limit_reached';
      const { keyIds, limit } = step.shared ?? { keyIds: [], limit: Infinity };
      const together = keyIds.reduce((total, id) => total + key(id).spent + key(id).held, 0);
      if (together + step.amount > limit) return 'spend_limit_reached';
      const parts = ids.deadlineMs === undefined ? [] : split(money, step.amount, false);
      money.held += step.amount;
      owner.held += step.amount;
      pin(money, parts, 1);
      const open = { ...ids, amount: step.amount, parts, isExpired: false };
      if (ids.deadlineMs !== undefined) durable.add(open);
      return open;
    },
    resolve(open: Open, wanted: number): number {
      if (open.isExpired) return 0;
      const money = account(open.accountId);
      const charge = Math.min(wanted, open.amount);
      release(open);
      let rest = charge;
      const legs = open.deadlineMs === undefined ? split(money, charge, true) : open.parts;
      const taken = { accountId: open.accountId, paid: 0, promo: 0 };
      for (const { from, amount } of legs) {
        const part = Math.min(rest, amount);
        rest -= part;
        if (from === 'paid') money.paid -= part;
        else if (from === 'promo') money.promo -= part;
        else from.left -= part;
        taken[from === 'paid' ? 'paid' : 'promo'] += part;
      }
      refundable.set(open.requestId, taken);
      money.pots = money.pots.filter((pot) => pot.left > 0);
      money.spent += charge;
      key(open.keyId).spent += charge;
      return charge;
    },
    transfer(request: TransferRequest): string {
      const { amountMicros: change, balance, kind } = request;
      if (change === 0 || (change < 0 && kind !== 'adjustment')) return 'invalid-amount';
      const repeated = known(request.id, request);
      if (repeated !== undefined) return repeated;
      const money = account(request.accountId);
      const pinned = balance === 'paid' ? money.pinnedPaid : money.pinnedPromo;
      if (change < 0 && (money[balance] - pinned + change < 0 || free(money) + change < 0))
        return 'insufficient';
      credit(money, request.id, request, Math.max(0, change));
      money[balance] += change;
      return 'applied';
    },
    grant(
      request: {
        id: string;
        accountId: string;
        balance: GrantBalance;
        amountMicros: number;
        expiresAtMs: number;
      },
      nowMs: number,
    ): string {
      const { id, accountId, balance, amountMicros, expiresAtMs } = request;
      if (amountMicros <= 0) return 'invalid-amount';
      const repeated = known(id, request);
      if (repeated !== undefined) return repeated;
      if (expiresAtMs <= nowMs) return 'expired';
      const money = account(accountId);
      credit(money, id, request, amountMicros);
      money.pots.push({ id, balance, expiresAtMs, left: amountMicros, pinned: 0, isLapsed: false });
      return 'applied';
    },
    move(request: { id: string; fromAccountId: string; toAccountId: string; amountMicros: number }): string {
      const { id, fromAccountId, toAccountId, amountMicros } = request;
      if (amountMicros <= 0 || fromAccountId === toAccountId) return 'invalid-amount';
      const repeated = known(id, request);
      if (repeated !== undefined) return repeated;
      const from = account(fromAccountId);
      if (from.paid - from.pinnedPaid < amountMicros || free(from) < amountMicros) return 'insufficient';
      credit(account(toAccountId), id, request, amountMicros);
      from.paid -= amountMicros;
      account(toAccountId).paid += amountMicros;
      return 'applied';
    },
    refund(request: {
      id: string;
      accountId: string;
      requestId: string;
      balance: 'paid' | 'promo';
      amountMicros: number;
    }): string {
      const { id, accountId, requestId, balance, amountMicros } = request;
      if (amountMicros <= 0) return 'invalid-amount';
      const repeated = known(id, request);
      if (repeated !== undefined) return repeated;
      const left = refundable.get(requestId);
      if (left === undefined || left.accountId !== accountId || left[balance] < amountMicros)
        return 'exceeds-charge';
      left[balance] -= amountMicros;
      credit(account(accountId), id, request, amountMicros);
      account(accountId)[balance] += amountMicros;
      return 'applied';
    },
    /** What has run out no longer counts. */
    lapse(nowMs: number) {
      for (const money of accounts.values()) {
        for (const pot of money.pots) pot.isLapsed ||= pot.expiresAtMs <= nowMs;
      }
    },
    sweep(nowMs: number) {
      for (const open of durable) {
        if ((open.deadlineMs ?? Infinity) > nowMs) continue;
        release(open);
        open.isExpired = true;
      }
      for (const money of accounts.values()) {
        for (const pot of money.pots.toSorted(inOrderOfSpending)) {
          const others = money.paid + money.promo + sum(money.pots, ({ left }) => left) - pot.left;
          if (!pot.isLapsed || pot.pinned > 0 || others < money.held) continue;
          money.pots = money.pots.filter((other) => other !== pot);
        }
      }
    },
    /** A process that ends forgets its holds and charges nothing for them. */
    restart() {
      for (const money of accounts.values()) {
        Object.assign(money, { held: 0, pinnedPaid: 0, pinnedPromo: 0 });
        for (const pot of money.pots) pot.pinned = 0;
      }
      for (const owner of keys.values()) owner.held = 0;
      durable.clear();
    },
  };
}

function inOrderOfSpending(a: Pot, b: Pot): number {
  if (a.balance !== b.balance) return a.balance === 'allowance' ? -1 : 1;
  return a.expiresAtMs - b.expiresAtMs || (a.id < b.id ? -1 : 1);
}
