import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

it.each<[unknown, string]>([
  [null, 'null'],
  [true, 'true'],
  [0, '0'],
  [-1, '-1'],
  [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ['a"\\\n\u0001\u007f€', '"a\\"\\\\\\n\\u0001\u007f€"'],
  ['\ud800', '"\\ud800"'],
  [[], '[]'],
  [{}, '{}'],
  [[1, [2, { b: 1, a: [] }]], '[1,[2,{"a":[],"b":1}]]'],
  // Upper case before lower, shorter before longer, and by UTF-16 units: U+1F600 (d83d) stands before U+FF5E.
  [{ b: 1, B: 2, ba: 3, '': 4, 10: 5, 9: 6 }, '{"":4,"10":5,"9":6,"B":2,"b":1,"ba":3}'],
  [{ '\uff5e': 1, '\u{1f600}': 2 }, '{"\u{1f600}":2,"\uff5e":1}'],
  [JSON.parse('{"__proto__":1,"constructor":2}'), '{"__proto__":1,"constructor":2}'],
])('writes %j as %s', (value, text) => {
  expect(canonicalJson(value)).toBe(text);
});

it.each<[string, unknown]>([
  ['a fraction', 0.5],
  ['minus zero', -0],
  ['not a number', Number.NaN],
  ['infinity', Infinity],
  ['a number that is not exact', 2 ** 53],
  ['undefined', undefined],
  ['a hole', [undefined]],
  ['a field without value', { a: undefined }],
  ['a big integer', 1n],
  ['a function', () => 1],
  ['a fraction deep inside', { a: [{ b: 1.5 }] }],
  ['many levels', JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)],
])('refuses %s', (_name, value) => {
  expect(canonicalJson(value)).toBeUndefined();
});

/** Values that a receipt may hold. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((value) => (value === 0 ? 0 : value)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 4 }), tie('value'), { maxKeys: 4 }),
  ),
})).value;

it('gives back the same value, and the same text whatever the order of fields', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value);
      expect(text).toBeDefined();
      const parsed: unknown = JSON.parse(text ?? '');
      expect(parsed).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(parsed)).toBe(text);
      expect(canonicalJson(reversed(parsed))).toBe(text);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, inner]: [string, unknown]) => [name, reversed(inner)]),
  );
}
