import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { describe, expect, test } from 'vitest';
import type { Adaptation } from '../shared/refused-settings.ts';
import { NO_ADAPTATION } from '../shared/refused-settings.ts';
import { encodeBody } from './encode.ts';

const EMPTY: ChatRequest = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  toolChoice: 'auto',
  parallelToolCalls: true,
  responseFormat: { type: 'text' },
  sampling: {},
  stop: [],
};
const HI = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] };

type Options = { hasPlaceForReasoning?: boolean; adaptation?: Adaptation };

function encode(
  chat: Partial<ChatRequest>,
  { hasPlaceForReasoning = false, adaptation = NO_ADAPTATION }: Options = {},
): Record<string, unknown> {
  const options = { model: 'm', stream: false, hasPlaceForReasoning, adaptation };
  return JSON.parse(encodeBody({ ...EMPTY, ...chat }, options).toString()) as Record<string, unknown>;
}

const inputOf = (messages: ChatRequest['messages']) => encode({ messages })['input'];

test('the least there is', () => {
  expect(encode({})).toEqual({ model: 'm', input: [HI], stream: false, store: false });
});

describe('system messages', () => {
  const system = (text: string) => ({ role: 'system' as const, content: [{ type: 'text' as const, text }] });

  test('the first ones are instructions, later ones stay in their place', () => {
    const messages = [system('one'), system('two'), ...EMPTY.messages, system('three')];
    expect(encode({ messages })).toMatchObject({
      instructions: 'one\n\ntwo',
      input: [HI, { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'three' }] }],
    });
  });

  test('alone they are input: the API wants some', () => {
    const encoded = encode({ messages: [system('one')] });
    expect(encoded).not.toHaveProperty('instructions');
    expect(encoded['input']).toHaveLength(1);
  });
});

test('pictures', () => {
  const image = { type: 'image', mime: 'image/png', base64: 'AAAA' } as const;
  expect(inputOf([{ role: 'user', content: [image, { ...image, detail: 'low' }] }])).toEqual([
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
      ],
    },
  ]);
});

test('a message without parts', () => {
  expect(inputOf([{ role: 'user', content: [] }])).toEqual([{ type: 'message', role: 'user', content: '' }]);
});

test('an answer: reasoning with our seal only, texts together, calls apart, in their order', () => {
  const items = inputOf([
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'sum', seal: { kind: 'encrypted', data: 'E1' } },
        { type: 'reasoning', text: '', seal: { kind: 'encrypted', data: 'E2' } },
        { type: 'reasoning', text: 'theirs', seal: { kind: 'signature', data: 'S' } },
        { type: 'reasoning', text: 'unsealed' },
        { type: 'text', text: 'a' },
        { type: 'refusal', text: 'b' },
        { type: 'tool-call', id: 'c1', name: 'f', argumentsText: '{"a": 1}' },
        { type: 'text', text: 'c' },
      ],
    },
  ]);
  expect(items).toEqual([
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'sum' }], encrypted_content: 'E1' },
    { type: 'reasoning', summary: [], encrypted_content: 'E2' },
    {
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'a' },
        { type: 'refusal', refusal: 'b' },
      ],
    },
    { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a": 1}' },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'c' }] },
  ]);
});

describe('results of tools', () => {
  const image = { type: 'image', mime: 'image/png', base64: 'AAAA' } as const;
  const text = (value: string) => ({ type: 'text' as const, text: value });
  const picture = { type: 'input_image', image_url: 'data:image/png;base64,AAAA' };

  test.each([
    ['text', [text('a'), text('b')], undefined, 'a\nb'],
    ['nothing', [], undefined, ''],
    ['an error', [text('no')], true, 'Error: no'],
    ['an error of several texts', [text('no'), text('code 1')], true, 'Error: no\ncode 1'],
    ['an error without words', [], true, 'Error: '],
    ['a picture', [text('a'), image], undefined, [{ type: 'input_text', text: 'a' }, picture]],
    ['an error with a picture', [image], true, [{ type: 'input_text', text: 'Error: ' }, picture]],
  ])('%s', (_what, content, isError, output) => {
    const message = { role: 'tool' as const, callId: 'c1', content };
    expect(inputOf([isError === undefined ? message : { ...message, isError }])).toEqual([
      { type: 'function_call_output', call_id: 'c1', output },
    ]);
  });

  test('ids that are too long for the API become short ones that still belong together', () => {
    const id = 'x'.repeat(65);
    const items = inputOf([
      { role: 'assistant', content: [{ type: 'tool-call', id, name: 'f', argumentsText: '{}' }] },
      { role: 'tool', callId: id, content: [] },
    ]) as { call_id: string }[];
    expect(items[0]?.call_id).toMatch(/^call_[0-9a-f]{59}$/);
    expect(items[1]?.call_id).toBe(items[0]?.call_id);
  });
});

describe('tools', () => {
  const parameters = { type: 'object', properties: { a: {} } };

  test('are flat, and strict only when they say so', () => {
    const tools = [{ name: 'f', description: 'd', parameters, strict: true }, { name: 'g' }];
    expect(encode({ tools })).toMatchObject({
      tools: [
        { type: 'function', name: 'f', description: 'd', parameters, strict: true },
        { type: 'function', name: 'g', parameters: { type: 'object', properties: {} }, strict: false },
      ],
      tool_choice: 'auto',
    });
  });

  test.each<[ChatRequest['toolChoice'], unknown]>([
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [{ name: 'f' }, { type: 'function', name: 'f' }],
  ])('choice %j', (toolChoice, sent) => {
    expect(encode({ tools: [{ name: 'f' }], toolChoice })['tool_choice']).toEqual(sent);
  });

  test('one at a time', () => {
    const chat = { tools: [{ name: 'f' }], parallelToolCalls: false };
    expect(encode(chat)['parallel_tool_calls']).toBe(false);
    expect(encode({ parallelToolCalls: false })).not.toHaveProperty('parallel_tool_calls');
  });
});

test.each<[ChatRequest['responseFormat'], unknown]>([
  [{ type: 'text' }, undefined],
  [{ type: 'json-object' }, { format: { type: 'json_object' } }],
  [
    { type: 'json-schema', name: 'n', schema: { type: 'object' }, strict: true },
    { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } },
  ],
  [
    { type: 'json-schema', name: 'n', schema: {} },
    { format: { type: 'json_schema', name: 'n', schema: {} } },
  ],
])('format %j', (responseFormat, text) => {
  expect(encode({ responseFormat })['text']).toEqual(text);
});

test('settings that have a field go on, others are lost', () => {
  const encoded = encode({
    sampling: {
      temperature: 0.5,
      topP: 0.9,
      topK: 5,
      minP: 0.1,
      frequencyPenalty: 1,
      presencePenalty: 1,
      seed: 7,
      logitBias: { 1: 2 },
    },
    stop: ['x'],
    maxOutputTokens: 3,
  });
  expect(encoded).toEqual({
    model: 'm',
    input: [HI],
    stream: false,
    store: false,
    temperature: 0.5,
    top_p: 0.9,
    max_output_tokens: 16,
  });
});

describe('reasoning', () => {
  const without = (...names: ['reasoning.summary' | 'reasoning.effort', string?][]): Adaptation => ({
    ...NO_ADAPTATION,
    settings: new Map(names.map(([name, value]) => [name, value])),
  });

  test.each<[what: string, effort: ChatRequest['reasoningEffort'], adaptation: Adaptation, sent: unknown]>([
    ['not asked for', undefined, NO_ADAPTATION, undefined],
    ['asked for, with a summary to show', 'high', NO_ADAPTATION, { effort: 'high', summary: 'auto' }],
    ['none wants no summary', 'none', NO_ADAPTATION, { effort: 'none' }],
    ['an account without summaries', 'low', without(['reasoning.summary']), { effort: 'low' }],
    ['another effort', 'max', without(['reasoning.effort', 'xhigh']), { effort: 'xhigh', summary: 'auto' }],
    ['a model with one effort', 'max', without(['reasoning.effort']), { summary: 'auto' }],
    ['neither', 'max', without(['reasoning.effort'], ['reasoning.summary']), undefined],
  ])('%s', (_what, reasoningEffort, adaptation, sent) => {
    const chat = reasoningEffort === undefined ? {} : { reasoningEffort };
    expect(encode(chat, { adaptation })['reasoning']).toEqual(sent);
  });

  test('is asked for as summary and seal where the client has a place for it', () => {
    const encoded = encode({}, { hasPlaceForReasoning: true });
    expect(encoded['include']).toEqual(['reasoning.encrypted_content']);
    expect(encoded['reasoning']).toEqual({ summary: 'auto' });
    expect(encode({ reasoningEffort: 'none' }, { hasPlaceForReasoning: true })['reasoning']).toEqual({
      effort: 'none',
    });
  });

  test('a model that seals nothing is not asked to', () => {
    const adaptation: Adaptation = { ...NO_ADAPTATION, settings: new Map([['include', undefined]]) };
    expect(encode({}, { hasPlaceForReasoning: true, adaptation })).not.toHaveProperty('include');
  });

  test("another account's reasoning stays away", () => {
    const seal = { kind: 'encrypted', data: 'E' } as const;
    const messages: ChatRequest['messages'] = [
      { role: 'assistant', content: [{ type: 'reasoning', text: '', seal }] },
    ];
    expect(encode({ messages })['input']).toHaveLength(1);
    const adaptation = { ...NO_ADAPTATION, dropSealedReasoning: true };
    expect(encode({ messages }, { adaptation })['input']).toEqual([]);
  });
});
