import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseGguf, type GgufValue } from './gguf.ts';
import { demoModel, readModelFile } from './testing/demo-fixtures.ts';
import { createTokenizer } from './tokenizer.ts';

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

test('of equal pairs the left one is joined first', () => {
  // The shipped vocabulary joins no letter with itself, so one such pair is added.
  const { metadata } = parseGguf(readModelFile('Mote-1.3M-Chat-v1.0-F16.gguf'));
  const append = (key: string, value: GgufValue) => {
    const list = metadata.get(key);
    if (Array.isArray(list)) list.push(value);
  };
  append('tokenizer.ggml.tokens', 'zz');
  append('tokenizer.ggml.token_type', 1);
  append('tokenizer.ggml.merges', 'z z');
  const tokenizer = createTokenizer(metadata);
  const parts = tokenizer.encode('zzz').map((id) => new TextDecoder().decode(tokenizer.bytesOf(id)));
  expect(parts).toEqual(['zz', 'z']);
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
