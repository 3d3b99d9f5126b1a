import type { Fault } from '../../core/errors.ts';
import { errorRow, fault, faultMessage } from '../../core/errors.ts';

/** How long Codex is told to wait where nothing says better. */
const OVERLOADED_WAIT_MS = 3_000;

/**
 * Codes for Codex, which is known by its `originator` header (measured with 0.169, 2026-11-20): it repeats a 402 five
 * times and a 429 with `insufficient_quota` never; it repeats a 503 thirty times, but one with `server_is_overloaded`
 * four times. The words stay those of the fault itself.
 */
export function adaptForCodex(value: Fault, rawHeaders: readonly string[]): Fault {
  if (!isCodex(rawHeaders)) return value;
  const { status } = errorRow(value.code);
  const message = faultMessage(value);
  if (status === 402) return fault('insufficient_quota', { message });
  if (status === 503 && value.code !== 'server_is_overloaded') {
    return fault('server_is_overloaded', {
      message,
      retryAfterMs: value.retryAfterMs ?? OVERLOADED_WAIT_MS,
    });
  }
  return value;
}

function isCodex(rawHeaders: readonly string[]): boolean {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const isOriginator = rawHeaders[index]?.toLowerCase() === 'originator';
    if (isOriginator && /^codex/i.test(rawHeaders[index + 1] ?? '')) return true;
  }
  return false;
}
