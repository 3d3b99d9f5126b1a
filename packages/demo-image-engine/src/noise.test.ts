import { expect, test } from 'vitest';
import { normalNoise } from './noise.ts';

test('is normally distributed', () => {
  const noise = normalNoise(100_000, 7);
  const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const variance = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
  const within = noise.filter((value) => Math.abs(value) < 1).length / noise.length;
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1, 1);
  expect(within).toBeCloseTo(0.683, 2);
});

test('depends on the seed alone', () => {
  expect(normalNoise(8, 5)).toEqual(normalNoise(16, 5).slice(0, 8));
  const seeds = [0, 1, 2, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 33 + 1, Number.MAX_SAFE_INTEGER];
  expect(new Set(seeds.map((seed) => normalNoise(4, seed).join())).size).toBe(seeds.length);
});
