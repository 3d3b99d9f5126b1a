import { expect, test } from 'vitest';
import { nativeSize } from './native-size.ts';

test.each([
  ['square', 1024, 1024, 32, 32],
  ['square, of any size', 512, 512, 32, 32],
  ['portrait', 832, 1216, 28, 40],
  ['landscape', 1216, 832, 40, 28],
  ['16:9', 1536, 864, 48, 28],
  ['4:3', 1024, 768, 36, 28],
  ['3:2', 1152, 768, 40, 28],
  ['2:1', 1024, 512, 56, 28],
  ['the widest that there is', 1536, 512, 64, 28],
  ['the highest that there is', 64, 2048, 28, 64],
])('%s: %d x %d is drawn at %d x %d', (_, ...sizes) => {
  const [width, height, across, down] = sizes;
  expect(nativeSize({ width, height })).toEqual({ width: across, height: down });
});
