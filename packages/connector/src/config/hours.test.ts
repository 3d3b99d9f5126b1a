import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWithin, parseHours } from './hours.ts';

const at = (time: string): Date => {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return new Date(2026, 10, 21, hour, minute, 59);
};

test.each([
  ['22:00-07:00', ['22:00', '23:59', '0:00', '6:59'], ['7:00', '12:00', '21:59']],
  ['9:30 - 17:00', ['9:30', '16:59'], ['9:29', '17:00', '0:00']],
  ['00:00-24:00', ['0:00', '12:00', '23:59'], []],
  ['18:00-24:00', ['18:00', '23:59'], ['0:00', '17:59']],
  ['23:00-0:30', ['23:00', '0:29'], ['0:30', '22:59']],
])('%s', (text, inside, outside) => {
  const hours = parseHours(text);
  if (hours === undefined) throw new Error('not read');
  for (const time of inside) expect(isWithin(hours, at(time)), time).toBe(true);
  for (const time of outside) expect(isWithin(hours, at(time)), time).toBe(false);
});

test.each([
  '',
  '22-7',
  '22:00',
  '24:00-07:00',
  '22:60-07:00',
  '07:00-24:30',
  '25:00-1:00',
  '7:00-7:00',
  'night',
])('%j is refused', (text) => {
  expect(parseHours(text)).toBeUndefined();
});

test('hours and the hours between them share a day without a gap', () => {
  const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
  fc.assert(
    fc.property(minute, minute, minute, (fromMinute, untilMinute, now) => {
      fc.pre(fromMinute !== untilMinute);
      const moment = new Date(2026, 10, 21, Math.floor(now / 60), now % 60);
      const inside = isWithin({ fromMinute, untilMinute }, moment);
      expect(isWithin({ fromMinute: untilMinute, untilMinute: fromMinute }, moment)).toBe(!inside);
    }),
  );
});
