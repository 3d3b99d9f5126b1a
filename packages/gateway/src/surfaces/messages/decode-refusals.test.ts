import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { decodeCountBody, decodeMessagesBody } from './decode.ts';
import { messagesSurface } from './surface.ts';

const HELLO = [{ role: 'user', content: 'hi' }];
const PICTURE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'cGljdHVyZQ==' } };

function decode(fields: object) {
  const body = { model: 'm', max_tokens: 64, messages: HELLO, ...fields };
  return decodeMessagesBody(Buffer.from(JSON.stringify(body)));
}

const user = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });
const assistant = (...content: unknown[]) => ({ messages: [{ role: 'assistant', content }] });
const picture = (source: object) => user({ type: 'image', source });
const result = (fields: object) => user({ type: 'tool_result', tool_use_id: 'c', ...fields });
const BLOCK = 'messages[0].content[0]';

describe('refusals name the field and the rule', () => {
  test.each<[object, string]>([
    [{ model: undefined }, 'model'],
    [{ model: '' }, 'model'],
    [{ model: 'x'.repeat(300) }, 'model'],
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: null }, 'max_tokens'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ max_tokens: '64' }, 'max_tokens'],
    [{ stream: 'yes' }, 'stream'],
    [{ dry_run: 1 }, 'dry_run'],
    [{ messages: undefined }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: Array.from({ length: LIMITS.messagesMax + 1 }, () => HELLO[0]) }, 'messages'],
    [{ messages: [null] }, 'messages[0]'],
    [{ messages: [...HELLO, { role: 'tool', content: 'x' }] }, 'messages[1].role'],
    [{ messages: [{ role: 'developer', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: { type: 'text', text: 'x' } }] }, 'messages[0].content'],
    [
      user(...Array.from({ length: LIMITS.partsPerMessageMax + 1 }, () => ({ type: 'text', text: 'x' }))),
      'messages[0].content',
    ],
    [user('x'), BLOCK],
    [user(null), BLOCK],
    [user({}), `${BLOCK}.type`],
    [user({ type: 5 }), `${BLOCK}.type`],
    [user({ type: 'text' }), `${BLOCK}.text`],
    [user({ type: 'text', text: ['x'] }), `${BLOCK}.text`],
    [user({ type: 'thinking', thinking: 'x', signature: 's' }), `${BLOCK}.type`],
    [user({ type: 'tool_use', id: 'c', name: 'f', input: {} }), `${BLOCK}.type`],
    [user({ type: 'image' }), `${BLOCK}.source`],
    [
      picture({ type: 'base64', media_type: 'image/svg+xml', data: 'PHN2Zz4=' }),
      `${BLOCK}.source.media_type`,
    ],
    [picture({ type: 'base64', data: 'cGlj' }), `${BLOCK}.source.media_type`],
    [picture({ type: 'base64', media_type: 'image/png' }), `${BLOCK}.source.data`],
    [picture({ type: 'base64', media_type: 'image/png', data: '' }), `${BLOCK}.source.data`],
    [picture({ type: 'base64', media_type: 'image/png', data: 'ab-_' }), `${BLOCK}.source.data`],
    [
      picture({ type: 'base64', media_type: 'image/png', data: 'A'.repeat(15_000_000) }),
      `${BLOCK}.source.data`,
    ],
    [picture({ type: 'url' }), `${BLOCK}.source.url`],
    [picture({ type: 'path', path: '/etc/passwd' }), `${BLOCK}.source.type`],
    [user(...Array.from({ length: 21 }, () => PICTURE)), 'messages[0].content[20]'],
    [result({ content: Array.from({ length: 21 }, () => PICTURE) }), `${BLOCK}.content[20]`],
    [user({ type: 'document' }), `${BLOCK}.source`],
    [user({ type: 'document', source: { type: 'text' } }), `${BLOCK}.source.data`],
    [user({ type: 'document', source: { type: 'content', content: [7] } }), `${BLOCK}.source.content[0]`],
    [user({ type: 'search_result', content: [PICTURE] }), `${BLOCK}.content[0].type`],
    [user({ type: 'tool_result', content: 'x' }), `${BLOCK}.tool_use_id`],
    [result({ is_error: 'yes' }), `${BLOCK}.is_error`],
    [result({ content: 7 }), `${BLOCK}.content`],
    [result({ content: [{ type: 'tool_reference' }] }), `${BLOCK}.content[0].tool_name`],
    [result({ content: [{ type: 'tool_result', tool_use_id: 'd' }] }), `${BLOCK}.content[0].type`],
    [assistant(PICTURE), `${BLOCK}.type`],
    [assistant({ type: 'thinking' }), `${BLOCK}.thinking`],
    [assistant({ type: 'thinking', thinking: 'x', signature: 7 }), `${BLOCK}.signature`],
    [assistant({ type: 'redacted_thinking' }), `${BLOCK}.data`],
    [assistant({ type: 'tool_use', name: 'f', input: {} }), `${BLOCK}.id`],
    [assistant({ type: 'tool_use', id: 'c', input: {} }), `${BLOCK}.name`],
    [assistant({ type: 'tool_use', id: 'c', name: 'f', input: '{}' }), `${BLOCK}.input`],
    [{ system: 5 }, 'system'],
    [{ system: [PICTURE] }, 'system[0].type'],
    [{ messages: [{ role: 'system', content: [PICTURE] }] }, `${BLOCK}.type`],
    [{ messages: [{ role: 'system', content: [{ type: 'tool_addition' }] }] }, `${BLOCK}.tool`],
    [
      {
        messages: [{ role: 'system', content: [{ type: 'tool_removal', tool: { type: 'tool_reference' } }] }],
      },
      `${BLOCK}.tool.name`,
    ],
    [{ temperature: 2.1 }, 'temperature'],
    [{ temperature: '1' }, 'temperature'],
    [{ top_p: 1.1 }, 'top_p'],
    [{ top_k: 1.5 }, 'top_k'],
    [{ stop_sequences: 'END' }, 'stop_sequences'],
    [{ stop_sequences: [5] }, 'stop_sequences'],
    [{ stop_sequences: ['x'.repeat(300)] }, 'stop_sequences'],
    [{ stop_sequences: Array.from({ length: 17 }, () => 'a') }, 'stop_sequences'],
    [{ output_config: { format: { type: 'xml' } } }, 'output_config.format.type'],
    [{ output_config: { format: 'json' } }, 'output_config.format.type'],
    [{ output_config: { format: { type: 'json_schema' } } }, 'output_config.format.schema'],
    [{ output_format: { type: 'json_schema', schema: 'x' } }, 'output_format.schema'],
    [{ tools: {} }, 'tools'],
    [{ tools: [null] }, 'tools[0]'],
    [{ tools: [{}] }, 'tools[0].name'],
    [{ tools: [{ type: 7, name: 'f' }] }, 'tools[0].type'],
    [{ tools: [{ name: 'f', description: 7 }] }, 'tools[0].description'],
    [{ tools: [{ name: 'f', input_schema: 'x' }] }, 'tools[0].input_schema'],
    [{ tools: [{ name: 'f', strict: 'x' }] }, 'tools[0].strict'],
  ])('%j', (fields, param) => {
    expect(decode(fields)).toMatchObject({ ok: false, error: { code: 'invalid_request', param } });
  });

  test.each([
    ['https://example.com/a.png'],
    ['file:///etc/passwd'],
    ['http://169.254.169.254/latest/meta-data'],
    ['data:image/svg+xml;base64,PHN2Zz4='],
  ])('a picture at %s is not fetched', (url) => {
    expect(decode(picture({ type: 'url', url }))).toMatchObject({
      ok: false,
      error: { code: 'unsupported_image_url', param: `${BLOCK}.source.url` },
    });
  });

  test('a conversation that is kept elsewhere, in the word that makes the official client go on without', () => {
    for (const thread of [{ type: 'create' }, { type: 'continue', previous_message_id: 'msg_1' }]) {
      const decoded = decode({ thread, messages: [] });
      if (decoded.ok) throw new Error('not refused');
      expect(decoded.error).toMatchObject({ code: 'unsupported_parameter', param: 'thread' });
      expect(JSON.parse(messagesSurface.renderFault(decoded.error, 'req_1'))).toMatchObject({
        error: { type: 'invalid_request_error', details: { error_code: 'thread_unsupported_request' } },
      });
    }
    expect(decode({ thread: null })).toMatchObject({ ok: true });
  });
});

describe('what only a provider of the dialect can honour is no refusal, but says so', () => {
  const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' };
  test.each<[object, string, string]>([
    [user({ type: 'document', source: pdf }), `${BLOCK}.source.type`, 'A document that is not plain text '],
    [
      user({ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }),
      `${BLOCK}.source.type`,
      'A document',
    ],
    [
      user({ type: 'document', source: { type: 'file', file_id: 'file_1' } }),
      `${BLOCK}.source.type`,
      'A document',
    ],
    [picture({ type: 'file', file_id: 'file_1' }), `${BLOCK}.source.type`, 'A picture that is a file'],
    [
      user({ type: 'container_upload', file_id: 'file_1' }),
      `${BLOCK}.type`,
      'A block of type "container_upload" ',
    ],
    [
      assistant({ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      `${BLOCK}.type`,
      'A block of type "server_tool_use" ',
    ],
    [
      assistant({ type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
      `${BLOCK}.type`,
      'A block of type "web_search_tool_result" ',
    ],
    [assistant({ type: 'compaction', content: 'x' }), `${BLOCK}.type`, 'A block of type "compaction" '],
    [user({ type: 'brand_new', data: 1 }), `${BLOCK}.type`, 'A block of this type '],
    [
      result({ content: [{ type: 'browser_state' }] }),
      `${BLOCK}.content[0].type`,
      'A block of type "browser_state" ',
    ],
    [{ system: [{ type: 'brand_new' }] }, 'system[0].type', 'A block of this type '],
    [{ compaction: { type: 'summarize' } }, 'compaction', 'A request for a compaction '],
  ])('%j', (fields, param, words) => {
    const decoded = decode(fields);
    if (!decoded.ok) throw new Error('refused');
    expect(decoded.value.nativeOnly).toMatchObject({ code: 'unsupported_parameter', param });
    expect(decoded.value.nativeOnly?.message).toContain(words);
  });

  test('the first of several counts, and a refusal wins over it', () => {
    const two = user({ type: 'brand_new' }, { type: 'document', source: pdf });
    expect(decode(two)).toMatchObject({ value: { nativeOnly: { param: `${BLOCK}.type` } } });
    expect(decode({ ...two, temperature: 'hot' })).toMatchObject({
      ok: false,
      error: { param: 'temperature' },
    });
  });
});

describe('hostile bodies', () => {
  test.each([
    ['nothing', '', 'invalid_json'],
    ['half', '{"model":', 'invalid_json'],
    ['no object', '[]', 'invalid_request'],
    ['null', 'null', 'invalid_request'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'invalid_json'],
    ['depth', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'invalid_request'],
    ['documents in documents', nested(LIMITS.jsonDepthMax), 'invalid_request'],
  ])('%s', (_name, body, code) => {
    expect(decodeMessagesBody(Buffer.from(body))).toMatchObject({ ok: false, error: { code } });
  });

  test('documents in documents up to the depth of a body', () => {
    expect(decodeMessagesBody(Buffer.from(nested(10)))).toMatchObject({ ok: true });
  });

  test('names of the machinery of objects are names like any other', () => {
    const body =
      '{"model":"__proto__","max_tokens":1,"__proto__":{"stream":true,"system":"x"},' +
      '"tools":[{"name":"__proto__"},{"name":"constructor"}],"tool_choice":{"type":"tool","name":"constructor"},' +
      '"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"toString","name":"__proto__",' +
      '"input":{"__proto__":{"a":1}}}]}]}';
    const decoded = decodeMessagesBody(Buffer.from(body));
    if (!decoded.ok) throw new Error('refused');
    const { stream, chat } = decoded.value;
    expect(stream).toBe(false);
    expect(chat.tools.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
    expect(chat.toolChoice).toEqual({ name: 'constructor' });
    expect(chat.messages).toHaveLength(1);
    expect(chat.messages[0]?.content[0]).toMatchObject({ argumentsText: '{"__proto__":{"a":1}}' });
    expect(decode({ tools: [{ name: 'f' }], tool_choice: { type: 'tool', name: 'toString' } })).toMatchObject(
      {
        ok: false,
      },
    );
  });

  test('any JSON gives a request or a refusal, never an exception', () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const block = fc.oneof(
      fc.record(
        {
          type: fc.oneof(fc.constantFrom(...BLOCK_TYPES), value),
          text: value,
          thinking: value,
          signature: value,
          data: value,
          id: value,
          name: value,
          input: value,
          tool_use_id: value,
          tool_name: value,
          tool: value,
          content: value,
          source: fc.oneof(
            value,
            fc.record({
              type: fc.constantFrom('base64', 'url', 'text', 'content'),
              data: value,
              url: value,
              content: value,
            }),
          ),
        },
        { requiredKeys: [] },
      ),
      value,
    );
    const message = fc.record({
      role: fc.constantFrom('user', 'assistant', 'system', 'tool'),
      content: fc.oneof(fc.array(block, { maxLength: 4 }), value),
    });
    const body = fc.record(
      {
        model: fc.oneof(fc.constant('m'), value),
        max_tokens: fc.oneof(fc.constant(1), value),
        messages: fc.oneof(fc.array(message, { maxLength: 4 }), value),
        system: fc.oneof(value, fc.array(block, { maxLength: 3 })),
        tools: fc.oneof(value, fc.array(block, { maxLength: 3 })),
        tool_choice: value,
        thinking: value,
        output_config: value,
        output_format: value,
        stop_sequences: value,
        temperature: value,
        stream: value,
        thread: value,
        compaction: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(body, (fields) => {
        const bytes = Buffer.from(JSON.stringify(fields));
        for (const read of [decodeMessagesBody, decodeCountBody]) {
          const decoded = read(bytes);
          if (!decoded.ok) expect(decoded.error.code).toMatch(/^(?:invalid_request|unsupported_)/);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test('no refusal holds a value of any field', () => {
    const marked = (value: unknown): unknown => {
      if (typeof value === 'string') return `zq7${value}`;
      if (Array.isArray(value)) return value.map(marked);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, marked(inner)]));
    };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(...BLOCK_TYPES, 'zq7new'), (value, type) => {
        const inside = marked({ source: value, content: value, text: value, tool: value, input: value });
        const block = { ...(inside as object), type };
        const fields = [
          { messages: [{ role: 'user', content: [block] }] },
          { messages: [{ role: 'assistant', content: [block] }] },
          { system: [block] },
          { tools: [block], tool_choice: marked(value) },
          { stop_sequences: marked(value), output_config: { format: marked(value) } },
        ];
        for (const one of fields) {
          const decoded = decode(one);
          const told = decoded.ok ? decoded.value.nativeOnly : decoded.error;
          expect(JSON.stringify(told ?? {})).not.toContain('zq7');
        }
      }),
      { numRuns: 500 },
    );
  });
});

const BLOCK_TYPES = [
  'text',
  'image',
  'document',
  'search_result',
  'tool_result',
  'tool_use',
  'tool_reference',
  'tool_addition',
  'tool_removal',
  'thinking',
  'redacted_thinking',
  'server_tool_use',
  'custom',
];

function nested(depth: number): string {
  const document = '{"type":"document","source":{"type":"content","content":[';
  return (
    `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[` +
    `${document.repeat(depth)}${']}}'.repeat(depth)}]}]}`
  );
}
