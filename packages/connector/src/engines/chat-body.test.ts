import type { ChatMessage, ChatRequest } from '@switchyard/protocol/chat.ts';
import { describe, expect, it } from 'vitest';
import { emptyChat } from '../testing/chat.ts';
import { encodeChatBody } from './chat-body.ts';
import { findRequestProblem } from './check-request.ts';

const PICTURE = { type: 'image', mime: 'image/png', base64: 'aGk=' } as const;
const PICTURE_URL = { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } };
const TOOL = { name: 'add', description: 'Adds.', parameters: { type: 'object' }, strict: true };
const WIRE_TOOL = { type: 'function', function: TOOL };

const text = (value: string): { type: 'text'; text: string } => ({ type: 'text', text: value });

describe('encodeChatBody messages', () => {
  it.each<[string, ChatMessage[], unknown[]]>([
    [
      'text parts as one string',
      [{ role: 'user', content: [text('a'), text('b')] }],
      [{ role: 'user', content: 'a\nb' }],
    ],
    [
      'every system message at the head',
      [
        { role: 'system', content: [text('one')] },
        { role: 'user', content: [text('hi')] },
        { role: 'system', content: [text('two'), text('three')] },
      ],
      [
        { role: 'system', content: 'one\n\ntwo\n\nthree' },
        { role: 'user', content: 'hi' },
      ],
    ],
    [
      'pictures as data URLs',
      [{ role: 'user', content: [text('look'), { ...PICTURE, detail: 'low' }] }],
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=', detail: 'low' } },
          ],
        },
      ],
    ],
    ['an empty user message', [{ role: 'user', content: [] }], [{ role: 'user', content: '' }]],
    [
      'tool calls with null content and raw arguments',
      [
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm' },
            { type: 'reasoning', text: 'secret', seal: { kind: 'signature', data: 's' } },
            { type: 'tool-call', id: 'c1', name: 'add', argumentsText: '{"a": 1}' },
            { type: 'tool-call', id: 'c2', name: 'now', argumentsText: '' },
          ],
        },
      ],
      [
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'hm',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a": 1}' } },
            { id: 'c2', type: 'function', function: { name: 'now', arguments: '{}' } },
          ],
        },
      ],
    ],
    [
      'a refusal as text',
      [{ role: 'assistant', content: [text('No: '), { type: 'refusal', text: 'never' }] }],
      [{ role: 'assistant', content: 'No: never' }],
    ],
    [
      'an empty assistant message',
      [{ role: 'assistant', content: [] }],
      [{ role: 'assistant', content: '' }],
    ],
    [
      'tool results, pictures after the whole run',
      [
        { role: 'tool', callId: 'c1', content: [text('3'), PICTURE] },
        { role: 'tool', callId: 'c2', content: [text('broken')], isError: true },
        { role: 'tool', callId: 'c3', content: [text('Error 7')], isError: true },
        { role: 'user', content: [text('go on')] },
      ],
      [
        { role: 'tool', tool_call_id: 'c1', content: '3' },
        { role: 'tool', tool_call_id: 'c2', content: 'Error: broken' },
        { role: 'tool', tool_call_id: 'c3', content: 'Error 7' },
        { role: 'user', content: [{ type: 'text', text: 'Pictures returned by the tools:' }, PICTURE_URL] },
        { role: 'user', content: 'go on' },
      ],
    ],
    [
      'pictures of a last tool result',
      [{ role: 'tool', callId: 'c1', content: [PICTURE] }],
      [
        { role: 'tool', tool_call_id: 'c1', content: '' },
        { role: 'user', content: [{ type: 'text', text: 'Pictures returned by the tools:' }, PICTURE_URL] },
      ],
    ],
  ])('writes %s', (_name, messages, expected) => {
    expect(encodeChatBody('m', { ...emptyChat(), messages }).messages).toEqual(expected);
  });
});

describe('encodeChatBody settings', () => {
  const base = { model: 'm', messages: [], stream: true, stream_options: { include_usage: true } };

  it.each<[string, Partial<ChatRequest>, Record<string, unknown>]>([
    ['nothing that was not asked for', {}, {}],
    ['the output cap and stop strings', { maxOutputTokens: 9, stop: ['x'] }, { max_tokens: 9, stop: ['x'] }],
    [
      'all sampling settings',
      {
        sampling: {
          temperature: 0,
          topP: 0.5,
          topK: 3,
          minP: 0.1,
          frequencyPenalty: 1,
          presencePenalty: -1,
          seed: 0,
          logitBias: { '5': -100 },
        },
      },
      {
        temperature: 0,
        top_p: 0.5,
        top_k: 3,
        min_p: 0.1,
        frequency_penalty: 1,
        presence_penalty: -1,
        seed: 0,
        logit_bias: { '5': -100 },
      },
    ],
    ['tools', { tools: [TOOL] }, { tools: [WIRE_TOOL], parallel_tool_calls: true }],
    [
      'a bare tool with an empty schema',
      { tools: [{ name: 'now' }], parallelToolCalls: false },
      {
        tools: [
          { type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } },
        ],
        parallel_tool_calls: false,
      },
    ],
    [
      'tool choice none',
      { tools: [TOOL], toolChoice: 'none' },
      { tools: [WIRE_TOOL], parallel_tool_calls: true, tool_choice: 'none' },
    ],
    [
      'a named tool as the only, required one',
      { tools: [{ name: 'now' }, TOOL], toolChoice: { name: 'add' } },
      { tools: [WIRE_TOOL], parallel_tool_calls: true, tool_choice: 'required' },
    ],
    ['no tool choice without tools', { toolChoice: 'required' }, {}],
    [
      'a JSON object',
      { responseFormat: { type: 'json-object' } },
      { response_format: { type: 'json_object' } },
    ],
    [
      'a JSON schema',
      { responseFormat: { type: 'json-schema', name: 'n', schema: { type: 'object' }, strict: true } },
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
        },
      },
    ],
    ['thinking off', { reasoningEffort: 'none' }, { chat_template_kwargs: { enable_thinking: false } }],
    [
      'the least thinking',
      { reasoningEffort: 'minimal' },
      { chat_template_kwargs: { enable_thinking: true }, reasoning_effort: 'low' },
    ],
    [
      'the most thinking',
      { reasoningEffort: 'max' },
      { chat_template_kwargs: { enable_thinking: true }, reasoning_effort: 'high' },
    ],
  ])('writes %s', (_name, change, expected) => {
    expect(encodeChatBody('m', { ...emptyChat(), ...change })).toEqual({ ...base, ...expected });
  });
});

describe('findRequestProblem', () => {
  const all = { tools: true, vision: true, thinking: true, jsonSchema: true };
  const picture: ChatMessage[] = [{ role: 'user', content: [PICTURE] }];

  it.each<[string, Partial<ChatRequest>, Partial<typeof all>, string | undefined]>([
    ['a picture to a blind model', { messages: picture }, { vision: false }, 'unsupported'],
    ['a picture to a seeing model', { messages: picture }, {}, undefined],
    ['tools to a model without', { tools: [TOOL] }, { tools: false }, 'unsupported'],
    [
      'a schema to a model without',
      { responseFormat: { type: 'json-schema', name: 'n', schema: {} } },
      { jsonSchema: false },
      'unsupported',
    ],
    [
      'a JSON object to a model without schemas',
      { responseFormat: { type: 'json-object' } },
      { jsonSchema: false },
      undefined,
    ],
    ['a named tool that is not there', { tools: [TOOL], toolChoice: { name: 'sub' } }, {}, 'invalid_request'],
  ])('judges %s', (_name, change, capabilities, code) => {
    expect(findRequestProblem({ ...emptyChat(), ...change }, { ...all, ...capabilities })?.code).toBe(code);
  });
});
