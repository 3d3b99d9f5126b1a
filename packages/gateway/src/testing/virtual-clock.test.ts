import { expect, test } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';

test('runs timers in order of time, then of setting, and shows each its own time', () => {
  const clock = createVirtualClock(1_000);
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.monotonicMs()}/${clock.nowMs()}`);
  clock.after(20, note('late'));
  clock.after(10, note('first'));
  clock.after(10, note('second'));
  clock.advance(15);
  expect(seen).toEqual(['first@10/1010', 'second@10/1010']);
  clock.advance(5);
  expect(seen.at(-1)).toBe('late@20/1020');
  expect(clock.pendingTimers()).toBe(0);
});

test('repeats until cancelled, also from inside the task', () => {
  const clock = createVirtualClock();
  let runs = 0;
  const timer = clock.every(10, () => {
    runs += 1;
    if (runs === 3) timer.cancel();
  });
  clock.advance(100);
  expect(runs).toBe(3);
  expect(clock.pendingTimers()).toBe(0);
  expect(() => clock.every(0, () => undefined)).toThrow(RangeError);
});

test('a timer set by a task runs in the same advance when it falls due', () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  clock.after(5, () => clock.after(5, () => seen.push(clock.monotonicMs())));
  clock.advance(10);
  expect(seen).toEqual([10]);
});
