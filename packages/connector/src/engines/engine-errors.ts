import type { EngineFault } from '../engine.ts';
import { RefusedAddressError } from './address-guard.ts';
import type { JsonObject } from './json.ts';
import { isObject, parseJson, textAt } from './json.ts';

/**
 * How engines word "the prompt does not fit". Their texts are only looked at, never passed on: they may
 * quote the prompt. Words of llama.cpp, vLLM, SGLang, TGI, LM Studio, Ollama, TabbyAPI and OpenAI, 2026-11.
 */
const CONTEXT_WORDS =
  /context[ _-]?(?:length|size|window|limit|overflow)|exceed_context|context the overflows|maximum model length|max_(?:seq_len|model_len|total_tokens)|max_new_tokens.{0,20}must be|prompt is too long/iu;

const UNSUPPORTED_WORDS =
  /does not support (?:tools|images?|vision|thinking|chat)|images? (?:input )?(?:is|are) not supported|mmproj|not a multimodal|without vision|tool choice requires/iu;

const CONTEXT_FAULT: EngineFault = {
  code: 'context_length_exceeded',
  message: "The request does not fit into the model's context.",
};
const UNSUPPORTED_FAULT: EngineFault = {
  code: 'unsupported',
  message: 'The model does not support something in the request.',
};

/**
 * The fault of an HTTP answer that is not 200. `bodyText` is the first part of the body.
 * A wrong key or an unknown model is the node owner's mistake, so it is `engine_failed`, not the client's.
 */
export function faultOfHttpStatus(status: number, bodyText: string): EngineFault {
  const parsed = parseJson(bodyText);
  const words = isObject(parsed) ? errorWords(parsed) : bodyText;
  return faultOfStatusAndWords(status, words);
}

/** The fault of an `error` object inside a stream that began with 200. */
export function faultOfErrorObject(chunk: JsonObject): EngineFault {
  const inner = isObject(chunk.error) ? chunk.error : chunk;
  const status = typeof inner.code === 'number' ? inner.code : 500;
  return faultOfStatusAndWords(status, errorWords(chunk));
}

/** Text, type and code of an error object in any of the usual nestings, for matching only. */
function errorWords(body: JsonObject): string {
  const inner = isObject(body.error) ? body.error : body;
  const named = ['message', 'type', 'code', 'detail', 'error_type'].map((key) => textAt(inner, key) ?? '');
  return [textAt(body, 'error') ?? '', ...named].join(' ');
}

function faultOfStatusAndWords(status: number, words: string): EngineFault {
  const isAboutRequest = [400, 413, 422].includes(status) || status >= 500;
  if (isAboutRequest && CONTEXT_WORDS.test(words)) return CONTEXT_FAULT;
  if (isAboutRequest && UNSUPPORTED_WORDS.test(words)) return UNSUPPORTED_FAULT;
  if (status === 401 || status === 403) {
    return {
      code: 'engine_failed',
      message: `The engine refused the connector's API key (HTTP ${status}); set api_key_env.`,
    };
  }
  if (status === 404 || status === 405) {
    return {
      code: 'engine_failed',
      message: `The engine does not know the model or the path (HTTP ${status}).`,
    };
  }
  if (status === 408 || status === 504) {
    return { code: 'timeout', message: `The engine gave up in time (HTTP ${status}).` };
  }
  if (status === 429 || status === 503) {
    return { code: 'overloaded', message: `The engine has no room (HTTP ${status}).` };
  }
  if (status >= 300 && status < 400) {
    return { code: 'engine_failed', message: `The engine redirects (HTTP ${status}); that is not followed.` };
  }
  if (status >= 400 && status < 500) {
    return { code: 'invalid_request', message: `The engine refused the request (HTTP ${status}).` };
  }
  return { code: 'engine_failed', message: `The engine failed (HTTP ${status}).` };
}

const UNREACHABLE_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

/** The fault of a connection that failed. The error's own text is left out: it holds addresses. */
export function faultOfConnectionError(error: unknown): EngineFault {
  if (error instanceof RefusedAddressError) return { code: 'engine_unreachable', message: error.message };
  const code = errorCode(error);
  if (code !== undefined && UNREACHABLE_CODES.has(code)) {
    return { code: 'engine_unreachable', message: `The engine does not answer (${code}).` };
  }
  return { code: 'engine_failed', message: 'The connection to the engine broke.' };
}

/** Node puts the codes of a host with several addresses into an AggregateError. */
function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? errorCode(error.errors[0]) : undefined;
}
