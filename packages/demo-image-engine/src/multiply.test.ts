import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyLinear } from './multiply.ts';

const integers = (length: number) =>
  fc.array(fc.integer({ min: -9, max: 9 }), { minLength: length, maxLength: length });

const cases = fc
  .record({ rows: fc.constantFrom(4, 8, 12), columns: fc.integer({ min: 1, max: 9 }), count: fc.nat(8) })
  .chain(({ rows, columns, count }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      count: fc.constant(count),
      weights: integers(rows * columns),
      bias: integers(rows),
      input: integers(columns * count),
    }),
  );

test('gives the products of every row with every vector', () => {
  fc.assert(
    fc.property(cases, ({ rows, columns, count, weights, bias, input }) => {
      const expected = Array.from({ length: count * rows }, (_, index) => {
        const vector = Math.floor(index / rows);
        const row = index % rows;
        let sum = bias[row] ?? 0;
        for (let i = 0; i < columns; i++) {
          sum += (weights[row * columns + i] ?? 0) * (input[vector * columns + i] ?? 0);
        }
        return sum;
      });
      const linear = {
        weight: { data: Float32Array.from(weights), rows, columns },
        bias: Float32Array.from(bias),
      };
      expect([...applyLinear(linear, Float32Array.from(input), count)]).toEqual(expected);
    }),
  );
});
