import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import type { DecodedText } from '../../core/surface.ts';
import { decodeMessagesBody } from './decode.ts';

const schema = { type: 'object', properties: { a: { type: 'string' } } };
const tool = (name: string, more = {}) => ({ name, input_schema: schema, ...more });
const deferred = (name: string) => tool(name, { defer_loading: true });
const WEB_SEARCH = { type: 'web_search_20260318', name: 'web_search', max_uses: 5 };

function decode(fields: object) {
  const body = { model: 'm', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }], ...fields };
  return decodeMessagesBody(Buffer.from(JSON.stringify(body)));
}

function decoded(fields: object): DecodedText {
  const result = decode(fields);
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

function chatOf(fields: object): ChatRequest {
  const { chat, nativeOnly } = decoded(fields);
  expect(nativeOnly).toBeUndefined();
  return chat;
}

const names = (fields: object) => chatOf(fields).tools.map(({ name }) => name);

describe('tools', () => {
  test('of the client are function tools; what only their provider needs stays behind', () => {
    const tools = [
      tool('f', { description: 'does', strict: true, cache_control: {}, eager_input_streaming: true }),
      tool('g', { type: 'custom', allowed_callers: ['direct'], input_examples: [{ a: 'x' }] }),
      { name: 'h', type: null, description: null, input_schema: null },
    ];
    expect(chatOf({ tools }).tools).toEqual([
      { name: 'f', description: 'does', parameters: schema, strict: true },
      { name: 'g', parameters: schema },
      { name: 'h' },
    ]);
  });

  test.each([[[]], [null]])('%j is none', (tools) => {
    expect(chatOf({ tools, tool_choice: { type: 'any' } })).toMatchObject({ tools: [], toolChoice: 'auto' });
  });

  test('that run at a provider are left out', () => {
    const tools = [WEB_SEARCH, tool('f'), { type: 'mcp_toolset', mcp_server_name: 's' }];
    expect(names({ tools })).toEqual(['f']);
    expect(names({ tools: [WEB_SEARCH] })).toEqual([]);
  });

  test.each([
    'bash_20250124',
    'browser_toolset_20260801',
    'computer_20251124',
    'computer_toolset_20260801',
    'memory_20250818',
    'text_editor_20250728',
  ])('of the kind %s, which only their own models know, need a provider of the dialect', (type) => {
    expect(decoded({ tools: [tool('f'), { type, name: 'x' }] }).nativeOnly).toMatchObject({
      code: 'unsupported_parameter',
      param: 'tools[1].type',
    });
  });
});

describe('deferred tools', () => {
  const tools = [tool('find'), deferred('f'), deferred('g')];
  const turn = (role: string, ...content: object[]) => ({ role, content });
  const found = (name: string) =>
    turn('user', {
      type: 'tool_result',
      tool_use_id: 'c',
      content: [{ type: 'tool_reference', tool_name: name }],
    });

  test('are not offered', () => {
    expect(names({ tools })).toEqual(['find']);
    expect(names({ tools: [deferred('placeholder')] })).toEqual([]);
  });

  test('are offered once a result refers to them', () => {
    expect(names({ tools, messages: [found('g')] })).toEqual(['find', 'g']);
    expect(names({ tools, messages: [found('unknown')] })).toEqual(['find']);
  });

  test('are offered when one is forced', () => {
    expect(chatOf({ tools, tool_choice: { type: 'tool', name: 'f' } })).toMatchObject({
      tools: [{ name: 'find' }, { name: 'f' }],
      toolChoice: { name: 'f' },
    });
  });

  test('are all offered where the provider was to search them', () => {
    const search = { type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' };
    expect(names({ tools: [search, ...tools] })).toEqual(['find', 'f', 'g']);
  });

  test('may be many', () => {
    const many = Array.from({ length: LIMITS.toolsMax + 1 }, (_, index) => deferred(`t${index}`));
    expect(names({ tools: [...tools, ...many] })).toEqual(['find']);
    const search = { type: 'tool_search_tool_regex_20251119', name: 's' };
    expect(decode({ tools: [search, ...many] })).toMatchObject({ ok: false, error: { param: 'tools' } });
  });
});

describe('changes of tools within a conversation', () => {
  const user = { role: 'user', content: 'x' };
  const change = (type: string, tool: object) => ({ role: 'system', content: [{ type, tool }] });
  const reference = (name: string) => ({ type: 'tool_reference', name });
  const defined = (definition: unknown) => ({ type: 'tool_definition', definition });
  const tools = [tool('a'), tool('b'), deferred('c')];
  test.each<[string, object[], string[]]>([
    ['taken away', [change('tool_removal', reference('a'))], ['b']],
    ['loaded', [change('tool_addition', reference('c'))], ['a', 'b', 'c']],
    [
      'taken away and back',
      [change('tool_removal', reference('a')), change('tool_addition', reference('a'))],
      ['b', 'a'],
    ],
    ['defined', [change('tool_addition', defined(tool('d')))], ['a', 'b', 'd']],
    [
      'defined, away and back',
      [
        change('tool_addition', defined(tool('d'))),
        change('tool_removal', reference('d')),
        change('tool_addition', reference('d')),
      ],
      ['a', 'b', 'd'],
    ],
    [
      'of a server that was never offered',
      [change('tool_removal', { type: 'mcp_toolset_reference' })],
      ['a', 'b'],
    ],
  ])('%s', (_name, changes, expected) => {
    const { messages, tools: offered } = chatOf({ tools, messages: [user, ...changes] });
    expect(offered.map(({ name }) => name)).toEqual(expected);
    // The message had nothing else to say.
    expect(messages).toHaveLength(1);
  });

  test('tools of an MCP server need a provider of the dialect', () => {
    const messages = [
      user,
      change('tool_addition', { type: 'mcp_tool_reference', name: 'x', server_name: 's' }),
    ];
    expect(decoded({ tools, messages }).nativeOnly).toMatchObject({
      param: 'messages[1].content[0].tool.type',
    });
  });
});

describe('a tool that is defined where it is added', () => {
  const adding = (definition: unknown) => [
    { role: 'user', content: 'x' },
    {
      role: 'system',
      content: [{ type: 'tool_addition', tool: { type: 'tool_definition', definition } }],
    },
  ];
  const path = 'messages[1].content[0].tool.definition';

  test('is offered as one of the list is', () => {
    const messages = adding(tool('d', { type: 'custom', description: 'does', cache_control: null }));
    expect(chatOf({ messages }).tools).toEqual([{ name: 'd', description: 'does', parameters: schema }]);
  });

  test('needs a provider of the dialect when only its own models know it', () => {
    const messages = adding({ type: 'bash_20250124', name: 'bash' });
    expect(decoded({ messages }).nativeOnly).toMatchObject({ param: `${path}.type` });
  });

  test.each([
    [WEB_SEARCH, `${path}.type`],
    [{ type: 'mcp_toolset', mcp_server_name: 's' }, `${path}.type`],
    [{ type: 5, name: 'd' }, `${path}.type`],
    [{ input_schema: schema }, `${path}.name`],
    [null, path],
    ['d', path],
  ])('%j is refused', (definition, param) => {
    expect(decode({ messages: adding(definition) })).toMatchObject({ ok: false, error: { param } });
  });
});

describe('the choice of tools', () => {
  const tools = [tool('f'), tool('g'), WEB_SEARCH];
  test.each<[unknown, ChatRequest['toolChoice'], boolean]>([
    [undefined, 'auto', true],
    [null, 'auto', true],
    [{ type: 'auto' }, 'auto', true],
    [{ type: 'none' }, 'none', true],
    [{ type: 'any' }, 'required', true],
    [{ type: 'any', disable_parallel_tool_use: true }, 'required', false],
    [{ type: 'auto', disable_parallel_tool_use: true }, 'auto', false],
    [{ type: 'tool', name: 'g', disable_parallel_tool_use: false }, { name: 'g' }, true],
  ])('%j', (choice, toolChoice, parallelToolCalls) => {
    expect(chatOf({ tools, tool_choice: choice })).toMatchObject({ toolChoice, parallelToolCalls });
  });

  test.each([
    [{ type: 'tool', name: 'web_search' }, tools, 'tool_choice.name'],
    [{ type: 'any' }, [WEB_SEARCH], 'tool_choice'],
  ])('%j of a tool that runs at a provider needs that provider', (choice, listed, param) => {
    expect(decoded({ tools: listed, tool_choice: choice }).nativeOnly).toMatchObject({
      code: 'unsupported_parameter',
      param,
    });
  });

  test.each([
    [{ type: 'tool', name: 'unknown' }, 'tool_choice.name'],
    [{ type: 'tool' }, 'tool_choice.name'],
    [{ type: 'required' }, 'tool_choice.type'],
    ['auto', 'tool_choice.type'],
    [{ type: 'auto', disable_parallel_tool_use: 1 }, 'tool_choice.disable_parallel_tool_use'],
  ])('%j is refused', (choice, param) => {
    expect(decode({ tools, tool_choice: choice })).toMatchObject({ ok: false, error: { param } });
  });
});
