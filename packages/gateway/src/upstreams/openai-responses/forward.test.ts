import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { describe, expect, test } from 'vitest';
import { sealText } from '../../core/reasoning-seal.ts';
import { forwardBody } from './forward.ts';
import { nativeRequest } from './testing-requests.ts';

type Options = { stream?: boolean; chat?: Partial<ChatRequest>; paid?: boolean; dropSealed?: boolean };

function forward(text: string, { paid = false, dropSealed = false, ...options }: Options = {}): string {
  const forwardOptions = { allowPaidExtras: paid, dropSealedReasoning: dropSealed };
  return forwardBody(nativeRequest(text, options), forwardOptions)?.toString() ?? 'not forwarded';
}

/** The body as it is forwarded, from one that is written as an object. */
function fields(body: Record<string, unknown>, options?: Options): Record<string, unknown> {
  return JSON.parse(forward(JSON.stringify(body), options)) as Record<string, unknown>;
}

test('every byte that has no reason to change stays', () => {
  const text =
    '{ "model" : "public", "input":[ {"role":"user","content":"a\\u0041\\/ 1.0e0","x":1.50} ],\n "temperature":1.0,' +
    ' "store":true , "stream":true,"tools":[{"type":"custom","name":"apply_patch" }],"max_output_tokens":5000}';
  expect(forward(text, { stream: true })).toBe(
    '{ "model" : "remote", "input":[ {"role":"user","content":"a\\u0041\\/ 1.0e0","x":1.50} ],\n "temperature":1.0,' +
      ' "store":false , "stream":true,"tools":[{"type":"custom","name":"apply_patch" }],"max_output_tokens":100}',
  );
});

test('what must be there is added', () => {
  expect(fields({ model: 'public', input: 'hi' })).toEqual({
    model: 'remote',
    input: 'hi',
    stream: false,
    store: false,
    max_output_tokens: 100,
  });
});

test('bytes that are no JSON object are not forwarded', () => {
  expect(forward('[1]')).toBe('not forwarded');
});

describe('members', () => {
  test.each([
    'instructions',
    'temperature',
    'top_p',
    'top_logprobs',
    'max_tool_calls',
    'parallel_tool_calls',
    'text',
    'include',
    'truncation',
    'context_management',
    'moderation',
    'image',
    'prompt_cache_key',
    'tool_choice',
  ])('%s goes on', (key) => {
    expect(fields({ model: 'a', [key]: 'x' })).toHaveProperty(key, 'x');
  });

  test.each([
    'user',
    'safety_identifier',
    'metadata',
    'client_metadata',
    'previous_response_id',
    'conversation',
    'background',
    'prompt',
    'prompt_cache_retention',
    'prompt_cache_options',
    'access_programs',
    'service_tier',
    'never_heard_of',
  ])('%s stays here', (key) => {
    expect(fields({ model: 'a', [key]: 'x' })).not.toHaveProperty(key);
  });

  test('a service tier goes on where the operator pays for it', () => {
    expect(fields({ model: 'a', service_tier: 'priority', user: 'u' }, { paid: true })).toMatchObject({
      service_tier: 'priority',
    });
  });

  test.each([
    [true, { include_obfuscation: false }],
    [false, undefined],
  ])('stream options go with a stream: %s', (stream, value) => {
    const body = { model: 'a', stream: true, stream_options: { include_obfuscation: false } };
    expect(fields(body, { stream })['stream_options']).toEqual(value);
  });
});

test.each([
  [1, 16],
  [15, 16],
  [16, 16],
  [4_000, 4_000],
])('a cap of %i is sent as %i: the API takes none below 16', (maxOutputTokens, sent) => {
  expect(fields({ model: 'a' }, { chat: { maxOutputTokens } })['max_output_tokens']).toBe(sent);
});

describe('effort', () => {
  test.each<[what: string, given: unknown, effort: ChatRequest['reasoningEffort'], sent: unknown]>([
    [
      "the client's own word stays",
      { effort: 'xhigh', summary: 'auto' },
      'max',
      { effort: 'xhigh', summary: 'auto' },
    ],
    [
      'a setting of the model wins',
      { effort: 'low', summary: 'auto' },
      'high',
      { summary: 'auto', effort: 'high' },
    ],
    ['a setting of the model is added', undefined, 'high', { effort: 'high' }],
    ['a setting beside null', null, 'high', { effort: 'high' }],
    ['a model that does not think is not asked to', { effort: 'high' }, undefined, undefined],
    ['other fields stay then', { effort: 'high', context: 'auto' }, undefined, { context: 'auto' }],
    ['no effort, no edit', { summary: 'auto' }, undefined, { summary: 'auto' }],
  ])('%s', (_what, given, reasoningEffort, sent) => {
    const chat = reasoningEffort === undefined ? {} : { reasoningEffort };
    expect(fields({ model: 'a', reasoning: given }, { chat })['reasoning']).toEqual(sent);
  });
});

const CLIENT_TOOLS = [
  { type: 'function', name: 'f' },
  { name: 'without a type' },
  { type: 'custom', name: 'c' },
  { type: 'namespace', name: 'n', tools: [] },
  { type: 'tool_search', execution: 'client' },
  { type: 'local_shell' },
  { type: 'shell', environment: { type: 'local' } },
  { type: 'apply_patch' },
  { type: 'computer' },
];
const HOSTED_TOOLS = [
  { type: 'web_search' },
  { type: 'web_search_preview_2025_03_11' },
  { type: 'file_search', vector_store_ids: ['vs_1'] },
  { type: 'code_interpreter', container: { type: 'auto' } },
  { type: 'image_generation' },
  { type: 'mcp', server_url: 'https://example.com' },
  { type: 'shell', environment: { type: 'container_auto' } },
  { type: 'shell' },
  { type: 'programmatic_tool_calling' },
  { type: 'something_new' },
];

describe('tools that run at the provider', () => {
  const tools = [...CLIENT_TOOLS, ...HOSTED_TOOLS];

  test('are taken out of the list', () => {
    expect(fields({ model: 'a', tools })['tools']).toEqual(CLIENT_TOOLS);
  });

  test.each(['additional_tools', 'tool_search_output'])('and out of items of type %s', (type) => {
    const input = [
      { role: 'user', content: 'hi' },
      { type, role: 'developer', tools },
    ];
    expect(fields({ model: 'a', input })['input']).toEqual([
      { role: 'user', content: 'hi' },
      { type, role: 'developer', tools: CLIENT_TOOLS },
    ]);
  });

  test('cannot hide behind escapes or a second type', () => {
    const hidden =
      '{"model":"a","tools":[{"\\u0074ype":"web_\\u0073earch"},{"type":"function","type":"web_search"}]}';
    expect(JSON.parse(forward(hidden))).toMatchObject({ tools: [] });
  });

  test('stay where the operator pays for them', () => {
    const input = [{ type: 'additional_tools', role: 'developer', tools }];
    expect(fields({ model: 'a', input, tools }, { paid: true })).toMatchObject({ input, tools });
  });

  test.each<[what: string, tools: unknown[], choice: unknown, sent: unknown]>([
    ['auto stays', [{ type: 'function', name: 'f' }, { type: 'web_search' }], 'auto', 'auto'],
    [
      'required stays while a tool is left',
      [{ type: 'function', name: 'f' }, { type: 'mcp' }],
      'required',
      'required',
    ],
    ['required goes with the last tool', [{ type: 'web_search' }], 'required', undefined],
    [
      'a choice of a function stays',
      [{ type: 'function', name: 'f' }, { type: 'web_search' }],
      { type: 'function', name: 'f' },
      { type: 'function', name: 'f' },
    ],
    [
      'a choice of the tool that went goes too',
      [{ type: 'function', name: 'f' }, { type: 'web_search' }],
      { type: 'web_search' },
      undefined,
    ],
    [
      'a list of allowed tools stays',
      [{ type: 'function', name: 'f' }, { type: 'web_search' }],
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
    ],
    ['nothing changes while no tool went', [{ type: 'function', name: 'f' }], { type: 'x' }, { type: 'x' }],
  ])('tool_choice: %s', (_what, offered, choice, sent) => {
    expect(fields({ model: 'a', tools: offered, tool_choice: choice })['tool_choice']).toEqual(sent);
  });
});

describe('reasoning of earlier turns', () => {
  const own = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' };
  const input = [
    { role: 'user', content: 'hi' },
    own,
    { type: 'reasoning', id: 'rs_2', summary: [] },
    { type: 'reasoning', id: 'rs_3', summary: [], encrypted_content: null },
    {
      type: 'reasoning',
      id: 'rs_4',
      encrypted_content: sealText({ kind: 'signature', data: 'x' }, 'responses'),
    },
    { type: 'reasoning', id: 'rs_5', encrypted_content: sealText(undefined, 'responses') },
    { type: 'message', role: 'assistant', content: 'hello' },
  ];

  test("goes back only with the provider's own seal: nothing else can be read there", () => {
    expect(fields({ model: 'a', input })['input']).toEqual([input[0], own, input.at(-1)]);
  });

  test('is left out where the account cannot read it', () => {
    expect(fields({ model: 'a', input }, { dropSealed: true })['input']).toEqual([input[0], input.at(-1)]);
  });

  test('a list without any of it stays byte for byte', () => {
    const text = '{"model":"a","input":[ {"type":"message" , "role":"user"} ],"store":false}';
    expect(forward(text)).toContain('"input":[ {"type":"message" , "role":"user"} ]');
  });
});
