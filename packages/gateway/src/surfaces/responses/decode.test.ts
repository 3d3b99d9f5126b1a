import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { describe, expect, test } from 'vitest';
import type { DecodedText } from '../../core/surface.ts';
import { decodeResponses } from './decode.ts';

const PNG = 'data:image/png;base64,cGljdHVyZQ==';

function decode(value: unknown): Omit<DecodedText, 'openReply'> {
  const result = decodeResponses(Buffer.from(JSON.stringify(value)));
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  const { openReply: _openReply, ...decoded } = result.value;
  return decoded;
}

function chatOf(fields: Record<string, unknown>): ChatRequest {
  return decode({ model: 'm', input: 'hi', ...fields }).chat;
}

function messagesOf(...input: unknown[]): ChatRequest['messages'] {
  return chatOf({ input }).messages;
}

test('the smallest request', () => {
  expect(decode({ model: 'm', input: 'hi' })).toEqual({
    model: 'm',
    stream: false,
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

const text = (value: string) => ({ type: 'text', text: value });
const call = (fields: object) => ({
  type: 'function_call',
  call_id: 'c',
  name: 'f',
  arguments: '{}',
  ...fields,
});

describe('items', () => {
  test.each<[string, unknown, unknown]>([
    ['a message without its type', { role: 'user', content: 'a' }, { role: 'user', content: [text('a')] }],
    [
      'a message with an id and a status of the client',
      {
        type: 'message',
        id: 'made-up',
        status: 'completed',
        role: 'user',
        content: [{ type: 'input_text', text: 'a' }],
      },
      { role: 'user', content: [text('a')] },
    ],
    ['system', { role: 'system', content: 'a' }, { role: 'system', content: [text('a')] }],
    [
      'developer',
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'a' }] },
      { role: 'system', content: [text('a')] },
    ],
    ['an empty message', { role: 'user', content: '' }, { role: 'user', content: [] }],
    [
      'empty texts are dropped',
      {
        role: 'user',
        content: [
          { type: 'input_text', text: '' },
          { type: 'text', text: 'a' },
        ],
      },
      { role: 'user', content: [text('a')] },
    ],
    [
      'a picture',
      { role: 'user', content: [{ type: 'input_image', image_url: PNG, detail: 'low' }] },
      {
        role: 'user',
        content: [{ type: 'image', mime: 'image/png', base64: 'cGljdHVyZQ==', detail: 'low' }],
      },
    ],
    [
      'a picture in its original size, and as chat completions write it',
      { role: 'user', content: [{ type: 'input_image', image_url: { url: PNG }, detail: 'original' }] },
      {
        role: 'user',
        content: [{ type: 'image', mime: 'image/png', base64: 'cGljdHVyZQ==', detail: 'high' }],
      },
    ],
    [
      'an answer that is sent back, with a refusal',
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        phase: 'final_answer',
        content: [
          { type: 'output_text', text: 'a', annotations: [] },
          { type: 'refusal', refusal: 'no' },
          { type: 'refusal', refusal: '' },
        ],
      },
      { role: 'assistant', content: [text('a'), { type: 'refusal', text: 'no' }] },
    ],
    [
      'an answer as a string',
      { role: 'assistant', content: 'a' },
      { role: 'assistant', content: [text('a')] },
    ],
    [
      'a call with an id of ours',
      call({ id: 'fc_1', status: 'completed', arguments: '{"a": 1}' }),
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '{"a": 1}' }] },
    ],
    [
      'a call without an id',
      call({ id: undefined }),
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '{}' }] },
    ],
    [
      'a call of a tool in a namespace',
      call({ namespace: 'crm' }),
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'crm__f', argumentsText: '{}' }] },
    ],
    [
      'arguments that were parsed',
      call({ arguments: { a: 1 } }),
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '{"a":1}' }] },
    ],
    [
      'a call without arguments',
      call({ arguments: null }),
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '' }] },
    ],
    [
      'a call of a custom tool',
      {
        type: 'custom_tool_call',
        id: 'ctc_1',
        status: 'completed',
        call_id: 'c',
        name: 'patch',
        input: 'a"b',
      },
      {
        role: 'assistant',
        content: [{ type: 'tool-call', id: 'c', name: 'patch', argumentsText: '{"input":"a\\"b"}' }],
      },
    ],
    [
      'an output',
      { type: 'function_call_output', id: 'fco_1', status: 'completed', call_id: 'c', output: 'ok' },
      { role: 'tool', callId: 'c', content: [text('ok')] },
    ],
    [
      'an output of parts, with a picture',
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [
          { type: 'input_text', text: 'ok' },
          { type: 'input_image', image_url: PNG },
        ],
      },
      {
        role: 'tool',
        callId: 'c',
        content: [text('ok'), { type: 'image', mime: 'image/png', base64: 'cGljdHVyZQ==' }],
      },
    ],
    [
      'an output of a custom tool',
      { type: 'custom_tool_call_output', call_id: 'c', output: 'ok' },
      { role: 'tool', callId: 'c', content: [text('ok')] },
    ],
    [
      'reasoning in its own words, which win over the summary',
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 's' }],
        content: [
          { type: 'reasoning_text', text: 'a' },
          { type: 'reasoning_text', text: 'b' },
        ],
        encrypted_content: null,
      },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'a\n\nb' }] },
    ],
    [
      'reasoning of OpenAI: a summary and what only it can read',
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 's' }], encrypted_content: 'gAAA' },
      {
        role: 'assistant',
        content: [{ type: 'reasoning', text: 's', seal: { kind: 'encrypted', data: 'gAAA' } }],
      },
    ],
    [
      'reasoning of another kind of provider',
      { type: 'reasoning', summary: [], content: [{ text: 'a' }], encrypted_content: 'swy1:s:sig' },
      {
        role: 'assistant',
        content: [{ type: 'reasoning', text: 'a', seal: { kind: 'signature', data: 'sig' } }],
      },
    ],
    [
      'reasoning of a local model',
      { type: 'reasoning', summary: [], content: [{ text: 'a' }], encrypted_content: 'swy1:-' },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'a' }] },
    ],
    [
      'reasoning that is redacted',
      { type: 'reasoning', summary: [], encrypted_content: 'swy1:r:x' },
      {
        role: 'assistant',
        content: [{ type: 'reasoning', text: '', seal: { kind: 'redacted', data: 'x' } }],
      },
    ],
  ])('%s', (_what, item, expected) => {
    expect(messagesOf(item)).toEqual([expected]);
  });

  test('what one turn made becomes one message, and instructions come first', () => {
    const chat = chatOf({
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: 'a' },
        { type: 'reasoning', summary: [], content: [{ text: 'hm' }] },
        { role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
        call({ call_id: 'c1' }),
        call({ call_id: 'c2' }),
        { type: 'function_call_output', call_id: 'c1', output: '1' },
        { type: 'function_call_output', call_id: 'c2', output: '2' },
        { type: 'reasoning', summary: [] },
        { role: 'assistant', content: [] },
        { role: 'assistant', content: 'Done.' },
      ],
    });
    expect(chat.messages.map(({ role, content }) => [role, content.map((part) => part.type).join()])).toEqual(
      [
        ['system', 'text'],
        ['user', 'text'],
        ['assistant', 'reasoning,text,tool-call,tool-call'],
        ['tool', 'text'],
        ['tool', 'text'],
        ['assistant', 'text'],
      ],
    );
  });
});

describe('settings', () => {
  test('sampling and the cap', () => {
    const chat = chatOf({
      temperature: 0,
      top_p: 1,
      frequency_penalty: -2,
      presence_penalty: 2,
      top_k: 40,
      min_p: 0.05,
      max_output_tokens: 7,
      parallel_tool_calls: false,
    });
    expect(chat.sampling).toEqual({
      temperature: 0,
      topP: 1,
      topK: 40,
      minP: 0.05,
      frequencyPenalty: -2,
      presencePenalty: 2,
    });
    expect([chat.maxOutputTokens, chat.parallelToolCalls]).toEqual([7, false]);
  });

  test('null is absent everywhere', () => {
    const names =
      'instructions temperature top_p frequency_penalty presence_penalty max_output_tokens tools tool_choice stream ' +
      'parallel_tool_calls text reasoning include store metadata user previous_response_id conversation prompt ' +
      'background truncation service_tier max_tool_calls top_logprobs stream_options dry_run';
    const nulls = Object.fromEntries(names.split(' ').map((name) => [name, null]));
    expect(decode({ model: 'm', input: 'hi', ...nulls })).toEqual(decode({ model: 'm', input: 'hi' }));
  });

  test('fields without meaning here, and unknown ones, are tolerated', () => {
    const extra = {
      store: true,
      client_metadata: { a: 1 },
      prompt_cache_key: 'k',
      prompt_cache_retention: '24h',
      service_tier: 'flex',
      truncation: 'auto',
      max_tool_calls: 3,
      top_logprobs: 5,
      stream_options: { include_obfuscation: true },
      include: ['message.output_text.logprobs'],
      context_management: [{ type: 'compaction' }],
      background: false,
      text: { verbosity: 'low' },
      reasoning: { summary: 'auto', context: 'all_turns' },
      top_k: 'many',
      min_p: -1,
      something: { deep: [1] },
    };
    expect(decode({ model: 'm', input: 'hi', ...extra })).toEqual(decode({ model: 'm', input: 'hi' }));
  });

  test.each([
    ['none', 'none'],
    ['minimal', 'minimal'],
    ['xhigh', 'max'],
    ['something new', undefined],
    [3, undefined],
  ])('effort %j is never refused', (effort, expected) => {
    expect(chatOf({ reasoning: { effort } }).reasoningEffort).toBe(expected);
  });

  test.each<[unknown, ChatRequest['responseFormat']]>([
    [{}, { type: 'text' }],
    [{ format: { type: 'text' } }, { type: 'text' }],
    [{ format: { type: 'json_object' } }, { type: 'json-object' }],
    [
      {
        format: {
          type: 'json_schema',
          name: 'n',
          strict: true,
          schema: { type: 'object' },
          description: 'd',
        },
      },
      { type: 'json-schema', name: 'n', strict: true, schema: { type: 'object' } },
    ],
    [{ format: { type: 'json_schema', schema: {} } }, { type: 'json-schema', name: 'answer', schema: {} }],
  ])('text %j', (value, expected) => {
    expect(chatOf({ text: value }).responseFormat).toEqual(expected);
  });

  test('stream and dry run', () => {
    expect(decode({ model: 'm', input: 'hi', stream: true, dry_run: true })).toMatchObject({
      stream: true,
      dryRun: true,
    });
  });
});

const F = { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true };
const CRM = {
  type: 'namespace',
  name: 'crm',
  description: 'About customers.',
  tools: [
    { type: 'function', name: 'find', description: 'Finds one.', defer_loading: true },
    { type: 'function', name: 'f' },
    { type: 'custom', name: 'query' },
  ],
};
const PATCH = {
  type: 'custom',
  name: 'patch',
  description: 'Applies a patch.',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
};

describe('tools', () => {
  test('functions go as they are, namespaces become flat, custom tools take one string, hosted ones are left out', () => {
    const { tools } = chatOf({ tools: [F, CRM, PATCH, { type: 'web_search' }, { type: 'tool_search' }] });
    const input = (description: string) => ({
      type: 'object',
      properties: { input: { type: 'string', description } },
      required: ['input'],
      additionalProperties: false,
    });
    const whole = 'All of the input of this tool, as plain text.';
    expect(tools).toEqual([
      { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      { name: 'crm__find', description: 'About customers.\n\nFinds one.' },
      { name: 'crm__f' },
      { name: 'crm__query', parameters: input(whole) },
      {
        name: 'patch',
        description: 'Applies a patch.',
        parameters: input(`${whole} It must follow this grammar (lark):\nstart: "x"`),
      },
    ]);
  });

  test('tools may come in an item; a newer definition takes the place of the older', () => {
    const item = {
      type: 'additional_tools',
      role: 'developer',
      tools: [PATCH, { ...F, description: 'newer' }],
    };
    const chat = chatOf({ tools: [F], input: [item, { role: 'user', content: 'hi' }] });
    expect(chat.tools.map(({ name, description }) => [name, description])).toEqual([
      ['f', 'newer'],
      ['patch', 'Applies a patch.'],
    ]);
    expect(chat.messages).toHaveLength(1);
  });

  test('a function and a custom tool of one name stay apart, in the definitions and in earlier calls', () => {
    const chat = chatOf({
      tools: [F, { type: 'custom', name: 'f' }],
      input: [
        { role: 'user', content: 'hi' },
        call({}),
        { type: 'custom_tool_call', call_id: 'd', name: 'f', input: '' },
      ],
    });
    expect(chat.tools.map(({ name }) => name)).toEqual(['f', 'f_2']);
    expect(chat.messages[1]).toMatchObject({ content: [{ name: 'f' }, { name: 'f_2' }] });
  });

  const choose = (tool_choice: unknown, tools: unknown = [F, CRM, PATCH, { type: 'web_search' }]) => {
    const { chat, nativeOnly } = decode({ model: 'm', input: 'hi', tools, tool_choice });
    return [chat.tools.map(({ name }) => name).join(' '), chat.toolChoice, nativeOnly?.param];
  };
  const ALL = 'f crm__find crm__f crm__query patch';
  const allow = (mode: string | undefined, ...tools: unknown[]) => ({ type: 'allowed_tools', mode, tools });

  test.each<[string, unknown, unknown]>([
    ['auto', 'auto', [ALL, 'auto', undefined]],
    ['none', 'none', [ALL, 'none', undefined]],
    ['required', 'required', [ALL, 'required', undefined]],
    ['a mode as an object', { type: 'required' }, [ALL, 'required', undefined]],
    ['a function', { type: 'function', name: 'f' }, [ALL, { name: 'f' }, undefined]],
    [
      'a function in a namespace',
      { type: 'function', namespace: 'crm', name: 'f' },
      [ALL, { name: 'crm__f' }, undefined],
    ],
    ['a custom tool', { type: 'custom', name: 'patch' }, [ALL, { name: 'patch' }, undefined]],
    ['a hosted tool', { type: 'web_search' }, [ALL, 'auto', 'tool_choice.type']],
    [
      'allowed tools',
      allow('auto', { type: 'function', name: 'f' }, { type: 'custom', name: 'patch' }),
      ['f patch', 'auto', undefined],
    ],
    [
      'an allowed namespace',
      allow('required', { type: 'namespace', name: 'crm' }),
      ['crm__find crm__f crm__query', 'required', undefined],
    ],
    ['allowed without a mode', allow(undefined, { type: 'function', name: 'f' }), ['f', 'auto', undefined]],
    [
      'allowed hosted tools beside ours',
      allow('required', { type: 'web_search' }, { type: 'function', name: 'f' }),
      ['f', 'required', undefined],
    ],
    ['allowed hosted tools only', allow('auto', { type: 'web_search' }), ['', 'auto', undefined]],
    [
      'required hosted tools only',
      allow('required', { type: 'web_search' }),
      ['', 'auto', 'tool_choice.tools'],
    ],
  ])('tool_choice: %s', (_what, value, expected) => {
    expect(choose(value)).toEqual(expected);
  });

  test('without tools a choice means nothing; with hosted tools only, no more than they can', () => {
    expect(choose('required', [])).toEqual(['', 'auto', undefined]);
    expect(choose({ type: 'function', name: 'x' }, null)).toEqual(['', 'auto', undefined]);
    expect(choose('auto', [{ type: 'web_search' }])).toEqual(['', 'auto', undefined]);
    expect(choose('required', [{ type: 'web_search' }])).toEqual(['', 'auto', 'tool_choice']);
  });
});

describe('what only a target of this dialect can honour', () => {
  const user = (part: object) => [{ role: 'user', content: [{ type: 'input_text', text: 'a' }, part] }];
  test.each<[string, unknown[], string]>([
    ['a file', user({ type: 'input_file', file_id: 'file_1' }), 'input[0].content[1].type'],
    ['audio', user({ type: 'input_audio' }), 'input[0].content[1].type'],
    ['a stored picture', user({ type: 'input_image', file_id: 'file_1' }), 'input[0].content[1].file_id'],
    [
      'a picture for the system',
      [
        { role: 'developer', content: [{ type: 'input_image', image_url: PNG }] },
        ...user({ type: 'text', text: '' }),
      ],
      'input[0].content[0].type',
    ],
    [
      'a search of earlier',
      [...user({ type: 'text', text: '' }), { type: 'web_search_call', id: 'ws' }],
      'input[1].type',
    ],
    ['a tool search', [{ type: 'tool_search_call', call_id: 'c', arguments: {} }], 'input[0].type'],
    ['a compacted conversation', [{ type: 'compaction', encrypted_content: 'x' }], 'input[0].type'],
    ['an item that nobody knows yet', [{ type: 'dream', role: 'user' }], 'input[0].type'],
  ])('%s', (_what, input, param) => {
    expect(decode({ model: 'm', input }).nativeOnly).toEqual({
      code: 'unsupported_parameter',
      param,
      message: `${param}: can only be served by a provider that speaks this dialect itself, and this model has none.`,
    });
  });
});

describe('input that only a target of this dialect reads is measured', () => {
  const nativeInput = (fields: object) => decode({ model: 'm', input: 'hi', ...fields }).nativeInput;
  const size = (...values: unknown[]) =>
    values.reduce<number>((sum, value) => sum + JSON.stringify(value).length, 0);
  const search = { type: 'tool_search', execution: 'client', description: 'Searches.' };
  const allowed = { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] };
  const reasoning = { type: 'reasoning', summary: [{ text: 's' }], content: [{ text: 'c' }] };

  test.each<[string, object, unknown]>([
    ['none', { tools: [F, CRM, PATCH] }, undefined],
    [
      'a tool that runs at the provider',
      { tools: [F, { type: 'web_search' }] },
      { bytes: 0, isBounded: false },
    ],
    ["a client's own tool", { tools: [search] }, { bytes: size(search), isBounded: true }],
    [
      'the schema of an output',
      { tools: [{ ...F, output_schema: { a: 1 } }] },
      { bytes: size({ a: 1 }), isBounded: true },
    ],
    [
      'a definition that was replaced',
      {
        tools: [
          { type: 'function', name: 'f' },
          { type: 'function', name: 'f', description: 'newer' },
        ],
      },
      { bytes: size({ name: 'f' }), isBounded: true },
    ],
    [
      'tools that may not be called',
      { tools: [{ name: 'f' }, { name: 'g' }], tool_choice: allowed },
      { bytes: size({ name: 'g' }), isBounded: true },
    ],
    [
      'a summary beside the reasoning itself',
      { input: [{ role: 'user', content: 'a' }, reasoning] },
      { bytes: size([{ text: 's' }]), isBounded: true },
    ],
    [
      'a file',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
      { bytes: 0, isBounded: false },
    ],
  ])('%s', (_what, fields, expected) => {
    expect(nativeInput(fields)).toEqual(expected);
  });
});
