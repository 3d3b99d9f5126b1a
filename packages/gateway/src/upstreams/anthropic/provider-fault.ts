import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import { knownFault } from '../shared/error-in-reply.ts';
import { httpFault } from '../shared/http-fault.ts';
import type { ReplyHead } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';

/** Messages begin with what is wrong; behind this they only quote. */
const LOOKED_AT_CHARS = 2_000;

/** What the API says of the operator's own standing under the status of a wrong request. */
const NO_CREDIT = /credit balance|spend(?:ing)? limit|usage limits?\b|plans? & billing/i;
const NOT_ALLOWED = /\byour (?:organi[sz]ation|workspace|account)\b|this organi[sz]ation|\bapi key\b/i;
const NO_CREDIT_CODE = /spend_limit|billing/;
const NOT_ALLOWED_CODE = /^(?:organization_|cmek_|claude_code_key_|user_profile_|sandbox_)/;

const TOO_LONG = /prompt is too long|exceed(?:s|ed)? (?:the )?context (?:limit|window)/i;
const POLICY = /content filtering policy/i;

/**
 * What an error reply says about blame, as `httpFault` with what only this API does: it answers 400, too, when the
 * operator's money or a limit of the operator's is used up, which is no fault of the client.
 * Source: errors page and `error_code` values of the official client 1.11.0, read 2026-11-21; wordings as reported in
 * anthropics/claude-code issues 66314 and 91322.
 */
export function providerFault(head: ReplyHead, body: string, nowMs: number): UpstreamFault {
  const { message, code } = errorWords(tryParseJson(body));
  if (head.status >= 400 && head.status < 500 && head.status !== 401) {
    if (NO_CREDIT_CODE.test(code) || NO_CREDIT.test(message)) return targetFault('credits');
    if (NOT_ALLOWED_CODE.test(code)) return targetFault('forbidden');
  }
  if (head.status === 400) {
    if (TOO_LONG.test(message)) return knownFault('context-length');
    if (POLICY.test(message)) return knownFault('content-policy');
    if (NOT_ALLOWED.test(message)) return targetFault('forbidden');
  }
  return httpFault(head, body, nowMs);
}

function errorWords(body: unknown): { message: string; code: string } {
  const error = isJsonObject(body) && isJsonObject(body['error']) ? body['error'] : {};
  const { message, details } = error;
  const code = isJsonObject(details) ? details['error_code'] : undefined;
  return {
    message: typeof message === 'string' ? message.slice(0, LOOKED_AT_CHARS) : '',
    code: typeof code === 'string' ? code : '',
  };
}

/** The status that an error of this type has where it comes as a reply of its own. */
const STATUS_OF_TYPE: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

/** An error inside a stream, or under status 200. Undefined when `value` is none. */
export function errorInAnswer(value: JsonObject): UpstreamFault | undefined {
  const { type, error } = value;
  if (type !== 'error' && (type !== undefined || !isJsonObject(error))) return undefined;
  const status = isJsonObject(error) ? STATUS_OF_TYPE.get(error['type']) : undefined;
  if (status === undefined) return targetFault('error-in-reply');
  return providerFault({ status, headers: {} }, JSON.stringify(value), 0);
}
