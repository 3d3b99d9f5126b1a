import { failed, ok, type Result } from '../core/result.ts';
import type { Caller } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { Claim, Idempotency } from './idempotency.ts';
import type { Refusal } from './understand.ts';

/**
 * With an `Idempotency-Key` the request, of text or for a picture, runs under the id that belongs to the key. Undefined:
 * it has no key. Errors: those of `Idempotency.claim`.
 */
export function claimOnce(
  idempotency: Idempotency,
  { caller, exchange }: { caller: Caller; exchange: Exchange },
  key: string | undefined,
): Result<Claim | undefined, Refusal> {
  if (key === undefined) return ok(undefined);
  const accountId = caller.account.id;
  const claim = idempotency.claim({ accountId, key, body: exchange.body });
  if (!claim.ok) return failed({ ...claim.error, accountId });
  exchange.requestId = claim.value.requestId;
  return claim;
}
