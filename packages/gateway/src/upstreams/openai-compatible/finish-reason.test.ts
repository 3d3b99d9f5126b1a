import { expect, test } from 'vitest';
import { readFinishReason } from './finish-reason.ts';

test.each([
  ['insufficient_system_resource', 'failed'],
  ['network_error', 'failed'],
  ['model_context_window_exceeded', 'length'],
  ['sensitive', 'content-filter'],
])('an answer that a service broke off with %s is no complete one', (name, reason) => {
  expect(readFinishReason(name, false)).toBe(reason);
  expect(readFinishReason(name, true)).toBe(reason);
});

test.each([null, undefined, '', 7])('with %j an answer goes on', (value) => {
  expect(readFinishReason(value, true)).toBeUndefined();
});
