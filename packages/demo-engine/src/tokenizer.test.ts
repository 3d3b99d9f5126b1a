import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demoModel } from './testing/demo-fixtures.ts';

function decode(ids: readonly number[]): string {
  const { tokenizer } = demoModel();
  const bytes = ids.flatMap((id) => [...tokenizer.bytesOf(id)]);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(bytes));
}

test('text comes back from its tokens', () => {
  const { tokenizer } = demoModel();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(decode(tokenizer.encode(text))).toBe(text.toWellFormed());
    }),
  );
});

test('a single word of any length is encoded in bounded steps', () => {
  const { tokenizer } = demoModel();
  const word = 'the'.repeat(200_000);
  const out: number[] = [];
  const steps = tokenizer.encodeInSteps(word, out);
  let count = 0;
  while (steps.next().done !== true) count += 1;
  expect(count).toBeGreaterThan(100);
  expect(decode(out)).toBe(word);
});
