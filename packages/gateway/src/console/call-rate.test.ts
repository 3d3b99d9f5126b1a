import { expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createCallRate } from './call-rate.ts';

it('lets a person ask 600 times in a minute, an address 300 times, and then evenly', () => {
  const clock = createVirtualClock();
  const rate = createCallRate(clock);
  const allowed = (caller: Parameters<typeof rate.refuse>[0], tries: number) =>
    Array.from({ length: tries }, () => rate.refuse(caller)).filter((refused) => refused === undefined)
      .length;
  expect(allowed({ personId: 'ann' }, 700)).toBe(600);
  expect(allowed({ network: '192.0.2.1' }, 400)).toBe(300);
  expect(allowed({ personId: 'ben' }, 1)).toBe(1);
  expect(rate.refuse({ personId: 'ann' })).toEqual({ retryAfterMs: 100 });
  clock.advance(1_000);
  expect(allowed({ personId: 'ann' }, 20)).toBe(10);
  clock.advance(60_000);
  expect(allowed({ personId: 'ann' }, 700)).toBe(600);
});

it('shares one count among callers that are too many to be told apart', () => {
  const rate = createCallRate(createVirtualClock());
  for (let index = 0; index < 10_000; index += 1) rate.refuse({ network: `n${index}` });
  for (let index = 0; index < 300; index += 1) rate.refuse({ network: `more${index}` });
  expect(rate.refuse({ network: 'one more' })).toBeDefined();
  expect(rate.refuse({ network: 'n9999' })).toBeUndefined();
  expect(rate.refuse({ personId: 'ann' })).toBeUndefined();
});
