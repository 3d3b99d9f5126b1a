import { expect, test } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createTryBudget } from './try-budget.ts';

test('so many tries and no more', () => {
  const budget = createTryBudget({ attempts: 3, budgetMs: 1_000 }, createVirtualClock());
  expect([budget.take(), budget.take(), budget.allows(0), budget.take()]).toEqual([true, true, true, true]);
  expect([budget.allows(0), budget.take()]).toEqual([false, false]);
});

test('the time begins with the first try, and a pause counts', () => {
  const clock = createVirtualClock();
  const budget = createTryBudget({ attempts: 9, budgetMs: 1_000 }, clock);
  clock.advance(5_000);
  expect(budget.take()).toBe(true);
  clock.advance(600);
  expect([budget.allows(400), budget.allows(401)]).toEqual([true, false]);
  clock.advance(400);
  expect(budget.take()).toBe(true);
  clock.advance(1);
  expect([budget.allows(0), budget.take()]).toEqual([false, false]);
});

test('without any time there is still the first try', () => {
  const clock = createVirtualClock();
  const budget = createTryBudget({ attempts: 2, budgetMs: 0 }, clock);
  expect(budget.take()).toBe(true);
  clock.advance(1);
  expect(budget.take()).toBe(false);
});
