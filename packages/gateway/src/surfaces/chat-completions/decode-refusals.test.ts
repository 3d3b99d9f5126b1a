import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { decodeChatCompletions } from './decode.ts';

const MESSAGES = [{ role: 'user', content: 'hi' }];
const PNG = 'data:image/png;base64,cGljdHVyZQ==';
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };

const user = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });
const image = (url: unknown) => user({ type: 'image_url', image_url: { url } });
const calls = (...tool_calls: unknown[]) => ({ messages: [{ role: 'assistant', tool_calls }] });

describe('refusals name the field and the rule', () => {
  test.each([
    [{ model: undefined }, 'invalid_request', 'model'],
    [{ model: '' }, 'invalid_request', 'model'],
    [{ model: 5 }, 'invalid_request', 'model'],
    [{ model: 'x'.repeat(300) }, 'invalid_request', 'model'],
    [{ messages: undefined }, 'invalid_request', 'messages'],
    [{ messages: [] }, 'invalid_request', 'messages'],
    [{ messages: 'hi' }, 'invalid_request', 'messages'],
    [
      { messages: Array.from({ length: LIMITS.messagesMax + 1 }, () => MESSAGES[0]) },
      'invalid_request',
      'messages',
    ],
    [{ messages: [null] }, 'invalid_request', 'messages[0]'],
    [{ messages: [...MESSAGES, { role: 'robot' }] }, 'invalid_request', 'messages[1].role'],
    [{ messages: [{ role: 'function', name: 'f' }] }, 'unsupported_parameter', 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'invalid_request', 'messages[0].content'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'invalid_request', 'messages[0].tool_call_id'],
    [user(5), 'invalid_request', 'messages[0].content[0]'],
    [user({ type: 'text' }), 'invalid_request', 'messages[0].content[0].text'],
    [user({ type: 'new' }), 'invalid_request', 'messages[0].content[0].type'],
    [user({ type: 'input_audio', input_audio: {} }), 'unsupported_parameter', 'messages[0].content[0].type'],
    [user({ type: 'file', file: {} }), 'unsupported_parameter', 'messages[0].content[0].type'],
    [
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: PNG }] }] },
      'invalid_request',
      'messages[0].content[0].type',
    ],
    [image('https://example.com/a.png'), 'unsupported_image_url', 'messages[0].content[0].image_url.url'],
    [image('file:///etc/passwd'), 'unsupported_image_url', 'messages[0].content[0].image_url.url'],
    [
      image('data:image/svg+xml;base64,PHN2Zz4='),
      'unsupported_image_url',
      'messages[0].content[0].image_url.url',
    ],
    [image('data:image/png;base64,'), 'invalid_request', 'messages[0].content[0].image_url.url'],
    [image('data:image/png;base64,a'), 'invalid_request', 'messages[0].content[0].image_url.url'],
    [image('data:image/png;base64,ab=c'), 'invalid_request', 'messages[0].content[0].image_url.url'],
    [image('data:image/png;base64,ab-_'), 'invalid_request', 'messages[0].content[0].image_url.url'],
    [
      image(`data:image/png;base64,${'A'.repeat(15_000_000)}`),
      'invalid_request',
      'messages[0].content[0].image_url.url',
    ],
    [image(7), 'invalid_request', 'messages[0].content[0].image_url.url'],
    [
      user(...Array.from({ length: 21 }, () => ({ type: 'image_url', image_url: PNG }))),
      'invalid_request',
      'messages[0].content[20]',
    ],
    [calls({ function: { name: 'f', arguments: '' } }), 'invalid_request', 'messages[0].tool_calls[0].id'],
    [
      calls({ id: 'c', function: { arguments: '' } }),
      'invalid_request',
      'messages[0].tool_calls[0].function.name',
    ],
    [
      calls({ id: 'c', function: { name: 'f', arguments: 5 } }),
      'invalid_request',
      'messages[0].tool_calls[0].function.arguments',
    ],
    [
      calls({ id: 'c', type: 'custom', custom: {} }),
      'unsupported_parameter',
      'messages[0].tool_calls[0].type',
    ],
    [
      { messages: [{ role: 'assistant', function_call: {} }] },
      'unsupported_parameter',
      'messages[0].function_call',
    ],
    [{ stream: 'yes' }, 'invalid_request', 'stream'],
    [{ stream_options: 1 }, 'invalid_request', 'stream_options'],
    [{ stream_options: { include_usage: 1 } }, 'invalid_request', 'stream_options.include_usage'],
    [{ n: 2 }, 'unsupported_parameter', 'n'],
    [{ modalities: ['text', 'audio'] }, 'unsupported_parameter', 'modalities'],
    [{ audio: { voice: 'a' } }, 'unsupported_parameter', 'audio'],
    [{ temperature: 2.1 }, 'invalid_request', 'temperature'],
    [{ temperature: '1' }, 'invalid_request', 'temperature'],
    [{ top_p: -0.1 }, 'invalid_request', 'top_p'],
    [{ frequency_penalty: 3 }, 'invalid_request', 'frequency_penalty'],
    [{ presence_penalty: -3 }, 'invalid_request', 'presence_penalty'],
    [{ seed: 1.5 }, 'invalid_request', 'seed'],
    [{ logit_bias: { a: 1 } }, 'invalid_request', 'logit_bias'],
    [{ logit_bias: { 1: 101 } }, 'invalid_request', 'logit_bias'],
    [{ logit_bias: [] }, 'invalid_request', 'logit_bias'],
    [{ max_tokens: 0 }, 'invalid_request', 'max_tokens'],
    [{ max_completion_tokens: 1.5 }, 'invalid_request', 'max_completion_tokens'],
    [{ stop: Array.from({ length: 17 }, () => 'a') }, 'invalid_request', 'stop'],
    [{ stop: 'x'.repeat(300) }, 'invalid_request', 'stop'],
    [{ stop: [5] }, 'invalid_request', 'stop'],
    [{ response_format: { type: 'xml' } }, 'invalid_request', 'response_format.type'],
    [{ response_format: { type: 'json_schema' } }, 'invalid_request', 'response_format.json_schema'],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'n' } } },
      'invalid_request',
      'response_format.json_schema.schema',
    ],
    [{ functions: [] }, 'unsupported_parameter', 'functions'],
    [{ tools: {} }, 'invalid_request', 'tools'],
    [{ tools: Array.from({ length: 257 }, () => TOOL) }, 'invalid_request', 'tools'],
    [{ tools: [{ type: 'custom', custom: {} }] }, 'unsupported_parameter', 'tools[0].type'],
    [{ tools: [TOOL, { type: 'function' }] }, 'invalid_request', 'tools[1].function'],
    [{ tools: [{ type: 'function', function: {} }] }, 'invalid_request', 'tools[0].function.name'],
    [
      { tools: [{ function: { name: 'f', parameters: [] } }] },
      'invalid_request',
      'tools[0].function.parameters',
    ],
    [{ tools: [TOOL], tool_choice: 'any' }, 'invalid_request', 'tool_choice'],
    [
      { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'x' } } },
      'invalid_request',
      'tool_choice.function.name',
    ],
    [
      { tools: [TOOL], tool_choice: { type: 'allowed_tools', allowed_tools: { tools: [] } } },
      'invalid_request',
      'tool_choice.allowed_tools.tools',
    ],
    [{ tools: [TOOL], parallel_tool_calls: 1 }, 'invalid_request', 'parallel_tool_calls'],
  ])('%#: %o', (fields, code, param) => {
    const body = Buffer.from(JSON.stringify({ model: 'm', messages: MESSAGES, ...fields }));
    const result = decodeChatCompletions(body);
    expect(result).toMatchObject({ ok: false, error: { code, param } });
    if (!result.ok) expect(result.error.message).toContain(param);
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'invalid_json'],
    ['half a body', Buffer.from('{"model":"m"'), 'invalid_json'],
    ['broken UTF-8', Buffer.from([...Buffer.from('{"model":"'), 0xff, ...Buffer.from('"}')]), 'invalid_json'],
    ['a list', Buffer.from('[]'), 'invalid_request'],
    ['a string', Buffer.from('"x"'), 'invalid_request'],
    ['null', Buffer.from('null'), 'invalid_request'],
  ])('%s', (_what, body, code) => {
    expect(decodeChatCompletions(body)).toMatchObject({ ok: false, error: { code } });
  });
});

test('nesting is bounded, also where nobody looks', () => {
  const body = (levels: number) =>
    Buffer.from(`{"model":"m","messages":[{"role":"user"}],"x":${'['.repeat(levels)}${']'.repeat(levels)}}`);
  expect(decodeChatCompletions(body(LIMITS.jsonDepthMax - 1)).ok).toBe(true);
  for (const levels of [LIMITS.jsonDepthMax, 1_000_000]) {
    expect(decodeChatCompletions(body(levels))).toMatchObject({
      ok: false,
      error: { code: 'invalid_request' },
    });
  }
});

test('keys that name the machinery of objects do nothing', () => {
  const body = `{"model":"m","__proto__":{"stream":true},"constructor":{"prototype":{"x":1}},
    "messages":[{"role":"user","content":"hi","__proto__":{"role":"system"}}],
    "tools":[{"function":{"name":"__proto__","parameters":{"__proto__":{"polluted":1}}}}]}`;
  const result = decodeChatCompletions(Buffer.from(body));
  expect(result).toMatchObject({ ok: true, value: { stream: false } });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  if (result.ok) expect(result.value.chat.messages[0]?.role).toBe('user');
});

/** Bodies that are nearly right: every field may hold anything. */
const anything = fc.jsonValue({ maxDepth: 3 });
const nearlyRight = fc.record(
  {
    model: fc.oneof(fc.constant('m'), anything),
    messages: fc.oneof(
      fc.array(
        fc.record(
          {
            role: fc.oneof(fc.constantFrom('system', 'user', 'assistant', 'tool'), anything),
            content: fc.oneof(
              fc.string(),
              fc.array(
                fc.record({
                  type: fc.constantFrom('text', 'image_url'),
                  text: anything,
                  image_url: anything,
                }),
              ),
              anything,
            ),
            tool_calls: fc.oneof(fc.array(fc.record({ id: anything, function: anything })), anything),
            tool_call_id: anything,
          },
          { requiredKeys: ['role'] },
        ),
      ),
      anything,
    ),
    tools: fc.oneof(fc.array(fc.record({ type: fc.constant('function'), function: anything })), anything),
    tool_choice: anything,
    response_format: fc.oneof(
      fc.record({ type: fc.constant('json_schema'), json_schema: anything }),
      anything,
    ),
    stop: anything,
    logit_bias: anything,
    stream_options: anything,
    temperature: anything,
    n: anything,
  },
  { requiredKeys: [] },
);

test('any JSON gives a request or a refusal, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(nearlyRight, anything), (value) => {
      const result = decodeChatCompletions(Buffer.from(JSON.stringify(value)));
      if (result.ok) JSON.stringify(result.value);
    }),
    { numRuns: 3000 },
  );
});

test('any bytes give a request or a refusal, and a refusal quotes nothing of them', () => {
  const marker = 'zqxj';
  const texts = fc.constantFrom(
    marker,
    '{',
    '}',
    '"',
    ':',
    ',',
    '[',
    ']',
    '"model"',
    '"messages"',
    '"role"',
    'null',
    '1',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(texts).map((parts) => Buffer.from(parts.join(''))),
      ),
      (bytes) => {
        const result = decodeChatCompletions(Buffer.from(bytes));
        if (!result.ok) expect(JSON.stringify(result.error)).not.toContain(marker);
      },
    ),
    { numRuns: 3000 },
  );
});

test('a refusal holds no value of any field', () => {
  const marker = 'zqxj';
  const mark = (value: unknown): unknown => {
    if (typeof value === 'string') return marker + value;
    if (Array.isArray(value)) return value.map(mark);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mark(inner)]));
    }
    return value;
  };
  fc.assert(
    fc.property(nearlyRight, (value) => {
      const result = decodeChatCompletions(Buffer.from(JSON.stringify(mark(value))));
      if (!result.ok) expect(JSON.stringify(result.error)).not.toContain(marker);
    }),
    { numRuns: 2000 },
  );
});
