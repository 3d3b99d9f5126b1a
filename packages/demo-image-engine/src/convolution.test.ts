import fc from 'fast-check';
import { expect, test } from 'vitest';
import { convolve, createConvolution } from './convolution.ts';
import type { FeatureMap } from './feature-map.ts';

type Case = { map: FeatureMap; weights: Float32Array; bias: Float32Array };

/** The definition, place by place. */
function convolvePlainly({ map, weights, bias }: Case): number[] {
  const { height, width, channels, data } = map;
  const result: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const [output, start] of bias.entries()) {
        let sum = start;
        for (let kernel = 0; kernel < 9; kernel++) {
          const row = y + Math.floor(kernel / 3) - 1;
          const column = x + (kernel % 3) - 1;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          for (let input = 0; input < channels; input++) {
            const value = data[(row * width + column) * channels + input] ?? 0;
            sum += value * (weights[(output * channels + input) * 9 + kernel] ?? 0);
          }
        }
        result.push(sum);
      }
    }
  }
  return result;
}

const integers = (length: number) =>
  fc
    .array(fc.integer({ min: -8, max: 8 }), { minLength: length, maxLength: length })
    .map((numbers) => Float32Array.from(numbers));

const cases = fc
  .record({
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    channels: fc.integer({ min: 1, max: 3 }),
    outputs: fc.constantFrom(4, 8),
  })
  .chain(({ height, width, channels, outputs }) =>
    fc.record({
      map: integers(height * width * channels).map((data) => ({ height, width, channels, data })),
      weights: integers(outputs * channels * 9),
      bias: integers(outputs),
    }),
  );

test('equals the definition, at odd and even sizes, whatever was computed before', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { height, width, channels, data } = convolve(createConvolution(one.weights, one.bias), one.map);
      expect([height, width, channels]).toEqual([one.map.height, one.map.width, one.bias.length]);
      // Quarters of small whole numbers are exact, so there is nothing to round.
      expect([...data]).toEqual(convolvePlainly(one));
    }),
  );
});
