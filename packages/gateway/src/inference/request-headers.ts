import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';

const KEY_MAX_CHARS = 255;

/** What a client may ask with headers on every inference route. */
export type RequestHeaders = {
  dryRun: boolean;
  idempotencyKey: string | undefined;
  /** Whether another node may go on in an answer whose node was lost. Undefined: as the model is set. */
  continueElsewhere: boolean | undefined;
};

/**
 * Reads `x-dry-run`, `x-continue` and `idempotency-key`. Errors: `invalid_request` for a key that is empty, too long, repeated or not
 * printable ASCII. The key is never logged or stored as it came.
 */
export function readRequestHeaders(rawHeaders: readonly string[]): Result<RequestHeaders, Fault> {
  let dryRun = false;
  let idempotencyKey: string | undefined;
  let continueElsewhere: boolean | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 9 && name.toLowerCase() === 'x-dry-run') {
      dryRun = /^(true|1)$/i.test(rawHeaders[index + 1] ?? '');
    } else if (name.length === 10 && name.toLowerCase() === 'x-continue') {
      continueElsewhere = /^(true|1)$/i.test(rawHeaders[index + 1] ?? '');
    } else if (name.length === 15 && name.toLowerCase() === 'idempotency-key') {
      const value = rawHeaders[index + 1] ?? '';
      const valid = value.length <= KEY_MAX_CHARS && /^[\x20-\x7e]+$/.test(value);
      if (!valid || idempotencyKey !== undefined) {
        return failed(
          fault('invalid_request', {
            message: `The Idempotency-Key header must be sent once, with 1 to ${KEY_MAX_CHARS} printable ASCII characters.`,
          }),
        );
      }
      idempotencyKey = value;
    }
  }
  return ok({ dryRun, idempotencyKey, continueElsewhere });
}
