import { expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createBlockCount } from './block-count.ts';

const HOUR_MS = 3_600_000;

function setUp(suspendAfter: number) {
  const clock = createVirtualClock();
  const suspended: string[] = [];
  const count = createBlockCount({ clock, suspendAfter, suspend: (id) => void suspended.push(id) });
  return { clock, count, suspended };
}

it('suspends an account at its third block within a day, and no other', () => {
  const { clock, count, suspended } = setUp(3);
  for (const account of ['a', 'b', 'a', 'c', 'b']) {
    count.blocked(account);
    clock.advance(HOUR_MS);
  }
  expect(suspended).toEqual([]);
  count.blocked('a');
  expect(suspended).toEqual(['a']);
});

it('forgets blocks after a day', () => {
  const { clock, count, suspended } = setUp(2);
  count.blocked('a');
  clock.advance(24 * HOUR_MS);
  count.blocked('a');
  expect(suspended).toEqual([]);
  clock.advance(24 * HOUR_MS - 1);
  count.blocked('a');
  expect(suspended).toEqual(['a']);
});

it('begins anew after a suspension, so that an account that was let in again gets its chances', () => {
  const { count, suspended } = setUp(2);
  for (let time = 0; time < 3; time += 1) count.blocked('a');
  expect(suspended).toEqual(['a']);
  count.blocked('a');
  expect(suspended).toEqual(['a', 'a']);
});

it('suspends nobody when it is off', () => {
  const { count, suspended } = setUp(0);
  for (let time = 0; time < 100; time += 1) count.blocked('a');
  expect(suspended).toEqual([]);
});

it('counts all blocks by day, also where none suspends, and keeps thirty days', () => {
  const { clock, count } = setUp(0);
  count.blocked('a');
  count.blocked('b');
  const [first] = count.perDay();
  expect(first?.blocks).toBe(2);
  for (let day = 0; day < 40; day += 1) {
    clock.advance(24 * HOUR_MS);
    count.blocked('a');
  }
  expect(count.perDay()).toHaveLength(30);
  expect(count.perDay()[0]?.day).toBe(new Date(clock.nowMs()).toISOString().slice(0, 10));
});
