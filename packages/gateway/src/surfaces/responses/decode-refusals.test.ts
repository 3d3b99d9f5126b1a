import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { decodeResponses } from './decode.ts';

const PNG = 'data:image/png;base64,cGljdHVyZQ==';
const USER = { role: 'user', content: 'hi' };
const F = { type: 'function', name: 'f' };

const items = (...input: unknown[]) => ({ input });
const user = (...content: unknown[]) => items({ role: 'user', content });
const image = (image_url: unknown) => user({ type: 'input_image', image_url });
const tools = (...list: unknown[]) => ({ tools: list });
const choice = (tool_choice: unknown) => ({ tools: [F], tool_choice });
const many = (count: number, value: unknown) => Array.from({ length: count }, () => value);

describe('refusals name the field and the rule', () => {
  const cases: [object, string, string][] = [
    [{ model: undefined }, 'invalid_request', 'model'],
    [{ model: 5 }, 'invalid_request', 'model'],
    [{ model: 'x'.repeat(300) }, 'invalid_request', 'model'],
    [{ input: undefined }, 'invalid_request', 'input'],
    [{ input: [] }, 'invalid_request', 'input'],
    [{ input: 5 }, 'invalid_request', 'input'],
    [{ input: {} }, 'invalid_request', 'input'],
    [{ input: many(LIMITS.inputItemsMax + 1, USER) }, 'invalid_request', 'input'],
    [items({ type: 'additional_tools', tools: [] }), 'invalid_request', 'input'],
    [items({ type: 'reasoning', summary: [] }), 'invalid_request', 'input'],
    [items(null), 'invalid_request', 'input[0]'],
    [items(USER, 'hi'), 'invalid_request', 'input[1]'],
    [items({}), 'invalid_request', 'input[0].type'],
    [items({ type: 5, role: 'user' }), 'invalid_request', 'input[0].type'],
    [items({ role: 'robot', content: 'x' }), 'invalid_request', 'input[0].role'],
    [items({ type: 'message', content: 'x' }), 'invalid_request', 'input[0].role'],
    [items({ role: 'user', content: 5 }), 'invalid_request', 'input[0].content'],
    [user(...many(LIMITS.partsPerMessageMax + 1, {})), 'invalid_request', 'input[0].content'],
    [user('text'), 'invalid_request', 'input[0].content[0]'],
    [user({ type: 'input_text' }), 'invalid_request', 'input[0].content[0].text'],
    [
      items({ role: 'assistant', content: [{ type: 'refusal' }] }),
      'invalid_request',
      'input[0].content[0].refusal',
    ],
    [image('https://example.com/a.png'), 'unsupported_image_url', 'input[0].content[0].image_url'],
    [image('file:///etc/passwd'), 'unsupported_image_url', 'input[0].content[0].image_url'],
    [image('data:image/svg+xml;base64,PHN2Zz4='), 'unsupported_image_url', 'input[0].content[0].image_url'],
    [image('data:image/png;base64,ab-_'), 'invalid_request', 'input[0].content[0].image_url'],
    [
      image(`data:image/png;base64,${'A'.repeat(15_000_000)}`),
      'invalid_request',
      'input[0].content[0].image_url',
    ],
    [image(7), 'invalid_request', 'input[0].content[0].image_url'],
    [user({ type: 'input_image' }), 'invalid_request', 'input[0].content[0].image_url'],
    [user(...many(21, { type: 'input_image', image_url: PNG })), 'invalid_request', 'input[0].content[20]'],
    [items({ type: 'function_call', name: 'f', arguments: '' }), 'invalid_request', 'input[0].call_id'],
    [items({ type: 'function_call', call_id: 'c', arguments: '' }), 'invalid_request', 'input[0].name'],
    [
      items({ type: 'function_call', call_id: 'c', name: 'f', arguments: 5 }),
      'invalid_request',
      'input[0].arguments',
    ],
    [
      items({ type: 'function_call', call_id: 'c', name: 'f', namespace: 5 }),
      'invalid_request',
      'input[0].namespace',
    ],
    [
      items({ type: 'custom_tool_call', call_id: 'c', name: 'f', input: {} }),
      'invalid_request',
      'input[0].input',
    ],
    [items({ type: 'function_call_output', output: 'x' }), 'invalid_request', 'input[0].call_id'],
    [items({ type: 'function_call_output', call_id: 'c', output: 5 }), 'invalid_request', 'input[0].output'],
    [
      items({
        type: 'function_call_output',
        call_id: 'c',
        output: [{ type: 'input_image', image_url: 'http://x' }],
      }),
      'unsupported_image_url',
      'input[0].output[0].image_url',
    ],
    [items({ type: 'reasoning', summary: 'x' }), 'invalid_request', 'input[0].summary[0].text'],
    [items({ type: 'reasoning', content: [{}] }), 'invalid_request', 'input[0].content[0].text'],
    [items({ type: 'reasoning', encrypted_content: 5 }), 'invalid_request', 'input[0].encrypted_content'],
    [items({ type: 'item_reference', id: 'msg_1' }), 'unsupported_parameter', 'input[0]'],
    [items(USER, { id: 'msg_1' }), 'unsupported_parameter', 'input[1]'],
    [{ instructions: ['x'] }, 'invalid_request', 'instructions'],
    [{ previous_response_id: 'resp_1' }, 'unsupported_parameter', 'previous_response_id'],
    [{ conversation: 'conv_1' }, 'unsupported_parameter', 'conversation'],
    [{ conversation: { id: 'conv_1' } }, 'unsupported_parameter', 'conversation'],
    [{ prompt: { id: 'pmpt_1' } }, 'unsupported_parameter', 'prompt'],
    [{ background: true }, 'unsupported_parameter', 'background'],
    [{ background: 'yes' }, 'invalid_request', 'background'],
    [{ stream: 'yes' }, 'invalid_request', 'stream'],
    [{ dry_run: 1 }, 'invalid_request', 'dry_run'],
    [{ temperature: 2.1 }, 'invalid_request', 'temperature'],
    [{ top_p: '1' }, 'invalid_request', 'top_p'],
    [{ frequency_penalty: 3 }, 'invalid_request', 'frequency_penalty'],
    [{ presence_penalty: -3 }, 'invalid_request', 'presence_penalty'],
    [{ max_output_tokens: 0 }, 'invalid_request', 'max_output_tokens'],
    [{ max_output_tokens: 1.5 }, 'invalid_request', 'max_output_tokens'],
    [{ parallel_tool_calls: 1 }, 'invalid_request', 'parallel_tool_calls'],
    [{ text: 'json' }, 'invalid_request', 'text'],
    [{ text: { format: 'json' } }, 'invalid_request', 'text.format.type'],
    [{ text: { format: { type: 'xml' } } }, 'invalid_request', 'text.format.type'],
    [{ text: { format: { type: 'json_schema' } } }, 'invalid_request', 'text.format.schema'],
    [
      { text: { format: { type: 'json_schema', name: 5, schema: {} } } },
      'invalid_request',
      'text.format.name',
    ],
    [tools('f'), 'invalid_request', 'tools[0]'],
    [{ tools: {} }, 'invalid_request', 'tools'],
    [tools(...many(LIMITS.toolsMax + 1, F)), 'invalid_request', 'tools'],
    [tools({ type: 5 }), 'invalid_request', 'tools[0].type'],
    [tools({ type: 'function' }), 'invalid_request', 'tools[0].name'],
    [tools({ type: 'function', function: { name: 'f' } }), 'invalid_request', 'tools[0].name'],
    [tools({ ...F, parameters: 'x' }), 'invalid_request', 'tools[0].parameters'],
    [tools({ ...F, description: 5 }), 'invalid_request', 'tools[0].description'],
    [tools({ ...F, strict: 5 }), 'invalid_request', 'tools[0].strict'],
    [tools({ type: 'custom' }), 'invalid_request', 'tools[0].name'],
    [tools({ type: 'namespace', tools: [F] }), 'invalid_request', 'tools[0].name'],
    [
      tools({ type: 'namespace', name: 'n', tools: [{ type: 'custom' }] }),
      'invalid_request',
      'tools[0].tools[0].name',
    ],
    [
      tools(
        ...many(20, 0).map((_zero, index) => ({
          type: 'namespace',
          name: `n${index}`,
          tools: many(20, 0).map((_none, at) => ({ name: `f${at}` })),
        })),
      ),
      'invalid_request',
      'tools',
    ],
    [items(USER, { type: 'additional_tools', tools: [5] }), 'invalid_request', 'input[1].tools[0]'],
    [choice('always'), 'invalid_request', 'tool_choice'],
    [choice(5), 'invalid_request', 'tool_choice'],
    [choice({}), 'invalid_request', 'tool_choice'],
    [choice({ type: 'function', name: 'g' }), 'invalid_request', 'tool_choice.name'],
    [choice({ type: 'custom', name: 'f' }), 'invalid_request', 'tool_choice.name'],
    [choice({ type: 'allowed_tools' }), 'invalid_request', 'tool_choice.tools'],
    [choice({ type: 'allowed_tools', mode: 'none', tools: [F] }), 'invalid_request', 'tool_choice.mode'],
    [choice({ type: 'allowed_tools', mode: 'auto', tools: [] }), 'invalid_request', 'tool_choice.tools'],
    [
      choice({ type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'g' }] }),
      'invalid_request',
      'tool_choice.tools',
    ],
  ];
  test.each(cases.map(([fields, code, param]) => ({ fields, code, param })))(
    '$param: $code',
    ({ fields, code, param }) => {
      const body = JSON.stringify({ model: 'm', input: 'hi', ...fields });
      const result = decodeResponses(Buffer.from(body));
      expect(result.ok ? 'taken' : result.error).toMatchObject({ code, param });
      if (!result.ok)
        expect(result.error.message).toMatch(new RegExp(`^${param.replace(/[[\].]/g, '\\$&')}: .*\\.$`));
    },
  );
});

test('what would need something stored is refused with the reason', () => {
  const message = (fields: object) => {
    const result = decodeResponses(Buffer.from(JSON.stringify({ model: 'm', input: 'hi', ...fields })));
    return result.ok ? '' : result.error.message;
  };
  expect(message({ previous_response_id: 'resp_1' })).toBe(
    'previous_response_id: is not supported: nothing of earlier requests is kept here. Send the whole conversation in input.',
  );
  expect(message({ background: true })).toContain('no answer is kept');
  expect(message(items({ type: 'item_reference', id: 'x' }))).toContain('"store": false');
});

test.each([
  ['', 'invalid_json'],
  ['{', 'invalid_json'],
  ['null', 'invalid_request'],
  ['[]', 'invalid_request'],
  [Buffer.from([0x7b, 0xff, 0x7d]), 'invalid_json'],
  [`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'invalid_request'],
])('%j is no request', (body, code) => {
  expect(decodeResponses(Buffer.from(body as string))).toMatchObject({ ok: false, error: { code } });
});

const odd = fc.oneof(fc.constantFrom('', null, 0, true, [], {}), fc.jsonValue({ maxDepth: 2 }));

/** One of the right values, and sometimes none of them. */
function mostly(...right: unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: odd });
}

/** Bodies near enough to right ones to get deep into the decoder. */
const textPart = fc.record({ type: mostly('input_text', 'output_text', 'text'), text: mostly('hi', '') });
const otherPart = fc.record({
  type: fc.constantFrom('input_image', 'input_file', 'refusal', 'dream'),
  refusal: mostly('no'),
  image_url: mostly(PNG, null),
  file_id: mostly(null, 'file_1'),
});
const content = fc.oneof(
  { weight: 3, arbitrary: mostly('hi', '', null) },
  { weight: 3, arbitrary: fc.array(fc.oneof(textPart, otherPart), { maxLength: 3 }) },
);
const tool = fc.letrec((tie) => ({
  tool: fc.record({
    type: mostly('function', 'custom', 'namespace', 'web_search', undefined),
    name: mostly('f', 'g', '__proto__'),
    description: mostly('d', undefined),
    parameters: mostly({ type: 'object' }, undefined),
    strict: mostly(true, undefined),
    format: mostly({ type: 'grammar', syntax: 'lark', definition: 'x' }, undefined),
    tools: fc.oneof({ maxDepth: 2 }, fc.constant(undefined), fc.array(tie('tool'), { maxLength: 2 })),
  }),
})).tool;
const item = fc.record({
  type: mostly(
    undefined,
    'message',
    'function_call',
    'function_call_output',
    'custom_tool_call',
    'custom_tool_call_output',
    'reasoning',
    'additional_tools',
    'compaction',
  ),
  role: mostly('user', 'assistant', 'system', 'developer'),
  content: fc.oneof(content, fc.constant([{ type: 'reasoning_text', text: 'hm' }])),
  call_id: mostly('c'),
  id: mostly('id', undefined),
  name: mostly('f', 'g'),
  namespace: mostly(undefined, 'ns'),
  arguments: mostly('{}', { a: 1 }),
  input: mostly('x'),
  output: content,
  summary: mostly([], [{ text: 's' }]),
  encrypted_content: mostly(null, 'x', 'swy1:s:y', 'swy1:-', 'swy1:q'),
  tools: fc.array(tool, { maxLength: 2 }),
});
const nearlyRight = fc.record({
  model: fc.constant('m'),
  input: fc.oneof(
    { weight: 9, arbitrary: fc.array(item, { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: odd },
  ),
  instructions: mostly('Be brief.', undefined),
  tools: fc.oneof(mostly(undefined), fc.array(tool, { maxLength: 3 })),
  tool_choice: fc.oneof(
    mostly(undefined, 'auto', 'required', { type: 'function', name: 'f' }, { type: 'web_search' }),
    fc.record({
      type: fc.constant('allowed_tools'),
      mode: mostly('auto', 'required'),
      tools: fc.array(tool),
    }),
  ),
  text: mostly(undefined, {}, { format: { type: 'json_schema', name: 'n', schema: {} } }, { format: 5 }),
  reasoning: mostly(undefined, { effort: 'low', summary: 'auto' }),
  include: mostly(undefined, ['reasoning.encrypted_content']),
  stream: mostly(undefined, true, false),
  metadata: odd,
  temperature: mostly(undefined, 1),
  max_output_tokens: mostly(undefined, 5),
});

test('any JSON gives a request or a refusal, never an exception, and a reply can be made to each request', () => {
  let taken = 0;
  fc.assert(
    fc.property(nearlyRight, (value) => {
      const result = decodeResponses(Buffer.from(JSON.stringify(value)));
      if (!result.ok) return;
      taken += 1;
      JSON.stringify(result.value.chat);
      const options = { requestId: 'req_1', model: 'm', createdAtMs: 0, estimatedInputTokens: 0 };
      result.value.openReply(options).fault({ code: 'internal_error' });
    }),
    { numRuns: 1500 },
  );
  expect(taken).toBeGreaterThan(150);
});

test('a refusal holds no value of any field', () => {
  const marker = 'zqxj';
  const mark = (value: unknown): unknown => {
    if (typeof value === 'string') return marker + value;
    if (Array.isArray(value)) return value.map(mark);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          key === 'type' || key === 'role' ? inner : mark(inner),
        ]),
      );
    }
    return value;
  };
  fc.assert(
    fc.property(nearlyRight, (value) => {
      const result = decodeResponses(Buffer.from(JSON.stringify(mark(value))));
      const said = result.ok ? result.value.nativeOnly : result.error;
      expect(JSON.stringify(said ?? null)).not.toContain(marker);
    }),
    { numRuns: 1000 },
  );
});

test('a body full of names that want to be the same costs no more than another', () => {
  const calls = Array.from({ length: LIMITS.inputItemsMax }, (_none, index) => ({
    type: 'function_call',
    call_id: 'c',
    namespace: 'n',
    name: String.fromCodePoint(0x4e00 + index),
    arguments: '',
  }));
  const result = decodeResponses(Buffer.from(JSON.stringify({ model: 'm', input: calls })));
  if (!result.ok) throw new Error('refused');
  const [message] = result.value.chat.messages;
  const names = new Set(message?.content.map((part) => (part.type === 'tool-call' ? part.name : '')));
  expect(names.size).toBe(LIMITS.inputItemsMax);
});

test('more tools than may be are refused at the first one too many', () => {
  const namespaces = Array.from({ length: 200 }, (_none, index) => {
    return {
      type: 'namespace',
      name: `n${index}`,
      tools: Array.from({ length: 200 }, (_no, at) => ({ name: `f${at}` })),
    };
  });
  const body = { model: 'm', input: [USER, { type: 'additional_tools', tools: namespaces }] };
  expect(decodeResponses(Buffer.from(JSON.stringify(body)))).toMatchObject({
    ok: false,
    error: { param: 'tools' },
  });
});
