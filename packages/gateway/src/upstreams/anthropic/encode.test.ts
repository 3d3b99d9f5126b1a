import type { AssistantPart, ChatMessage, ChatRequest, UserPart } from '@switchyard/protocol/chat.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRequest } from '../../testing/fake-anthropic/check-request.ts';
import { signatureOf } from '../../testing/fake-anthropic/signature.ts';
import { encodeBody } from './encode.ts';
import { CHAT, WEATHER_TOOL } from './testing-ask.ts';

type Body = Record<string, unknown> & { messages: { role: string; content: Record<string, unknown>[] }[] };

function encode(chat: Partial<ChatRequest>, model = 'claude-haiku-4-5', stream = false): Body {
  const encoded = encodeBody({ ...CHAT, ...chat }, { model, stream });
  if (!encoded.ok) throw new Error(encoded.error.message);
  return JSON.parse(encoded.value.body.toString()) as Body;
}

const text = (value: string) => ({ type: 'text' as const, text: value });
const user = (...content: UserPart[]): ChatMessage => ({ role: 'user', content });
const assistant = (...content: AssistantPart[]): ChatMessage => ({ role: 'assistant', content });
const system = (value: string): ChatMessage => ({ role: 'system', content: [text(value)] });
const tool = (callId: string, value: string, isError?: boolean): ChatMessage => ({
  role: 'tool',
  callId,
  content: [text(value)],
  ...(isError === undefined ? {} : { isError }),
});
const call = (id: string, name = 'f', argumentsText = '{}'): AssistantPart => ({
  type: 'tool-call',
  id,
  name,
  argumentsText,
});
const use = (id: string, name = 'f', input: unknown = {}) => ({ type: 'tool_use', id, name, input });
const result = (id: string, ...content: unknown[]) => ({
  type: 'tool_result',
  tool_use_id: id,
  ...(content.length === 0 ? {} : { content }),
});
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test('a plain question', () => {
  expect(encode({}, 'claude-haiku-4-5', true)).toEqual({
    model: 'claude-haiku-4-5',
    max_tokens: 4_000,
    stream: true,
    messages: [{ role: 'user', content: [text('Good morning')] }],
  });
});

describe('conversations', () => {
  const cases: [what: string, messages: ChatMessage[], expected: Partial<Body>][] = [
    [
      'system messages are taken out, wherever they stand',
      [system('One'), user(text('Hi')), system('Two'), system(' '), user(text('Ho'))],
      { system: [text('One'), text('Two')], messages: [{ role: 'user', content: [text('Hi'), text('Ho')] }] },
    ],
    [
      'a prompt that is all instruction is the question',
      [system('Tell a joke.')],
      { messages: [{ role: 'user', content: [text('Tell a joke.')] }] },
    ],
    [
      'texts without a visible character are left out, and turns with them',
      [user(text(''), text('Hi'), text(' \n')), assistant(text('')), user(text('Ho'))],
      { messages: [{ role: 'user', content: [text('Hi'), text('Ho')] }] },
    ],
    [
      'pictures',
      [user(text('See'), { type: 'image', mime: 'image/png', base64: PIXEL, detail: 'low' })],
      {
        messages: [
          {
            role: 'user',
            content: [
              text('See'),
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            ],
          },
        ],
      },
    ],
    [
      'results of one turn stand first in it, pictures and errors in them',
      [
        user(text('Go')),
        assistant(text('I call'), call('a'), call('b')),
        tool('a', 'one'),
        user(text('By the way')),
        {
          role: 'tool',
          callId: 'b',
          content: [{ type: 'image', mime: 'image/png', base64: PIXEL }],
          isError: true,
        },
      ],
      {
        messages: [
          { role: 'user', content: [text('Go')] },
          { role: 'assistant', content: [text('I call'), use('a'), use('b')] },
          {
            role: 'user',
            content: [
              result('a', text('one')),
              {
                type: 'tool_result',
                tool_use_id: 'b',
                is_error: true,
                content: [
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
                ],
              },
              text('By the way'),
            ],
          },
        ],
      },
    ],
    [
      'an empty result has no content, an empty error says that it is one',
      [user(text('Go')), assistant(call('a'), call('b')), tool('a', ''), tool('b', ' ', true)],
      {
        messages: [
          { role: 'user', content: [text('Go')] },
          { role: 'assistant', content: [use('a'), use('b')] },
          {
            role: 'user',
            content: [
              result('a'),
              { type: 'tool_result', tool_use_id: 'b', is_error: true, content: [text('Error')] },
            ],
          },
        ],
      },
    ],
    [
      'a call without a result gets one, a result without its call is text',
      [
        user(text('Go')),
        assistant(call('a')),
        tool('z', 'stray'),
        assistant(call('b')),
        tool('b', 'first'),
        tool('b', 'second'),
        assistant(call('c')),
      ],
      {
        messages: [
          { role: 'user', content: [text('Go')] },
          { role: 'assistant', content: [use('a')] },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'a',
                is_error: true,
                content: [text('There is no result of this call.')],
              },
              text('stray'),
            ],
          },
          { role: 'assistant', content: [use('b')] },
          { role: 'user', content: [result('b', text('first')), text('second')] },
          { role: 'assistant', content: [use('c')] },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'c',
                is_error: true,
                content: [text('There is no result of this call.')],
              },
            ],
          },
        ],
      },
    ],
    [
      'ids that are used again or do not fit get others, and their results follow',
      [
        user(text('Go')),
        assistant(call('call:0')),
        tool('call:0', 'one'),
        assistant(call('call:0'), call('')),
        tool('', 'three'),
        tool('call:0', 'two'),
      ],
      {
        messages: [
          { role: 'user', content: [text('Go')] },
          { role: 'assistant', content: [use('swy_Y2FsbDow')] },
          { role: 'user', content: [result('swy_Y2FsbDow', text('one'))] },
          { role: 'assistant', content: [use('swy_Y2FsbDow-2'), use('swy_')] },
          { role: 'user', content: [result('swy_', text('three')), result('swy_Y2FsbDow-2', text('two'))] },
        ],
      },
    ],
    [
      'reasoning goes back with its own seal and without any other',
      [
        user(text('Go')),
        assistant(
          { type: 'reasoning', text: 'Hm', seal: { kind: 'signature', data: 'sig' } },
          { type: 'reasoning', text: '', seal: { kind: 'redacted', data: 'red' } },
          { type: 'reasoning', text: 'foreign', seal: { kind: 'encrypted', data: 'enc' } },
          { type: 'reasoning', text: 'open' },
          text('Yes'),
          { type: 'refusal', text: 'No' },
        ),
        user(text('Why')),
      ],
      {
        messages: [
          { role: 'user', content: [text('Go')] },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm', signature: 'sig' },
              { type: 'redacted_thinking', data: 'red' },
              text('Yes'),
              text('No'),
            ],
          },
          { role: 'user', content: [text('Why')] },
        ],
      },
    ],
  ];

  test.each(cases)('%s', (_what, messages, expected) => {
    const { system: systemTexts, messages: turns } = encode({ messages });
    expect({ ...(systemTexts === undefined ? {} : { system: systemTexts }), messages: turns }).toEqual(
      expected,
    );
  });

  test.each([
    ['{"n": 12345678901234567890, "a":1}', '{"n": 12345678901234567890, "a":1}'],
    ['', '{}'],
    [' ', '{}'],
    ['{"half": ', '{"INVALID_JSON":"{\\"half\\": "}'],
    ['[1]', '{"INVALID_JSON":"[1]"}'],
    ['"text"', '{"INVALID_JSON":"\\"text\\""}'],
  ])('arguments %j go as %s', (argumentsText, expected) => {
    const messages = [user(text('Go')), assistant(call('a', 'f', argumentsText)), tool('a', 'x')];
    const encoded = encodeBody({ ...CHAT, messages }, { model: 'm', stream: false });
    expect(encoded.ok && encoded.value.body.toString()).toContain(`"name":"f","input":${expected}}`);
  });
});

describe('settings', () => {
  const tools = [WEATHER_TOOL];
  const cases: [
    what: string,
    chat: Partial<ChatRequest>,
    expected: Record<string, unknown>,
    model?: string,
  ][] = [
    [
      'tools',
      { tools: [{ ...WEATHER_TOOL, strict: true }, { name: 'plain' }] },
      {
        tools: [
          {
            name: 'get_weather',
            description: 'The weather of a city.',
            input_schema: WEATHER_TOOL.parameters,
          },
          { name: 'plain', input_schema: { type: 'object' } },
        ],
        tool_choice: { type: 'auto' },
      },
    ],
    ['no tool', { tools, toolChoice: 'none' }, { tool_choice: { type: 'none' } }],
    [
      'any tool, one at a time',
      { tools, toolChoice: 'required', parallelToolCalls: false },
      { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
    ],
    [
      'one tool',
      { tools, toolChoice: { name: 'get_weather' } },
      { tool_choice: { type: 'tool', name: 'get_weather' } },
    ],
    [
      'a choice without tools',
      { toolChoice: 'required', parallelToolCalls: false },
      { tools: undefined, tool_choice: undefined },
    ],
    [
      'a schema',
      {
        responseFormat: {
          type: 'json-schema',
          name: 'x',
          schema: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } },
        },
      },
      {
        output_config: {
          format: {
            type: 'json_schema',
            schema: {
              type: 'object',
              additionalProperties: false,
              properties: { n: { type: 'integer', description: 'minimum: 1' } },
            },
          },
        },
      },
    ],
    [
      'any JSON object is asked for in words',
      { responseFormat: { type: 'json-object' }, messages: [system('Be brief.'), user(text('Go'))] },
      {
        system: [
          text('Be brief.'),
          text('Answer with one JSON object and nothing else: no words around it and no code fence.'),
        ],
        output_config: undefined,
      },
    ],
    ['stop strings of spaces stay here', { stop: ['END', '\n', ''] }, { stop_sequences: ['END'] }],
    ['only such', { stop: ['\n\n'] }, { stop_sequences: undefined }],
    [
      'sampling of an older model of another maker',
      { sampling: { temperature: 1.7, topP: 0.9, topK: 40, seed: 1, minP: 0.1, frequencyPenalty: 1 } },
      {
        temperature: 1,
        top_p: 0.9,
        top_k: 40,
        seed: undefined,
        min_p: undefined,
        frequency_penalty: undefined,
      },
      'glm-5',
    ],
    ['a temperature below', { sampling: { temperature: -1 } }, { temperature: 0 }, 'glm-5'],
    [
      'only one of two samplers',
      { sampling: { temperature: 0.2, topP: 0.9 } },
      { temperature: 0.2, top_p: undefined },
    ],
    ['the other one alone', { sampling: { topP: 0.9, topK: -1 } }, { top_p: 0.9, top_k: undefined }],
    [
      'no sampling for newer models',
      { sampling: { temperature: 0.2, topP: 0.9, topK: 4 } },
      { temperature: undefined, top_p: undefined, top_k: undefined },
      'claude-opus-4-8',
    ],
    [
      'no sampling beside thinking',
      { sampling: { temperature: 0.2 }, reasoningEffort: 'low' },
      { temperature: undefined, thinking: { type: 'enabled', budget_tokens: 1_024 } },
    ],
    [
      'a high effort by budget',
      { reasoningEffort: 'high', maxOutputTokens: 20_000 },
      { thinking: { type: 'enabled', budget_tokens: 15_000 }, output_config: undefined },
    ],
    ['no room for a budget', { reasoningEffort: 'max', maxOutputTokens: 1_024 }, { thinking: undefined }],
    ['no thinking, where that is the default', { reasoningEffort: 'none' }, { thinking: undefined }],
    [
      'an effort by itself',
      { reasoningEffort: 'minimal' },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      'claude-sonnet-4-6',
    ],
    [
      'with text, where it would come without',
      { reasoningEffort: 'max' },
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'max' } },
      'claude-opus-4-8',
    ],
    ['nothing said: as the model does', {}, { thinking: undefined }, 'claude-opus-4-8'],
    [
      'nothing said to one that thinks: with text',
      {},
      { thinking: { type: 'adaptive', display: 'summarized' }, output_config: undefined },
      'claude-haiku-5-5',
    ],
    ['none', { reasoningEffort: 'none' }, { thinking: { type: 'disabled' } }, 'claude-opus-5'],
    [
      'none, in the newer word',
      { reasoningEffort: 'none' },
      { thinking: { type: 'between_tools' } },
      'claude-sonnet-5-5',
    ],
    [
      'none, to one that always thinks',
      { reasoningEffort: 'none' },
      { thinking: undefined, output_config: { effort: 'low' } },
      'claude-opus-5-5',
    ],
    ['none, to another maker', { reasoningEffort: 'none' }, { thinking: { type: 'disabled' } }, 'glm-5'],
    [
      'a demanded call rules thinking out',
      { tools, toolChoice: 'required', reasoningEffort: 'high' },
      { thinking: undefined, tool_choice: { type: 'any' } },
    ],
    [
      'so do results of calls before which nobody thought, with a budget',
      {
        reasoningEffort: 'high',
        tools,
        messages: [user(text('Go')), assistant(call('a')), tool('a', 'x')],
      },
      { thinking: undefined },
    ],
    [
      'but not when somebody did',
      {
        reasoningEffort: 'high',
        tools,
        messages: [
          user(text('Go')),
          assistant({ type: 'reasoning', text: 'Hm', seal: { kind: 'signature', data: 's' } }, call('a')),
          tool('a', 'x'),
        ],
      },
      { thinking: { type: 'enabled', budget_tokens: 3_000 } },
    ],
    [
      'nor for models that think by themselves',
      {
        reasoningEffort: 'high',
        tools,
        messages: [user(text('Go')), assistant(call('a')), tool('a', 'x')],
      },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      'claude-opus-4-6',
    ],
    ['no cap', { maxOutputTokens: undefined as unknown as number }, { max_tokens: 4_096 }],
  ];

  test.each(cases)('%s', (_what, chat, expected, model) => {
    const body = encode(chat, model);
    for (const [key, value] of Object.entries(expected)) expect(body[key]).toEqual(value);
  });

  test('a call cannot be demanded of every model', () => {
    const chat = { ...CHAT, tools, toolChoice: 'required' as const };
    for (const model of ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1']) {
      expect(encodeBody(chat, { model, stream: false })).toMatchObject({
        ok: false,
        error: { code: 'unsupported_parameter', blame: 'target' },
      });
    }
  });
});

describe('whatever a conversation holds, the API takes it', () => {
  const MODELS = [
    'claude-haiku-4-5',
    'claude-opus-4-6',
    'claude-opus-4-8',
    'claude-sonnet-5',
    'claude-haiku-5-5',
    'claude-sonnet-5-5',
    'claude-opus-5-5',
    'claude-fable-5',
    'glm-5',
  ];
  const texts = fc.oneof(
    fc.constantFrom('', ' ', '\n\t', 'Hi', '"', '\u0000', '🌍', 'a\u2028b', '__proto__'),
    fc.string(),
  );
  const ids = fc.constantFrom('a', 'b', 'call_1', 'swy_a', 'functions.f:0', '', 'ü', 'x'.repeat(200));
  const names = fc.constantFrom('f', 'files.read', 'files_read', 'ü', 'x'.repeat(200), 'a b');
  const argumentsTexts = fc.oneof(fc.constantFrom('', '{}', '{', '[1]', '{"a":{"b":[1e400]}}'), fc.json());
  const userPart: fc.Arbitrary<UserPart> = fc.oneof(
    texts.map(text),
    fc.constant({ type: 'image' as const, mime: 'image/png' as const, base64: PIXEL }),
  );
  const reasoning = texts.chain((thought) =>
    fc.constantFrom<AssistantPart>(
      { type: 'reasoning', text: thought, seal: { kind: 'signature', data: signatureOf(thought) } },
      { type: 'reasoning', text: '', seal: { kind: 'redacted', data: signatureOf('redacted') } },
      { type: 'reasoning', text: thought, seal: { kind: 'encrypted', data: 'gAAA' } },
      { type: 'reasoning', text: thought },
    ),
  );
  const assistantPart: fc.Arbitrary<AssistantPart> = fc.oneof(
    texts.map(text),
    texts.map((value) => ({ type: 'refusal' as const, text: value })),
    reasoning,
    fc.tuple(ids, names, argumentsTexts).map(([id, name, value]) => call(id, name, value)),
  );
  const message: fc.Arbitrary<ChatMessage> = fc.oneof(
    texts.map(system),
    fc.array(userPart, { maxLength: 3 }).map((content) => user(...content)),
    fc.array(assistantPart, { maxLength: 4 }).map((content) => assistant(...content)),
    fc
      .record({ callId: ids, content: fc.array(userPart, { maxLength: 2 }), isError: fc.boolean() })
      .map((fields): ChatMessage => ({ role: 'tool', ...fields })),
  );
  const chats = fc.record({
    // The API wants the user to begin, and the gateway does not invent words; an answer is not begun for the model.
    messages: fc
      .array(message, { maxLength: 10 })
      .map((between) => [user(text('Begin')), ...between, user(text('End'))]),
    tools: fc.uniqueArray(names, { maxLength: 4 }).map((all) => all.map((name) => ({ name }))),
    toolChoice: fc.constantFrom('auto' as const, 'none' as const),
    parallelToolCalls: fc.boolean(),
    responseFormat: fc.constantFrom(
      { type: 'text' as const },
      { type: 'json-object' as const },
      {
        type: 'json-schema' as const,
        name: 'x',
        schema: {
          properties: { minimum: { type: 'string', pattern: 'x' }, o: { type: ['object', 'null'] } },
        },
      },
    ),
    sampling: fc.constantFrom({}, { temperature: 2 }, { temperature: 0.1, topP: 0.5, topK: 3, seed: 4 }),
    stop: fc.array(texts, { maxLength: 3 }),
    maxOutputTokens: fc.integer({ min: 1, max: 40_000 }),
    reasoningEffort: fc.constantFrom(
      undefined,
      'none' as const,
      'minimal' as const,
      'medium' as const,
      'max' as const,
    ),
  });

  test('every body passes the checks of the API, for every model', () => {
    fc.assert(
      fc.property(
        chats,
        fc.constantFrom(...MODELS),
        fc.boolean(),
        ({ reasoningEffort, ...chat }, model, isForced) => {
          const effort = reasoningEffort === undefined ? {} : { reasoningEffort };
          const forced = isForced && chat.tools.length > 0 ? { toolChoice: 'required' as const } : {};
          const encoded = encodeBody({ ...chat, ...effort, ...forced }, { model, stream: true });
          if (!encoded.ok) {
            expect(model).toMatch(/-5-5|fable/);
            return;
          }
          const headers = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' };
          expect(checkRequest(headers, encoded.value.body)).not.toHaveProperty('error');
        },
      ),
      { numRuns: 1_500 },
    );
  });

  test('every visible text of user and assistant arrives, in order within its role, and nothing else does', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        const visible = (parts: readonly { type: string; text?: string }[], types: string[]) =>
          parts.flatMap(({ type, text: value = '' }) =>
            types.includes(type) && value.trim() !== '' ? [value] : [],
          );
        const said = messages.flatMap((one) =>
          one.role === 'assistant' ? visible(one.content, ['text', 'refusal']) : [],
        );
        const heard = messages.flatMap((one) =>
          one.role === 'user' || one.role === 'tool' ? visible(one.content, ['text']) : [],
        );
        const instructions = messages.flatMap((one) =>
          one.role === 'system' ? visible(one.content, ['text']) : [],
        );
        fc.pre(messages.some((one) => one.role !== 'system' && one.content.length > 0) && heard.length > 0);
        const body = encode({ messages });
        const textsIn = (role: string) =>
          body.messages
            .filter((turn) => turn.role === role)
            .flatMap((turn) => turn.content.flatMap((block) => textsOf(block)));
        expect(textsIn('assistant')).toEqual(said);
        const added = new Set(['There is no result of this call.', 'Error']);
        expect(
          textsIn('user')
            .filter((value) => !added.has(value))
            .toSorted(),
        ).toEqual(heard.filter((value) => !added.has(value)).toSorted());
        expect((body['system'] ?? []) as unknown[]).toEqual(instructions.map(text));
      }),
      { numRuns: 500 },
    );
  });

  function textsOf(block: Record<string, unknown>): string[] {
    if (block['type'] === 'text') return [String(block['text'])];
    const content = block['type'] === 'tool_result' ? (block['content'] ?? []) : [];
    return (content as Record<string, unknown>[]).flatMap(textsOf);
  }
});
