import { expect, it } from 'vitest';
import { ERRORS, errorRow, faultMessage, fault } from './errors.ts';

/**
 * The whole catalogue, pinned: clients act on these numbers and words, so a change must be meant.
 * Code, status, OpenAI type, Anthropic type, retryable, log level.
 */
const PINNED = `
account_suspended 403 permission_error permission_error false info
answer_interrupted 502 server_error api_error true warn
body_too_large 413 invalid_request_error request_too_large false info
classifier_unavailable 503 server_error api_error false warn
client_closed 499 invalid_request_error invalid_request_error false info
concurrency_limit_exceeded 429 rate_limit_error rate_limit_error true info
conflicting_credentials 401 invalid_request_error authentication_error false info
connector_busy 503 server_error overloaded_error true info
connector_offline 503 server_error overloaded_error true info
content_policy_violation 400 invalid_request_error invalid_request_error false info
context_length_exceeded 400 invalid_request_error invalid_request_error false info
cross_site_request 403 permission_error permission_error false info
draining 503 server_error overloaded_error true info
headers_too_large 431 invalid_request_error invalid_request_error false info
idempotency_mismatch 422 invalid_request_error invalid_request_error false info
insufficient_credits 402 insufficient_quota billing_error false info
insufficient_quota 429 insufficient_quota billing_error false info
internal_error 500 server_error api_error true error
invalid_api_key 401 invalid_request_error authentication_error false info
invalid_json 400 invalid_request_error invalid_request_error false info
invalid_request 400 invalid_request_error invalid_request_error false info
ledger_unavailable 503 server_error api_error true error
maintenance 503 server_error overloaded_error true info
method_not_allowed 405 invalid_request_error invalid_request_error false info
model_not_allowed 403 permission_error permission_error false info
model_not_found 404 invalid_request_error not_found_error false info
not_found 404 invalid_request_error not_found_error false info
permission_denied 403 permission_error permission_error false info
rate_limit_exceeded 429 rate_limit_error rate_limit_error true info
recent_sign_in_required 403 permission_error permission_error false info
request_already_done 409 invalid_request_error invalid_request_error false info
request_in_progress 409 invalid_request_error invalid_request_error true info
server_is_overloaded 503 server_error overloaded_error true warn
sign_in_failed 401 invalid_request_error authentication_error false info
sign_in_required 401 invalid_request_error authentication_error false info
sign_up_closed 403 permission_error permission_error false info
spend_limit_reached 402 insufficient_quota billing_error false info
two_factor_required 403 permission_error permission_error false info
unprocessable_request 422 invalid_request_error invalid_request_error false info
unsupported_image_url 400 invalid_request_error invalid_request_error false info
unsupported_media_type 415 invalid_request_error invalid_request_error false info
unsupported_parameter 400 invalid_request_error invalid_request_error false info
upstream_failed 502 server_error api_error true warn
upstream_timeout 504 server_error timeout_error true warn
`;

it('is the catalogue that clients know', () => {
  const lines = Object.entries(ERRORS).map(([code, row]) =>
    [code, row.status, row.openaiType, row.anthropicType, row.retryable, row.logLevel].join(' '),
  );
  expect(lines.toSorted().join('\n')).toBe(PINNED.trim());
});

it('has a public sentence for each row, and lets the place that failed say more', () => {
  for (const row of Object.values(ERRORS)) expect(row.publicMessage).toMatch(/^[A-Z].{10,}\.$/s);
  expect(faultMessage(fault('not_found'))).toBe(errorRow('not_found').publicMessage);
  expect(faultMessage(fault('not_found', { message: 'Not here.' }))).toBe('Not here.');
});
