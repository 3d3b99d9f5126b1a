import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStopMatcher } from './stop.ts';

function match(pieces: readonly string[], stops: readonly string[]): { text: string; stopped: boolean } {
  const matcher = createStopMatcher(stops);
  let given = '';
  for (const piece of pieces) {
    const { text, stopped } = matcher.push(piece);
    given += text;
    if (stopped) return { text: given, stopped };
  }
  return { text: given + matcher.flush(), stopped: false };
}

test.each<[string, string[], string[], string, boolean]>([
  ['no stops', ['ab', 'c'], [], 'abc', false],
  ['a stop over three pieces', ['one E', 'N', 'D two'], ['END'], 'one ', true],
  ['a beginning that comes to nothing', ['one E', 'Nough'], ['END'], 'one ENough', false],
  ['a beginning at the end of the text', ['one EN'], ['END'], 'one EN', false],
  ['the stop that ends first', ['xabcd'], ['abcd', 'bc'], 'xa', true],
  ['of two that end together the longest', ['xabc'], ['bc', 'abc'], 'x', true],
  ['a stop at the very start', ['END'], ['END'], '', true],
  ['an overlap with itself', ['aa', 'ab'], ['aab'], 'a', true],
])('%s', (...row) => {
  const [, pieces, stops, text, stopped] = row;
  expect(match(pieces, stops)).toEqual({ text, stopped });
});

test('only what could begin a stop is held back', () => {
  const matcher = createStopMatcher(['END', 'over']);
  expect(matcher.push('one ov')).toEqual({ text: 'one ', stopped: false });
  expect(matcher.push('al')).toEqual({ text: 'oval', stopped: false });
  expect(matcher.flush()).toBe('');
});

test('the cut of the stream makes no difference', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 12 }),
      fc.array(letters, { minLength: 1, maxLength: 16 }),
      (pieces, stops) => {
        expect(match(pieces, stops)).toEqual(match([pieces.join('')], stops));
        const { text, stopped } = match(pieces, stops);
        expect(stops.some((stop) => text.includes(stop))).toBe(false);
        expect(stopped).toBe(stops.some((stop) => pieces.join('').includes(stop)));
      },
    ),
  );
});
