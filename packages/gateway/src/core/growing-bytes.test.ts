import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { GrowingBytes } from './growing-bytes.ts';

it('gives what was added, in one piece', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (parts) => {
      const bytes = new GrowingBytes(10_000);
      for (const part of parts) expect(bytes.add(part)).toBe(true);
      expect(bytes.view()).toEqual(Buffer.concat(parts));
    }),
  );
});

it('keeps no part that came, only its bytes', () => {
  const bytes = new GrowingBytes(3);
  const part = Buffer.from('abc');
  bytes.add(part);
  part.fill(0);
  expect(bytes.view().toString()).toBe('abc');
});

it('is empty with all its views when it is released', () => {
  const bytes = new GrowingBytes(3);
  bytes.add(Buffer.from('abc'));
  const view = bytes.view();
  bytes.release();
  expect([view.byteLength, bytes.view().byteLength]).toEqual([0, 0]);
});

it('takes no more than it may', () => {
  const bytes = new GrowingBytes(3);
  expect(bytes.add(Buffer.from('ab'))).toBe(true);
  expect(bytes.add(Buffer.from('cd'))).toBe(false);
  expect(bytes.add(Buffer.from('c'))).toBe(true);
  expect(bytes.view().toString()).toBe('abc');
});
