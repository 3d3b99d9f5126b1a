import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import { describe, expect, test } from 'vitest';
import { micros } from '../../core/money.ts';
import type { DecodedText } from '../../core/surface.ts';
import { decodeChatCompletions } from './decode.ts';

const MESSAGES = [{ role: 'user', content: 'hi' }];
const PNG = `data:image/png;base64,${Buffer.from('picture').toString('base64')}`;
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };

/** With `usageEvent`: whether the reply is a stream that ends with a usage event. */
function decode(value: unknown): Omit<DecodedText, 'openReply'> & { usageEvent: boolean } {
  const result = decodeChatCompletions(Buffer.from(JSON.stringify(value)));
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  const { openReply, ...decoded } = result.value;
  const reply = openReply({ requestId: 'req_1', model: 'm', createdAtMs: 0, estimatedInputTokens: 0 });
  const last = reply.end({ finish: 'stop', usage: NO_USAGE, costMicros: micros(0) }).toString();
  return { ...decoded, usageEvent: last.includes('"choices":[],"usage":{') };
}

function chatOf(fields: Record<string, unknown>): ChatRequest {
  return decode({ model: 'm', messages: MESSAGES, ...fields }).chat;
}

function messagesOf(...messages: unknown[]): ChatRequest['messages'] {
  return chatOf({ messages }).messages;
}

test('the smallest request', () => {
  expect(decode({ model: 'm', messages: MESSAGES })).toEqual({
    model: 'm',
    stream: false,
    usageEvent: false,
    dryRun: false,
    chat: {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      toolChoice: 'auto',
      parallelToolCalls: true,
      responseFormat: { type: 'text' },
      sampling: {},
      stop: [],
    },
  });
});

describe('messages', () => {
  test.each([
    ['system', { role: 'system', content: 'a' }, { role: 'system', content: [{ type: 'text', text: 'a' }] }],
    [
      'developer',
      { role: 'developer', content: 'a' },
      { role: 'system', content: [{ type: 'text', text: 'a' }] },
    ],
    [
      'text parts, empty ones dropped',
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'a' },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
    ],
    ['an empty user message', { role: 'user', content: '' }, { role: 'user', content: [] }],
    [
      'a picture',
      { role: 'user', content: [{ type: 'image_url', image_url: { url: PNG, detail: 'low' } }] },
      {
        role: 'user',
        content: [{ type: 'image', mime: 'image/png', base64: 'cGljdHVyZQ==', detail: 'low' }],
      },
    ],
    [
      'a picture as a bare URL, with the other name of JPEG',
      { role: 'user', content: [{ type: 'image_url', image_url: PNG.replace('png', 'jpg') }] },
      { role: 'user', content: [{ type: 'image', mime: 'image/jpeg', base64: 'cGljdHVyZQ==' }] },
    ],
    [
      'an assistant with calls and null content (AI SDK, Agents)',
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a": 1}' } }],
      },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '{"a": 1}' }] },
    ],
    [
      'an assistant with calls and empty content (LangChain, opencode)',
      { role: 'assistant', content: '', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '' } }] },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '' }] },
    ],
    [
      'arguments that were parsed',
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: { a: 1 } } }] },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '{"a":1}' }] },
    ],
    [
      'an assistant with everything',
      {
        role: 'assistant',
        reasoning_content: 'r',
        content: [
          { type: 'text', text: 't' },
          { type: 'refusal', refusal: 'no' },
        ],
        refusal: null,
        function_call: null,
        audio: null,
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'r' },
          { type: 'text', text: 't' },
          { type: 'refusal', text: 'no' },
        ],
      },
    ],
    [
      'a tool result',
      { role: 'tool', tool_call_id: 'c', content: 'ok' },
      { role: 'tool', callId: 'c', content: [{ type: 'text', text: 'ok' }] },
    ],
  ])('%s', (_what, message, expected) => {
    expect(messagesOf(message)).toEqual([expected]);
  });
});

describe('settings', () => {
  test('sampling, stop and caps', () => {
    const chat = chatOf({
      temperature: 0,
      top_p: 1,
      frequency_penalty: -2,
      presence_penalty: 2,
      seed: -5,
      logit_bias: { '50256': -100 },
      top_k: 40,
      min_p: 0.05,
      stop: ['a', '', 'b'],
      max_tokens: 5,
      max_completion_tokens: 7,
    });
    expect(chat.sampling).toEqual({
      temperature: 0,
      topP: 1,
      topK: 40,
      minP: 0.05,
      frequencyPenalty: -2,
      presencePenalty: 2,
      seed: -5,
      logitBias: { '50256': -100 },
    });
    expect(chat.stop).toEqual(['a', 'b']);
    expect(chat.maxOutputTokens).toBe(7);
    expect(chatOf({ max_tokens: 5 }).maxOutputTokens).toBe(5);
    expect(chatOf({ stop: 'x' }).stop).toEqual(['x']);
  });

  test('null is absent everywhere', () => {
    const names =
      'temperature top_p stop seed n tools tool_choice parallel_tool_calls response_format reasoning_effort ' +
      'max_tokens max_completion_tokens logit_bias stream stream_options modalities audio user functions';
    const nulls = Object.fromEntries(names.split(' ').map((name) => [name, null]));
    expect(decode({ model: 'm', messages: MESSAGES, ...nulls })).toEqual(
      decode({ model: 'm', messages: MESSAGES }),
    );
  });

  test.each([
    ['none', 'none'],
    ['minimal', 'minimal'],
    ['high', 'high'],
    ['xhigh', 'max'],
    ['something new', undefined],
    [3, undefined],
    [{}, undefined],
    ['__proto__', undefined],
  ])('reasoning_effort %j is never refused', (value, expected) => {
    expect(chatOf({ reasoning_effort: value }).reasoningEffort).toBe(expected);
    expect(chatOf({ reasoning: { effort: value } }).reasoningEffort).toBe(expected);
  });

  test('response formats', () => {
    const schema = { type: 'object', $schema: 'x', additionalProperties: false };
    expect(chatOf({ response_format: { type: 'json_object' } }).responseFormat).toEqual({
      type: 'json-object',
    });
    const json_schema = { name: 'n', schema, strict: true, description: 'd' };
    expect(chatOf({ response_format: { type: 'json_schema', json_schema } }).responseFormat).toEqual({
      type: 'json-schema',
      name: 'n',
      schema,
      strict: true,
    });
  });

  test('tools and every form of tool_choice', () => {
    const tools = [TOOL, { type: 'function', function: { name: 'g', description: 'd', strict: null } }];
    const names = (fields: Record<string, unknown>) => {
      const chat = chatOf({ tools, ...fields });
      return [chat.tools.map((tool) => tool.name), chat.toolChoice, chat.parallelToolCalls];
    };
    expect(chatOf({ tools }).tools).toEqual([
      { name: 'f', parameters: { type: 'object' } },
      { name: 'g', description: 'd' },
    ]);
    expect(names({ tool_choice: 'required', parallel_tool_calls: false })).toEqual([
      ['f', 'g'],
      'required',
      false,
    ]);
    expect(names({ tool_choice: { type: 'function', function: { name: 'g' } } })).toEqual([
      ['f', 'g'],
      { name: 'g' },
      true,
    ]);
    const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'g' } }] };
    expect(names({ tool_choice: { type: 'allowed_tools', allowed_tools: allowed } })).toEqual([
      ['g'],
      'required',
      true,
    ]);
    expect(names({ tools: [], tool_choice: 'required' })).toEqual([[], 'auto', true]);
  });

  test('stream and usage', () => {
    const streamed = { model: 'm', messages: MESSAGES, stream: true };
    expect(decode(streamed)).toMatchObject({ stream: true, usageEvent: false });
    expect(decode({ ...streamed, stream_options: { include_usage: true } })).toMatchObject({
      usageEvent: true,
    });
    expect(decode({ ...streamed, stream: false, stream_options: { include_usage: true } })).toMatchObject({
      usageEvent: false,
    });
  });

  test('fields without meaning here, and unknown ones, are tolerated', () => {
    const extra = {
      user: 'u',
      metadata: { a: 1 },
      store: true,
      service_tier: 'auto',
      logprobs: true,
      top_logprobs: 5,
      chat_template_kwargs: { enable_thinking: false },
      top_k: 'many',
      min_p: -1,
      something: { deep: [1] },
      modalities: ['text'],
      n: 1,
    };
    expect(decode({ model: 'm', messages: MESSAGES, ...extra })).toEqual(
      decode({ model: 'm', messages: MESSAGES }),
    );
  });
});
