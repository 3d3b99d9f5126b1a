import type { Clock } from '../core/clock.ts';
import { type Micros, ZERO_MICROS } from '../core/money.ts';
import { failed, ok } from '../core/result.ts';
import {
  type AccountState,
  NO_LEGS,
  applyRelease,
  applyReserve,
  applySettle,
  balanceOf,
  decideReserve,
  decideSettle,
  emptyAccount,
  lapseGrants,
  totalOf,
} from './decide.ts';
import { type EarningsDesk, type EarningsDeskOptions, createEarningsDesk } from './earnings-desk.ts';
import { type Earner, earningOf } from './earnings.ts';
import { addGrant } from './grants.ts';
import { type Done, type GroupCommit, type Turns, createGroupCommit } from './group-commit.ts';
import type { HoldItem, JournalWriter, LedgerSnapshot } from './journal.ts';
import type {
  Balance,
  Hold,
  Ledger,
  OperatorLedger,
  Receipt,
  ReserveRequest,
  Resolution,
  Spender,
  SweepResult,
} from './ledger.ts';
import { OpenHold, again, ownHold } from './open-hold.ts';
import { finalReceipt } from './receipt.ts';
import { type SharedSpends, createSharedSpends } from './shared-spend.ts';
import {
  type Calendar,
  type KeySpend,
  addKeySpend,
  calendarOfDay,
  countedSpend,
  createCalendarOfNow,
  emptyKeySpend,
  fitsLimits,
  holdKeySpend,
  rollKeySpend,
  unholdKeySpend,
} from './spend-windows.ts';
import { type TransferDesk, createTransferDesk } from './transfer-desk.ts';

/** Open holds and unwritten items together. Beyond it the disk does not keep up, and new requests are refused. */
const UNFINISHED_MAX = 100_000;
/** A durable hold that is older than this was forgotten by its owner, unless its request asked for longer. */
const DURABLE_HOLD_MS = 3_600_000;

export type LedgerOptions = {
  clock: Clock;
  writer: JournalWriter;
  snapshot: LedgerSnapshot;
  /** Hears once why the ledger stopped taking paid requests. The text holds no values. */
  onFailure?: (cause: string) => void;
  /** When a batch is handed to the writer; default: at the end of the running callback. See `createGroupCommit`. */
  turns?: Turns;
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
export function createLedger(options: LedgerOptions): OperatorLedger {
  return new MemoryOwner(options);
}

class MemoryOwner implements OperatorLedger {
  readonly #clock: Clock;
  readonly #writer: JournalWriter;
  readonly #journal: GroupCommit;
  readonly #calendarOfNow: (nowMs: number) => Calendar;
  readonly #accounts: Map<string, AccountState>;
  readonly #keys: Map<string, KeySpend>;
  readonly #spenders: SharedSpends;
  readonly #desk: TransferDesk;
  readonly #earnings: EarningsDesk;
  /** The durable ones among the open holds. */
  readonly #durableHolds = new Set<OpenHold>();
  readonly transfer: OperatorLedger['transfer'];
  readonly grant: OperatorLedger['grant'];
  readonly endGrants: OperatorLedger['endGrants'];
  readonly move: OperatorLedger['move'];
  readonly refund: OperatorLedger['refund'];
  readonly reward: OperatorLedger['reward'];
  readonly forfeit: OperatorLedger['forfeit'];
  readonly restore: OperatorLedger['restore'];
  readonly payOut: OperatorLedger['payOut'];
  #openHolds = 0;
  #closed: Promise<void> | undefined = undefined;

  constructor({ clock, writer, snapshot, onFailure, turns }: LedgerOptions) {
    this.#clock = clock;
    this.#writer = writer;
    this.#journal = createGroupCommit(writer, onFailure ?? (() => undefined), turns);
    this.#calendarOfNow = createCalendarOfNow();
    this.#accounts = loadAccounts(snapshot);
    this.#keys = loadKeys(snapshot, this.#calendarOfNow(clock.nowMs()));
    this.#spenders = createSharedSpends((keyId) => this.#keepKey(keyId));
    const journal: EarningsDeskOptions = {
      isReady: () => this.#takesMore() && this.#journal.pending() < UNFINISHED_MAX,
      push: (item, done) => this.#journal.push(item, done),
      nowMs: () => clock.nowMs(),
    };
    this.#desk = createTransferDesk({
      ...journal,
      account: (accountId) => this.#account(accountId),
      keepAccount: (accountId) => this.#keepAccount(accountId),
      push: (item, done) => this.#journal.push(item, done),
      grantHolders: new Set(snapshot.grants?.map(({ accountId }) => accountId)),
    });
    this.transfer = this.#desk.transfer;
    this.grant = this.#desk.grant;
    this.endGrants = this.#desk.endGrants;
    this.move = this.#desk.move;
    this.refund = this.#desk.refund;
    this.#earnings = createEarningsDesk(journal);
    this.reward = this.#earnings.reward;
    this.forfeit = this.#earnings.forfeit;
    this.restore = this.#earnings.restore;
    this.payOut = this.#earnings.payOut;
  }

  balance(accountId: string): Balance {
    return balanceOf(this.#lapsed(accountId));
  }

  reserve(request: ReserveRequest): ReturnType<Ledger['reserve']> {
    const { accountId, amountMicros, durable } = request;
    if (!Number.isSafeInteger(amountMicros) || amountMicros < 0) {
      throw new RangeError('a hold must be a whole amount of at least 0');
    }
    if (!this.#takesMore() || this.#openHolds + this.#journal.pending() >= UNFINISHED_MAX) {
      return failed('ledger_unavailable');
    }
    const decision = decideReserve(this.#lapsed(accountId), amountMicros, durable);
    if (decision.outcome === 'insufficient') return failed('insufficient_credits');
    const key = this.#keepKey(request.keyId);
    if (!fitsLimits(key, request.spendLimits, amountMicros) || !this.#fitsSpender(request, key)) {
      return failed('spend_limit_reached');
    }

    const account = this.#keepAccount(accountId);
    const deadlineMs = durable ? this.#clock.nowMs() + (request.lifetimeMs ?? DURABLE_HOLD_MS) : Infinity;
    const hold = new OpenHold(request, { account, key, pinned: decision.pinned, deadlineMs });
    applyReserve(account, hold);
    holdKeySpend(key, amountMicros);
    this.#openHolds += 1;
    if (durable) this.#writeHold(hold);
    return ok(hold);
  }

  settle(
    hold: Hold,
    charge: { amountMicros: Micros; receipt: Receipt; earner?: Earner | undefined },
  ): Promise<Resolution> {
    const open = ownHold(hold);
    if (open.resolution !== undefined) return open.resolution.then(again);
    if (!Number.isSafeInteger(charge.amountMicros) || charge.amountMicros < 0) {
      throw new RangeError('a charge must be a whole amount of at least 0');
    }
    return this.#resolve(open, charge.receipt, { wanted: charge.amountMicros, earner: charge.earner });
  }

  release(hold: Hold, receipt: Receipt): Promise<Resolution> {
    const open = ownHold(hold);
    if (open.resolution !== undefined) return open.resolution.then(again);
    return this.#resolve(open, receipt, { wanted: 'nothing', earner: undefined });
  }

  journaled(hold: Hold): Promise<boolean> {
    return ownHold(hold).journaled;
  }

  sweep(): SweepResult {
    if (!this.#takesMore()) return { expiredGrants: 0, expiredHolds: 0 };
    this.#earnings.fold();
    const nowMs = this.#clock.nowMs();
    let expiredHolds = 0;
    for (const hold of this.#durableHolds) {
      if (hold.deadlineMs > nowMs) continue;
      this.#expireHold(hold, nowMs);
      expiredHolds += 1;
    }
    return { expiredGrants: this.#desk.expire(), expiredHolds };
  }

  keySpend(keyId: string): ReturnType<Ledger['keySpend']> {
    const today = this.#calendarOfNow(this.#clock.nowMs());
    const key = this.#keys.get(keyId) ?? emptyKeySpend(keyId, today);
    rollKeySpend(key, today);
    return countedSpend(key);
  }

  spenderSpend(spender: Spender): ReturnType<Ledger['spenderSpend']> {
    return countedSpend(this.#spenders.of(spender, this.#calendarOfNow(this.#clock.nowMs())));
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

  #resolve(
    hold: OpenHold,
    receipt: Receipt,
    { wanted, earner }: { wanted: Micros | 'nothing'; earner: Earner | undefined },
  ): Promise<Resolution> {
    // Without a sound disk nothing is charged: the hold is free in memory, as its money is on the disk.
    const free = wanted === 'nothing' || hold.isExpired || !this.#journal.healthy();
    const legs = free ? NO_LEGS : decideSettle(hold.account, hold, wanted);
    const chargedMicros = totalOf(legs);
    const finished = finalReceipt(hold, receipt, chargedMicros);
    const { key } = hold;
    const atMs = this.#clock.nowMs();
    const earning = earningOf({ payerId: hold.accountId, chargedMicros, atMs }, earner);
    this.#earnings.noted(earning !== undefined);
    rollKeySpend(key, this.#calendarOfNow(atMs));
    if (!hold.isExpired) {
      applySettle(hold.account, hold, legs);
      this.#forget(hold);
    }
    addKeySpend(key, key, chargedMicros);

    const { promise, resolve } = Promise.withResolvers<Resolution>();
    hold.resolution = promise;
    const durableHold = hold.durable && !hold.isExpired ? hold.pinned : undefined;
    this.#journal.push(
      { type: 'resolve', receipt: finished, charged: legs, durableHold, earning, day: key.day, atMs },
      (outcome) => {
        if (outcome !== 'written') resolve({ outcome: 'ledger-unavailable' });
        else if (hold.isExpired) resolve({ outcome: 'expired' });
        else resolve(wanted === 'nothing' ? { outcome: 'released' } : { outcome: 'settled', chargedMicros });
      },
    );
    return promise;
  }

  #writeHold(hold: OpenHold): void {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    hold.journaled = promise;
    this.#durableHolds.add(hold);
    this.#pushHold(hold, 'reserve', (outcome) => resolve(outcome === 'written'));
  }

  #pushHold(hold: OpenHold, step: HoldItem['step'], done: Done): void {
    const { requestId, accountId, pinned, deadlineMs } = hold;
    const atMs = this.#clock.nowMs();
    this.#journal.push({ type: 'hold', step, requestId, accountId, pinned, deadlineMs, atMs }, done);
  }

  /** Whoever settles it later gets its receipt kept and nothing charged. */
  #expireHold(hold: OpenHold, nowMs: number): void {
    hold.isExpired = true;
    rollKeySpend(hold.key, this.#calendarOfNow(nowMs));
    applyRelease(hold.account, hold);
    this.#forget(hold);
    this.#pushHold(hold, 'expire', () => undefined);
  }

  #forget(hold: OpenHold): void {
    unholdKeySpend(hold.key, hold.amountMicros);
    this.#openHolds -= 1;
    if (hold.durable) this.#durableHolds.delete(hold);
  }

  /** Whether the limits hold that the key shares with others. From here on what it spends counts in them. */
  #fitsSpender({ spender, amountMicros }: ReserveRequest, key: KeySpend): boolean {
    if (spender === undefined) return true;
    const shared = this.#spenders.of(spender, key);
    if (key.shared !== shared) throw new Error('a key must be among those of its spender');
    return fitsLimits(shared, spender.spendLimits, amountMicros);
  }

  #account(accountId: string): AccountState {
    return this.#accounts.get(accountId) ?? emptyAccount();
  }

  /** As it is at this moment: what has run out no longer counts. */
  #lapsed(accountId: string): AccountState {
    const account = this.#account(accountId);
    if (account.grants.length > 0) lapseGrants(account, this.#clock.nowMs());
    return account;
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

function loadAccounts(snapshot: LedgerSnapshot): Map<string, AccountState> {
  const accounts = new Map<string, AccountState>();
  for (const { accountId, ...amounts } of snapshot.accounts) {
    accounts.set(accountId, { ...emptyAccount(), ...amounts });
  }
  for (const { grantId, accountId, ...grant } of snapshot.grants ?? []) {
    const account = accounts.get(accountId);
    if (account === undefined) throw new Error('the ledger does not add up: a grant without its account');
    addGrant(account.grants, { id: grantId, ...grant, pinnedMicros: ZERO_MICROS, isLapsed: false });
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
