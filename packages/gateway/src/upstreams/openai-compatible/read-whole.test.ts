import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Taken } from '../transport/exchange.ts';
import { openWholeReader } from './read-whole.ts';

function read(body: unknown, relay = true): Taken {
  const reader = openWholeReader({ relay, newCallId: () => 'call_new' });
  const bytes =
    body instanceof Buffer ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  reader.push(bytes.subarray(0, 7));
  reader.push(bytes.subarray(7));
  reader.close();
  return reader.take();
}

const call = (fields: Record<string, unknown>) => ({
  id: 'c1',
  type: 'function',
  function: { name: 'f', arguments: '{}' },
  ...fields,
});
const reply = (message: unknown, finish_reason: unknown = 'stop', extra = {}) => ({
  id: 'x',
  choices: [{ index: 0, message, finish_reason }],
  ...extra,
});

test('a reply that is right keeps its bytes', () => {
  const body =
    '{"id":"x", "choices":[{"index":0,"message":{"role":"assistant","content":"Hi","reasoning":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"a\\": 1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}';
  const { parts, relay, state } = read(body);
  expect(state).toBe('complete');
  expect(relay?.toString()).toBe(body);
  expect(parts).toEqual([
    { type: 'reasoning-delta', text: 'hm' },
    { type: 'text-delta', text: 'Hi' },
    { type: 'tool-call-start', index: 0, id: 'c1', name: 'f' },
    { type: 'tool-call-delta', index: 0, argumentsText: '{"a": 1}' },
    {
      type: 'finish',
      reason: 'tool-calls',
      usage: {
        inputTokens: 1,
        imageInputTokens: 0,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 2,
        reasoningTokens: 0,
      },
    },
  ]);
  expect(read(body, false).relay).toBeUndefined();
});

describe('what a client would trip over is written anew', () => {
  test.each([
    [
      'stop after calls',
      reply({ role: 'assistant', tool_calls: [call({})] }),
      { finish_reason: 'tool_calls' },
    ],
    ['no role', reply({ content: 'a' }), { message: { role: 'assistant', content: 'a' } }],
    ['no finish', reply({ role: 'assistant', content: 'a' }, null), { finish_reason: 'stop' }],
    ['an unknown finish', reply({ role: 'assistant', content: 'a' }, 'eos'), { finish_reason: 'stop' }],
    [
      'arguments as an object, no id and no type',
      reply(
        { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] },
        'tool_calls',
      ),
      {
        message: {
          role: 'assistant',
          tool_calls: [{ id: 'call_new', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        },
      },
    ],
    [
      'no index',
      { choices: [{ message: { role: 'assistant', content: '' }, finish_reason: 'length' }] },
      { index: 0 },
    ],
  ])('%s', (_what, body, fixed) => {
    const { relay, state } = read(body);
    expect(state).toBe('complete');
    const written = JSON.parse(relay?.toString() ?? '') as { choices: unknown[] };
    expect(written.choices).toHaveLength(1);
    expect(written.choices[0]).toMatchObject(fixed);
  });
});

test('two calls with the same id stay two', () => {
  const { parts } = read(reply({ role: 'assistant', tool_calls: [call({}), call({})] }, 'tool_calls'));
  expect(parts.filter((part) => part.type === 'tool-call-start').map((part) => part.index)).toEqual([0, 1]);
});

test.each([
  ['cut JSON', '{"choices":[{"index":0,"message":{"role":"assist', 'bad-reply'],
  ['an error', { error: { message: 'x' } }, 'error-in-reply'],
  ['an error as text', { error: 'x' }, 'error-in-reply'],
  ['an engine that gave up', reply({ role: 'assistant', content: 'a' }, 'error'), 'error-in-reply'],
  ['a call without a name', reply({ role: 'assistant', tool_calls: [{ id: 'c' }] }), 'bad-reply'],
  ['content of another kind', reply({ role: 'assistant', content: 5 }), 'bad-reply'],
  ['no message', { choices: [{ index: 0 }] }, 'bad-reply'],
])('%s is a fault', (_what, body, cause) => {
  expect(read(body)).toMatchObject({ parts: [], state: { cause, blame: 'target' } });
});

test('a null error is none', () => {
  expect(read(reply({ role: 'assistant', content: 'a' }, 'stop', { error: null })).state).toBe('complete');
});

test('a reply above the bound is dropped while it comes', () => {
  const reader = openWholeReader({ relay: true, newCallId: () => 'c' });
  const piece = Buffer.alloc(8 * 1024 * 1024, ' ');
  for (let count = 0; count < 5; count += 1) reader.push(piece);
  expect(reader.take().state).toMatchObject({ cause: 'reply-too-large' });
  reader.close();
  expect(reader.take().state).toMatchObject({ cause: 'reply-too-large' });
});

test('any damage gives parts or a fault, never an exception', () => {
  const body = Buffer.from(
    JSON.stringify(reply({ role: 'assistant', content: 'Hi', tool_calls: [call({})] })),
  );
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), fc.nat(body.length), (at, byte, cut) => {
      const damaged = Buffer.from(body);
      damaged[at] = byte;
      const { parts, state } = read(damaged.subarray(0, cut));
      expect(parts.filter((part) => part.type === 'finish').length).toBe(state === 'complete' ? 1 : 0);
    }),
    { numRuns: 1000 },
  );
});
