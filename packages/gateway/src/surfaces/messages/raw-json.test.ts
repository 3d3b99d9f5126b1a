import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMessagesBody } from './decode.ts';
import { createRawReader, hasWideNumber } from './raw-json.ts';

test('values keep their bytes', () => {
  const raw = createRawReader(
    Buffer.from(' { "a" : [ 1, {"b.c":2, "b" : 1.50 , "b": [ ] }, "x]" ] , "e" : {} } '),
  );
  expect(['a', 'a[0]', 'a[1].b', 'a[2]', 'e', 'a[3]', 'a[1].z', 'z[0]', 'e[0]', 'a.b'].map(raw)).toEqual([
    '[ 1, {"b.c":2, "b" : 1.50 , "b": [ ] }, "x]" ]',
    '1',
    '[ ]',
    '"x]"',
    '{}',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('each value of any JSON is found as it would be parsed', () => {
  const items = fc.array(fc.record({ content: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 4 }) }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(items, fc.constantFrom(0, 2), (messages, indent) => {
      const raw = createRawReader(Buffer.from(JSON.stringify({ before: [], messages }, undefined, indent)));
      for (const [index, { content }] of messages.entries()) {
        for (const [position, value] of content.entries()) {
          const text = raw(`messages[${index}].content[${position}]`);
          expect(JSON.parse(text ?? '')).toEqual(JSON.parse(JSON.stringify(value)));
        }
      }
    }),
  );
});

test.each([
  [{ a: [1, -2.5, 9_007_199_254_740_991] }, false],
  [{ a: [9_007_199_254_740_992] }, true],
  [{ a: { b: -1e300 } }, true],
  [JSON.parse('{"a":1e999}'), true],
  ['9'.repeat(40), false],
  [null, false],
])('%j holds a number wider than a double: %s', (value, isWide) => {
  expect(hasWideNumber(value)).toBe(isWide);
});

test('a body full of them is looked through once', () => {
  const block = '{"type":"tool_use","id":"c","name":"f","input":{"a":12345678901234567890}}';
  const message = `{"role":"assistant","content":[${Array.from({ length: 500 }, () => block).join(',')}]}`;
  const messages = Array.from({ length: 200 }, () => message).join(',');
  const body = Buffer.from(`{"model":"m","max_tokens":1,"messages":[${messages}]}`);
  const decoded = decodeMessagesBody(body);
  if (!decoded.ok) throw new Error('refused');
  // 100 000 calls in 7 MB: looking through the body for each would take hours.
  const last = decoded.value.chat.messages.at(-1)?.content.at(-1);
  expect(last).toMatchObject({ argumentsText: '{"a":12345678901234567890}' });
});
