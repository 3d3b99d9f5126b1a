import type { ErrorCode } from '../../core/errors.ts';
import { errorRow } from '../../core/errors.ts';

/**
 * Codes in `response.failed` that Codex 0.169 acts on (measured 2026-11-20): `insufficient_quota`,
 * `context_length_exceeded`, `server_is_overloaded` and `invalid_prompt` end its turn at once with a fitting message;
 * `rate_limit_exceeded` and `server_error` make it try again, five times.
 */
const STEERING: ReadonlyMap<ErrorCode, string> = new Map([
  ['insufficient_credits', 'insufficient_quota'],
  ['spend_limit_reached', 'insufficient_quota'],
  ['insufficient_quota', 'insufficient_quota'],
  ['context_length_exceeded', 'context_length_exceeded'],
  ['rate_limit_exceeded', 'rate_limit_exceeded'],
  ['concurrency_limit_exceeded', 'rate_limit_exceeded'],
  ['server_is_overloaded', 'server_is_overloaded'],
  ['connector_offline', 'server_is_overloaded'],
  ['connector_busy', 'server_is_overloaded'],
  // What is paused until an operator acts does not come back within five tries.
  ['ledger_unavailable', 'server_is_overloaded'],
]);

/** The code of a failure inside a stream. Others than those above: the request's fault, or else ours. */
export function failureCode(code: ErrorCode): string {
  return STEERING.get(code) ?? (errorRow(code).status < 500 ? 'invalid_prompt' : 'server_error');
}
