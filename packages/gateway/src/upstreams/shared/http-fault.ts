import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import type { ReplyHead, ReplyReader } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { readRetryAfterMs } from '../transport/retry-after.ts';
import { classifyError, knownFault } from './error-in-reply.ts';
import { relayedError } from './error-relay.ts';
import type { Refusal } from './refused-settings.ts';
import { readRefusal } from './refused-settings.ts';

/** Error bodies are read up to here, to tell kinds of failure apart. */
const ERROR_BODY_MAX_BYTES = 64 * 1024;

const OUT_OF_CREDIT = 'insufficient_quota';

export type ErrorReaderOptions = {
  nowMs: number;
  /** Whether the client speaks the dialect of the error, and may have what the provider says about its request. */
  relay: boolean;
  /** Told of a refused setting before the fault comes. */
  onRefusal?(refusal: Refusal): void;
  /** Says whose fault it is. Default: `httpFault`. */
  judge?: typeof httpFault;
};

/**
 * Reads the body of a reply that is no success and gives one fault at its end. But for what `relayedError` allows,
 * nothing of the body gets any further: it may quote the prompt, the operator's account or an address.
 */
export function openErrorReader(
  head: ReplyHead,
  { nowMs, relay, onRefusal, judge = httpFault }: ErrorReaderOptions,
): ReplyReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let fault: UpstreamFault | undefined;
  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes <= ERROR_BODY_MAX_BYTES) chunks.push(chunk);
      else fault ??= judge(head, '', nowMs);
    },
    close(broken) {
      if (fault !== undefined) return;
      const body = Buffer.concat(chunks);
      fault = judge(head, body.toString(), nowMs);
      const refusal = head.status === 400 ? readRefusal(body.toString()) : undefined;
      if (refusal !== undefined) onRefusal?.(refusal);
      const relayed = relay && broken === undefined ? relayedError(head.status, body) : undefined;
      if (relayed !== undefined && fault.blame === 'request') fault = { ...fault, relay: relayed };
    },
    take: () => ({ parts: [], relay: undefined, state: fault ?? 'open' }),
  };
}

/**
 * What an HTTP error says about blame. The request's: 400, 413 and 422. Everything else is the target's, also 401 to
 * 404: those are the operator's key, account or route, which the client cannot mend and another target may not share.
 */
export function httpFault({ status, headers }: ReplyHead, body: string, nowMs: number): UpstreamFault {
  const retryAfterMs = readRetryAfterMs(headers, nowMs);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  switch (status) {
    case 400:
    case 413:
    case 422:
      return requestFault(status, body);
    case 401:
      return targetFault('auth');
    case 403:
      return forbidden(body);
    case 402:
      return targetFault('credits');
    case 404:
      return targetFault('not-found');
    case 408:
      return { ...targetFault('http-408', 'upstream_timeout'), ...wait };
    case 409:
    case 425:
      return { ...targetFault('http-409'), ...wait };
    case 429:
      if (isOutOfCredit(body)) return targetFault('credits');
      return { ...targetFault('http-429', 'server_is_overloaded'), ...wait };
    case 503:
    case 529:
      return { ...targetFault('http-5xx', 'server_is_overloaded'), ...wait };
    case 504:
      return { ...targetFault('http-5xx', 'upstream_timeout'), ...wait };
    default:
      return { ...targetFault(status >= 500 ? 'http-5xx' : 'http-4xx'), ...wait };
  }
}

/** A router of many providers refuses with 403 what its moderation flags: that is about the prompt. OpenRouter, errors page, 2026-11-21. */
function forbidden(body: string): UpstreamFault {
  const failure = classifyError(tryParseJson(body));
  return failure === 'content-policy' ? knownFault(failure) : targetFault('forbidden');
}

/** OpenAI says 429 also when the account has no money left, and no waiting helps then. OpenAI, error codes page, 2026-11-20. */
function isOutOfCredit(body: string): boolean {
  const parsed = tryParseJson(body);
  const error = isJsonObject(parsed) ? parsed['error'] : undefined;
  return isJsonObject(error) && (error['code'] === OUT_OF_CREDIT || error['type'] === OUT_OF_CREDIT);
}

function requestFault(status: 400 | 413 | 422, body: string): UpstreamFault {
  const failure = classifyError(tryParseJson(body));
  if (failure !== undefined) return knownFault(failure);
  if (status === 413) {
    return {
      code: 'body_too_large',
      blame: 'request',
      cause: 'too-large',
      message: 'The engine behind this model does not take a request of this size.',
    };
  }
  return {
    code: 'invalid_request',
    blame: 'request',
    cause: 'refused',
    message: 'The engine behind this model refused the request as not valid.',
  };
}
