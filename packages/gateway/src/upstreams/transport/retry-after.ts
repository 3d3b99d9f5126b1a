import type { IncomingHttpHeaders } from 'node:http';

/** A target cannot keep us away for longer than this. */
const MAX_WAIT_MS = 10 * 60_000;

/**
 * How long a target wants to be left alone, ms. Reads `retry-after-ms`, then `retry-after` as seconds or as an HTTP
 * date (RFC 9110, 10.2.3). Undefined when there is none that makes sense; never more than ten minutes.
 */
export function readRetryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const exact = Number(headers['retry-after-ms'] ?? Number.NaN);
  if (exact >= 0) return Math.min(Math.ceil(exact), MAX_WAIT_MS);
  const value = headers['retry-after'];
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  const waitMs = Number.isNaN(seconds) ? Date.parse(value) - nowMs : seconds * 1000;
  return waitMs >= 0 ? Math.min(Math.ceil(waitMs), MAX_WAIT_MS) : undefined;
}
