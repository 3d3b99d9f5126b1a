import type { ChatMessage } from '@switchyard/protocol/chat.ts';
import { describe, expect, test } from 'vitest';
import { decodeResponses } from './decode.ts';
import { encode } from './testing-replies.ts';
import { readStream } from './testing-read-stream.ts';

/**
 * Bodies in the form in which today's clients send them (seen on the wire, 2026-11-20), with other words in them.
 */
function decode(body: object) {
  const result = decodeResponses(Buffer.from(JSON.stringify(body)));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** Role and kinds of parts of each message. */
function outline(messages: readonly ChatMessage[]): string[] {
  return messages.map(({ role, content }) => `${role}: ${content.map(({ type }) => type).join(' ')}`);
}

const parameters = { type: 'object', properties: {}, additionalProperties: false };
const tool = (name: string) => ({ type: 'function', name, description: name, strict: false, parameters });
const inputText = (text: string) => [{ type: 'input_text', text }];

const CODEX = {
  tool_choice: 'auto',
  parallel_tool_calls: true,
  reasoning: null,
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '0199-thread',
  client_metadata: { 'x-codex-installation-id': 'some-id' },
};

const CODEX_TURN = [
  { type: 'message', id: 'own-1', role: 'developer', content: inputText('You are a coding agent.') },
  { type: 'message', id: 'own-2', role: 'user', content: inputText('<environment_context>') },
  { type: 'message', id: 'own-3', role: 'user', content: inputText('List the files.') },
];

describe('Codex 0.169', () => {
  const classic = [
    tool('exec_command'),
    tool('write_stdin'),
    tool('request_user_input'),
    tool('view_image'),
    {
      type: 'namespace',
      name: 'multi_agent_v1',
      description: 'Tools for other agents.',
      tools: [tool('spawn_agent'), tool('wait')],
    },
    { type: 'web_search', external_web_access: false },
  ];

  test('a model that it does not know: first turn', () => {
    const { chat, nativeOnly, stream } = decode({
      ...CODEX,
      model: 'our-model',
      tools: classic,
      input: CODEX_TURN,
    });
    expect([nativeOnly, stream]).toEqual([undefined, true]);
    expect(outline(chat.messages)).toEqual(['system: text', 'user: text', 'user: text']);
    expect(chat.tools.map(({ name }) => name)).toEqual([
      'exec_command',
      'write_stdin',
      'request_user_input',
      'view_image',
      'multi_agent_v1__spawn_agent',
      'multi_agent_v1__wait',
    ]);
  });

  test('the turn after, with our items and its own output sent back', () => {
    const fields = { ...CODEX, tools: classic };
    const parts = [
      { type: 'reasoning-delta' as const, text: 'I look.' },
      { type: 'reasoning-seal' as const, seal: { kind: 'signature' as const, data: 'sig' } },
      { type: 'tool-call-start' as const, index: 0, id: 'call_1', name: 'multi_agent_v1__wait' },
      { type: 'tool-call-delta' as const, index: 0, argumentsText: '{"ids":[]}' },
    ];
    const { items } = readStream(encode([parts], fields).join(''));
    const output = { type: 'function_call_output', id: 'fco_own', call_id: 'call_1', output: 'done' };
    const { chat } = decode({ ...fields, model: 'our-model', input: [...CODEX_TURN, ...items, output] });
    expect(chat.messages.slice(3)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'I look.', seal: { kind: 'signature', data: 'sig' } },
          { type: 'tool-call', id: 'call_1', name: 'multi_agent_v1__wait', argumentsText: '{"ids":[]}' },
        ],
      },
      { role: 'tool', callId: 'call_1', content: [{ type: 'text', text: 'done' }] },
    ]);
  });

  test('gpt-5.5: a patch tool with a grammar, a search over tools, deferred tools', () => {
    const { chat, nativeOnly } = decode({
      ...CODEX,
      model: 'gpt-5.5',
      reasoning: { effort: 'medium', summary: 'auto' },
      text: { verbosity: 'low' },
      tools: [
        tool('exec_command'),
        {
          type: 'custom',
          name: 'apply_patch',
          description: 'Edits files.',
          format: { type: 'grammar', syntax: 'lark', definition: 'start: begin_patch hunk+ end_patch' },
        },
        { type: 'tool_search', execution: 'client', description: 'Searches tools.', parameters },
        {
          type: 'namespace',
          name: 'mcp__docs',
          description: 'Documents.',
          tools: [{ ...tool('read'), defer_loading: true }],
        },
      ],
      input: [
        ...CODEX_TURN,
        {
          type: 'custom_tool_call',
          id: 'ctc_1',
          status: 'completed',
          call_id: 'c',
          name: 'apply_patch',
          input: '*** Begin',
        },
        { type: 'custom_tool_call_output', call_id: 'c', output: 'Success.' },
      ],
    });
    expect(nativeOnly).toBe(undefined);
    expect(chat.reasoningEffort).toBe('medium');
    expect(chat.tools.map(({ name }) => name)).toEqual(['exec_command', 'apply_patch', 'mcp__docs__read']);
    expect(outline(chat.messages.slice(3))).toEqual(['assistant: tool-call', 'tool: text']);
  });

  test('gpt-6.1-sol: all tools stand in an item', () => {
    const { chat, nativeOnly } = decode({
      ...CODEX,
      model: 'gpt-6.1-sol',
      parallel_tool_calls: false,
      reasoning: { effort: 'medium', summary: 'auto', context: 'all_turns' },
      input: [
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [
            {
              type: 'namespace',
              name: 'functions',
              description: 'Runs code.',
              tools: [{ type: 'custom', name: 'exec', description: 'Runs JavaScript.' }, tool('wait')],
            },
            { type: 'namespace', name: 'clock', description: 'Time.', tools: [tool('now')] },
          ],
        },
        ...CODEX_TURN,
      ],
    });
    expect(nativeOnly).toBe(undefined);
    expect(chat.parallelToolCalls).toBe(false);
    expect(chat.tools.map(({ name }) => name)).toEqual(['functions__exec', 'functions__wait', 'clock__now']);
    expect(outline(chat.messages)).toEqual(['system: text', 'user: text', 'user: text']);
  });
});

test('opencode 1.18 through @ai-sdk/openai: items without type, calls without id', () => {
  const { chat } = decode({
    model: 'm',
    stream: true,
    store: false,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: 'ses_1',
    tool_choice: 'auto',
    max_output_tokens: 32_000,
    reasoning: { effort: 'low', summary: 'auto' },
    input: [
      { role: 'developer', content: 'You are opencode.' },
      { role: 'user', content: inputText('List the files.') },
      { role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
      { type: 'function_call', call_id: 'call_1', name: 'list', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'a.txt' },
    ],
    tools: [tool('list')],
  });
  expect(outline(chat.messages)).toEqual([
    'system: text',
    'user: text',
    'assistant: text tool-call',
    'tool: text',
  ]);
  expect(chat.maxOutputTokens).toBe(32_000);
});

test("OpenAI's agents SDK: instructions, an empty include, calls with id and status", () => {
  const { chat } = decode({
    model: 'm',
    instructions: 'Use the tool.',
    include: [],
    input: [
      { role: 'user', content: 'The weather?' },
      {
        type: 'function_call',
        id: 'fc_1',
        call_id: 'call_1',
        name: 'weather',
        arguments: '{}',
        status: 'completed',
      },
      { type: 'function_call_output', call_id: 'call_1', output: inputText('21C') },
    ],
    tools: [{ ...tool('weather'), strict: true }],
    stream: false,
  });
  expect(outline(chat.messages)).toEqual([
    'system: text',
    'user: text',
    'assistant: tool-call',
    'tool: text',
  ]);
  expect(chat.tools[0]?.strict).toBe(true);
});

test('LangChain: typed items, role system, an empty text', () => {
  const { chat } = decode({
    model: 'm',
    input: [
      { type: 'message', role: 'system', content: 'Be brief.' },
      { type: 'message', role: 'user', content: inputText('Hello') },
    ],
    text: {},
    stream: true,
  });
  expect(outline(chat.messages)).toEqual(['system: text', 'user: text']);
});

test("Vercel's AI SDK: a schema in text.format", () => {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties: {} };
  const { chat } = decode({
    model: 'm',
    input: [{ role: 'user', content: [{ type: 'input_text', text: 'Report.' }] }],
    text: { format: { type: 'json_schema', strict: true, name: 'response', schema } },
  });
  expect(chat.responseFormat).toEqual({ type: 'json-schema', name: 'response', strict: true, schema });
});
