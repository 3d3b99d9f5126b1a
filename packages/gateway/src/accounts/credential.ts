import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';

/**
 * The one place that reads a credential from a request, for every route and dialect. A second reader would one day
 * skip a check that the first one makes.
 *
 * Takes `Authorization: Bearer <secret>` (OpenAI style), `x-api-key: <secret>` (Anthropic style) and
 * `api-key: <secret>` (Azure style). Clients that send several of them with the same secret are fine; two different
 * secrets are refused, because a limit could hold for one and the bill go to the other.
 */

/** Longer than any secret that is given out here; longer texts are refused unread. */
const CREDENTIAL_MAX_CHARS = 256;

/** `Bearer` in any case, spaces, then printable ASCII without spaces (RFC 6750, section 2.1). */
const BEARER = /^bearer +([\x21-\x7e]+)$/i;
const PRINTABLE = /^[\x21-\x7e]+$/;

type Carrier = 'authorization' | 'x-api-key' | 'api-key';

/**
 * Finds the credential among the headers.
 * @param rawHeaders Node's `request.rawHeaders`: name, value, name, value ... Raw because Node's parsed form silently
 *   drops or joins repeated headers.
 * Errors: `invalid_api_key` (missing, empty, repeated, too long, wrong scheme or characters), `conflicting_credentials`.
 */
export function extractCredential(rawHeaders: readonly string[]): Result<string, Fault> {
  let found: string | undefined;
  let seen = 0;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const carrier = carrierOf(rawHeaders[index] ?? '');
    if (carrier === undefined) continue;
    const bit = BITS[carrier];
    if ((seen & bit) !== 0) return invalid(carrier, 'is sent more than once');
    seen |= bit;
    const secret = readSecret(carrier, rawHeaders[index + 1] ?? '');
    if (secret === undefined) return invalid(carrier, WANTED[carrier]);
    if (found !== undefined && found !== secret) return failed(fault('conflicting_credentials'));
    found = secret;
  }
  return found === undefined ? failed(fault('invalid_api_key')) : ok(found);
}

const BITS: Record<Carrier, number> = { authorization: 1, 'x-api-key': 2, 'api-key': 4 };

const WANTED: Record<Carrier, string> = {
  authorization: 'must be "Bearer <key>"',
  'x-api-key': 'must be the key and nothing else',
  'api-key': 'must be the key and nothing else',
};

/** Compares lengths first: most headers of a request are none of the three. */
function carrierOf(name: string): Carrier | undefined {
  switch (name.length) {
    case 13:
      return name.toLowerCase() === 'authorization' ? 'authorization' : undefined;
    case 9:
      return name.toLowerCase() === 'x-api-key' ? 'x-api-key' : undefined;
    case 7:
      return name.toLowerCase() === 'api-key' ? 'api-key' : undefined;
    default:
      return undefined;
  }
}

function readSecret(carrier: Carrier, value: string): string | undefined {
  if (value.length > CREDENTIAL_MAX_CHARS) return undefined;
  if (carrier === 'authorization') return BEARER.exec(value)?.[1];
  return PRINTABLE.test(value) ? value : undefined;
}

function invalid(carrier: Carrier, problem: string): Result<string, Fault> {
  return failed(fault('invalid_api_key', { message: `The header ${carrier} ${problem}.` }));
}
