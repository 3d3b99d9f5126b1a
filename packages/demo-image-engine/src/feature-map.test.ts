import { expect, test } from 'vitest';
import { addMap, halveMap, joinChannels, unfoldChannels, type FeatureMap } from './feature-map.ts';

const map = (height: number, width: number, channels: number, numbers: number[]): FeatureMap => ({
  height,
  width,
  channels,
  data: Float32Array.from(numbers),
});

test('joins the channels of each place', () => {
  expect(joinChannels(map(1, 2, 1, [1, 2]), map(1, 2, 2, [3, 4, 5, 6]))).toEqual(
    map(1, 2, 3, [1, 3, 4, 2, 5, 6]),
  );
});

test('keeps every second place of every second row', () => {
  const numbers = Array.from({ length: 16 }, (_, i) => i);
  expect(halveMap(map(2, 4, 2, numbers))).toEqual(map(1, 2, 2, [0, 1, 4, 5]));
});

test('unfolds four channels into a square', () => {
  expect(unfoldChannels(map(1, 2, 4, [0, 1, 2, 3, 4, 5, 6, 7]))).toEqual(
    map(2, 4, 1, [0, 1, 4, 5, 2, 3, 6, 7]),
  );
  expect(unfoldChannels(map(1, 1, 8, [0, 1, 2, 3, 4, 5, 6, 7]))).toEqual(
    map(2, 2, 2, [0, 4, 1, 5, 2, 6, 3, 7]),
  );
});

test('adds', () => {
  const target = map(1, 1, 2, [1, 2]);
  addMap(target, map(1, 1, 2, [10, 20]));
  expect([...target.data]).toEqual([11, 22]);
});
