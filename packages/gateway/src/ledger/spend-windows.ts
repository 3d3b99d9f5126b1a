import { type Micros, ZERO_MICROS, addMicros, micros, subtractMicros } from '../core/money.ts';
import type { SpendLimits } from './ledger.ts';

const DAY_MS = 86_400_000;

/** Days since 1970-01-01 UTC, ISO weeks (Monday to Sunday) and months, each as a running number. */
export type Calendar = { day: number; week: number; month: number };

/** What a key spent on one UTC day. */
export type KeySpendRow = { keyId: string; day: number; amountMicros: Micros };

/** The running sums of one key. A sum counts only while its window is the current one. */
export type KeySpend = Calendar & {
  readonly keyId: string;
  dayMicros: Micros;
  weekMicros: Micros;
  monthMicros: Micros;
  /** Reserved by running requests. Counts in every window. */
  heldMicros: Micros;
};

export function calendarOfDay(day: number): Calendar {
  const date = new Date(day * DAY_MS);
  // 1970-01-01 was a Thursday: three days more make weeks start on Mondays.
  return { day, week: Math.floor((day + 3) / 7), month: date.getUTCFullYear() * 12 + date.getUTCMonth() };
}

/** The first day whose spending still counts in a window of the given day. */
export function firstCountedDay(today: Calendar): number {
  const monday = today.week * 7 - 3;
  const date = new Date(today.day * DAY_MS);
  return Math.min(monday, today.day - (date.getUTCDate() - 1));
}

/**
 * Tells the calendar of now. It is worked out once a day. A clock that steps back over midnight keeps the later day, or
 * the new day's sums would be forgotten; one that steps back further was wrong before and is followed.
 */
export function createCalendarOfNow(): (nowMs: number) => Calendar {
  let current = calendarOfDay(0);
  return (nowMs) => {
    const day = Math.floor(nowMs / DAY_MS);
    if (day !== current.day && day !== current.day - 1) current = calendarOfDay(day);
    return current;
  };
}

export function emptyKeySpend(keyId: string, today: Calendar): KeySpend {
  return {
    keyId,
    ...today,
    dayMicros: ZERO_MICROS,
    weekMicros: ZERO_MICROS,
    monthMicros: ZERO_MICROS,
    heldMicros: ZERO_MICROS,
  };
}

/** Forgets the sums of windows that are over. To be called before each use. */
export function rollKeySpend(key: KeySpend, today: Calendar): void {
  if (key.day === today.day) return;
  key.dayMicros = ZERO_MICROS;
  if (key.week !== today.week) key.weekMicros = ZERO_MICROS;
  if (key.month !== today.month) key.monthMicros = ZERO_MICROS;
  key.day = today.day;
  key.week = today.week;
  key.month = today.month;
}

/** Adds what was spent on a day to the windows that hold that day. */
export function addKeySpend(key: KeySpend, on: Calendar, amountMicros: Micros): void {
  if (key.day === on.day) key.dayMicros = addMicros(key.dayMicros, amountMicros);
  if (key.week === on.week) key.weekMicros = addMicros(key.weekMicros, amountMicros);
  if (key.month === on.month) key.monthMicros = addMicros(key.monthMicros, amountMicros);
}

export function holdKeySpend(key: KeySpend, amountMicros: Micros): void {
  key.heldMicros = addMicros(key.heldMicros, amountMicros);
}

export function unholdKeySpend(key: KeySpend, amountMicros: Micros): void {
  key.heldMicros = subtractMicros(key.heldMicros, amountMicros);
}

/** Whether a further amount keeps every limit, with all that is held counted as spent. */
export function fitsLimits(key: KeySpend, limits: SpendLimits, amountMicros: Micros): boolean {
  const more = micros(key.heldMicros + amountMicros);
  return (
    (limits.dayMicros === undefined || key.dayMicros + more <= limits.dayMicros) &&
    (limits.weekMicros === undefined || key.weekMicros + more <= limits.weekMicros) &&
    (limits.monthMicros === undefined || key.monthMicros + more <= limits.monthMicros)
  );
}
