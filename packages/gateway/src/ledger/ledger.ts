import type { Usage } from '@switchyard/protocol/usage.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Micros } from '../core/money.ts';
import type { Result } from '../core/result.ts';
import type { RequestEnd, UsageSource } from '../pricing/settlement.ts';

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
   * Charges at most the hold, gives back the rest, keeps the receipt. Resolves when the charge is on disk.
   * A hold is resolved once: a second try changes nothing and says how the first ended.
   */
  settle(hold: Hold, charge: { amountMicros: Micros; receipt: Receipt }): Promise<Resolution>;
  /** Gives the whole hold back and keeps the receipt. Resolves when the receipt is on disk; the money is free at once. */
  release(hold: Hold, receipt: Receipt): Promise<Resolution>;
  /**
   * Resolves true when a durable hold is on disk (at once for a hold in memory), false when it cannot be written.
   * The work that the hold pays for must not start before.
   */
  journaled(hold: Hold): Promise<boolean>;
  /**
   * A deposit, gift, adjustment or refund. `id` makes it exactly-once: it is made by the server, 1-200 characters, with a
   * prefix of its source that is not `charge:`, `hold:` or `void:` (RangeError). Resolves when it is on disk.
   */
  transfer(request: TransferRequest): Promise<TransferOutcome>;
  /** Spent by a key so far, held amounts included, in the UTC day, ISO week and month of now. */
  keySpend(keyId: string): { dayMicros: Micros; weekMicros: Micros; monthMicros: Micros };
  /** False after a failed write: paid requests are refused until the process has restarted on a sound disk. */
  healthy(): boolean;
  /** Waits for all that is under way and closes the files. */
  close(): Promise<void>;
};

/** `availableMicros` = paid + promo - held. `depositedMicros` counts everything ever credited, `spentMicros` all charges. */
export type Balance = {
  availableMicros: Micros;
  heldMicros: Micros;
  paidMicros: Micros;
  promoMicros: Micros;
  depositedMicros: Micros;
  spentMicros: Micros;
};

export type SpendLimits = { dayMicros?: Micros; weekMicros?: Micros; monthMicros?: Micros };

export type ReserveRequest = {
  requestId: string;
  accountId: string;
  keyId: string;
  amountMicros: Micros;
  spendLimits: SpendLimits;
  durable: boolean;
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
  | { outcome: 'ledger-unavailable' };

/** What is kept of a request: metadata only. Durations in milliseconds. */
export type Receipt = {
  requestId: string;
  accountId: string;
  keyId: string;
  modelId: string;
  surface: string;
  routeKind: 'pool' | 'upstream' | 'none';
  /** The pool's or upstream's name, then the node's id for pools. */
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
};

export type { RequestEnd, UsageSource } from '../pricing/settlement.ts';
