import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import { classifyError, knownFault } from '../shared/error-in-reply.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';

const OUT_OF_CREDIT = new Set<unknown>(['insufficient_quota', 'billing_hard_limit_reached']);
const RATE_LIMITED = new Set<unknown>(['rate_limit_exceeded', 'slow_down']);
const OVERLOADED = new Set<unknown>(['server_is_overloaded', 'overloaded']);
/** The provider will not answer this prompt, wherever it is asked. */
const POLICY = /^invalid_prompt$|policy/;
/** Pictures that cannot be read, and requests that are not valid. */
const BAD_REQUEST = /image|^invalid_request/;

/**
 * The fault that an answer ended with: the `error` of a response that failed, or an `error` event, which carries its
 * fields itself or in an `error` object (both are seen). Its text goes no further.
 * Source: openai 7.55.0, `ResponseError` and `ResponseErrorEvent`, and events quoted in zed-industries/zed #57024, read
 * 2026-11-20.
 */
export function faultOfError(value: unknown): UpstreamFault {
  const event = isJsonObject(value) ? value : {};
  const error = isJsonObject(event['error']) ? event['error'] : event;
  const failure = classifyError({ error });
  if (failure !== undefined) return knownFault(failure);
  return faultOfCode(error['code']) ?? faultOfCode(error['type']) ?? targetFault('error-in-reply');
}

function faultOfCode(code: JsonObject[string]): UpstreamFault | undefined {
  if (typeof code !== 'string') return undefined;
  if (OUT_OF_CREDIT.has(code)) return targetFault('credits');
  if (RATE_LIMITED.has(code)) return targetFault('http-429', 'server_is_overloaded');
  if (OVERLOADED.has(code)) return targetFault('http-5xx', 'server_is_overloaded');
  if (POLICY.test(code)) return knownFault('content-policy');
  if (!BAD_REQUEST.test(code)) return undefined;
  return {
    code: 'invalid_request',
    blame: 'request',
    cause: 'refused',
    message: 'The engine behind this model refused the request as not valid.',
  };
}
