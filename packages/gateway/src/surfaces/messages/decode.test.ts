import type { ChatMessage, ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros } from '../../core/money.ts';
import type { DecodedText } from '../../core/surface.ts';
import { decodeCountBody, decodeMessagesBody } from './decode.ts';
import { openMessage } from './encode.ts';

const HELLO = [{ role: 'user', content: 'hi' }];
const PNG = Buffer.from('picture').toString('base64');

function decode(fields: object, read = decodeMessagesBody): DecodedText {
  const body = { model: 'm', max_tokens: 64, messages: HELLO, ...fields };
  const result = read(Buffer.from(JSON.stringify(body)));
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

function chatOf(fields: object): ChatRequest {
  const { chat, nativeOnly } = decode(fields);
  expect(nativeOnly).toBeUndefined();
  return chat;
}

const messagesOf = (...messages: unknown[]) => chatOf({ messages }).messages;
const userOf = (...content: unknown[]) => messagesOf({ role: 'user', content });
const assistantOf = (...content: unknown[]) => messagesOf({ role: 'assistant', content });
const text = (value: string) => ({ type: 'text', text: value }) as const;

test('the smallest request', () => {
  const { openReply, ...decoded } = decode({});
  expect(decoded).toEqual({
    model: 'm',
    stream: false,
    dryRun: false,
    chat: {
      messages: [{ role: 'user', content: [text('hi')] }],
      tools: [],
      toolChoice: 'auto',
      parallelToolCalls: true,
      responseFormat: { type: 'text' },
      sampling: {},
      stop: [],
      maxOutputTokens: 64,
    },
  });
  const options = { requestId: 'req_1', model: 'm', createdAtMs: 0, estimatedInputTokens: 0 };
  expect(openReply(options).contentType).toBe('application/json');
  expect(decode({ stream: true }).openReply(options).contentType).toContain('text/event-stream');
});

test('counting needs no max_tokens', () => {
  expect(decode({ max_tokens: undefined }, decodeCountBody).chat.maxOutputTokens).toBeUndefined();
});

test('flags', () => {
  expect(decode({ stream: true, dry_run: true })).toMatchObject({ stream: true, dryRun: true });
  expect(decode({ stream: null, dry_run: null })).toMatchObject({ stream: false, dryRun: false });
});

describe('system', () => {
  const system = (value: unknown) => chatOf({ system: value }).messages.slice(0, -1);
  test.each<[string, unknown, ChatMessage[]]>([
    ['a string', 'be kind', [{ role: 'system', content: [text('be kind')] }]],
    ['nothing', null, []],
    ['an empty string', '', []],
    [
      'blocks, empty ones dropped, cache marks left behind',
      [
        { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: '' },
        { type: 'text', text: 'b' },
      ],
      [{ role: 'system', content: [text('a'), text('b')] }],
    ],
    [
      'without the line that Claude Code is billed by',
      [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.328.a1b; cch=00000;' },
        { type: 'text', text: 'You are Claude Code.' },
      ],
      [{ role: 'system', content: [text('You are Claude Code.')] }],
    ],
    [
      'with what stands behind that line in its block',
      [{ type: 'text', text: 'x-anthropic-billing-header: cc;\nYou are an agent.' }],
      [{ role: 'system', content: [text('You are an agent.')] }],
    ],
    ['that line alone', 'x-anthropic-billing-header: cc', []],
    [
      'that line anywhere else',
      ['a', 'x-anthropic-billing-header: b'].map(text),
      [{ role: 'system', content: [text('a'), text('x-anthropic-billing-header: b')] }],
    ],
  ])('%s', (_name, value, expected) => {
    expect(system(value)).toEqual(expected);
  });

  test('within the messages it stays in its place, after the one of the request', () => {
    const { messages } = chatOf({
      system: 'first',
      messages: [
        ...HELLO,
        { role: 'system', content: [{ type: 'text', text: 'now' }], output_config: { effort: 'low' } },
        { role: 'system', output_config: { effort: 'low' } },
        { role: 'assistant', content: 'hello' },
        { role: 'system', content: 'later' },
      ],
    });
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ['system', [text('first')]],
      ['user', [text('hi')]],
      ['system', [text('now')]],
      ['assistant', [text('hello')]],
      ['system', [text('later')]],
    ]);
  });

  test('one for a single turn goes with the next message of the user', () => {
    const once = { role: 'system', content: 'once', clear_at: 'next_user_message' };
    expect(messagesOf(...HELLO, once)).toHaveLength(2);
    expect(messagesOf(...HELLO, once, { role: 'assistant', content: 'a' }, ...HELLO)).toHaveLength(3);
    expect(messagesOf(...HELLO, { ...once, clear_at: 'never' }, ...HELLO)).toHaveLength(3);
  });
});

describe('messages of the user', () => {
  test.each<[string, unknown[], unknown[]]>([
    ['empty texts are dropped', [text(''), text('a')], [text('a')]],
    [
      'a picture',
      [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG }, cache_control: {} }],
      [{ type: 'image', mime: 'image/png', base64: PNG }],
    ],
    [
      'a picture with the other name of JPEG',
      [{ type: 'image', source: { type: 'base64', media_type: 'image/JPG', data: PNG } }],
      [{ type: 'image', mime: 'image/jpeg', base64: PNG }],
    ],
    [
      'an address that is the picture itself',
      [{ type: 'image', source: { type: 'url', url: `data:image/webp;base64,${PNG}` } }],
      [{ type: 'image', mime: 'image/webp', base64: PNG }],
    ],
    [
      'a document of text',
      [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'once' } }],
      [text('once')],
    ],
    [
      'with title and context',
      [
        {
          type: 'document',
          title: 'A tale',
          context: 'For children',
          citations: { enabled: true },
          source: { type: 'text', media_type: 'text/plain', data: 'once' },
        },
      ],
      [text('Document: A tale\nContext: For children\n\nonce')],
    ],
    [
      'a document of blocks',
      [
        {
          type: 'document',
          title: 'A tale',
          source: {
            type: 'content',
            content: [
              text('once'),
              { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: PNG } },
            ],
          },
        },
        { type: 'document', source: { type: 'content', content: 'upon' } },
      ],
      [
        text('Document: A tale'),
        text('once'),
        { type: 'image', mime: 'image/gif', base64: PNG },
        text('upon'),
      ],
    ],
    [
      'a search result',
      [
        {
          type: 'search_result',
          title: 'Lisbon',
          source: 'https://example.com/lisbon',
          content: [text('It is warm.'), text('It is dry.')],
        },
      ],
      [text('Search result: Lisbon\nSource: https://example.com/lisbon\n\nIt is warm.\nIt is dry.')],
    ],
  ])('%s', (_name, content, expected) => {
    expect(userOf(...content)).toEqual([{ role: 'user', content: expected }]);
  });

  test('an empty message', () => {
    for (const content of ['', [], null]) {
      expect(messagesOf({ role: 'user', content })).toEqual([{ role: 'user', content: [] }]);
    }
  });
});

describe('results of tools', () => {
  const result = (content?: unknown, more = {}) => ({
    type: 'tool_result',
    tool_use_id: 'toolu_1',
    content,
    ...more,
  });
  test.each<[string, object, unknown[], boolean | undefined]>([
    ['a string', result('21C'), [text('21C')], undefined],
    ['no error', result('21C', { is_error: false, cache_control: {} }), [text('21C')], undefined],
    ['an error', result('lost', { is_error: true }), [text('lost')], true],
    ['nothing', result(), [], undefined],
    ['an empty list', result([]), [], undefined],
    [
      'text and a picture',
      result([
        text('see'),
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      ]),
      [text('see'), { type: 'image', mime: 'image/png', base64: PNG }],
      undefined,
    ],
    [
      'a document and a search result',
      result([
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'd' } },
        { type: 'search_result', title: 't', source: 's', content: [] },
      ]),
      [text('d'), text('Search result: t\nSource: s')],
      undefined,
    ],
    [
      'references to tools',
      result([{ type: 'tool_reference', tool_name: 'f' }]),
      [text('Tool: f')],
      undefined,
    ],
  ])('%s', (_name, block, content, isError) => {
    expect(userOf(block)).toEqual([
      { role: 'tool', callId: 'toolu_1', content, ...(isError === undefined ? {} : { isError }) },
    ]);
  });

  test('come before the rest of their message, whatever their order', () => {
    const blocks = [text('and now?'), result('a'), { ...result('b'), tool_use_id: 'toolu_2' }, text('well?')];
    expect(userOf(...blocks)).toEqual([
      { role: 'tool', callId: 'toolu_1', content: [text('a')] },
      { role: 'tool', callId: 'toolu_2', content: [text('b')] },
      { role: 'user', content: [text('and now?'), text('well?')] },
    ]);
  });
});

describe('turns of the assistant', () => {
  test.each<[string, unknown[], unknown[]]>([
    [
      'blocks keep their order',
      [
        text('I look.'),
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: [1] } },
        text('And again.'),
      ],
      [
        text('I look.'),
        { type: 'tool-call', id: 'toolu_1', name: 'f', argumentsText: '{"a":[1]}' },
        text('And again.'),
      ],
    ],
    [
      'a call without input',
      [{ type: 'tool_use', id: 'c', name: 'f' }],
      [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: '{}' }],
    ],
    [
      'thinking with a signature of its provider',
      [{ type: 'thinking', thinking: 'hm', signature: 'EqQB+/==' }],
      [{ type: 'reasoning', text: 'hm', seal: { kind: 'signature', data: 'EqQB+/==' } }],
    ],
    [
      'thinking that was not shown',
      [{ type: 'thinking', thinking: '', signature: 'EqQB' }],
      [{ type: 'reasoning', text: '', seal: { kind: 'signature', data: 'EqQB' } }],
    ],
    [
      'thinking of a local model',
      [{ type: 'thinking', thinking: 'hm', signature: 'swy1:-' }],
      [{ type: 'reasoning', text: 'hm' }],
    ],
    [
      'thinking of a provider of another kind',
      [{ type: 'thinking', thinking: 'hm', signature: 'swy1:e:gAAA' }],
      [{ type: 'reasoning', text: 'hm', seal: { kind: 'encrypted', data: 'gAAA' } }],
    ],
    [
      'thinking without a signature',
      [
        { type: 'thinking', thinking: 'hm' },
        { type: 'thinking', thinking: '', signature: null },
      ],
      [{ type: 'reasoning', text: 'hm' }],
    ],
    [
      'redacted thinking',
      [{ type: 'redacted_thinking', data: 'Emw' }],
      [{ type: 'reasoning', text: '', seal: { kind: 'redacted', data: 'Emw' } }],
    ],
    ['a change of models is no content', [{ type: 'fallback', from: {}, to: {} }, text('a')], [text('a')]],
    ['texts with citations', [{ ...text('a'), citations: [{ type: 'char_location' }] }], [text('a')]],
  ])('%s', (_name, content, expected) => {
    expect(assistantOf(...content)).toEqual([{ role: 'assistant', content: expected }]);
  });

  test('an input with numbers wider than a double keeps its bytes', () => {
    const input = '{ "id": 12345678901234567890, "b":[1e999, {"c": -9007199254740993}] }';
    const body =
      `{"model":"m","max_tokens":1,"messages":[ {"role":"user","content":"[,"}, ` +
      `{"content" : [ {"type":"text","text":"\\"]"} , {"type":"tool_use","id":"c","name":"f","input" : ${input} } ],` +
      `"role":"assistant"}]}`;
    const result = decodeMessagesBody(Buffer.from(body));
    if (!result.ok) throw new Error('refused');
    expect(result.value.chat.messages[1]?.content[1]).toEqual({
      type: 'tool-call',
      id: 'c',
      name: 'f',
      argumentsText: input,
    });
  });

  test('a string', () => {
    expect(messagesOf({ role: 'assistant', content: 'a' })).toEqual([
      { role: 'assistant', content: [text('a')] },
    ]);
  });
});

describe('settings', () => {
  test.each<[object, Partial<ChatRequest>]>([
    [{ temperature: 0.5, top_p: 0.9, top_k: 40 }, { sampling: { temperature: 0.5, topP: 0.9, topK: 40 } }],
    [{ temperature: 0, top_p: 0, top_k: 0 }, { sampling: { temperature: 0, topP: 0 } }],
    [{ top_p: -1, top_k: -1 }, { sampling: {} }],
    [{ stop_sequences: ['END', ''] }, { stop: ['END'] }],
    [
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      { responseFormat: { type: 'json-schema', name: 'answer', schema: { type: 'object' } } },
    ],
    [
      { output_format: { type: 'json_schema', schema: {} } },
      { responseFormat: { type: 'json-schema', name: 'answer', schema: {} } },
    ],
    [{ output_config: { format: null }, output_format: null }, { responseFormat: { type: 'text' } }],
    [{ max_tokens: 128_000 }, { maxOutputTokens: 128_000 }],
  ])('%j', (fields, expected) => {
    expect(chatOf(fields)).toMatchObject(expected);
  });

  test.each<[object, ChatRequest['reasoningEffort']]>([
    [{}, undefined],
    [{ thinking: { type: 'disabled' } }, 'none'],
    [{ thinking: { type: 'disabled' }, output_config: { effort: 'high' } }, 'none'],
    [{ thinking: { type: 'enabled', budget_tokens: 1_024 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 4_095 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 10_000 } }, 'medium'],
    [{ thinking: { type: 'enabled', budget_tokens: 16_000 } }, 'high'],
    [{ thinking: { type: 'enabled', budget_tokens: 31_999 } }, 'high'],
    [{ thinking: { type: 'enabled', budget_tokens: 64_000 } }, 'max'],
    [{ thinking: { type: 'enabled', budget_tokens: 64_000 }, output_config: { effort: 'low' } }, 'low'],
    [{ thinking: { type: 'enabled' } }, undefined],
    [{ thinking: { type: 'adaptive', display: 'omitted' } }, undefined],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } }, 'medium'],
    [{ thinking: { type: 'between_tools' } }, undefined],
    [{ thinking: { type: 'telepathic', depth: 9 } }, undefined],
    [{ thinking: null, output_config: null }, undefined],
    [{ thinking: 'much', output_config: 'some' }, undefined],
    [{ output_config: { effort: 'xhigh' } }, 'max'],
    [{ output_config: { effort: 'max' } }, 'max'],
    [{ output_config: { effort: 'enormous' } }, undefined],
  ])('%j asks for the effort %s', (fields, effort) => {
    expect(chatOf(fields).reasoningEffort).toBe(effort);
  });

  test('fields that nobody else needs are tolerated', () => {
    const fields = {
      metadata: { user_id: '{"device_id":"d","session_id":"s"}' },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      container: null,
      service_tier: 'auto',
      speed: 'fast',
      inference_geo: 'eu',
      diagnostics: { previous_message_id: null },
      cache_control: { type: 'ephemeral' },
      mcp_servers: [],
      fallbacks: [{ model: 'x' }],
      new_thing: { a: 1 },
    };
    expect(chatOf(fields)).toEqual(chatOf({}));
  });
});

describe('an answer that comes back with the next request', () => {
  const word = fc.string({ minLength: 1, maxLength: 8 });
  const seals = fc.record({
    kind: fc.constantFrom('signature' as const, 'redacted' as const, 'encrypted' as const),
    data: word.filter((data) => !data.startsWith('swy1:')),
  });
  const blocks = fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('text' as const), text: word }),
      fc.record({ type: fc.constant('reasoning' as const), text: word, seal: fc.option(seals) }),
      fc.record({
        type: fc.constant('call' as const),
        name: word,
        input: fc.dictionary(word, fc.jsonValue()),
      }),
    ),
  );

  test('is what was answered, with each seal as it was', () => {
    fc.assert(
      fc.property(blocks, (answer) => {
        const parts: StreamPart[] = [];
        const expected: unknown[] = [];
        let calls = 0;
        for (const block of answer) {
          if (block.type === 'text') {
            parts.push({ type: 'text-delta', text: block.text });
            merge(expected, { type: 'text', text: block.text });
          } else if (block.type === 'call') {
            const call = { id: `c${calls}`, name: block.name };
            const argumentsText = JSON.stringify(block.input);
            parts.push({ type: 'tool-call-start', index: calls, ...call });
            parts.push({ type: 'tool-call-delta', index: calls, argumentsText });
            expected.push({ type: 'tool-call', ...call, argumentsText });
            calls += 1;
          } else {
            const { seal } = block;
            parts.push({ type: 'reasoning-delta', text: block.text });
            if (seal !== null) parts.push({ type: 'reasoning-seal', seal });
            // A redacted seal is a block of its own: the reasoning before it has none.
            if (seal === null || seal.kind === 'redacted')
              merge(expected, { type: 'reasoning', text: block.text });
            else merge(expected, { type: 'reasoning', text: block.text, seal });
            if (seal?.kind === 'redacted') expected.push({ type: 'reasoning', text: '', seal });
          }
        }
        const encoder = openMessage({ requestId: 'r', model: 'm', createdAtMs: 0, estimatedInputTokens: 0 });
        encoder.parts(parts);
        const reply = encoder.end({ finish: 'stop', usage: NO_USAGE, costMicros: micros(0) }).toString();
        const { role, content } = JSON.parse(reply) as { role: string; content: unknown[] };
        expect(messagesOf({ role, content })).toEqual([{ role: 'assistant', content: expected }]);
      }),
      { numRuns: 500 },
    );
  });

  /** Texts, and reasoning without a seal between, become one block when they follow each other. */
  function merge(parts: unknown[], part: { type: string; text: string; seal?: unknown }): void {
    const last = parts.at(-1) as { type: string; text: string; seal?: unknown } | undefined;
    if (last?.type === part.type && last.seal === undefined) {
      parts[parts.length - 1] = { ...part, text: last.text + part.text };
    } else parts.push(part);
  }
});
