import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson, parseJsonExactly } from './json.ts';

it.each([
  '{"a":12345678901234567890,"b":[1.0,1e3,-0],"c":"1.0"}',
  '{"deep":{"er":[{"n":0.1000}]},"t":true,"x":null}',
  '7',
])('%s is written as it was read', (text) => {
  expect(JSON.stringify(parseJsonExactly(text))).toBe(text);
});

it('reads what the plain parser reads', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const exact = JSON.stringify(parseJsonExactly(text));
      expect(JSON.parse(exact)).toEqual(JSON.parse(JSON.stringify(parseJson(text))));
    }),
  );
});

it.each(['', '{', '{"a":1}x'])('%j is nothing', (text) => {
  expect(parseJsonExactly(text)).toBeUndefined();
});
