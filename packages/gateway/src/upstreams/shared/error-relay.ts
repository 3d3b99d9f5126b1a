import type { AttemptFault } from '../../core/attempt.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';

/** Longer bodies are no error messages for people or programs. */
const RELAYED_MAX_BYTES = 16 * 1024;

/** Words of errors about the operator's own standing with the provider, which is nobody else's business. */
const ABOUT_ACCOUNT =
  /organi[sz]ation|\bproject\b|billing|quota|credit balance|api[ _-]?key|\/settings\/|\b(?:org|proj|sk)-[A-Za-z0-9]/i;

/**
 * The error reply of a provider as a client of the same dialect may have it: about its own request (400, 413, 422), one
 * JSON object with an `error` object in it, and no word about the operator's account. Undefined otherwise. Bytes stay as
 * they are, because some clients mend their requests by a provider's wording.
 */
export function relayedError(status: number, body: Buffer): AttemptFault['relay'] {
  if (status !== 400 && status !== 413 && status !== 422) return undefined;
  if (body.length > RELAYED_MAX_BYTES) return undefined;
  const text = body.toString();
  if (ABOUT_ACCOUNT.test(text)) return undefined;
  const value = tryParseJson(text);
  if (!isJsonObject(value) || !isJsonObject(value['error'])) return undefined;
  return typeof value['error']['message'] === 'string' ? { status, body } : undefined;
}
