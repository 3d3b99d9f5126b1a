import { describe, expect, it } from 'vitest';
import { calendarOfDay, createCalendarOfNow, firstCountedDay } from './spend-windows.ts';

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000;

describe('the calendar', () => {
  it('starts weeks on Mondays and months on their first day', () => {
    const sunday = calendarOfDay(dayOf('2026-11-22'));
    const monday = calendarOfDay(dayOf('2026-11-23'));
    expect(monday.week).toBe(sunday.week + 1);
    expect(monday.month).toBe(sunday.month);
    expect(calendarOfDay(dayOf('2026-12-01')).month).toBe(monday.month + 1);
    expect(calendarOfDay(dayOf('2027-01-01')).month).toBe(monday.month + 2);
  });

  it.each([
    ['2026-11-20', '2026-11-01'],
    ['2026-11-01', '2026-10-26'],
    ['2026-12-02', '2026-11-30'],
    ['2026-06-01', '2026-06-01'],
  ])('on %s counts spending from %s on', (today, first) => {
    expect(firstCountedDay(calendarOfDay(dayOf(today)))).toBe(dayOf(first));
  });

  it('keeps the new day when the clock steps back over midnight, but follows it when it was far off', () => {
    const calendarOfNow = createCalendarOfNow();
    const midnight = Date.parse('2026-11-20T00:00:00Z');
    expect(calendarOfNow(midnight).day).toBe(dayOf('2026-11-20'));
    expect(calendarOfNow(midnight - 1).day).toBe(dayOf('2026-11-20'));
    expect(calendarOfNow(midnight - 90_000_000).day).toBe(dayOf('2026-11-18'));
  });
});
