import { expect, test } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createAvailabilityHistory, startAvailabilityLooks } from './availability-history.ts';

const QUARTER_MS = 15 * 60_000;
const NOON = Date.UTC(2026, 10, 20, 12);
const UP = { available: true, slots: 4, busySlots: 1, waiting: 0 };
const DOWN = { available: false, slots: 0, busySlots: 0, waiting: 0 };

function setUp() {
  const clock = createVirtualClock(NOON);
  return { clock, history: createAvailabilityHistory(clock) };
}

test('nothing is known of what was never looked at', () => {
  expect(setUp().history.of('node_1')).toEqual([]);
});

test('a quarter of an hour sums up its looks', () => {
  const { history } = setUp();
  history.note('node_1', UP);
  history.note('node_1', { ...UP, busySlots: 3, waiting: 7 });
  history.note('node_1', { ...DOWN, waiting: 2 });
  history.note('node_1', DOWN);
  history.note('node_2', UP);
  expect(history.of('node_1')).toEqual([{ fromMs: NOON, available: 0.5, busy: 0.5, waitingMax: 7 }]);
  expect(history.of('node_2')).toEqual([{ fromMs: NOON, available: 1, busy: 0.25, waitingMax: 0 }]);
});

test('24 hours are kept, gaps stay gaps, and what is older goes', () => {
  const { clock, history } = setUp();
  for (const quarters of [0, 1, 94]) {
    history.note('m', UP);
    clock.advance(quarters * QUARTER_MS);
  }
  // Quarters 0 and 1 were looked at; now it is quarter 95, then 96 and 97.
  expect(history.of('m').map(({ fromMs }) => (fromMs - NOON) / QUARTER_MS)).toEqual([0, 1]);
  clock.advance(QUARTER_MS);
  history.note('m', DOWN);
  expect(history.of('m').map(({ fromMs, available }) => [(fromMs - NOON) / QUARTER_MS, available])).toEqual([
    [1, 1],
    [96, 0],
  ]);
  clock.advance(QUARTER_MS);
  expect(history.of('m')).toHaveLength(1);
});

test('a bucket that comes around again begins with nothing', () => {
  const { clock, history } = setUp();
  history.note('m', { ...UP, waiting: 9 });
  clock.advance(96 * QUARTER_MS);
  history.note('m', DOWN);
  expect(history.of('m')).toEqual([{ fromMs: NOON + 96 * QUARTER_MS, available: 0, busy: 0, waitingMax: 0 }]);
});

test('what was not looked at for a day is forgotten', () => {
  const { clock, history } = setUp();
  history.note('gone', UP);
  clock.advance(200 * QUARTER_MS);
  history.note('there', UP);
  expect(history.of('gone')).toEqual([]);
});

test('large numbers stay large numbers', () => {
  const { history } = setUp();
  history.note('m', { available: true, slots: 1, busySlots: 1, waiting: 1e9 });
  for (let look = 0; look < 20; look += 1) history.note('m', { ...UP, waiting: 1e9 });
  expect(history.of('m')).toMatchObject([{ available: 1, waitingMax: 65_535 }]);
});

test('says since when it is as it is', () => {
  const { clock, history } = setUp();
  expect(history.now('m')).toBeUndefined();
  for (const sample of [DOWN, UP, UP, UP]) {
    history.note('m', sample);
    clock.advance(60_000);
  }
  expect(history.now('m')).toEqual({ available: true, sinceMs: NOON + 60_000 });
  history.note('m', DOWN);
  expect(history.now('m')).toEqual({ available: false, sinceMs: NOON + 240_000 });
});

test('a gateway that has just begun knows nothing, instead of calling everything absent', () => {
  const { clock, history } = setUp();
  const timer = startAvailabilityLooks(clock, history, () => [['one', DOWN]]);
  clock.advance(59_999);
  expect([history.of('one'), history.now('one')]).toEqual([[], undefined]);
  clock.advance(1);
  expect(history.of('one')).toMatchObject([{ available: 0 }]);
  timer.cancel();
});

test('everything is looked at once a minute, also what is new', () => {
  const { clock, history } = setUp();
  const subjects: [string, typeof UP][] = [['one', UP]];
  const timer = startAvailabilityLooks(clock, history, () => subjects);
  clock.advance(60_000);
  subjects.push(['two', DOWN]);
  expect(history.of('one')).toHaveLength(1);
  clock.advance(60_000);
  expect(history.of('two')).toMatchObject([{ available: 0 }]);
  clock.advance(QUARTER_MS);
  expect(history.of('one')).toHaveLength(2);
  timer.cancel();
  expect(clock.pendingTimers()).toBe(0);
});
