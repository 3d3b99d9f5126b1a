import { getHeapSpaceStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { garbageCollector } from '../testing/collect-garbage.ts';
import { collectStartGarbage } from './start-garbage.ts';

const MIB = 2 ** 20;

test('the young heap that a start has made large is small again', () => {
  const collect = garbageCollector();
  const kept: object[] = [];
  for (let count = 0; count < 1_000_000; count += 1) kept.push({ count });
  const before = youngHeapBytes();

  collectStartGarbage(collect);

  expect(kept.length).toBe(1_000_000);
  expect(before).toBeGreaterThan(8 * MIB);
  expect(youngHeapBytes()).toBeLessThan(4 * MIB);
});

function youngHeapBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
