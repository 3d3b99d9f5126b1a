import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { expect, test } from 'vitest';
import { NO_ADAPTATION } from '../shared/refused-settings.ts';
import { encodeBody } from './encode.ts';
import { forwardedFields, LOCAL_ENGINE_FIELDS } from './forward.ts';

const EMPTY: ChatRequest = {
  messages: [],
  tools: [],
  toolChoice: 'auto',
  parallelToolCalls: true,
  responseFormat: { type: 'text' },
  sampling: {},
  stop: [],
};

function encode(chat: Partial<ChatRequest>, extraFields = LOCAL_ENGINE_FIELDS): Record<string, unknown> {
  const fields = forwardedFields(extraFields);
  const options = {
    model: 'm',
    stream: false,
    maxTokensField: 'max_completion_tokens' as const,
    fields,
    keepsAnswers: false,
    adaptation: NO_ADAPTATION,
  };
  return JSON.parse(encodeBody({ ...EMPTY, ...chat }, options).toString()) as Record<string, unknown>;
}

test('the least there is', () => {
  expect(encode({})).toEqual({ model: 'm', messages: [], stream: false });
});

test('every message', () => {
  const image = { type: 'image', mime: 'image/png', base64: 'AAAA' } as const;
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
  const { messages } = encode({
    messages: [
      {
        role: 'system',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { ...image, detail: 'low' },
        ],
      },
      { role: 'user', content: [] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm', seal: { kind: 'signature', data: 's' } },
          { type: 'tool-call', id: 'c1', name: 'f', argumentsText: '{"a": 1}' },
          { type: 'tool-call', id: 'c2', name: 'g', argumentsText: '' },
        ],
      },
      { role: 'tool', callId: 'c1', content: [{ type: 'text', text: 'failed' }, image], isError: true },
      { role: 'tool', callId: 'c2', content: [{ type: 'text', text: 'ok' }, image] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'x' },
          { type: 'refusal', text: 'no' },
        ],
      },
    ],
  });
  expect(messages).toEqual([
    { role: 'system', content: 'a\nb' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      ],
    },
    { role: 'user', content: '' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a": 1}' } },
        { id: 'c2', type: 'function', function: { name: 'g', arguments: '' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'Error: failed' },
    { role: 'tool', tool_call_id: 'c2', content: 'ok' },
    { role: 'user', content: [picture, picture] },
    { role: 'assistant', content: 'x', refusal: 'no' },
  ]);
});

test('every setting', () => {
  const chat: Partial<ChatRequest> = {
    tools: [{ name: 'f', description: 'd', parameters: { type: 'object' }, strict: true }],
    toolChoice: { name: 'f' },
    parallelToolCalls: false,
    responseFormat: { type: 'json-schema', name: 'n', schema: {}, strict: false },
    sampling: { temperature: 0, topP: 1, topK: 5, minP: 0.1, seed: 1, logitBias: { 1: 2 } },
    stop: ['x'],
    maxOutputTokens: 7,
    reasoningEffort: 'none',
  };
  const expected = {
    model: 'm',
    messages: [],
    stream: false,
    max_completion_tokens: 7,
    tools: [
      {
        type: 'function',
        function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      },
    ],
    tool_choice: { type: 'function', function: { name: 'f' } },
    parallel_tool_calls: false,
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {}, strict: false } },
    temperature: 0,
    top_p: 1,
    seed: 1,
    logit_bias: { 1: 2 },
    stop: ['x'],
    reasoning_effort: 'none',
  };
  expect(encode(chat, [])).toEqual(expected);
  expect(encode(chat)).toEqual({ ...expected, top_k: 5, min_p: 0.1 });
  expect(encode({ responseFormat: { type: 'json-object' } })).toMatchObject({
    response_format: { type: 'json_object' },
  });
});
