import { expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createFirstContent } from './first-content.ts';

const answer = (firstPartMs: number, change: object = {}) => ({
  modelId: 'm',
  streamed: true,
  firstPartMs,
  ...change,
});
const open = (clock = createVirtualClock()) => createFirstContent(clock, (id) => id !== 'own');

it('is the median of what streamed and had content, and nothing while there are few', () => {
  const first = open();
  for (const ms of [900, 100, 300, 200]) first.ended(answer(ms));
  first.ended(answer(1, { streamed: false }));
  first.ended(answer(-1));
  expect(first.medianMs('m')).toBeUndefined();
  first.ended(answer(5_000));
  expect(first.medianMs('m')).toBe(300);
  expect(first.medianMs('other')).toBeUndefined();
});

it('forgets what is older than a day, and all but the newest 64', () => {
  const clock = createVirtualClock();
  const first = open(clock);
  for (let index = 0; index < 64; index += 1) first.ended(answer(10));
  for (let index = 0; index < 33; index += 1) first.ended(answer(70));
  expect(first.medianMs('m')).toBe(70);
  clock.advance(86_400_000);
  expect(first.medianMs('m')).toBeUndefined();
});

it('keeps nothing of models that are not of the catalogue', () => {
  const first = open();
  for (let index = 0; index < 9; index += 1) first.ended(answer(10, { modelId: 'own' }));
  expect(first.medianMs('own')).toBeUndefined();
});
