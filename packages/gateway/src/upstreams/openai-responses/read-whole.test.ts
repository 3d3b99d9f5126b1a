import { describe, expect, test } from 'vitest';
import { openWholeReader } from './read-whole.ts';
import { readAll, type Read } from './testing-requests.ts';

function read(value: unknown, relay = true): Read {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return readAll(openWholeReader({ relay, replyModel: 'public' }), [Buffer.from(text)]);
}

const message = (...content: unknown[]) => ({ id: 'msg_1', type: 'message', role: 'assistant', content });
const WHOLE = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  error: null,
  model: 'remote',
  output: [
    {
      id: 'rs_1',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'hm' }],
      encrypted_content: 'E',
    },
    message({ type: 'output_text', text: 'Hel' }, { type: 'output_text', text: 'lo' }),
    { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
  ],
  usage: { input_tokens: 3, output_tokens: 4 },
};

test('all parts in their order, with usage', () => {
  expect(read(WHOLE).parts).toEqual([
    { type: 'reasoning-delta', text: 'hm' },
    { type: 'reasoning-seal', seal: { kind: 'encrypted', data: 'E' } },
    { type: 'text-delta', text: 'Hel' },
    { type: 'text-delta', text: 'lo' },
    { type: 'tool-call-start', index: 0, id: 'call_1', name: 'f' },
    { type: 'tool-call-delta', index: 0, argumentsText: '{"a":1}' },
    {
      type: 'finish',
      reason: 'tool-calls',
      usage: {
        inputTokens: 3,
        imageInputTokens: 0,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 4,
        reasoningTokens: 0,
      },
    },
  ]);
});

describe('the body', () => {
  test('is handed on byte for byte, but for what we say', () => {
    const text =
      '{ "id":"resp_1","model" : "remote", "output":[],"store":true ,"safety_identifier":"user-operator","x":1.50}\n';
    expect(read(text).relay.join('')).toBe(
      '{ "id":"resp_1","model" : "public", "output":[],"store":false ,"safety_identifier":null,"x":1.50}\n',
    );
  });

  test('is handed on once, with the end, and to clients of this dialect only', () => {
    expect(read(WHOLE).relay).toHaveLength(1);
    expect(read(WHOLE, false).relay).toEqual([]);
  });
});

test.each([
  ['completed', null, 'stop'],
  ['incomplete', { reason: 'max_output_tokens' }, 'length'],
  ['incomplete', { reason: 'content_filter' }, 'content-filter'],
  [undefined, null, 'stop'],
])('%s %j', (status, incomplete_details, reason) => {
  const { parts, state } = read({ ...WHOLE, status, incomplete_details, output: [message()] });
  expect(parts.at(-1)).toMatchObject({ type: 'finish', reason });
  expect(state).toBe('complete');
});

test('a missing usage is not zero', () => {
  expect(read({ ...WHOLE, usage: null }).parts.at(-1)).toEqual({ type: 'finish', reason: 'tool-calls' });
});

test.each([
  ['', 'bad-reply'],
  ['Hello', 'bad-reply'],
  ['[]', 'bad-reply'],
  [{}, 'bad-reply'],
  [{ ...WHOLE, output: 'x' }, 'bad-reply'],
  [{ ...WHOLE, output: ['x'] }, 'bad-reply'],
  [{ ...WHOLE, status: 'in_progress' }, 'bad-reply'],
  [{ ...WHOLE, status: 'queued' }, 'bad-reply'],
  [{ ...WHOLE, status: 'failed' }, 'error-in-reply'],
  [{ ...WHOLE, status: 'cancelled' }, 'error-in-reply'],
  [{ ...WHOLE, status: 'failed', error: { code: 'insufficient_quota', message: 'secret' } }, 'credits'],
  [{ error: { code: 'context_length_exceeded', message: 'secret' } }, 'context-length'],
])('%j is a fault', (value, cause) => {
  const { parts, state } = read(value);
  expect(parts).toEqual([]);
  expect(state).toMatchObject({ cause });
  expect(JSON.stringify(state)).not.toContain('secret');
});

test('a reply beyond all measure is not kept', () => {
  const reader = openWholeReader({ relay: true, replyModel: undefined });
  const pieces = Array.from({ length: 34 }, () => Buffer.alloc(1 << 20, 'x'));
  expect(readAll(reader, pieces).state).toMatchObject({ cause: 'reply-too-large' });
});
