import { isJsonObject } from '../../core/json-body.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';

/** What local engines and services write when a prompt does not fit. Only looked for, never handed on. */
const TOO_LONG =
  /context[ _](?:length|size|window)|maximum context|max_model_len|prompt is too long|exceed_context_size|too many tokens/i;
const POLICY =
  /content_policy|content_filter|content management policy|flagged_input|input was flagged|request blocked/i;
/** Enough for any honest message; the pattern need not look at more. */
const LOOKED_AT_CHARS = 2_000;

/** Kinds of failure that an error object tells apart and that do not depend on the target. */
export type KnownFailure = 'context-length' | 'content-policy' | 'unsupported' | undefined;

/** Looks into an error object, `{error: {...}}` or `{error: "..."}`, for what every target would say alike. */
export function classifyError(body: unknown): KnownFailure {
  const error = isJsonObject(body) ? (body['error'] ?? body) : undefined;
  const fields = isJsonObject(error) ? [error['code'], error['type'], error['message']] : [error];
  const text = fields
    .filter((field) => typeof field === 'string')
    .map((field) => field.slice(0, LOOKED_AT_CHARS))
    .join('\n');
  if (TOO_LONG.test(text)) return 'context-length';
  if (POLICY.test(text)) return 'content-policy';
  const code = isJsonObject(error) ? error['code'] : undefined;
  return code === 'unsupported_parameter' || code === 'unsupported_value' ? 'unsupported' : undefined;
}

const KNOWN_FAULTS: Readonly<Record<Exclude<KnownFailure, undefined>, UpstreamFault>> = {
  'context-length': { code: 'context_length_exceeded', blame: 'request', cause: 'context-length' },
  'content-policy': { code: 'content_policy_violation', blame: 'request', cause: 'content-policy' },
  unsupported: {
    code: 'unsupported_parameter',
    blame: 'request',
    cause: 'refused',
    message: 'The engine behind this model does not support a parameter or value of the request.',
  },
};

/** The fault for what `classifyError` knows: it is the request's, and its text is ours. */
export function knownFault(failure: Exclude<KnownFailure, undefined>): UpstreamFault {
  return KNOWN_FAULTS[failure];
}

/** A 200 that holds an error. Undefined when the reply has none. */
export function errorInReply(body: unknown): UpstreamFault | undefined {
  if (!isJsonObject(body)) return undefined;
  const { error } = body;
  if (error === undefined || error === null || error === false || error === '') return undefined;
  const failure = classifyError(body);
  return failure === undefined ? targetFault('error-in-reply') : knownFault(failure);
}
