import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../core/errors.ts';
import { ERRORS } from '../../core/errors.ts';
import { responsesSurface } from './surface.ts';
import { answers, asked, reasons } from './testing-answers.ts';
import { encode, OUTCOME, requestOf, USAGE } from './testing-replies.ts';
import { readStream, type Json } from './testing-read-stream.ts';

const whole = (parts: StreamPart[], fields: object = {}, finish: FinishReason = 'stop') =>
  JSON.parse(encode([parts], { stream: false, ...fields }, { finish }).join('')) as Json;

/** The 32 keys that Open Responses requires, read 2026-11-20. */
const KEYS =
  'background completed_at created_at error frequency_penalty id incomplete_details instructions max_output_tokens ' +
  'max_tool_calls metadata model object output parallel_tool_calls presence_penalty previous_response_id ' +
  'prompt_cache_key reasoning safety_identifier service_tier status store temperature text tool_choice tools ' +
  'top_logprobs top_p truncation usage user';

describe('not streamed', () => {
  test('an answer, with all keys', () => {
    const response = whole([
      { type: 'reasoning-delta', text: 'hm' },
      { type: 'text-delta', text: 'a' },
      { type: 'text-delta', text: 'b' },
    ]);
    expect(Object.keys(response).toSorted().join(' ')).toBe(KEYS);
    expect(response).toMatchObject({
      id: 'resp_Abc123',
      object: 'response',
      model: 'acme/m "1"',
      status: 'completed',
      created_at: 1_795_176_000,
      completed_at: 1_795_176_002,
      usage: USAGE,
      output: [
        {
          id: 'rs_Abc123_0',
          type: 'reasoning',
          content: [{ type: 'reasoning_text', text: 'hm' }],
          summary: [],
        },
        {
          id: 'msg_Abc123_1',
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'ab', annotations: [] }],
        },
      ],
    });
  });

  test('tokens of pictures are named where there are any', () => {
    const usage = { ...OUTCOME.usage, imageInputTokens: 7 };
    const response = JSON.parse(encode([[]], { stream: false }, { usage }).join('')) as Json;
    expect(response['usage']).toMatchObject({
      input_tokens: 25,
      input_tokens_details: { cached_tokens: 5, cache_write_tokens: 3, image_tokens: 7 },
      total_tokens: 49,
    });
  });

  test('settings are told as they were sent, and what was stored never', () => {
    const sent = {
      instructions: 'Be brief.',
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }, { type: 'web_search' }],
      tool_choice: { type: 'function', name: 'f' },
      parallel_tool_calls: false,
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 100,
      max_tool_calls: 3,
      truncation: 'auto',
      metadata: { a: 'b' },
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'p',
      reasoning: { effort: 'low', summary: null, context: 'all_turns' },
      text: { verbosity: 'low' },
    };
    expect(whole([], { ...sent, store: true, service_tier: 'flex', background: false })).toMatchObject({
      ...sent,
      tools: [
        { type: 'function', name: 'f', description: null, parameters: { type: 'object' }, strict: null },
        { type: 'web_search' },
      ],
      text: { format: { type: 'text' }, verbosity: 'low' },
      reasoning: { effort: 'low', summary: null, context: 'all_turns' },
      service_tier: 'default',
      store: false,
    });
  });

  test('settings of a wrong kind that are tolerated do not come back', () => {
    const odd = {
      metadata: [1],
      user: 5,
      truncation: {},
      max_tool_calls: 'x',
      reasoning: 'low',
      include: 'x',
    };
    expect(whole([], odd)).toMatchObject({
      metadata: {},
      user: null,
      truncation: 'disabled',
      max_tool_calls: null,
      reasoning: { effort: null, summary: null },
    });
  });

  test('a fault is an error body, and there is no keepalive', () => {
    const encoder = requestOf({ stream: false })();
    expect(encoder.contentType).toBe('application/json');
    expect(encoder.keepalive()).toBe('');
    expect(encoder.fault({ code: 'upstream_timeout' })).toContain('"code":"upstream_timeout"');
    expect([encoder.end(OUTCOME), encoder.parts([]), encoder.fault({ code: 'internal_error' })]).toEqual([
      '',
      '',
      '',
    ]);
  });
});

test('every error of the catalogue has all four keys, and a code in a failed response', () => {
  const steering = new Set<unknown>();
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const body = JSON.parse(responsesSurface.renderFault({ code, param: 'a.b' }, 'req_1')) as Json;
    expect(body).toEqual({
      error: { message: ERRORS[code].publicMessage, type: ERRORS[code].openaiType, param: 'a.b', code },
    });
    const { response } = readStream(requestOf()().fault({ code }));
    expect(response['error']).toEqual({
      code: expect.any(String) as unknown,
      message: ERRORS[code].publicMessage,
    });
    steering.add((response['error'] as Json)['code']);
  }
  expect([...steering].map(String).toSorted()).toEqual([
    'context_length_exceeded',
    'insufficient_quota',
    'invalid_prompt',
    'rate_limit_exceeded',
    'server_error',
    'server_is_overloaded',
  ]);
});

test('any parts in any batches: a strict reader gets what is not streamed, which is what was said', () => {
  fc.assert(
    fc.property(answers, asked, reasons, (batches, fields, finish) => {
      const streamed = readStream(encode(batches, fields, { finish }).join(''));
      const response = whole(batches.flat(), fields, finish);
      expect(streamed.response).toEqual({ ...response });
      expect(said(response['output'] as Json[])).toEqual(spoken(batches.flat()));
    }),
    { numRuns: 400 },
  );
});

type Said = { text: string; refusal: string; reasoning: string; functions: string[] };

/** What a client makes of the items. */
function said(items: Json[]): Said {
  const parts = (item: Json) => [
    ...((item['content'] ?? []) as Json[]),
    ...((item['summary'] ?? []) as Json[]),
  ];
  const all = (type: string, key: string) =>
    items
      .flatMap(parts)
      .map((part) => (part['type'] === type ? String(part[key]) : ''))
      .join('');
  return {
    text: all('output_text', 'text'),
    refusal: all('refusal', 'refusal'),
    reasoning: all('reasoning_text', 'text') + all('summary_text', 'text'),
    functions: items
      .filter((item) => item['type'] === 'function_call')
      .map(({ namespace, name, arguments: given }) => {
        // A call that was cut before its arguments has none.
        return `${String(namespace)}/${String(name)} ${given === '' ? '{}' : String(given)}`;
      }),
  };
}

/** What the parts say. */
function spoken(parts: StreamPart[]): Said {
  const result: Said = { text: '', refusal: '', reasoning: '', functions: [] };
  const calls: { name: string; text: string }[] = [];
  for (const part of parts) {
    if (part.type === 'text-delta') result.text += part.text;
    else if (part.type === 'refusal-delta') result.refusal += part.text;
    else if (part.type === 'reasoning-delta') result.reasoning += part.text;
    else if (part.type === 'tool-call-start') calls.push({ name: part.name, text: '' });
    else if (part.type === 'tool-call-delta') {
      const call = calls[part.index];
      if (call !== undefined) call.text += part.argumentsText;
    }
  }
  for (const { name, text } of calls) {
    const place = name === 'ns__f' ? 'ns/f' : `undefined/${name}`;
    if (name !== 'patch') result.functions.push(`${place} ${text === '' ? '{}' : text}`);
  }
  return result;
}
