import { describe, expect, test } from 'vitest';
import type { Refusal } from './refused-settings.ts';
import { adaptTo, createRefusalMemory, NO_ADAPTATION, readRefusal } from './refused-settings.ts';

const body = (error: Record<string, unknown>) =>
  JSON.stringify({ error: { type: 'invalid_request_error', ...error } });

test.each<[what: string, error: Record<string, unknown>, refusal: Refusal | undefined]>([
  [
    'a value, by its code',
    {
      message: "Unsupported value: 'temperature' does not support 0.2 with this model.",
      param: 'temperature',
      code: 'unsupported_value',
    },
    { what: 'setting', name: 'temperature', isValue: true },
  ],
  [
    'a setting without a code, by the message',
    {
      message: "Unsupported parameter: 'top_p' is not supported with this model.",
      param: 'top_p',
      code: null,
    },
    { what: 'setting', name: 'top_p', isValue: false },
  ],
  [
    'summaries of an account that is not verified',
    {
      message: 'Your organization must be verified to generate reasoning summaries.',
      param: 'reasoning.summary',
      code: 'unsupported_value',
    },
    { what: 'setting', name: 'reasoning.summary', isValue: true },
  ],
  [
    'an effort that the service has never heard of',
    { message: "Invalid value: 'max'.", param: 'reasoning_effort', code: 'invalid_value' },
    { what: 'setting', name: 'reasoning_effort', isValue: true },
  ],
  [
    'a wrong value of another setting',
    { message: 'Invalid value', param: 'top_p', code: 'invalid_value' },
    undefined,
  ],
  [
    'a value out of range',
    { message: 'Invalid', param: 'temperature', code: 'decimal_above_max_value' },
    undefined,
  ],
  [
    'a setting that no answer can do without',
    { message: "Unsupported parameter: 'tools'", param: 'tools', code: 'unsupported_parameter' },
    undefined,
  ],
  [
    'no name of a setting',
    { message: 'Unsupported value', param: null, code: 'unsupported_value' },
    undefined,
  ],
  [
    'reasoning of another account',
    { message: 'The encrypted content gAAA... could not be verified.', code: 'invalid_encrypted_content' },
    { what: 'sealed-reasoning' },
  ],
  [
    'the same without a code',
    {
      message: 'The encrypted content for item rs_1 could not be verified. Reason: it could not be parsed.',
      code: null,
    },
    { what: 'sealed-reasoning' },
  ],
])('reads %s', (_what, error, refusal) => {
  expect(readRefusal(body(error))).toEqual(refusal);
});

test.each(['', 'no JSON', '[]', '{"error":"text"}', '{"error":null}', '{}'])(
  'reads nothing from %s',
  (text) => {
    expect(readRefusal(text)).toBeUndefined();
  },
);

/** The words that are tried for one effort, the last one being none. */
function tried(effort: string, isValue: boolean): (string | undefined)[] {
  const refusal: Refusal = { what: 'setting', name: 'reasoning.effort', isValue };
  const words: (string | undefined)[] = [];
  let adaptation = adaptTo(NO_ADAPTATION, refusal, effort);
  while (adaptation !== undefined) {
    words.push(adaptation.settings.get('reasoning.effort'));
    adaptation = adaptTo(adaptation, refusal, effort);
  }
  return words;
}

describe('an effort', () => {
  test.each([
    ['max', ['xhigh', 'high', undefined]],
    ['none', ['minimal', 'low', undefined]],
    ['minimal', ['low', undefined]],
    ['high', [undefined]],
    ['medium', [undefined]],
  ])('%s goes to the nearest that the model has', (effort, words) => {
    expect(tried(effort, true)).toEqual(words);
  });

  test('is left out where the model has none at all', () => {
    expect(tried('max', false)).toEqual([undefined]);
  });
});

test('what was done once is not done again, and adaptations add up', () => {
  const temperature: Refusal = { what: 'setting', name: 'temperature', isValue: true };
  const first = adaptTo(NO_ADAPTATION, temperature, undefined);
  expect(first?.settings).toEqual(new Map([['temperature', undefined]]));
  expect(first && adaptTo(first, temperature, undefined)).toBeUndefined();
  const second = first && adaptTo(first, { what: 'sealed-reasoning' }, undefined);
  expect(second).toEqual({ settings: first?.settings, dropSealedReasoning: true });
  expect(second && adaptTo(second, { what: 'sealed-reasoning' }, undefined)).toBeUndefined();
  expect(NO_ADAPTATION.settings.size).toBe(0);
});

test("settings are remembered by model and effort, a stranger's reasoning is not", () => {
  const memory = createRefusalMemory();
  const settings = new Map([['temperature', undefined]] as const);
  memory.learn('m', 'high', { settings, dropSealedReasoning: true });
  expect(memory.of('m', 'high')).toEqual({ settings, dropSealedReasoning: false });
  expect(memory.of('m', undefined)).toBe(NO_ADAPTATION);
  expect(memory.of('other', 'high')).toBe(NO_ADAPTATION);
});
