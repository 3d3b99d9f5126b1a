import type { StreamPart } from '@switchyard/protocol/parts.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChunkDecoder } from './chat-chunks.ts';

type Call = Record<string, unknown>;

const delta = (value: Record<string, unknown>): unknown => ({ choices: [{ index: 0, delta: value }] });
const calls = (...list: Call[]): unknown => delta({ tool_calls: list });
const end = (reason: string): unknown => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });

/** Decodes all chunks and gives the parts with a final finish part, or the code of the fault. */
function decodeAll(chunks: unknown[]): { parts: StreamPart[]; fault?: string } {
  const decoder = createChunkDecoder();
  const parts: StreamPart[] = [];
  for (const chunk of chunks) {
    const decoded = decoder.decode(chunk);
    parts.push(...decoded.parts);
    if (decoded.fault !== undefined) return { parts, fault: decoded.fault.code };
  }
  const last = decoder.finish();
  if ('code' in last) return { parts, fault: last.code };
  return { parts: [...parts, last] };
}

/** What a client would put together: name and arguments of each call. */
function assemble(parts: StreamPart[]): { id: string; name: string; argumentsText: string }[] {
  const list: { id: string; name: string; argumentsText: string }[] = [];
  for (const part of parts) {
    if (part.type === 'tool-call-start') {
      expect(part.index).toBe(list.length);
      list.push({ id: part.id, name: part.name, argumentsText: '' });
    }
    if (part.type === 'tool-call-delta') {
      const call = list[part.index];
      expect(call).toBeDefined();
      if (call !== undefined) call.argumentsText += part.argumentsText;
    }
  }
  return list;
}

const ADD = { name: 'add', argumentsText: '{"a":1}' };
const SUB = { name: 'sub', argumentsText: '{"b":2}' };

describe('tool calls', () => {
  it.each<[string, unknown[], { id?: string; name: string; argumentsText: string }[]]>([
    [
      'the documented form',
      [
        calls({ index: 0, id: 'a', type: 'function', function: { name: 'add', arguments: '' } }),
        calls({ index: 0, function: { arguments: '{"a"' } }),
        calls({ index: 0, function: { arguments: ':1}' } }),
        calls({ index: 1, id: 'b', type: 'function', function: { name: 'sub', arguments: '{"b":2}' } }),
      ],
      [
        { id: 'a', ...ADD },
        { id: 'b', ...SUB },
      ],
    ],
    [
      'no index',
      [
        calls({ id: 'a', function: { name: 'add', arguments: '{"a"' } }),
        calls({ function: { arguments: ':1}' } }),
        calls({ id: 'b', function: { name: 'sub', arguments: '{"b":2}' } }),
      ],
      [
        { id: 'a', ...ADD },
        { id: 'b', ...SUB },
      ],
    ],
    [
      'no index, pieces of two calls mixed, told apart by id',
      [
        calls(
          { id: 'a', function: { name: 'add', arguments: '{"a"' } },
          { id: 'b', function: { name: 'sub', arguments: '{"b"' } },
        ),
        calls({ id: 'a', function: { arguments: ':1}' } }, { id: 'b', function: { arguments: ':2}' } }),
      ],
      [
        { id: 'a', ...ADD },
        { id: 'b', ...SUB },
      ],
    ],
    [
      'index 0 for two ids',
      [
        calls({ index: 0, id: 'a', function: { name: 'add', arguments: '{"a":1}' } }),
        calls({ index: 0, id: 'b', function: { name: 'sub', arguments: '{"b":2}' } }),
      ],
      [
        { id: 'a', ...ADD },
        { id: 'b', ...SUB },
      ],
    ],
    [
      'several whole calls in one chunk without index or id',
      [
        calls(
          { function: { name: 'add', arguments: '{"a":1}' } },
          { function: { name: 'sub', arguments: '{"b":2}' } },
        ),
      ],
      [ADD, SUB],
    ],
    [
      'arguments as an object',
      [calls({ index: 0, id: 'a', function: { name: 'add', arguments: { a: 1 } } })],
      [{ id: 'a', ...ADD }],
    ],
    [
      'a fresh id on every piece, as some vLLM versions send',
      [
        calls({ index: 0, id: 'a', function: { name: 'add', arguments: '{"a"' } }),
        calls({ index: 0, id: 'x', function: { name: null, arguments: ':1}' } }),
      ],
      [{ id: 'a', ...ADD }],
    ],
    [
      'the name on every piece',
      [
        calls({ index: 0, id: 'a', function: { name: 'add', arguments: '{"a"' } }),
        calls({ index: 0, id: 'a', function: { name: 'add', arguments: ':1}' } }),
        calls({ index: 0, id: 'a', function: { name: 'add', arguments: '' } }),
      ],
      [{ id: 'a', ...ADD }],
    ],
    [
      'the name on every piece, no id',
      [
        calls({ index: 0, function: { name: 'add', arguments: '{"a"' } }),
        calls({ index: 0, function: { name: 'add', arguments: ':1}' } }),
        calls({ index: 0, function: { name: 'add', arguments: '' } }),
      ],
      [ADD],
    ],
    [
      'indexes with gaps',
      [
        calls({ index: 3, id: 'a', function: { name: 'add', arguments: '{"a":1}' } }),
        calls({ index: 7, id: 'b', function: { name: 'sub', arguments: '{"b":2}' } }),
      ],
      [
        { id: 'a', ...ADD },
        { id: 'b', ...SUB },
      ],
    ],
    ['empty ids', [calls({ index: 0, id: '', function: { name: 'add', arguments: '{"a":1}' } })], [ADD]],
    [
      'a whole message instead of deltas',
      [
        {
          choices: [
            { message: { tool_calls: [{ id: 'a', function: { name: 'add', arguments: '{"a":1}' } }] } },
          ],
        },
      ],
      [{ id: 'a', ...ADD }],
    ],
  ])('understands %s', (_name, chunks, expected) => {
    const { parts, fault } = decodeAll([...chunks, end('stop')]);
    expect(fault).toBeUndefined();
    expect(assemble(parts)).toMatchObject(expected);
    expect(assemble(parts)).toHaveLength(expected.length);
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'tool-calls' });
  });

  it('makes up ids that differ', () => {
    const { parts } = decodeAll([
      calls({ function: { name: 'add', arguments: '{}' } }, { function: { name: 'add', arguments: '{}' } }),
      end('tool_calls'),
    ]);
    const ids = assemble(parts).map((call) => call.id);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^call_[0-9a-f]{24}$/u);
  });

  it('gives two calls with one id two ids', () => {
    const { parts } = decodeAll([
      calls(
        { index: 0, id: 'a', function: { name: 'add', arguments: '{"a":1}' } },
        { index: 1, id: 'a', function: { name: 'sub', arguments: '{"b"' } },
      ),
      calls({ index: 1, function: { arguments: ':2}' } }),
      end('tool_calls'),
    ]);
    const list = assemble(parts);
    expect(list).toMatchObject([ADD, SUB]);
    expect(list[0]?.id).not.toBe(list[1]?.id);
  });

  it.each<[string, unknown]>([
    ['arguments for no call', calls({ index: 0, function: { arguments: '{}' } })],
    ['a list that is none', delta({ tool_calls: 'x' })],
    ['an element that is none', delta({ tool_calls: [null] })],
    [
      'too many calls',
      calls(...Array.from({ length: 200 }, (_, index) => ({ index, function: { name: 'f' } }))),
    ],
  ])('refuses %s', (_name, chunk) => {
    expect(decodeAll([chunk, end('tool_calls')]).fault).toBe('engine_failed');
  });
});

describe('text, reasoning, ends', () => {
  it.each<[string, unknown[], StreamPart[]]>([
    [
      'content and reasoning under both names',
      [
        delta({ role: 'assistant', content: '' }),
        delta({ reasoning_content: 'a' }),
        delta({ reasoning: 'b' }),
        delta({ reasoning: 'c', reasoning_content: 'c', content: null }),
        delta({ content: 'd' }),
        end('stop'),
      ],
      [
        { type: 'reasoning-delta', text: 'a' },
        { type: 'reasoning-delta', text: 'b' },
        { type: 'reasoning-delta', text: 'c' },
        { type: 'text-delta', text: 'd' },
        { type: 'finish', reason: 'stop' },
      ],
    ],
    [
      'a refusal',
      [delta({ refusal: 'no' }), end('stop')],
      [
        { type: 'refusal-delta', text: 'no' },
        { type: 'finish', reason: 'stop' },
      ],
    ],
    [
      'chunks without choices',
      [{}, { choices: [] }, { choices: null }, end('length')],
      [{ type: 'finish', reason: 'length' }],
    ],
    ['a lost tool call', [end('tool_calls')], [{ type: 'finish', reason: 'stop' }]],
    ['a filter', [end('content_filter')], [{ type: 'finish', reason: 'content-filter' }]],
    ['the word of TGI', [end('eos_token')], [{ type: 'finish', reason: 'stop' }]],
    [
      'a null error beside the choices',
      [{ error: null, choices: [{ finish_reason: 'stop' }] }],
      [{ type: 'finish', reason: 'stop' }],
    ],
  ])('reads %s', (_name, chunks, expected) => {
    expect(decodeAll(chunks)).toEqual({ parts: expected });
  });

  it.each<[string, unknown[], string]>([
    ['no finish reason', [delta({ content: 'x' })], 'engine_failed'],
    ['an unknown finish reason', [end('abort')], 'engine_failed'],
    ['a chunk that is no object', [7], 'engine_failed'],
    ['an error object', [{ error: { message: 'boom', code: 500 } }], 'engine_failed'],
    ['an error text', [{ error: 'boom' }], 'engine_failed'],
    ['an overload inside the stream', [{ error: { message: 'busy', code: 503 } }], 'overloaded'],
    [
      'a full context inside the stream',
      [{ error: { code: 500, message: 'exceeds the available context size' } }],
      'context_length_exceeded',
    ],
    ['the flat error of vLLM', [{ object: 'error', message: 'boom', code: 400 }], 'invalid_request'],
  ])('makes a fault of %s', (_name, chunks, code) => {
    expect(decodeAll(chunks).fault).toBe(code);
  });

  it('keeps the text before an error', () => {
    const decoded = decodeAll([delta({ content: 'x' }), { error: { message: 'boom' } }]);
    expect(decoded).toEqual({ parts: [{ type: 'text-delta', text: 'x' }], fault: 'engine_failed' });
  });
});

describe('usage', () => {
  it.each<[string, unknown, unknown]>([
    [
      'into disjoint buckets',
      {
        prompt_tokens: 10,
        completion_tokens: 7,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
      {
        inputTokens: 6,
        imageInputTokens: 0,
        cacheReadTokens: 4,
        cacheWriteTokens: 0,
        outputTokens: 5,
        reasoningTokens: 2,
      },
    ],
    [
      'without details',
      { prompt_tokens: 10, completion_tokens: 7, prompt_tokens_details: null },
      {
        inputTokens: 10,
        imageInputTokens: 0,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 7,
        reasoningTokens: 0,
      },
    ],
    [
      'with pictures apart, as much as no cache has',
      {
        prompt_tokens: 10,
        completion_tokens: 7,
        prompt_tokens_details: { cached_tokens: 4, image_tokens: 5 },
      },
      {
        inputTokens: 1,
        imageInputTokens: 5,
        cacheReadTokens: 4,
        cacheWriteTokens: 0,
        outputTokens: 7,
        reasoningTokens: 0,
      },
    ],
    [
      'with more pictures than input',
      {
        prompt_tokens: 10,
        completion_tokens: 7,
        prompt_tokens_details: { cached_tokens: 4, image_tokens: 50 },
      },
      {
        inputTokens: 0,
        imageInputTokens: 6,
        cacheReadTokens: 4,
        cacheWriteTokens: 0,
        outputTokens: 7,
        reasoningTokens: 0,
      },
    ],
    [
      'with parts greater than the whole',
      {
        prompt_tokens: 1,
        completion_tokens: 1,
        prompt_tokens_details: { cached_tokens: 9 },
        completion_tokens_details: { reasoning_tokens: 9 },
      },
      {
        inputTokens: 0,
        imageInputTokens: 0,
        cacheReadTokens: 1,
        cacheWriteTokens: 0,
        outputTokens: 0,
        reasoningTokens: 1,
      },
    ],
    ['with a negative number', { prompt_tokens: -1, completion_tokens: 7 }, undefined],
    ['with a fraction', { prompt_tokens: 1.5, completion_tokens: 7 }, undefined],
    ['with a text', { prompt_tokens: '10', completion_tokens: 7 }, undefined],
    ['with one total', { prompt_tokens: 10 }, undefined],
    ['that is null', null, undefined],
  ])('is read %s', (_name, usage, expected) => {
    const { parts } = decodeAll([end('stop'), { choices: [], usage }]);
    const finish = expected === undefined ? {} : { usage: expected };
    expect(parts).toEqual([{ type: 'finish', reason: 'stop', ...finish }]);
  });

  it('takes the last of several', () => {
    const usages = [1, 2, 3].map((tokens) => ({ usage: { prompt_tokens: 5, completion_tokens: tokens } }));
    expect(decodeAll([...usages, end('stop')]).parts).toMatchObject([{ usage: { outputTokens: 3 } }]);
  });
});

describe('any JSON', () => {
  it('never throws, and call indexes never have gaps', () => {
    const piece = fc.record(
      {
        index: fc.oneof(fc.nat(3), fc.constant('x')),
        id: fc.oneof(fc.constantFrom('a', 'b', ''), fc.nat()),
        function: fc.record(
          {
            name: fc.constantFrom('f', 'g', '', null),
            arguments: fc.oneof(fc.constantFrom('{}', '{"a"', ':1}', ''), fc.object(), fc.constant(null)),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    const chunk = fc.oneof(
      fc.jsonValue(),
      fc.array(piece, { maxLength: 3 }).map((list) => calls(...list)),
      fc.constantFrom(end('stop'), end('tool_calls'), delta({ content: 'x' })),
    );
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => {
        const { parts, fault } = decodeAll(chunks);
        assemble(parts);
        expect(parts.filter((part) => part.type === 'finish')).toHaveLength(fault === undefined ? 1 : 0);
      }),
    );
  });
});
