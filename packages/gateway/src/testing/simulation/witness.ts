import type {
  Hold,
  Ledger,
  OperatorLedger,
  Receipt,
  RefundRequest,
  ReserveRequest,
  Resolution,
  SpendLimits,
  TransferRequest,
} from '../../ledger/ledger.ts';
import type { LedgerSnapshot } from '../../ledger/journal.ts';
import type { DurableStore } from './durable-store.ts';
import type { Life } from './life.ts';

const DAY_MS = 86_400_000;

type Money = {
  paid: number;
  promo: number;
  held: number;
  pinnedPaid: number;
  pinnedPromo: number;
  deposited: number;
  spent: number;
};
type Spending = { days: Map<number, number>; held: number };
type OpenHold = {
  request: ReserveRequest;
  pinnedPaid: number;
  pinnedPromo: number;
  resolution: Resolution | undefined;
};

export type WitnessOptions = {
  /** The ledger to watch, as inference shall see it. */
  ledger: Ledger;
  refund: OperatorLedger['refund'];
  snapshot: LedgerSnapshot;
  store: DurableStore;
  life: Life;
  nowMs: () => number;
  report: (problem: string) => void;
  /** A hold is given. */
  onReserve(request: ReserveRequest): void;
  /** A hold is resolved for the first time, with what it asks for. */
  onResolve(hold: Hold, wantedMicros: number, receipt: Receipt): void;
};

export type Witness = Ledger & {
  refund: OperatorLedger['refund'];
  /** Compares every balance with its own books. */
  checkBalances(): void;
  /** The same for the spending of every key. */
  checkKeys(): void;
  openHolds(): number;
};

/**
 * Stands between a ledger and those who use it, keeps books of its own from what it sees, and compares every answer: a
 * refusal must be due, an acceptance must be covered, an acknowledgement must be on the disk at that moment.
 */
export function createWitness(options: WitnessOptions): Witness {
  const { ledger, store, life, nowMs } = options;
  const accounts = new Map<string, Money>();
  const keys = new Map<string, Spending>();
  const holds = new Map<Hold, OpenHold>();
  let openHolds = 0;
  /** While it closes, a ledger still resolves what it can; how much of that is the disk's matter. */
  let isClosing = false;
  for (const row of options.snapshot.accounts) {
    Object.assign(money(row.accountId), {
      paid: row.paidMicros,
      promo: row.promoMicros,
      deposited: row.depositedMicros,
      spent: row.spentMicros,
    });
  }
  for (const [keyId, days] of store.keySpend) spending(keyId).days = new Map(days);

  function report(problem: string): void {
    if (life.alive) options.report(problem);
  }

  function money(accountId: string): Money {
    let found = accounts.get(accountId);
    if (found === undefined) {
      found = { paid: 0, promo: 0, held: 0, pinnedPaid: 0, pinnedPromo: 0, deposited: 0, spent: 0 };
      accounts.set(accountId, found);
    }
    return found;
  }

  function spending(keyId: string): Spending {
    let found = keys.get(keyId);
    if (found === undefined) keys.set(keyId, (found = { days: new Map(), held: 0 }));
    return found;
  }

  /** What a refusal or acceptance must be, from our own books. */
  function due({ accountId, keyId, amountMicros, spendLimits }: ReserveRequest): string {
    if (!ledger.healthy()) return 'ledger_unavailable';
    const { paid, promo, held } = money(accountId);
    if (paid + promo - held < amountMicros) return 'insufficient_credits';
    const spent = windowsOf(spending(keyId), nowMs());
    return fits(spendLimits, spent, amountMicros) ? 'reserved' : 'spend_limit_reached';
  }

  function take(hold: Hold, request: ReserveRequest): void {
    const account = money(request.accountId);
    const promo = request.durable ? Math.min(request.amountMicros, account.promo - account.pinnedPromo) : 0;
    const paid = request.durable ? request.amountMicros - promo : 0;
    account.held += request.amountMicros;
    account.pinnedPromo += promo;
    account.pinnedPaid += paid;
    spending(request.keyId).held += request.amountMicros;
    openHolds += 1;
    holds.set(hold, { request, pinnedPaid: paid, pinnedPromo: promo, resolution: undefined });
  }

  /** Returns how it must end, if the disk does its part. */
  function give(open: OpenHold, wanted: number | 'nothing'): Resolution {
    const { request } = open;
    const account = money(request.accountId);
    const key = spending(request.keyId);
    const isFree = wanted === 'nothing' || !ledger.healthy();
    const charge = isFree ? 0 : Math.min(wanted, request.amountMicros);
    const fromPromo = request.durable ? open.pinnedPromo : account.promo - account.pinnedPromo;
    const promo = Math.min(charge, fromPromo);
    account.promo -= promo;
    account.paid -= charge - promo;
    account.spent += charge;
    account.held -= request.amountMicros;
    account.pinnedPaid -= open.pinnedPaid;
    account.pinnedPromo -= open.pinnedPromo;
    key.held -= request.amountMicros;
    const day = Math.floor(nowMs() / DAY_MS);
    key.days.set(day, (key.days.get(day) ?? 0) + charge);
    if (wanted === 'nothing') return { outcome: 'released' };
    return { outcome: 'settled', chargedMicros: charge as Receipt['chargedMicros'] };
  }

  function resolve(
    hold: Hold,
    wanted: number | 'nothing',
    run: { receipt: Receipt; ask: () => Promise<Resolution> },
  ): Promise<Resolution> {
    const open = holds.get(hold);
    if (open === undefined) {
      report('a hold that was never given is resolved');
      return run.ask();
    }
    if (open.resolution !== undefined) return repeat(open.resolution, run.ask);
    options.onResolve(hold, wanted === 'nothing' ? 0 : wanted, run.receipt);
    const expected = give(open, wanted);
    open.resolution = expected;
    openHolds -= 1;
    return run.ask().then((resolution) => {
      if (resolution.outcome === 'ledger-unavailable') {
        if (ledger.healthy()) report(`${hold.requestId}: the ledger is well and says it is not`);
        return resolution;
      }
      if (!isClosing && !isSame(resolution, expected))
        report(`${hold.requestId}: resolved as ${resolution.outcome}`);
      const kept = store.receipts.get(hold.requestId);
      if (kept === undefined) report(`${hold.requestId}: acknowledged before it was durable`);
      return resolution;
    });
  }

  async function repeat(first: Resolution, ask: () => Promise<Resolution>): Promise<Resolution> {
    const resolution = await ask();
    const isRight =
      resolution.outcome === 'ledger-unavailable' || resolution.outcome === `already-${first.outcome}`;
    if (!isRight) report(`a second resolution was answered with ${resolution.outcome}`);
    return resolution;
  }

  function transfer(request: TransferRequest): ReturnType<Ledger['transfer']> {
    const account = money(request.accountId);
    const { balance, amountMicros } = request;
    const pinned = balance === 'paid' ? account.pinnedPaid : account.pinnedPromo;
    const free = account.paid + account.promo - account.held;
    // A debit counts from now on, if it is covered; a credit when it is known to be on the disk.
    const isDebited =
      ledger.healthy() &&
      amountMicros < 0 &&
      account[balance] - pinned + amountMicros >= 0 &&
      free + amountMicros >= 0;
    if (isDebited) account[balance] += amountMicros;
    return ledger.transfer(request).then((answer) => {
      const isApplied = answer.outcome === 'applied';
      if (isDebited && !isApplied) account[balance] -= amountMicros;
      if (isApplied && amountMicros > 0) {
        account[balance] += amountMicros;
        account.deposited += amountMicros;
      }
      if (isApplied && !isDebited && amountMicros < 0) report(`${request.id}: a debit that nothing covers`);
      const kept = store.transfers.get(request.id);
      if (isApplied && kept?.amountMicros !== amountMicros)
        report(`${request.id}: acknowledged before it was durable`);
      return answer;
    });
  }

  /** Credit of whose sum the disk decides. */
  async function refund(request: RefundRequest): ReturnType<OperatorLedger['refund']> {
    const answer = await options.refund(request);
    if (answer.outcome !== 'applied') return answer;
    const account = money(request.accountId);
    account[request.balance] += request.amountMicros;
    account.deposited += request.amountMicros;
    if (store.transfers.get(request.id)?.amountMicros !== request.amountMicros)
      report(`${request.id}: acknowledged before it was durable`);
    return answer;
  }

  function checkBalances(): void {
    if (isClosing) return;
    for (const [accountId, own] of accounts) {
      const { paidMicros, promoMicros, heldMicros, availableMicros, depositedMicros, spentMicros } =
        ledger.balance(accountId);
      if (Math.min(paidMicros, promoMicros, heldMicros, availableMicros) < 0)
        report(`${accountId} is below zero`);
      if (availableMicros !== paidMicros + promoMicros - heldMicros)
        report(`${accountId}: available is wrong`);
      if (heldMicros !== own.held) report(`${accountId}: holds ${heldMicros}, must hold ${own.held}`);
      if (paidMicros !== own.paid || promoMicros !== own.promo) {
        report(`${accountId}: has ${paidMicros}+${promoMicros}, must have ${own.paid}+${own.promo}`);
      }
      if (depositedMicros !== own.deposited || spentMicros !== own.spent)
        report(`${accountId}: wrong totals`);
    }
  }

  function checkKeys(): void {
    if (isClosing) return;
    for (const [keyId, own] of keys) {
      const told = ledger.keySpend(keyId);
      const must = windowsOf(own, nowMs());
      if (told.dayMicros !== must.day || told.weekMicros !== must.week || told.monthMicros !== must.month) {
        report(`${keyId}: spent ${told.dayMicros} today, must be ${must.day}`);
      }
    }
  }

  return {
    checkBalances,
    checkKeys,
    openHolds: () => openHolds,
    balance: (accountId) => ledger.balance(accountId),
    reserve(request) {
      const must = due(request);
      const result = ledger.reserve(request);
      const is = result.ok ? 'reserved' : result.error;
      if (is !== must) report(`${request.requestId}: ${is}, must be ${must}`);
      if (result.ok) {
        take(result.value, request);
        options.onReserve(request);
      }
      return result;
    },
    settle: (hold, charge) =>
      resolve(hold, charge.amountMicros, { receipt: charge.receipt, ask: () => ledger.settle(hold, charge) }),
    release: (hold, receipt) =>
      resolve(hold, 'nothing', { receipt, ask: () => ledger.release(hold, receipt) }),
    async journaled(hold) {
      const isThere = await ledger.journaled(hold);
      const open = holds.get(hold);
      const isKept = store.holds.has(hold.requestId) || store.receipts.has(hold.requestId);
      const needsRow = open?.request.durable === true && hold.amountMicros > 0;
      if (isThere && needsRow && !isKept) report(`${hold.requestId}: the hold is not on the disk`);
      return isThere;
    },
    transfer,
    refund,
    keySpend: (keyId) => ledger.keySpend(keyId),
    spenderSpend: (spender) => ledger.spenderSpend(spender),
    healthy: () => ledger.healthy(),
    close() {
      isClosing = true;
      return ledger.close();
    },
  };
}

type Windows = { day: number; week: number; month: number };

/** Sums per window with all held amounts, from days. Weeks begin on Mondays; 1970-01-05 was one. */
function windowsOf({ days, held }: Spending, nowMs: number): Windows {
  const today = Math.floor(nowMs / DAY_MS);
  const sums: Windows = { day: held, week: held, month: held };
  for (const [day, amount] of days) {
    if (day === today) sums.day += amount;
    if (Math.floor((day - 4) / 7) === Math.floor((today - 4) / 7)) sums.week += amount;
    if (day === today || monthOf(day) === monthOf(today)) sums.month += amount;
  }
  return sums;
}

function monthOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 7);
}

function fits(limits: SpendLimits, spent: Windows, amountMicros: number): boolean {
  return (
    spent.day + amountMicros <= (limits.dayMicros ?? Infinity) &&
    spent.week + amountMicros <= (limits.weekMicros ?? Infinity) &&
    spent.month + amountMicros <= (limits.monthMicros ?? Infinity)
  );
}

function isSame(a: Resolution, b: Resolution): boolean {
  if (a.outcome !== b.outcome) return false;
  return !('chargedMicros' in a && 'chargedMicros' in b) || a.chargedMicros === b.chargedMicros;
}
