import type { ReplyHeaders } from './reply-headers.ts';
import { headerOf } from './reply-headers.ts';

/** A target cannot keep us away for longer than this. */
const MAX_WAIT_MS = 10 * 60_000;

/**
 * How long a target wants to be left alone, ms. Reads `retry-after-ms`, then `retry-after` as seconds or as an HTTP
 * date (RFC 9110, 10.2.3). Undefined when there is none that makes sense; never more than ten minutes.
 */
export function readRetryAfterMs(headers: ReplyHeaders, nowMs: number): number | undefined {
  const exact = numberIn(headerOf(headers, 'retry-after-ms'));
  if (exact >= 0) return Math.min(Math.ceil(exact), MAX_WAIT_MS);
  const value = headerOf(headers, 'retry-after') ?? '';
  const seconds = numberIn(value);
  const waitMs = Number.isNaN(seconds) ? Date.parse(value) - nowMs : seconds * 1000;
  return waitMs >= 0 ? Math.min(Math.ceil(waitMs), MAX_WAIT_MS) : undefined;
}

/** An empty header says nothing, though `Number` takes it for 0. */
function numberIn(value = ''): number {
  return value.trim() === '' ? Number.NaN : Number(value);
}
