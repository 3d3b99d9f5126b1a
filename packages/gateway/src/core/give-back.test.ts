import { expect, it } from 'vitest';
import { giveBack } from './give-back.ts';

it('empties bytes that have their memory for themselves', () => {
  const bytes = Buffer.alloc(100_000, 'a');
  giveBack(bytes);
  expect(bytes.byteLength).toBe(0);
});

it.each<[string, (memory: Buffer) => Buffer]>([
  ['the beginning', (memory) => memory.subarray(0, 50_000)],
  ['the end', (memory) => memory.subarray(50_000)],
])('leaves bytes alone that are %s of more', (_name, part) => {
  const memory = Buffer.alloc(100_000, 'a');
  giveBack(part(memory));
  expect(memory.toString()).toBe('a'.repeat(100_000));
});

it('leaves bytes of the common pool alone', () => {
  const [one, other] = [Buffer.from('one'), Buffer.from('other')];
  giveBack(one);
  expect([one.toString(), other.toString()]).toEqual(['one', 'other']);
});

it('leaves an empty buffer alone, which may be common to many', () => {
  const empty = Buffer.alloc(0);
  giveBack(empty);
  expect(empty.buffer.detached).toBe(false);
});
