/** An error as OpenAI's API says it. `code` is mostly null. */
export type ApiError = {
  status: number;
  type: string;
  message: string;
  param: string | null;
  code: string | null;
  headers?: Record<string, string>;
};

export function invalid(message: string, param: string | null, code: string | null = null): ApiError {
  return { status: 400, type: 'invalid_request_error', message, param, code };
}

export function missing(param: string): ApiError {
  return invalid(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
}

export function isApiError(value: object): value is ApiError {
  return 'status' in value && 'code' in value;
}

/** The body of an error reply. */
export function errorJson({ type, message, param, code }: ApiError): string {
  return JSON.stringify({ error: { message, type, param, code } });
}

const REFUSALS: Readonly<Record<string, Omit<ApiError, 'param'>>> = {
  '401': {
    status: 401,
    type: 'invalid_request_error',
    message: 'Incorrect API key provided: sk-oper****tors. You can find your API key at the account page.',
    code: 'invalid_api_key',
  },
  '403': {
    status: 403,
    type: 'invalid_request_error',
    message: 'Project `proj_operator` does not have access to this model.',
    code: 'model_not_found',
  },
  '404': {
    status: 404,
    type: 'invalid_request_error',
    message: 'The model does not exist or you do not have access to it.',
    code: 'model_not_found',
  },
  '429': {
    status: 429,
    type: 'requests',
    message: 'Rate limit reached for this model in organization org-operator.',
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '1', 'retry-after-ms': '250' },
  },
  quota: {
    status: 429,
    type: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
    code: 'insufficient_quota',
  },
  '500': {
    status: 500,
    type: 'server_error',
    message: 'The server had an error while processing your request.',
    code: null,
  },
  '503': {
    status: 503,
    type: 'server_error',
    message: 'The engine is currently overloaded, please try again later.',
    code: null,
  },
  context: {
    status: 400,
    type: 'invalid_request_error',
    message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
    code: 'context_length_exceeded',
  },
};

/** What the scenario `error-<kind>` answers instead of anything else. Source: OpenAI's error codes page, 2026-11-20. */
export function refusalOf(kind: string): ApiError | undefined {
  const refusal = REFUSALS[kind];
  return refusal === undefined ? undefined : { ...refusal, param: null };
}
