import type { Micros } from '../core/money.ts';
import type { Legs } from './decide.ts';
import type { Earning } from './earnings.ts';
import type { GrantBalance, PayOutRequest, Receipt, RewardRequest, TransferRequest } from './ledger.ts';

/**
 * What the ledger writes down. An item is a decision that was made already; the store only records it, except that
 * for transfers it alone knows whether an id was used before.
 */
export type JournalItem = ResolveItem | HoldItem | TransferItem | EarningsItem;

/** The end of a request: charge legs (zero for a release), the receipt, and the key's spending of the day. */
export type ResolveItem = {
  type: 'resolve';
  /** Rounded to whole numbers, with the ids of the hold. */
  receipt: Receipt;
  charged: Legs;
  /** Undefined for a hold that was in memory only. */
  durableHold: Legs | undefined;
  /** What the charge earns somebody else: pending from the same commit on. */
  earning: Earning | undefined;
  /** UTC day, see `Calendar`. */
  day: number;
  atMs: number;
};

/** A durable hold, written before its request may rely on it; or the end of one that is past its deadline. */
export type HoldItem = {
  type: 'hold';
  step: 'reserve' | 'expire';
  requestId: string;
  accountId: string;
  pinned: Legs;
  deadlineMs: number;
  atMs: number;
};

/**
 * A change of one account's credit from outside of requests. `lookUpOnly`: it may not be made any more; only say whether
 * it was made before.
 */
export type TransferItem = {
  type: 'transfer';
  /** What changes for the account. */
  request: TransferRequest;
  /** What is special about it; none: a plain transfer. It decides over `kind` and `balance` of the request. */
  detail?: TransferDetail;
  lookUpOnly: boolean;
  atMs: number;
};

export type TransferDetail =
  /** Into a balance of its own that ends; the transfer's id is the grant's. */
  | { type: 'grant'; balance: GrantBalance; expiresAtMs: number }
  /** The rest of such a balance, back to us. */
  | { type: 'expiry'; grantId: string; balance: GrantBalance }
  /** To another account's paid balance. */
  | { type: 'move'; toAccountId: string }
  /** Out of the charge of a request, at most what is left of it. */
  | { type: 'refund'; requestId: string };

/** A change of what owners of nodes have earned, from outside of requests. */
export type EarningsItem = { type: 'earnings'; step: EarningsStep; atMs: number };

export type EarningsStep =
  /** Counts in what was posted since the last time, and makes payable what is due at an hour (since 1970). */
  | { do: 'fold'; hour: number }
  /** For work that no account paid: ours to bear. */
  | { do: 'reward'; reward: RewardRequest; dueHour: number }
  /** Takes back all that a node has earned and that is still pending. */
  | { do: 'forfeit'; id: string; nodeId: string; reason: string }
  /** Gives back what a forfeit took, less what was refunded since. It is pending once more. */
  | { do: 'restore'; forfeitId: string; dueHour: number }
  | { do: 'pay-out'; payOut: PayOutRequest };

/**
 * What became of an item. `written` is durable. `refused`: the store's own checks contradict the decision, a bug.
 * `exists`, `exists-with-other-content` and `absent` (look-ups only) are answers about a transfer's id.
 * `exceeds-charge` is one about a refund, `insufficient` one about a payout. None of them changes anything on the disk.
 */
export type ItemOutcome =
  | 'written'
  | 'exists'
  | 'exists-with-other-content'
  | 'absent'
  | 'exceeds-charge'
  | 'insufficient'
  | 'refused';

/** Outcomes by position in the batch; a position that is missing was `written`. */
export type BatchOutcome = ReadonlyMap<number, ItemOutcome>;

/**
 * Port to the store. One batch at a time. The promise resolves when the whole batch is durable, and rejects when it is
 * unknown or certain that it is not; after that the writer is not used again.
 */
export type JournalWriter = {
  write(batch: readonly JournalItem[]): Promise<BatchOutcome>;
  close(): Promise<void>;
};

/** What is on disk at the start. Amounts in whole µ$. */
export type LedgerSnapshot = {
  accounts: readonly {
    accountId: string;
    paidMicros: Micros;
    promoMicros: Micros;
    depositedMicros: Micros;
    spentMicros: Micros;
  }[];
  /** Those that have something left. `promoMicros` of their account does not contain them. */
  grants?: readonly {
    grantId: string;
    accountId: string;
    balance: GrantBalance;
    expiresAtMs: number;
    leftMicros: Micros;
  }[];
  /** At least the days that count in a current window. */
  keySpend: readonly { keyId: string; day: number; amountMicros: Micros }[];
};
