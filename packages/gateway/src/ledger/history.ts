import type { Micros } from '../core/money.ts';

/** Why money of an account moved. `charges of a day`: the sum that stands for the charges of an old day. */
export type PostingKind =
  | 'charge'
  | 'charges of a day'
  | 'deposit'
  | 'gift'
  | 'adjustment'
  | 'refund'
  | 'transfer'
  | 'allowance'
  | 'expiry';

/** One movement of one balance of an account. What a request takes from several balances is several postings. */
export type Posting = {
  /** Grows with time; the place to go on from. */
  seq: number;
  id: string;
  atMs: number;
  kind: PostingKind;
  balance: 'paid' | 'promo' | 'allowance';
  /** Above 0: to the account. */
  amountMicros: Micros;
  /** Of a transfer between accounts; else empty. */
  otherAccountId: string;
  /** Of a charge or the refund of a request; else empty. */
  requestId: string;
  reason: string;
};

/** What a request was charged: from paid credit, and from promo and allowance together. */
export type RequestCharge = {
  requestId: string;
  accountId: string;
  paidMicros: Micros;
  promoMicros: Micros;
  refunds: readonly { id: string; balance: 'paid' | 'promo'; amountMicros: Micros }[];
};

/** Port: the movements of an account, newest first, and what is known of a request's charge. */
export type HistoryReader = {
  history(accountId: string, page: { limit: number; before?: number }): readonly Posting[];
  /** Undefined: it was not charged, or so long ago that only sums are left. */
  charge(requestId: string): RequestCharge | undefined;
};
