import type { Money, TokenCounts } from './common.ts';

/**
 * GET `accounts/:account/requests?cursor&limit&model&key&status`. Role: viewer. `limit` at most 100, default 20;
 * `cursor`: `nextCursor` of the page before. A filtered page may be short, even empty, and still have a next one. Also as
 * `requests.csv` (the newest 10 000 at most).
 */
export type RequestsPage = { requests: RequestRow[]; nextCursor: string | null };

/** What is kept of a request: metadata only. Its prompt and its answer are nowhere. */
export type RequestRow = {
  id: string;
  startedAt: string;
  model: string;
  key: { id: string; name: string | null };
  surface: string;
  streamed: boolean;
  /** Why it ended: `completed`, `client-closed`, … of the settlement matrix (docs/money.md). */
  status: string;
  /** Code of the error catalogue, or null. */
  error: string | null;
  usage: TokenCounts;
  /** Who counted the tokens. */
  usageSource: string;
  heldMicros: number;
  chargedMicros: number;
  /** Name of the price version that the charge was made by. */
  priceVersion: string;
  /** From arrival to the first content; null when none came. */
  firstPartMs: number | null;
  durationMs: number;
  /** Targets that were asked. */
  attempts: number;
};

/** GET `accounts/:account/requests/:request`. Role: viewer. Another account's request does not exist: 404. */
export type RequestDetail = RequestRow & {
  target: RequestTarget;
  /** The price that was in force then; `unknown`: only its name is left. */
  price:
    | { type: 'flat'; amount: Money }
    | {
        type: 'per-token';
        lines: PriceLine[];
        /** Least charge of a request with output. */
        minimum: Money;
        /** The lines together, rounded up to a whole µ$; not below the minimum. */
        worth: Money;
      }
    | { type: 'unknown' };
  /** The rule that decided the charge, in words (docs/money.md); null for requests of older versions. */
  policy: { name: string; means: string } | null;
  /** The usage was worth more than the hold: only the hold was charged. */
  cutAtHold: boolean;
  money: {
    held: Money;
    charged: Money;
    /** From which part of the balance; null: it is so long ago that only sums are left. */
    charges: { balance: 'paid' | 'given'; amount: Money }[] | null;
    refunds: { id: string; balance: 'paid' | 'given'; amount: Money }[];
  };
  /** As `GET /v1/requests/{id}` gives it: to be saved as it is, and checked offline (docs/receipts.md). */
  receipt: SignedReceipt;
};

/** What answered. Whose node it was, is for its owner and for operators to know. */
export type RequestTarget = {
  kind: 'pool' | 'deployment' | 'upstream' | 'none';
  /** Of the pool, the upstream or the deployment. */
  name: string | null;
  /** A node of the account itself; for accounts of operators any node. */
  node: { id: string; name: string } | null;
  /** How far the pool's node is trusted today (docs/trust.md); null: it is gone. */
  tier: string | null;
};

export type PriceLine = {
  kind: 'input' | 'image input' | 'cache read' | 'cache write' | 'output' | 'reasoning';
  tokens: number;
  perMillion: Money;
  /** Exact, in US dollars, as decimal text with at most 12 places. */
  usd: string;
};

export type SignedReceipt = {
  object: 'receipt';
  signature: { alg: 'EdDSA'; kid: string; value: string };
  [field: string]: unknown;
};
