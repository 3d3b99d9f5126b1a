import { describe, expect, test } from 'vitest';
import { errorInAnswer, providerFault } from './provider-fault.ts';

const body = (type: string, message: string, details?: object) =>
  JSON.stringify({ type: 'error', error: { type, message, ...(details && { details }) }, request_id: 'r' });
const INVALID = 'invalid_request_error';

describe('replies', () => {
  test.each([
    [400, body(INVALID, 'prompt is too long: 5 tokens > 4 maximum'), 'request', 'context-length'],
    [
      400,
      body(INVALID, 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000'),
      'request',
      'context-length',
    ],
    [400, body(INVALID, 'Output blocked by content filtering policy'), 'request', 'content-policy'],
    [400, body(INVALID, 'messages.1: roles must alternate'), 'request', 'refused'],
    [400, body(INVALID, 'Your credit balance is too low to access the Anthropic API.'), 'target', 'credits'],
    [400, body(INVALID, 'You have reached your specified API usage limits.'), 'target', 'credits'],
    [400, body(INVALID, 'This organization has been disabled.'), 'target', 'forbidden'],
    [
      400,
      body(INVALID, 'This model needs a retention that your organization has not.'),
      'target',
      'forbidden',
    ],
    [400, body(INVALID, 'x', { error_code: 'organization_on_hold' }), 'target', 'forbidden'],
    [400, body(INVALID, 'x', { error_code: 'linked_organization_spend_limit_reached' }), 'target', 'credits'],
    [429, body('rate_limit_error', 'x', { error_code: 'enforced_spend_limit_reached' }), 'target', 'credits'],
    [429, body('rate_limit_error', 'x', { error_code: 'ramp_limit_exceeded' }), 'target', 'http-429'],
    [401, body('authentication_error', 'invalid x-api-key'), 'target', 'auth'],
    [402, body('billing_error', 'x'), 'target', 'credits'],
    [403, body('permission_error', 'x'), 'target', 'forbidden'],
    [404, body('not_found_error', 'model: x'), 'target', 'not-found'],
    [409, body('conflict_error', 'x'), 'target', 'http-409'],
    [413, body('request_too_large', 'x'), 'request', 'too-large'],
    [422, body(INVALID, 'x'), 'request', 'refused'],
    [500, body('api_error', 'Your credit balance is too low'), 'target', 'http-5xx'],
    [504, body('timeout_error', 'x'), 'target', 'http-5xx'],
    [529, body('overloaded_error', 'Overloaded'), 'target', 'http-5xx'],
    [400, '', 'request', 'refused'],
    [400, '{"error":"text"}', 'request', 'refused'],
    [400, '{"error":{"message":5,"details":"x"}}', 'request', 'refused'],
    [400, '[', 'request', 'refused'],
  ])('%s %s', (status, text, blame, cause) => {
    expect(providerFault({ status, headers: {} }, text, 0)).toMatchObject({ blame, cause });
  });

  test('a wait is read', () => {
    const head = { status: 429, headers: { 'retry-after': '7' } };
    expect(providerFault(head, body('rate_limit_error', 'x'), 0)).toMatchObject({ retryAfterMs: 7_000 });
  });
});

describe('inside an answer', () => {
  test.each([
    ['overloaded_error', 'server_is_overloaded'],
    ['rate_limit_error', 'server_is_overloaded'],
    ['api_error', 'upstream_failed'],
    ['timeout_error', 'upstream_timeout'],
    ['authentication_error', 'upstream_failed'],
    ['something_new', 'upstream_failed'],
  ])('%s', (type, code) => {
    const value = { type: 'error', error: { type, message: 'secret' } };
    expect(errorInAnswer(value)).toMatchObject({ code, blame: 'target' });
    expect(JSON.stringify(errorInAnswer(value))).not.toContain('secret');
  });

  test.each([
    [{ type: 'message', error: null }, false],
    [{ type: 'ping' }, false],
    [{ type: 'message', error: { type: 'api_error' } }, false],
    [{ error: { type: 'api_error' } }, true],
    [{ type: 'error' }, true],
    [{ error: 'text' }, false],
  ])('%j is an error: %s', (value, isError) => {
    expect(errorInAnswer(value) !== undefined).toBe(isError);
  });
});
