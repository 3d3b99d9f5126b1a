import type { ServerResponse } from 'node:http';
import type { RateWindow } from '../limits/key-limits.ts';

/** One HTTP request on its way through the gateway: what inference needs of it and nothing more. */
export type Exchange = {
  /** Replaced by the id of its `Idempotency-Key` where there is one. */
  requestId: string;
  /** Names and values in turn, as they came. Only credentials are read from it. */
  rawHeaders: readonly string[];
  body: Buffer;
  /** Taken over from the HTTP framework: inference writes to it directly. */
  response: ServerResponse;
  remoteAddress: string;
  startedAtMs: number;
  startedMonotonicMs: number;
  /** Known once the key's limits were asked; for the `x-ratelimit-*` headers. */
  rateWindow: RateWindow | undefined;
};
