import type { TokenCounts } from './common.ts';

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
