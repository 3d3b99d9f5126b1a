import { expect, test } from 'vitest';
import { openErrorReader } from './http-fault.ts';
import { relayedError } from './error-relay.ts';

const error = (fields: Record<string, unknown>) =>
  Buffer.from(
    JSON.stringify({ error: { type: 'invalid_request_error', param: null, code: null, ...fields } }),
  );

test.each([400, 413, 422])('what a %i says of a request is handed on byte for byte', (status) => {
  const body = Buffer.from('{ "error": {"message": "Invalid schema for function \'f\'", "code": null} }\n');
  expect(relayedError(status, body)).toEqual({ status, body });
});

test.each([
  ['other statuses', 404, error({ message: 'The model does not exist.' })],
  ['a rate limit', 429, error({ message: 'Slow down.' })],
  [
    'a missing verification',
    400,
    error({ message: 'Your organization must be verified to generate reasoning summaries.' }),
  ],
  ['an empty account', 400, error({ message: 'Your credit balance is too low to access the API.' })],
  ['a quota', 400, error({ message: 'No more.', code: 'insufficient_quota' })],
  ['a project by its id', 400, error({ message: 'Not found in proj-Ab12Cd.' })],
  ['a key', 400, error({ message: 'Incorrect API key provided: sk-abcd.' })],
  ['a body that is no JSON', 400, Buffer.from('Bad Request')],
  ['JSON without an error object', 400, Buffer.from('{"detail":"no"}')],
  ['an error that is a text', 400, Buffer.from('{"error":"no"}')],
  ['an error without a message', 400, Buffer.from('{"error":{"code":"x"}}')],
  ['a list', 400, Buffer.from('[{"error":{"message":"no"}}]')],
  ['a body beyond all measure', 400, error({ message: 'x'.repeat(20_000) })],
])('%s stays here', (_what, status, body) => {
  expect(relayedError(status, body)).toBeUndefined();
});

const head = (status: number) => ({ status, headers: {} });

function read(status: number, body: Buffer, relay: boolean) {
  const reader = openErrorReader(head(status), { nowMs: 0, relay });
  reader.push(body);
  reader.close();
  return reader.take().state;
}

test('the error reader hands a body on only to a client of its dialect', () => {
  const body = error({ message: 'Invalid value', code: 'invalid_value' });
  expect(read(400, body, true)).toMatchObject({ code: 'invalid_request', relay: { status: 400, body } });
  expect(read(400, body, false)).not.toHaveProperty('relay');
});

test('a body that broke off is not handed on', () => {
  const reader = openErrorReader(head(400), { nowMs: 0, relay: true });
  reader.push(error({ message: 'Invalid value' }));
  reader.close({ code: 'upstream_failed', blame: 'target', cause: 'reset' });
  expect(reader.take().state).not.toHaveProperty('relay');
});
