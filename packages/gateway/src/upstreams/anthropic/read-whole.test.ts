import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { openWholeReader } from './read-whole.ts';

const names = { toClient: (name: string) => name };

function read(text: string, relay = true) {
  const reader = openWholeReader({ relay, names });
  reader.push(Buffer.from(text));
  reader.close();
  return reader.take();
}

const MESSAGE = {
  id: 'msg_01',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5',
  content: [
    { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'cmVk' },
    { type: 'text', text: 'Yes' },
    { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
    { type: 'tool_use', id: 't2', name: 'g', input: {} },
    { type: 'something_new', x: 1 },
  ],
  stop_reason: 'tool_use',
  usage: {
    input_tokens: 5,
    cache_read_input_tokens: 2,
    cache_creation_input_tokens: null,
    output_tokens: 9,
    output_tokens_details: { thinking_tokens: 4 },
  },
};

test('all blocks become parts, and the body stays', () => {
  const text = JSON.stringify(MESSAGE);
  const { parts, relay, state } = read(text);
  expect(parts).toEqual([
    { type: 'reasoning-delta', text: 'Hm.' },
    { type: 'reasoning-seal', seal: { kind: 'signature', data: 'c2ln' } },
    { type: 'reasoning-seal', seal: { kind: 'redacted', data: 'cmVk' } },
    { type: 'text-delta', text: 'Yes' },
    { type: 'tool-call-start', index: 0, id: 't1', name: 'f' },
    { type: 'tool-call-delta', index: 0, argumentsText: '{"a":1}' },
    { type: 'tool-call-start', index: 1, id: 't2', name: 'g' },
    { type: 'tool-call-delta', index: 1, argumentsText: '{}' },
    {
      type: 'finish',
      reason: 'tool-calls',
      usage: {
        inputTokens: 5,
        imageInputTokens: 0,
        cacheReadTokens: 2,
        cacheWriteTokens: 0,
        outputTokens: 5,
        reasoningTokens: 4,
      },
    },
  ]);
  expect(relay?.toString()).toBe(text);
  expect(state).toBe('complete');
  expect(read(text, false)).toMatchObject({ relay: undefined, state: 'complete' });
});

describe('how it ended', () => {
  test.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content-filter'],
    ['pause_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['tool_use', 'stop'],
    ['anything_new', 'stop'],
    [null, 'stop'],
  ])('%s', (stop_reason, reason) => {
    const { parts } = read(JSON.stringify({ ...MESSAGE, content: [], stop_reason, stop_sequence: null }));
    expect(parts).toMatchObject([{ type: 'finish', reason }]);
  });
});

describe('usage', () => {
  test.each([
    [{ input_tokens: 5 }],
    [{ output_tokens: 5 }],
    [{ input_tokens: -1, output_tokens: 5 }],
    [{ input_tokens: 1.5, output_tokens: 5 }],
    [{ input_tokens: '5', output_tokens: 5 }],
    ['none'],
    [null],
  ])('%j is none', (usage) => {
    expect(read(JSON.stringify({ ...MESSAGE, content: [], usage })).parts).toEqual([
      { type: 'finish', reason: 'stop' },
    ]);
  });

  test('zero is a count, and thinking is at most the output', () => {
    const usage = { input_tokens: 0, output_tokens: 2, output_tokens_details: { thinking_tokens: 9 } };
    const { parts } = read(JSON.stringify({ ...MESSAGE, content: [], usage }));
    expect(parts).toMatchObject([{ usage: { inputTokens: 0, outputTokens: 0, reasoningTokens: 2 } }]);
  });

  test('what a compaction took is added: the counts of the answer leave it out', () => {
    const entry = { input_tokens: 7, cache_read_input_tokens: 150_000, output_tokens: 3_000 };
    const usage = {
      input_tokens: 5,
      output_tokens: 9,
      iterations: [
        { type: 'compaction', ...entry },
        { type: 'message', input_tokens: 5, output_tokens: 9 },
        { type: 'compaction', output_tokens: 1 },
        null,
      ],
    };
    const { parts } = read(JSON.stringify({ ...MESSAGE, content: [], usage }));
    expect(parts).toMatchObject([
      { usage: { inputTokens: 12, cacheReadTokens: 150_000, cacheWriteTokens: 0, outputTokens: 3_009 } },
    ]);
  });
});

test('an answer that is a compaction alone is not an empty one for the meter', () => {
  const content = [{ type: 'compaction', content: 'What was said.', encrypted_content: null }];
  const text = JSON.stringify({ ...MESSAGE, content, stop_reason: 'compaction' });
  const { parts, relay } = read(text);
  expect(parts).toMatchObject([
    { type: 'text-delta', text: 'What was said.' },
    { type: 'finish', reason: 'stop' },
  ]);
  expect(relay?.toString()).toBe(text);
});

test.each([
  ['', 'bad-reply'],
  ['Hello', 'bad-reply'],
  ['[]', 'bad-reply'],
  ['{}', 'bad-reply'],
  ['{"content":"text"}', 'bad-reply'],
  ['{"content":[5]}', 'bad-reply'],
  ['{"content":[{"type":"tool_use","id":"","name":"f"}]}', 'bad-reply'],
  ['{"content":[],"stop_reason":5}', 'bad-reply'],
  ['{"type":"error","error":{"type":"overloaded_error","message":"x"}}', 'http-5xx'],
])('%s is no answer', (text, cause) => {
  expect(read(text)).toMatchObject({ parts: [], relay: undefined, state: { cause } });
});

test('a reply that is too large, or breaks off', () => {
  const large = openWholeReader({ relay: true, names });
  const chunk = Buffer.alloc(LIMITS.replyMaxBytes);
  large.push(chunk);
  expect(large.take().state).toBe('open');
  large.push(chunk.subarray(0, 1));
  large.close();
  expect(large.take().state).toMatchObject({ cause: 'reply-too-large' });

  const cut = openWholeReader({ relay: true, names });
  cut.push(Buffer.from(JSON.stringify(MESSAGE)));
  cut.close(targetFault('reset'));
  expect(cut.take()).toMatchObject({ parts: [], state: { cause: 'reset' } });
});

test('any JSON gives parts or a fault', () => {
  const value = fc.jsonValue();
  const block = fc.record(
    {
      type: fc.constantFrom('text', 'tool_use', 'thinking', 'x'),
      text: value,
      id: value,
      name: value,
      input: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.record({ content: fc.array(fc.oneof(block, value)), stop_reason: value, usage: value }),
      fc.boolean(),
      (message, relay) => {
        const { parts, state } = read(JSON.stringify(message), relay);
        const finishes = parts.filter((part) => part.type === 'finish').length;
        expect(finishes).toBe(state === 'complete' ? 1 : 0);
      },
    ),
  );
});
