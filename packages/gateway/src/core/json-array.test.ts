import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayElements } from './json-array.ts';

function elementsOf(text: string, start = 0): string[] | undefined {
  const body = Buffer.from(text);
  return arrayElements(body, start)?.map((span) => body.toString('utf8', span.start, span.end));
}

test.each([
  ['[]', []],
  ['[ ]', []],
  ['[1]', ['1']],
  ['[ 1 , "a,]" , {"b":[2,{"c":"]"}]} ,null]', ['1', '"a,]"', '{"b":[2,{"c":"]"}]}', 'null']],
  ['[1] and more', ['1']],
  ['', undefined],
  ['{}', undefined],
  ['[', undefined],
  ['[1', undefined],
  ['[1,', undefined],
  ['[1,]', undefined],
  ['[,1]', undefined],
  ['[1 2]', undefined],
  ['["a]', undefined],
])('the elements of %s', (text, elements) => {
  expect(elementsOf(text)).toEqual(elements);
});

test('the elements of any array are those that a parser sees', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.nat(2), (value, indent) => {
      const text = `x${JSON.stringify(value, null, indent)}`;
      expect(elementsOf(text, 1)?.map((one) => JSON.parse(one) as unknown)).toEqual(
        JSON.parse(JSON.stringify(value)),
      );
    }),
  );
});
