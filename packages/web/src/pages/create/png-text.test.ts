import { expect, it } from 'vitest';
import { withText } from './png-text.ts';

it('adds a text with its length and checksum, and changes nothing else', () => {
  const png = Uint8Array.from({ length: 60 }, (_, at) => at);
  const whole = withText(png, 'parameters', 'ein Füchslein 🦊');
  const view = new DataView(whole.buffer);
  const length = view.getUint32(33);
  const typeAndData = whole.subarray(37, 41 + length);
  expect(new TextDecoder().decode(typeAndData)).toBe('iTXtparameters\0\0\0\0\0ein Füchslein 🦊');
  // Of zlib's crc32.
  expect(view.getUint32(41 + length)).toBe(0x480faf64);
  expect([...whole.subarray(0, 33), ...whole.subarray(45 + length)]).toEqual([...png]);
});
