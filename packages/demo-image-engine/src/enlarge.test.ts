import fc from 'fast-check';
import { expect, test } from 'vitest';
import { enlarge, type Picture } from './enlarge.ts';

/** A picture of one grey value for each pixel. */
const grey = (width: number, values: number[]): Picture => ({
  width,
  height: values.length / width,
  pixels: Uint8Array.from(values.flatMap((value) => [value, value, value])),
});

const reds = ({ pixels }: Picture) => [...pixels].filter((_, i) => i % 3 === 0);

test('at its own size a picture stays as it is', () => {
  const picture = grey(3, [0, 50, 100, 150, 200, 250, 255, 7, 9]);
  expect(enlarge(picture, { width: 3, height: 3 })).toEqual(picture);
});

test('goes through the colour of every pixel', () => {
  const large = reds(enlarge(grey(2, [10, 250, 90, 30]), { width: 6, height: 6 }));
  expect([large[7], large[10], large[25], large[28]]).toEqual([10, 250, 90, 30]);
});

test('rises evenly between two colours, without leaving 0 to 255', () => {
  const large = reds(enlarge(grey(2, [0, 255, 0, 255]), { width: 16, height: 16 })).slice(0, 16);
  expect(large).toEqual(large.toSorted((a, b) => a - b));
  expect([large[0], large[15]]).toEqual([0, 255]);
  expect((large[7] ?? 0) + (large[8] ?? 0)).toBe(255);
});

test('keeps the colours apart', () => {
  const picture = { width: 1, height: 1, pixels: Uint8Array.of(1, 2, 3) };
  expect([...enlarge(picture, { width: 2, height: 1 }).pixels]).toEqual([1, 2, 3, 1, 2, 3]);
});

test('cuts off both sides evenly where the shapes differ', () => {
  const wide = grey(4, [10, 20, 30, 40, 10, 20, 30, 40]);
  expect(reds(enlarge(wide, { width: 2, height: 2 }))).toEqual([20, 30, 20, 30]);
  const high = grey(1, [10, 20, 30, 40, 50]);
  expect(reds(enlarge(high, { width: 1, height: 1 }))).toEqual([30]);
});

test('one colour stays one colour at any size', () => {
  const sizes = fc.record({
    width: fc.integer({ min: 1, max: 90 }),
    height: fc.integer({ min: 1, max: 90 }),
  });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 255 }), (size, value) => {
      const large = enlarge(
        grey(
          4,
          Array.from({ length: 12 }, () => value),
        ),
        size,
      );
      expect(large.pixels.length).toBe(size.width * size.height * 3);
      expect(new Set(large.pixels)).toEqual(new Set([value]));
    }),
  );
});
