import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDeeperThan } from './json-scan.ts';
import { editTopLevel, findMember, topLevelMembers } from './json-spans.ts';

function edit(text: string, edits: Record<string, string | undefined>, keep?: string[]): string | undefined {
  const list = Object.entries(edits).map(([key, value]) => ({ key, value }));
  return editTopLevel(Buffer.from(text), list, keep === undefined ? undefined : new Set(keep))?.toString();
}

describe('members', () => {
  test('finds values of each kind, and the last of duplicates', () => {
    const text = '{ "a" : "x\\"}" , "b":[1,{"a":2}],"c":{"d":"]"},"e":-1.5e3,"f":true,"g":null,"a":7 }';
    const body = Buffer.from(text);
    const members = topLevelMembers(body) ?? [];
    const values = members.map((one) => [one.key, text.slice(one.valueStart, one.valueEnd)]);
    expect(values).toEqual([
      ['a', '"x\\"}"'],
      ['b', '[1,{"a":2}]'],
      ['c', '{"d":"]"}'],
      ['e', '-1.5e3'],
      ['f', 'true'],
      ['g', 'null'],
      ['a', '7'],
    ]);
    expect(findMember(members, 'a')?.valueStart).toBe(text.lastIndexOf('7'));
  });

  test('reads keys with escapes', () => {
    expect(topLevelMembers(Buffer.from('{"mod\\u0065l":1}'))?.[0]?.key).toBe('model');
  });

  test.each([
    '',
    ' ',
    '[]',
    '"a"',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1',
    '{"a":1,}',
    '{"a":"',
    '{"a":1}x',
    '{a:1}',
    '{"a":[1}',
  ])('gives nothing for %j', (text) => {
    expect(topLevelMembers(Buffer.from(text))).toBeUndefined();
  });

  test('finds the end of long strings full of quotes and backslashes', () => {
    for (let backslashes = 0; backslashes < 6; backslashes += 1) {
      for (const length of [0, 40, 46, 47, 48, 49, 100]) {
        const value = `${'x'.repeat(length)}${'\\'.repeat(backslashes)}"${'\\'.repeat(backslashes)}`;
        const text = JSON.stringify({ a: value, b: 1 });
        expect(topLevelMembers(Buffer.from(text))?.map((one) => one.key)).toEqual(['a', 'b']);
      }
    }
  });
});

describe('edits', () => {
  test.each([
    ['replaces in place', '{"a": 1, "b":2}', { a: '9' }, '{"a": 9, "b":2}'],
    ['adds at the end', '{"a":1 }', { c: '3' }, '{"a":1,"c":3 }'],
    ['adds to an empty object', ' { } ', { c: '3' }, ' {"c":3 } '],
    ['removes the first', '{ "a":1, "b":2 }', { a: undefined }, '{ "b":2 }'],
    ['removes the middle', '{"a":1,\n"b":2, "c":3}', { b: undefined }, '{"a":1, "c":3}'],
    ['removes the last', '{"a":1, "b":2 }', { b: undefined }, '{"a":1 }'],
    ['removes all', '{ "a":1}', { a: undefined }, '{ }'],
    ['removes all and adds', '{"a":1}', { a: undefined, b: '2' }, '{"b":2}'],
    [
      'leaves nested keys alone',
      '{"x":{"a":1},"y":"\\"a\\":1","a":1}',
      { a: '2' },
      '{"x":{"a":1},"y":"\\"a\\":1","a":2}',
    ],
    ['edits the duplicate that counts', '{"a":1,"b":0,"a":2}', { a: '3' }, '{"b":0,"a":3}'],
    ['removes all duplicates', '{"a":1,"b":0,"a":2}', { a: undefined }, '{"b":0}'],
    ['finds an escaped key', '{"\\u0061":1}', { a: '2' }, '{"\\u0061":2}'],
  ] as [string, string, Record<string, string | undefined>, string][])(
    '%s',
    (_what, text, edits, expected) => {
      expect(edit(text, edits)).toBe(expected);
    },
  );

  test('gives the same Buffer when nothing changes', () => {
    const body = Buffer.from('{"a":1}');
    expect(editTopLevel(body, [{ key: 'b', value: undefined }])).toBe(body);
  });

  test('keeps only what is named, and what is edited', () => {
    expect(edit('{"a":1,"b":2,"c":3}', { c: '4' }, ['a'])).toBe('{"a":1,"c":4}');
    expect(edit('{"b":2,"c":3}', {}, ['a'])).toBe('{}');
  });

  test('gives nothing for bytes that are no object', () => {
    expect(edit('[1]', { a: '1' })).toBeUndefined();
  });
});

/**
 * JSON of an object as text, with odd spaces, so that the bytes between members count too. No key ends in a backslash:
 * the `JSON.parse` of Node 26.10 (V8 14.6) takes a later key `"` for an earlier key of one backslash.
 */
const key = fc.constantFrom('a', 'b', 'model', 'usage', '__proto__', 'é', '"', 'b\\n', 'x\ny');
const members = fc.array(
  fc.record({ key, value: fc.jsonValue({ maxDepth: 3 }), space: fc.constantFrom('', ' ', '\n\t') }),
  { maxLength: 8 },
);

function write(list: readonly { key: string; value: unknown; space: string }[]): string {
  const inner = list.map(
    (one) => `${one.space}${JSON.stringify(one.key)}${one.space}:${one.space}${JSON.stringify(one.value)}`,
  );
  return `{${inner.join(',')} }`;
}

test('an edited body parses to the edited object, for any object and edits', () => {
  const edits = fc.array(
    fc.record({ key, value: fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }) }),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(members, edits, (list, changes) => {
      const text = write(list);
      const expected = new Map(Object.entries(JSON.parse(text) as object));
      for (const change of changes) {
        if (change.value === undefined) expected.delete(change.key);
        else expected.set(change.key, change.value);
      }
      const edited = editTopLevel(
        Buffer.from(text),
        changes.map((change) => ({
          key: change.key,
          value: change.value === undefined ? undefined : JSON.stringify(change.value),
        })),
      );
      const parsed = JSON.parse(edited?.toString() ?? '') as object;
      expect(new Map(Object.entries(parsed))).toEqual(
        new Map([...expected].map(([name, value]) => [name, JSON.parse(JSON.stringify(value)) as unknown])),
      );
    }),
    { numRuns: 3000 },
  );
});

test('every byte outside the edited member stays', () => {
  fc.assert(
    fc.property(members, (list) => {
      const unique = [...new Map(list.map((one) => [one.key, one])).values()];
      const text = write([
        ...unique,
        { key: 'zz', value: 1, space: ' ' },
        { key: 'last', value: {}, space: '' },
      ]);
      const marker = ' "zz" : ';
      const at = text.lastIndexOf(`${marker}1,`) + marker.length;
      expect(edit(text, { zz: '"new"' })).toBe(`${text.slice(0, at)}"new"${text.slice(at + 1)}`);
    }),
  );
});

test('any damage to a body gives an edit or nothing, never an exception', () => {
  fc.assert(
    fc.property(members, fc.nat(), fc.nat(255), (list, at, byte) => {
      const body = Buffer.from(write(list));
      body[at % body.length] = byte;
      editTopLevel(body, [{ key: 'model', value: '"m"' }]);
      isDeeperThan(body, 3);
    }),
  );
});

test('depth counts brackets outside strings', () => {
  expect(isDeeperThan(Buffer.from('[[["[[[["]]]'), 3)).toBe(false);
  expect(isDeeperThan(Buffer.from('[[[[1]]]]'), 3)).toBe(true);
  expect(isDeeperThan(Buffer.from('{"a":[{}],"b":[{}]}'), 3)).toBe(false);
});
