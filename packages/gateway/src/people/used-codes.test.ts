import { expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createUsedCodes } from './used-codes.ts';

it('takes each code of a person once while it counts', () => {
  const clock = createVirtualClock();
  const codes = createUsedCodes(clock);
  expect(codes.use('ann', '123456')).toBe(true);
  clock.advance(60_000);
  expect(codes.use('ann', '654321')).toBe(true);
  expect(codes.use('ben', '123456')).toBe(true);
  clock.advance(29_999);
  expect(codes.use('ann', '123456')).toBe(false);
  expect(codes.use('ann', '654321')).toBe(false);
  // By now it is the code of another half minute.
  clock.advance(1);
  expect(codes.use('ann', '123456')).toBe(true);
  expect(codes.use('ann', '654321')).toBe(false);
});

it('forgets a code that was wrong', () => {
  const codes = createUsedCodes(createVirtualClock());
  expect(codes.use('ann', '123456')).toBe(true);
  codes.forget('ann', '123456');
  expect(codes.use('ann', '123456')).toBe(true);
});
