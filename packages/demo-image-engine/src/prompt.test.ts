import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePrompt, parseVocabulary } from './prompt.ts';
import { readModelText } from './testing/image-fixtures.ts';

const vocabulary = parseVocabulary(readModelText('vocab.json'));
const words = new Map([...vocabulary.ids].map(([word, id]) => [id, word]));

const read = (prompt: string) =>
  encodePrompt(prompt, vocabulary)
    .filter((id) => id > 0)
    .map((id) => words.get(id));

test.each<[string, string[]]>([
  ['', []],
  ['a red car', ['red', 'car']],
  ['RED cars, Forest!', ['red', 'car', 'forest']],
  ['two foxes, 2 robots', ['two', 'fox', 'two', 'robot']],
  ['a snowy, icy winter', ['snow']],
  ['cat dog cat', ['cat', 'dog', 'cat']],
  ['neonlit "skyline" — 3d', ['neon', 'city', '3d']],
  ['rotes Auto, 赤い車, 🦊', []],
  // Names that every object has are no words.
  ['constructor toString hasOwnProperty __proto__', []],
  ['s ss the as', []],
])('%j is read as %j', (prompt, expected) => {
  expect(read(prompt)).toEqual(expected);
});

test('what is too long is cut off', () => {
  const prompt = 'cat dog '.repeat(1000);
  expect(encodePrompt(prompt, vocabulary)).toEqual(encodePrompt('cat dog '.repeat(8), vocabulary));
});

test('any text becomes 16 numbers of words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (prompt) => {
      const ids = encodePrompt(prompt, vocabulary);
      expect(ids.length).toBe(16);
      expect(ids.every((id) => words.has(id))).toBe(true);
    }),
  );
});

test.each([
  '[]',
  'null',
  '{"words": [1], "synonyms": {}, "length": 16}',
  '{"words": [], "synonyms": {"a": 1}, "length": 16}',
  '{"words": [], "synonyms": {}}',
])('a vocabulary of another form is refused: %s', (text) => {
  expect(() => parseVocabulary(text)).toThrow(/expected form/);
});
