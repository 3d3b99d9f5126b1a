import { expect, it } from 'vitest';
import { spendWindowEndMs, type SpendWindow } from './spend-window.ts';

const rows: [now: string, window: SpendWindow, end: string][] = [
  ['2026-11-20T12:00:00Z', 'day', '2026-11-21T00:00:00Z'],
  ['2026-11-20T00:00:00Z', 'day', '2026-11-21T00:00:00Z'],
  ['2026-11-20T23:59:59.999Z', 'day', '2026-11-21T00:00:00Z'],
  ['2026-11-20T12:00:00Z', 'week', '2026-11-23T00:00:00Z'],
  ['2026-11-22T23:59:59Z', 'week', '2026-11-23T00:00:00Z'],
  ['2026-11-23T00:00:00Z', 'week', '2026-11-30T00:00:00Z'],
  ['1970-01-01T00:00:00Z', 'week', '1970-01-05T00:00:00Z'],
  ['2026-11-20T12:00:00Z', 'month', '2026-12-01T00:00:00Z'],
  ['2026-12-31T23:59:59Z', 'month', '2027-01-01T00:00:00Z'],
  ['2028-02-29T01:00:00Z', 'month', '2028-03-01T00:00:00Z'],
];

it.each(rows)('at %s the %s ends at %s', (now, window, end) => {
  expect(new Date(spendWindowEndMs(window, Date.parse(now))).toISOString()).toBe(new Date(end).toISOString());
});
