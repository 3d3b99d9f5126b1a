import type { Clock } from '../core/clock.ts';
import { type Micros, ZERO_MICROS, addMicros, micros, subtractMicros } from '../core/money.ts';
import { failed, ok } from '../core/result.ts';
import {
  type AccountState,
  NO_LEGS,
  applyReserve,
  applySettle,
  applyToBalance,
  balanceOf,
  decideReserve,
  decideSettle,
  decideTransfer,
  emptyAccount,
} from './decide.ts';
import { type GroupCommit, createGroupCommit } from './group-commit.ts';
import type { ItemOutcome, JournalWriter, LedgerSnapshot } from './journal.ts';
import type {
  Balance,
  Hold,
  Ledger,
  Receipt,
  ReserveRequest,
  Resolution,
  TransferOutcome,
  TransferRequest,
} from './ledger.ts';
import { OpenHold, again, ownHold } from './open-hold.ts';
import { finalReceipt } from './receipt.ts';
import {
  type Calendar,
  type KeySpend,
  addKeySpend,
  calendarOfDay,
  createCalendarOfNow,
  emptyKeySpend,
  fitsLimits,
  holdKeySpend,
  rollKeySpend,
  unholdKeySpend,
} from './spend-windows.ts';

/** Open holds and unwritten items together. Beyond it the disk does not keep up, and new requests are refused. */
const UNFINISHED_MAX = 100_000;
/** A durable hold that is older than this was forgotten by its owner; `reconcile` reports it. */
const DURABLE_HOLD_MAX_MS = 3_600_000;
const REASON_MAX_CHARS = 500;

export type LedgerOptions = {
  clock: Clock;
  writer: JournalWriter;
  snapshot: LedgerSnapshot;
  /** Hears once why the ledger stopped taking paid requests. The text holds no values. */
  onFailure?: (cause: string) => void;
};

/**
 * The owner of all balances of this process: every decision is made here in one tick, from memory, and written down
 * by the writer in the order of the decisions.
 *
 * Debits count at once (the hold made sure of them); credits count when they are durable. After a failed write nothing is
 * decided any more, and memory may differ from the disk by what was not acknowledged: only a restart reads the truth.
 *
 * Memory: one entry for each account and key that exists and was used, and at most `UNFINISHED_MAX` holds and items.
 */
export function createLedger(options: LedgerOptions): Ledger {
  return new MemoryOwner(options);
}

class MemoryOwner implements Ledger {
  readonly #clock: Clock;
  readonly #writer: JournalWriter;
  readonly #journal: GroupCommit;
  readonly #calendarOfNow: (nowMs: number) => Calendar;
  readonly #accounts: Map<string, AccountState>;
  readonly #keys: Map<string, KeySpend>;
  #openHolds = 0;
  #closed: Promise<void> | undefined = undefined;

  constructor({ clock, writer, snapshot, onFailure }: LedgerOptions) {
    this.#clock = clock;
    this.#writer = writer;
    this.#journal = createGroupCommit(writer, onFailure ?? (() => undefined));
    this.#calendarOfNow = createCalendarOfNow();
    this.#accounts = loadAccounts(snapshot);
    this.#keys = loadKeys(snapshot, this.#calendarOfNow(clock.nowMs()));
  }

  balance(accountId: string): Balance {
    return balanceOf(this.#account(accountId));
  }

  reserve(request: ReserveRequest): ReturnType<Ledger['reserve']> {
    const { accountId, amountMicros, durable } = request;
    if (!Number.isSafeInteger(amountMicros) || amountMicros < 0) {
      throw new RangeError('a hold must be a whole amount of at least 0');
    }
    if (!this.#takesMore() || this.#openHolds + this.#journal.pending() >= UNFINISHED_MAX) {
      return failed('ledger_unavailable');
    }
    const decision = decideReserve(this.#account(accountId), amountMicros, durable);
    if (decision.outcome === 'insufficient') return failed('insufficient_credits');
    const key = this.#keepKey(request.keyId);
    if (!fitsLimits(key, request.spendLimits, amountMicros)) return failed('spend_limit_reached');

    const account = this.#keepAccount(accountId);
    const hold = new OpenHold(request, { account, key, pinned: decision.pinned });
    applyReserve(account, hold);
    holdKeySpend(key, amountMicros);
    this.#openHolds += 1;
    if (durable) this.#writeHold(hold);
    return ok(hold);
  }

  settle(hold: Hold, charge: { amountMicros: Micros; receipt: Receipt }): Promise<Resolution> {
    const open = ownHold(hold);
    if (open.resolution !== undefined) return open.resolution.then(again);
    if (!Number.isSafeInteger(charge.amountMicros) || charge.amountMicros < 0) {
      throw new RangeError('a charge must be a whole amount of at least 0');
    }
    return this.#resolve(open, charge.receipt, charge.amountMicros);
  }

  release(hold: Hold, receipt: Receipt): Promise<Resolution> {
    const open = ownHold(hold);
    if (open.resolution !== undefined) return open.resolution.then(again);
    return this.#resolve(open, receipt, 'nothing');
  }

  journaled(hold: Hold): Promise<boolean> {
    return ownHold(hold).journaled;
  }

  transfer(request: TransferRequest): Promise<TransferOutcome> {
    const decision = decideTransfer(this.#account(request.accountId), request);
    if (decision.outcome === 'invalid-amount') return Promise.resolve(decision);
    if (!this.#takesMore() || this.#journal.pending() >= UNFINISHED_MAX) {
      return Promise.resolve({ outcome: 'ledger-unavailable' });
    }
    const { promise, resolve } = Promise.withResolvers<TransferOutcome>();
    // A debit that is not covered may still be the repetition of one that was: only the disk knows the id.
    const lookUpOnly = decision.outcome === 'insufficient';
    const account = lookUpOnly ? undefined : this.#keepAccount(request.accountId);
    if (account !== undefined) startTransfer(account, request);
    const item = { ...request, reason: request.reason.slice(0, REASON_MAX_CHARS) };
    const atMs = this.#clock.nowMs();
    this.#journal.push({ type: 'transfer', request: item, lookUpOnly, atMs }, (outcome) => {
      if (account !== undefined) endTransfer(account, request, outcome);
      resolve({ outcome: transferOutcome(outcome) });
    });
    return promise;
  }

  keySpend(keyId: string): ReturnType<Ledger['keySpend']> {
    const today = this.#calendarOfNow(this.#clock.nowMs());
    const key = this.#keys.get(keyId) ?? emptyKeySpend(keyId, today);
    rollKeySpend(key, today);
    return {
      dayMicros: addMicros(key.dayMicros, key.heldMicros),
      weekMicros: addMicros(key.weekMicros, key.heldMicros),
      monthMicros: addMicros(key.monthMicros, key.heldMicros),
    };
  }

  healthy(): boolean {
    return this.#takesMore();
  }

  close(): Promise<void> {
    this.#closed ??= this.#journal.drain().then(() => this.#writer.close());
    return this.#closed;
  }

  #takesMore(): boolean {
    return this.#closed === undefined && this.#journal.healthy();
  }

  #resolve(hold: OpenHold, receipt: Receipt, wanted: Micros | 'nothing'): Promise<Resolution> {
    // Without a sound disk nothing is charged: the hold is free in memory, as its money is on the disk.
    const free = wanted === 'nothing' || !this.#journal.healthy();
    const legs = free ? NO_LEGS : decideSettle(hold.account, hold, wanted);
    const chargedMicros = micros(legs.promoMicros + legs.paidMicros);
    const finished = finalReceipt(hold, receipt, chargedMicros);
    const { key } = hold;
    const atMs = this.#clock.nowMs();
    rollKeySpend(key, this.#calendarOfNow(atMs));
    applySettle(hold.account, hold, legs);
    unholdKeySpend(key, hold.amountMicros);
    addKeySpend(key, key, chargedMicros);
    this.#openHolds -= 1;

    const { promise, resolve } = Promise.withResolvers<Resolution>();
    hold.resolution = promise;
    const durableHold = hold.durable ? hold.pinned : undefined;
    this.#journal.push(
      { type: 'resolve', receipt: finished, charged: legs, durableHold, day: key.day, atMs },
      (outcome) => {
        if (outcome !== 'written') resolve({ outcome: 'ledger-unavailable' });
        else resolve(wanted === 'nothing' ? { outcome: 'released' } : { outcome: 'settled', chargedMicros });
      },
    );
    return promise;
  }

  #writeHold(hold: OpenHold): void {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    hold.journaled = promise;
    const atMs = this.#clock.nowMs();
    const { requestId, accountId, pinned } = hold;
    const deadlineMs = atMs + DURABLE_HOLD_MAX_MS;
    this.#journal.push({ type: 'hold', requestId, accountId, pinned, deadlineMs, atMs }, (outcome) =>
      resolve(outcome === 'written'),
    );
  }

  #account(accountId: string): AccountState {
    return this.#accounts.get(accountId) ?? emptyAccount();
  }

  /** Known from now on. An account that has nothing and does nothing stays unknown. */
  #keepAccount(accountId: string): AccountState {
    let account = this.#accounts.get(accountId);
    if (account === undefined) this.#accounts.set(accountId, (account = emptyAccount()));
    return account;
  }

  #keepKey(keyId: string): KeySpend {
    const today = this.#calendarOfNow(this.#clock.nowMs());
    let key = this.#keys.get(keyId);
    if (key === undefined) this.#keys.set(keyId, (key = emptyKeySpend(keyId, today)));
    else rollKeySpend(key, today);
    return key;
  }
}

function startTransfer(account: AccountState, { amountMicros, balance }: TransferRequest): void {
  if (amountMicros > 0) account.incomingMicros = addMicros(account.incomingMicros, amountMicros);
  else applyToBalance(account, balance, amountMicros);
}

function endTransfer(
  account: AccountState,
  { amountMicros, balance }: TransferRequest,
  outcome: ItemOutcome | 'failed',
): void {
  if (amountMicros < 0) {
    if (outcome !== 'written') applyToBalance(account, balance, subtractMicros(ZERO_MICROS, amountMicros));
    return;
  }
  account.incomingMicros = subtractMicros(account.incomingMicros, amountMicros);
  if (outcome !== 'written') return;
  account.depositedMicros = addMicros(account.depositedMicros, amountMicros);
  applyToBalance(account, balance, amountMicros);
}

function transferOutcome(outcome: ItemOutcome | 'failed'): TransferOutcome['outcome'] {
  switch (outcome) {
    case 'written':
      return 'applied';
    case 'exists':
    case 'exists-with-other-content':
      return outcome;
    case 'absent':
      return 'insufficient';
    case 'refused':
    case 'failed':
      break;
  }
  return 'ledger-unavailable';
}

function loadAccounts(snapshot: LedgerSnapshot): Map<string, AccountState> {
  const accounts = new Map<string, AccountState>();
  for (const { accountId, ...amounts } of snapshot.accounts) {
    accounts.set(accountId, { ...emptyAccount(), ...amounts });
  }
  return accounts;
}

function loadKeys(snapshot: LedgerSnapshot, today: Calendar): Map<string, KeySpend> {
  const keys = new Map<string, KeySpend>();
  for (const { keyId, day, amountMicros } of snapshot.keySpend) {
    const key = keys.get(keyId) ?? emptyKeySpend(keyId, today);
    keys.set(keyId, key);
    addKeySpend(key, calendarOfDay(day), amountMicros);
  }
  return keys;
}
