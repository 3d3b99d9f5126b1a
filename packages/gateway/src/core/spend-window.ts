/** The windows of a key's spend limit: UTC day, ISO week (from Monday), calendar month. */
export type SpendWindow = 'day' | 'week' | 'month';

const DAY_MS = 86_400_000;

/** When the window that holds `nowMs` ends and its spending counts from 0 again, in milliseconds since 1970. */
export function spendWindowEndMs(window: SpendWindow, nowMs: number): number {
  const day = Math.floor(nowMs / DAY_MS);
  switch (window) {
    case 'day':
      return (day + 1) * DAY_MS;
    case 'week': {
      // 1970-01-01 was a Thursday: day 4 was the first Monday.
      const sinceMonday = (((day - 4) % 7) + 7) % 7;
      return (day - sinceMonday + 7) * DAY_MS;
    }
    case 'month': {
      const date = new Date(nowMs);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    }
  }
}
