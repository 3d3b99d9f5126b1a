import OpenAI from 'openai';
import type { ClientKind, SeenError } from './client.ts';

/** The classes of the `openai` package, on every surface that it speaks. */
export const OPENAI_ERRORS: ClientKind['errors'] = {
  'wrong-key': { className: 'AuthenticationError', code: 'invalid_api_key' },
  'no-money': { className: 'APIError', code: 'insufficient_credits' },
  'unknown-model': { className: 'NotFoundError', code: 'model_not_found' },
  'too-fast': { className: 'RateLimitError', code: 'rate_limit_exceeded' },
  'no-node': { className: 'InternalServerError', code: 'server_is_overloaded' },
  'bad-prompt': { className: 'BadRequestError', code: 'context_length_exceeded' },
};

export function readOpenAiError(error: unknown): SeenError {
  if (!(error instanceof OpenAI.OpenAIError)) throw error;
  const { name, message } = { name: error.constructor.name, message: error.message };
  if (!(error instanceof OpenAI.APIError)) {
    return { className: name, status: undefined, code: undefined, requestId: undefined, message };
  }
  return {
    className: name,
    status: error.status,
    code: error.code ?? undefined,
    requestId: error.requestID ?? undefined,
    message,
  };
}
