import { expect, it } from 'vitest';
import { moveInGrid } from './grid-keys.ts';

it.each([
  ['ArrowRight', 0, 1],
  ['ArrowRight', 6, undefined],
  ['ArrowLeft', 0, undefined],
  ['ArrowDown', 1, 4],
  ['ArrowDown', 5, undefined],
  ['ArrowUp', 4, 1],
  ['ArrowUp', 2, undefined],
  ['Home', 5, 0],
  ['End', 0, 6],
  ['End', 6, undefined],
  ['a', 0, undefined],
])('%s at %d of 7 in 3 columns leads to %s', (key, at, next) => {
  expect(moveInGrid(key, { at, count: 7, columns: 3 })).toBe(next);
});
