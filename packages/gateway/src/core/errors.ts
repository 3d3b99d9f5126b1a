/**
 * The one catalogue of errors. Every failure that a client can see is a row here; every surface renders it in its
 * own shape. Public texts never hold a value of a request, an upstream's words, or a key.
 *
 * Sources: OpenAI and Anthropic error pages and the shapes their SDKs read, as collected in the design notes
 * on surfaces, 2026-11-20.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type ErrorRow = {
  /** HTTP status. 499 is for the log only: nobody is left to read it. */
  status: number;
  openaiType: string;
  anthropicType: string;
  /** Whether the same request may succeed later without change. Sent as `x-should-retry` where it is false for a 5xx. */
  retryable: boolean;
  logLevel: LogLevel;
  /** What the client reads when the place that failed has nothing more exact to say. */
  publicMessage: string;
};

export const ERRORS = {
  invalid_request: row(400, 'invalid_request_error', 'invalid_request_error', {
    message: 'The request is not valid.',
  }),
  invalid_json: row(400, 'invalid_request_error', 'invalid_request_error', {
    message: 'The body is not valid JSON.',
  }),
  unsupported_parameter: row(400, 'invalid_request_error', 'invalid_request_error', {
    message: 'A parameter of the request is not supported here.',
  }),
  unsupported_image_url: row(400, 'invalid_request_error', 'invalid_request_error', {
    message: 'Pictures must be sent inline as a base64 data URL. Remote addresses are not fetched.',
  }),
  context_length_exceeded: row(400, 'invalid_request_error', 'invalid_request_error', {
    // LangChain and Claude Code know this case by these very words.
    message: 'The prompt is too long: it exceeds the context window of this model.',
  }),
  content_policy_violation: row(400, 'invalid_request_error', 'invalid_request_error', {
    message: 'The request was blocked by the content policy.',
  }),
  invalid_api_key: row(401, 'invalid_request_error', 'authentication_error', {
    message: 'The API key is missing or not valid. Send it as "Authorization: Bearer <key>".',
  }),
  conflicting_credentials: row(401, 'invalid_request_error', 'authentication_error', {
    message: 'Two different credentials were sent. Send one.',
  }),
  sign_in_failed: row(401, 'invalid_request_error', 'authentication_error', {
    message: 'The sign-in data is not right, or the address is not confirmed yet.',
  }),
  sign_in_required: row(401, 'invalid_request_error', 'authentication_error', {
    message: 'Sign in first.',
  }),
  insufficient_credits: row(402, 'insufficient_quota', 'billing_error', {
    message: 'The balance does not cover the price of this request. Top up to continue.',
  }),
  spend_limit_reached: row(402, 'insufficient_quota', 'billing_error', {
    message: 'The spend limit of this API key is reached for now.',
  }),
  model_not_allowed: row(403, 'permission_error', 'permission_error', {
    message: 'This API key may not use this model.',
  }),
  permission_denied: row(403, 'permission_error', 'permission_error', {
    message: 'This API key may not do this.',
  }),
  sign_up_closed: row(403, 'permission_error', 'permission_error', {
    message: 'New accounts need an invitation here.',
  }),
  recent_sign_in_required: row(403, 'permission_error', 'permission_error', {
    message: 'Confirm who you are: sign in again, then repeat this within 10 minutes.',
  }),
  two_factor_required: row(403, 'permission_error', 'permission_error', {
    message: 'Operators need a second factor. Set one up under your account first.',
  }),
  cross_site_request: row(403, 'permission_error', 'permission_error', {
    message: 'This address answers pages of its own site only.',
  }),
  account_suspended: row(403, 'permission_error', 'permission_error', {
    message: 'This account is suspended.',
  }),
  model_not_found: row(404, 'invalid_request_error', 'not_found_error', {
    message: 'There is no model of this name. GET /v1/models lists them.',
  }),
  not_found: row(404, 'invalid_request_error', 'not_found_error', {
    message: 'There is nothing at this address.',
  }),
  method_not_allowed: row(405, 'invalid_request_error', 'invalid_request_error', {
    message: 'This address does not take this method.',
  }),
  request_in_progress: row(409, 'invalid_request_error', 'invalid_request_error', {
    message: 'A request with the same Idempotency-Key is still running.',
    retryable: true,
  }),
  request_already_done: row(409, 'invalid_request_error', 'invalid_request_error', {
    message:
      'The request with this Idempotency-Key is done. Its answer was not kept; it is not charged again.',
  }),
  body_too_large: row(413, 'invalid_request_error', 'request_too_large', {
    message: 'The body is larger than this address takes.',
  }),
  unsupported_media_type: row(415, 'invalid_request_error', 'invalid_request_error', {
    message: 'Send the body as application/json.',
  }),
  idempotency_mismatch: row(422, 'invalid_request_error', 'invalid_request_error', {
    message: 'This Idempotency-Key was used with another body.',
  }),
  unprocessable_request: row(422, 'invalid_request_error', 'invalid_request_error', {
    message: 'Two engines could not process this request. It will not be tried again.',
  }),
  rate_limit_exceeded: row(429, 'rate_limit_error', 'rate_limit_error', {
    message: 'Too many requests with this API key. Wait and try again.',
    retryable: true,
  }),
  /** What `insufficient_credits` becomes for clients that would send a 402 again. */
  insufficient_quota: row(429, 'insufficient_quota', 'billing_error', {
    message: 'The balance does not cover the price of this request. Top up to continue.',
  }),
  concurrency_limit_exceeded: row(429, 'rate_limit_error', 'rate_limit_error', {
    message: 'Too many requests run at once with this API key. Wait for one to end.',
    retryable: true,
  }),
  headers_too_large: row(431, 'invalid_request_error', 'invalid_request_error', {
    message: 'The headers of the request are too large.',
  }),
  client_closed: row(499, 'invalid_request_error', 'invalid_request_error', {
    message: 'The client closed the connection.',
    level: 'info',
  }),
  internal_error: row(500, 'server_error', 'api_error', {
    message: 'Something went wrong on our side.',
    retryable: true,
    level: 'error',
  }),
  upstream_failed: row(502, 'server_error', 'api_error', {
    message: 'The engine behind this model failed.',
    retryable: true,
    level: 'warn',
  }),
  answer_interrupted: row(502, 'server_error', 'api_error', {
    message: 'The answer broke off: the engine behind this model was lost. Nothing more will come.',
    retryable: true,
    level: 'warn',
  }),
  server_is_overloaded: row(503, 'server_error', 'overloaded_error', {
    message: 'No node is free or online for this model right now. Try again shortly.',
    retryable: true,
    level: 'warn',
  }),
  connector_offline: row(503, 'server_error', 'overloaded_error', {
    message: 'The connector of this deployment is offline. Start it and try again.',
    retryable: true,
  }),
  connector_busy: row(503, 'server_error', 'overloaded_error', {
    message: 'All slots of this deployment are busy.',
    retryable: true,
  }),
  ledger_unavailable: row(503, 'server_error', 'api_error', {
    message: 'Paid requests are paused because charges cannot be recorded safely right now.',
    retryable: true,
    level: 'error',
  }),
  classifier_unavailable: row(503, 'server_error', 'api_error', {
    message:
      'Pictures of this model have to be looked at before they are handed out, and nothing here can do that. Nothing was charged.',
    level: 'warn',
  }),
  maintenance: row(503, 'server_error', 'overloaded_error', {
    message: 'New requests are paused for maintenance. Try again later.',
    retryable: true,
  }),
  draining: row(503, 'server_error', 'overloaded_error', {
    message: 'This server is shutting down. Try again.',
    retryable: true,
  }),
  upstream_timeout: row(504, 'server_error', 'timeout_error', {
    message: 'The engine behind this model did not answer in time.',
    retryable: true,
    level: 'warn',
  }),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** A failure on its way to a client. `message` and `param` name fields and rules, never values from the request. */
export type Fault = {
  code: ErrorCode;
  /** Replaces the public text where the place that failed knows more. */
  message?: string;
  /** The field at fault, as a path: `messages[2].content[0].image_url`. */
  param?: string;
  /** Sent as `retry-after` and `retry-after-ms`. */
  retryAfterMs?: number;
};

export function fault(code: ErrorCode, details: Omit<Fault, 'code'> = {}): Fault {
  return { code, ...details };
}

export function errorRow(code: ErrorCode): ErrorRow {
  return ERRORS[code];
}

export function faultMessage(value: Fault): string {
  return value.message ?? ERRORS[value.code].publicMessage;
}

function row(
  status: number,
  openaiType: string,
  anthropicType: string,
  details: { message: string; retryable?: boolean; level?: LogLevel },
): ErrorRow {
  return {
    status,
    openaiType,
    anthropicType,
    retryable: details.retryable ?? false,
    logLevel: details.level ?? 'info',
    publicMessage: details.message,
  };
}
