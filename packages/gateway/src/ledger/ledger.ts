import type { Usage } from '@switchyard/protocol/usage.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Micros } from '../core/money.ts';
import type { Result } from '../core/result.ts';
import type { RequestEnd, SettlementPolicy, UsageSource } from '../pricing/settlement.ts';
import type { Earner } from './earnings.ts';

/**
 * The ledger as the rest of the gateway sees it. One owner in memory decides every hold in one tick; charges are
 * durable before they are acknowledged. Amounts are whole µ$.
 */
export type Ledger = {
  /** Undefined for an account that has no ledger accounts yet (it has nothing). */
  balance(accountId: string): Balance;
  /**
   * Takes a hold in this very tick, or says why not. A hold lives in memory only and dies with the process, unless
   * `durable`, when it is journaled first and voided at the next start.
   */
  reserve(
    request: ReserveRequest,
  ): Result<Hold, 'insufficient_credits' | 'spend_limit_reached' | 'ledger_unavailable'>;
  /**
   * Charges at most the hold, gives back the rest, keeps the receipt. Resolves when the charge is on disk, and with it
   * what the earner gets of it (see `earningOf`).
   * A hold is resolved once: a second try changes nothing and says how the first ended.
   */
  settle(
    hold: Hold,
    charge: { amountMicros: Micros; receipt: Receipt; earner?: Earner | undefined },
  ): Promise<Resolution>;
  /** Gives the whole hold back and keeps the receipt. Resolves when the receipt is on disk; the money is free at once. */
  release(hold: Hold, receipt: Receipt): Promise<Resolution>;
  /**
   * Resolves true when a durable hold is on disk (at once for a hold in memory), false when it cannot be written.
   * The work that the hold pays for must not start before.
   */
  journaled(hold: Hold): Promise<boolean>;
  /**
   * A deposit, gift, adjustment or refund. `id` makes it exactly-once: it is made by the server, 1-200 characters, with a
   * prefix of its source that is none of the ledger's own (such as `charge:` or `rollup:`: RangeError).
   * Resolves when it is on disk.
   */
  transfer(request: TransferRequest): Promise<TransferOutcome>;
  /** Spent by a key so far, held amounts included, in the UTC day, ISO week and month of now. */
  keySpend(keyId: string): SpendSoFar;
  /** The same for all keys of a spender together. */
  spenderSpend(spender: Spender): SpendSoFar;
  /** False after a failed write: paid requests are refused until the process has restarted on a sound disk. */
  healthy(): boolean;
  /** Waits for all that is under way and closes the files. */
  close(): Promise<void>;
};

/** What the operator's use cases and the ledger's own upkeep need besides `Ledger`. */
export type OperatorLedger = Ledger & {
  /** Gives credit that ends at a time: promotional credit, or the allowance of a day. `id` as for `transfer`. */
  grant(request: GrantRequest): Promise<TransferOutcome>;
  /** Ends every grant of an account before its time; their rest goes back to us, but for what a hold may need. */
  endGrants(accountId: string): Promise<boolean>;
  /** Moves paid credit from one account to another. `id` as for `transfer`. */
  move(request: MoveRequest): Promise<TransferOutcome>;
  /**
   * Gives back what a request was charged, or a part. All refunds of a request to one of its balances together never
   * exceed what it took from there. `id` as for `transfer`.
   */
  refund(request: RefundRequest): Promise<TransferOutcome>;
  /** Pays the owner of a node for work that no account asked for. It is pending as other earnings are. */
  reward(request: RewardRequest): Promise<TransferOutcome>;
  /** Takes back what a node has earned and that is still pending. `id` is 1-100 characters, used once. */
  forfeit(request: { id: string; nodeId: string; reason: string }): Promise<TransferOutcome>;
  /** Gives back what a forfeit took. It is pending for `maturityMs` from now. Nothing, when there was no such forfeit. */
  restore(request: { forfeitId: string; maturityMs: number }): Promise<TransferOutcome>;
  /** Books that payable earnings were paid to their owner. `insufficient`: more than is payable. */
  payOut(request: PayOutRequest): Promise<TransferOutcome>;
  /**
   * Ends what has run out: grants (their rest goes back to us, once nothing held needs it) and durable holds past
   * their deadline; and brings earnings up to date. To be called about once a second.
   */
  sweep(): SweepResult;
};

export type SweepResult = { expiredGrants: number; expiredHolds: number };

/**
 * `availableMicros` = paid + promo + allowance - held, less what has expired and only waits for running requests.
 * `depositedMicros` counts everything ever credited, `spentMicros` all charges. `nextExpiry` is the grant that ends next.
 */
export type Balance = {
  availableMicros: Micros;
  heldMicros: Micros;
  paidMicros: Micros;
  promoMicros: Micros;
  allowanceMicros: Micros;
  depositedMicros: Micros;
  spentMicros: Micros;
  nextExpiry: { atMs: number; amountMicros: Micros; balance: GrantBalance } | undefined;
};

/** The kinds of credit that end at a time. */
export type GrantBalance = 'promo' | 'allowance';

/** `amountMicros` above 0; `expiresAtMs` in milliseconds since 1970. */
export type GrantRequest = {
  id: string;
  accountId: string;
  balance: GrantBalance;
  amountMicros: Micros;
  expiresAtMs: number;
  reason: string;
};

export type MoveRequest = {
  id: string;
  fromAccountId: string;
  toAccountId: string;
  amountMicros: Micros;
  reason: string;
};

/** `balance`: where the refunded part came from; what came from an allowance goes back as promo. */
export type RefundRequest = {
  id: string;
  accountId: string;
  requestId: string;
  balance: 'paid' | 'promo';
  amountMicros: Micros;
  reason: string;
};

/** `id` as for `transfer`. `maturityMs`: how long it stays pending. */
export type RewardRequest = {
  id: string;
  accountId: string;
  nodeId: string;
  modelId: string;
  amountMicros: Micros;
  maturityMs: number;
};

/** `id` as for `transfer`. */
export type PayOutRequest = { id: string; accountId: string; amountMicros: Micros; reason: string };

export type SpendLimits = { dayMicros?: Micros; weekMicros?: Micros; monthMicros?: Micros };

export type SpendSoFar = { dayMicros: Micros; weekMicros: Micros; monthMicros: Micros };

/**
 * Whoever has limits over several keys. The sums begin with what those keys have spent before, so they need no rows of
 * their own on the disk. A key belongs to one spender at most, for ever; a new object says that there may be more keys.
 */
export type Spender = {
  readonly id: string;
  readonly keyIds: readonly string[];
  readonly spendLimits: SpendLimits;
};

export type ReserveRequest = {
  requestId: string;
  accountId: string;
  keyId: string;
  amountMicros: Micros;
  spendLimits: SpendLimits;
  /** Whose limits hold besides those of the key. */
  spender?: Spender | undefined;
  durable: boolean;
  /** How long a durable hold lives; then it expires and its request is free. Default: one hour. */
  lifetimeMs?: number;
};

/** An open reservation. Opaque to its holder but for these fields. */
export type Hold = {
  readonly requestId: string;
  readonly accountId: string;
  readonly keyId: string;
  readonly amountMicros: Micros;
};

export type Resolution =
  | { outcome: 'settled'; chargedMicros: Micros }
  | { outcome: 'released' }
  | { outcome: 'already-settled'; chargedMicros: Micros }
  | { outcome: 'already-released' }
  /** A durable hold was past its deadline: its money was free before, and nothing is charged. The receipt is kept. */
  | { outcome: 'expired' }
  | { outcome: 'ledger-unavailable' };

export type TransferKind = 'deposit' | 'gift' | 'adjustment' | 'refund';

/** Positive credits the account, negative (adjustment only) debits it; it is refused when the balance would go below zero. */
export type TransferRequest = {
  id: string;
  accountId: string;
  kind: TransferKind;
  balance: 'paid' | 'promo';
  amountMicros: Micros;
  reason: string;
};

export type TransferOutcome =
  | { outcome: 'applied' }
  | { outcome: 'exists' }
  | { outcome: 'exists-with-other-content' }
  | { outcome: 'insufficient' }
  | { outcome: 'invalid-amount' }
  /** A grant whose time is over already. */
  | { outcome: 'expired' }
  /** The account has as many expiring grants as one may have. */
  | { outcome: 'too-many-grants' }
  /** Refunds of this request to this balance would exceed what it was charged; or there is no such charge. */
  | { outcome: 'exceeds-charge' }
  | { outcome: 'ledger-unavailable' };

/** What is kept of a request: metadata only. Durations in milliseconds. */
export type Receipt = {
  requestId: string;
  accountId: string;
  keyId: string;
  modelId: string;
  surface: string;
  routeKind: 'pool' | 'deployment' | 'upstream' | 'none';
  /** The name of the pool or upstream, or the id of the deployment; then the node's id, empty for upstreams. */
  routeName: string;
  nodeId: string;
  streamed: boolean;
  startedAtMs: number;
  /** From arrival to the first content part; -1 when none came. */
  firstPartMs: number;
  durationMs: number;
  usage: Usage;
  usageSource: UsageSource;
  end: RequestEnd;
  /** Set when `end` is `failed` or `refused`. */
  errorCode: ErrorCode | '';
  heldMicros: Micros;
  chargedMicros: Micros;
  priceVersion: string;
  attempts: number;
  /** The row of the settlement matrix that decided the charge. Empty for requests of older versions. */
  policy?: SettlementPolicy | '';
  /** The usage was worth more than the hold: a price or a bound of the catalogue is wrong. */
  cutAtHold?: boolean;
};

export type { RequestEnd, UsageSource } from '../pricing/settlement.ts';
