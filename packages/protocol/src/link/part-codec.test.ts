import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamPart } from '../parts.ts';
import { LINK_LIMITS } from './limits.ts';
import { createPartChecker, encodePart, splitPart } from './part-codec.ts';

const utf8 = new TextEncoder();
const bytesOf = (value: unknown): Uint8Array => utf8.encode(JSON.stringify(value));

const USAGE = {
  inputTokens: 3,
  imageInputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 7,
  reasoningTokens: 1,
};

const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });
const anyTextPart: fc.Arbitrary<StreamPart> = fc.record({
  type: fc.constantFrom('text-delta' as const, 'reasoning-delta' as const, 'refusal-delta' as const),
  text: anyText,
});

/** A whole answer in good order: text, tool calls with deltas, finish. */
const anyAnswer: fc.Arbitrary<StreamPart[]> = fc
  .tuple(
    fc.array(anyTextPart, { maxLength: 10 }),
    fc.array(fc.array(anyText, { maxLength: 3 }), { maxLength: 4 }),
    fc.constantFrom('stop' as const, 'length' as const, 'tool-calls' as const, 'content-filter' as const),
    fc.boolean(),
  )
  .map(([texts, calls, reason, hasUsage]) => [
    ...texts,
    ...calls.flatMap((deltas, index): StreamPart[] => [
      { type: 'tool-call-start', index, id: `call_${index}`, name: 'find' },
      ...deltas.map((argumentsText): StreamPart => ({ type: 'tool-call-delta', index, argumentsText })),
    ]),
    hasUsage ? { type: 'finish', reason, usage: USAGE } : { type: 'finish', reason },
  ]);

test('an answer comes through as it was', () => {
  fc.assert(
    fc.property(anyAnswer, (parts) => {
      const checker = createPartChecker();
      const seen = parts.map((part) => checker.decode(encodePart(part)));
      expect(seen).toEqual(parts.map((value) => ({ ok: true, value })));
      expect(checker.finished()).toBe(true);
    }),
  );
});

test('long texts are cut into records and add up; pairs of surrogates stay together', () => {
  const unit = fc.constantFrom('a', 'ä', '\u0001', '😀', '"');
  fc.assert(
    fc.property(
      fc.array(unit, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 800 }),
      (units, times) => {
        const text = units.join('').repeat(times);
        const pieces = splitPart({ type: 'text-delta', text });
        expect(pieces.map((piece) => (piece.type === 'text-delta' ? piece.text : '')).join('')).toBe(text);
        for (const piece of pieces) {
          expect(encodePart(piece).byteLength).toBeLessThanOrEqual(LINK_LIMITS.recordBodyMaxBytes);
          expect(piece.type === 'text-delta' && piece.text.isWellFormed()).toBe(true);
        }
      },
    ),
    { numRuns: 50 },
  );
  const long = 'x'.repeat(25_000);
  expect(splitPart({ type: 'tool-call-delta', index: 2, argumentsText: long })).toHaveLength(3);
});

test('empty texts vanish, other parts stay', () => {
  expect(splitPart({ type: 'text-delta', text: '' })).toEqual([]);
  expect(splitPart({ type: 'tool-call-delta', index: 0, argumentsText: '' })).toEqual([]);
  expect(splitPart({ type: 'finish', reason: 'stop' })).toHaveLength(1);
});

const start = (index: unknown, fields: object = {}): object => ({
  type: 'tool-call-start',
  index,
  id: 'c',
  name: 'n',
  ...fields,
});
const finish = (usage?: object): object => ({ type: 'finish', reason: 'stop', usage });

test.each<[string, unknown[], string]>([
  ['no object', [[]], 'part'],
  ['null', [null], 'part'],
  ['an unknown type', [{ type: 'image' }], 'type'],
  ['a type of a prototype', [{ type: 'constructor' }], 'type'],
  ['no text', [{ type: 'text-delta' }], 'text'],
  ['a number as text', [{ type: 'text-delta', text: 1 }], 'text'],
  ['empty text', [{ type: 'reasoning-delta', text: '' }], 'text'],
  ['a gap before the first call', [start(1)], 'index'],
  ['a gap between calls', [start(0), start(2)], 'index'],
  ['a call twice', [start(0), start(0)], 'index'],
  ['a negative index', [start(-1)], 'index'],
  ['a fractional index', [start(0.5)], 'index'],
  ['a text index', [start('0')], 'index'],
  ['no id', [start(0, { id: '' })], 'id'],
  ['a long id', [start(0, { id: 'x'.repeat(257) })], 'id'],
  ['a control character in a name', [start(0, { name: 'a\nb' })], 'name'],
  ['arguments of no call', [{ type: 'tool-call-delta', index: 0, argumentsText: 'x' }], 'index'],
  [
    'arguments of a later call',
    [start(0), { type: 'tool-call-delta', index: 1, argumentsText: 'x' }],
    'index',
  ],
  ['no arguments', [start(0), { type: 'tool-call-delta', index: 0 }], 'argumentsText'],
  ['an unknown reason', [{ type: 'finish', reason: 'error' }], 'reason'],
  ['negative usage', [finish({ ...USAGE, outputTokens: -1 })], 'usage.outputTokens'],
  ['fractional usage', [finish({ ...USAGE, inputTokens: 1.5 })], 'usage.inputTokens'],
  ['huge usage', [finish({ ...USAGE, inputTokens: 2e9 })], 'usage.inputTokens'],
  ['fractional pictures', [finish({ ...USAGE, imageInputTokens: 0.5 })], 'usage.imageInputTokens'],
  ['huge pictures', [finish({ ...USAGE, imageInputTokens: 2e9 })], 'usage.imageInputTokens'],
  ['missing usage fields', [finish({ inputTokens: 1 })], 'usage.cacheReadTokens'],
  ['usage as text', [finish({ ...USAGE, reasoningTokens: '1' })], 'usage.reasoningTokens'],
  ['a part after finish', [finish(), { type: 'text-delta', text: 'x' }], 'type'],
  ['finish twice', [finish(), finish()], 'type'],
])('refuses %s and says where', (_name, parts, path) => {
  const checker = createPartChecker();
  const seen = parts.map((part) => checker.decode(bytesOf(part)));
  expect(seen.at(-1)).toEqual({ ok: false, path });
  expect(seen.slice(0, -1).every((result) => result.ok)).toBe(true);
});

const { imageInputTokens: _, ...USAGE_OF_OLD } = USAGE;

test.each([
  ['absent, as older nodes have it', USAGE_OF_OLD, USAGE],
  ['0', { ...USAGE, imageInputTokens: 0 }, USAGE],
  ['some', { ...USAGE, imageInputTokens: 2 }, { ...USAGE, imageInputTokens: 2 }],
])('the tokens of pictures may be %s', (_name, sent, usage) => {
  expect(createPartChecker().decode(bytesOf(finish(sent)))).toEqual({
    ok: true,
    value: { type: 'finish', reason: 'stop', usage },
  });
});

test('too many calls are refused', () => {
  const checker = createPartChecker();
  for (let index = 0; index < LINK_LIMITS.toolCallsMax; index += 1)
    expect(checker.check(start(index)).ok).toBe(true);
  expect(checker.check(start(LINK_LIMITS.toolCallsMax))).toEqual({ ok: false, path: 'index' });
});

test('fields that are not asked for are left behind', () => {
  const part = { type: 'text-delta', text: 'a', secret: 1, usage: USAGE };
  expect(createPartChecker().decode(bytesOf(part))).toEqual({
    ok: true,
    value: { type: 'text-delta', text: 'a' },
  });
});

test('any bytes and any JSON give a part or a path, never a throw', () => {
  const nearlyAPart = fc.record(
    {
      type: fc.oneof(
        fc.constantFrom('text-delta', 'tool-call-start', 'tool-call-delta', 'finish'),
        fc.string(),
      ),
      text: fc.anything(),
      index: fc.anything(),
      id: fc.anything(),
      name: fc.anything(),
      argumentsText: fc.anything(),
      reason: fc.anything(),
      usage: fc.anything(),
    },
    { requiredKeys: ['type'] },
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => utf8.encode(text)),
    nearlyAPart.map((part) => {
      try {
        return bytesOf(part);
      } catch {
        return utf8.encode('{}');
      }
    }),
  );
  fc.assert(
    fc.property(fc.array(body, { maxLength: 5 }), (bodies) => {
      const checker = createPartChecker();
      for (const bytes of bodies) {
        const result = checker.decode(bytes);
        expect(result.ok ? typeof result.value.type : typeof result.path).toBe('string');
      }
    }),
    { numRuns: 1_000 },
  );
});

test('bytes that are no UTF-8 are refused', () => {
  const body = Uint8Array.of(...utf8.encode('{"type":"text-delta","text":"'), 0xff, ...utf8.encode('"}'));
  expect(createPartChecker().decode(body)).toEqual({ ok: false, path: '' });
});
