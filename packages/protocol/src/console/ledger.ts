import type { Money } from './common.ts';

/**
 * GET `accounts/:account/ledger?cursor&limit&kind`. Role: viewer. Newest first; `limit` at most 100, default 50; `cursor`:
 * `nextCursor` of the page before. Of one `kind` a page may be short or empty with more behind it: follow the cursor. Also
 * as `ledger.csv?kind` (the newest 10 000 at most).
 */
export type LedgerPage = { postings: LedgerRow[]; nextCursor: string | null };

export type LedgerRow = {
  id: string;
  at: string;
  /** `charges of a day` stands for the charges of an old day. */
  kind:
    | 'charge'
    | 'charges of a day'
    | 'deposit'
    | 'gift'
    | 'adjustment'
    | 'refund'
    | 'transfer'
    | 'allowance'
    | 'expiry';
  balance: 'paid' | 'promo' | 'allowance';
  /** Above 0: to the account. */
  amount: Money;
  request: string | null;
  reason: string | null;
};
