import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCustomInputReader, customArguments } from './custom-input.ts';

function read(...pieces: string[]): string {
  const reader = createCustomInputReader();
  return pieces.map((piece) => reader.push(piece)).join('') + reader.end();
}

test.each([
  ['the form that was asked for', '{"input":"a\\n\\"b\\""}', 'a\n"b"'],
  ['white space', ' {\n "input" : "a" } ', 'a'],
  ['an empty input', '{"input":""}', ''],
  ['all escapes', String.raw`{"input":"\b\f\n\r\t\/\\\"\u00e4\ud83d\ude00"}`, '\b\f\n\r\t/\\"ä😀'],
  ['wrong escapes, taken as they stand', String.raw`{"input":"\x \uzz"}`, 'x uzz'],
  ['raw line breaks inside the string', '{"input":"a\nb"}', 'a\nb'],
  ['what follows the string is dropped', '{"input":"a","more":1} and so on', 'a'],
  ['input behind another member', '{"why":"because","input":"a"}', 'a'],
  ['another name', '{"patch":"a"}', 'a'],
  ['a bare JSON string', '"a\\nb"', 'a\nb'],
  ['bare text', '*** Begin Patch\n"x"', '*** Begin Patch\n"x"'],
  ['long bare text', 'x'.repeat(500), 'x'.repeat(500)],
  ['another form', '{"a":1,"b":2}', '{"a":1,"b":2}'],
  ['input of another kind', '{"input":5}', '{"input":5}'],
  ['an empty object', '{}', ''],
  ['nothing', '', ''],
  ['a cut string', '{"input":"abc', 'abc'],
  ['a cut escape', '{"input":"abc\\u00', 'abc'],
  ['inherited names', '{"__proto__":"a","constructor":"b"}', '{"__proto__":"a","constructor":"b"}'],
])('%s', (_what, argumentsText, input) => {
  expect(read(argumentsText)).toBe(input);
  expect(read(...argumentsText.split(''))).toBe(input);
});

test.each([
  ['written as two escapes', String.raw`{"input":"\ud83d\ude00\ud83d\ude01"}`, '😀😁'],
  ['behind the first half of another', String.raw`{"input":"\ud83d\n\ud83d\ude00"}`, '\ud83d\n😀'],
])('a character is not given out in halves: %s', (_what, argumentsText, input) => {
  const reader = createCustomInputReader();
  const pieces = argumentsText.split('').map((piece) => reader.push(piece));
  expect(pieces.join('')).toBe(input);
  expect(pieces.filter((piece) => piece.endsWith('\ud83d'))).toEqual([]);
});

/** What JSON writes in another way, or in two halves. */
const unit = fc.constantFrom(...'a"\\\n\t\b/{}é😀\u0000\u2028'.split(''));

test('any input comes back, in any pieces, and as early as it is known', () => {
  fc.assert(
    fc.property(fc.string({ unit }), fc.array(fc.nat(200)), (input, cuts) => {
      const argumentsText = customArguments(input);
      const places = [0, ...cuts.toSorted((a, b) => a - b), argumentsText.length];
      const pieces = places.slice(1).map((end, index) => argumentsText.slice(places[index], end));
      const reader = createCustomInputReader();
      expect(pieces.map((piece) => reader.push(piece)).join('')).toBe(input);
      expect(reader.end()).toBe('');
    }),
    { numRuns: 1000 },
  );
});
