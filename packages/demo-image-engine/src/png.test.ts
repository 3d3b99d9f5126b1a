import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePng } from './png.ts';
import { decodePng } from './testing/decode-png.ts';

test('comes back as it was, and holds nothing else', () => {
  const sizes = fc.record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
  });
  const pictures = sizes.chain(({ width, height }) => {
    const length = width * height * 3;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((pixels) => ({ width, height, pixels: Uint8Array.from(pixels) }));
  });
  fc.assert(
    fc.property(pictures, (picture) => {
      const { chunks, ...decoded } = decodePng(encodePng(picture));
      expect(decoded).toEqual(picture);
      expect(chunks).toEqual(['IHDR', 'IDAT', 'IEND']);
    }),
  );
});
