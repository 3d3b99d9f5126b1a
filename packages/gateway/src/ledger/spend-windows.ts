import { type Micros, ZERO_MICROS, addMicros, micros, subtractMicros } from '../core/money.ts';
import type { SpendLimits, SpendSoFar } from './ledger.ts';

const DAY_MS = 86_400_000;

/** Days since 1970-01-01 UTC, ISO weeks (Monday to Sunday) and months, each as a running number. */
export type Calendar = { day: number; week: number; month: number };

/** What a key spent on one UTC day. */
export type KeySpendRow = { keyId: string; day: number; amountMicros: Micros };

/** The running sums of one key, or of all keys of a spender. A sum counts only while its window is the current one. */
export type KeySpend = Calendar & {
  /** Of the key or the spender. */
  readonly id: string;
  dayMicros: Micros;
  weekMicros: Micros;
  monthMicros: Micros;
  /** Reserved by running requests. Counts in every window. */
  heldMicros: Micros;
  /** Sums of several keys in which those of this one are contained: what is done to one is done to both. */
  shared: KeySpend | undefined;
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

export function emptyKeySpend(id: string, today: Calendar): KeySpend {
  return {
    id,
    ...today,
    dayMicros: ZERO_MICROS,
    weekMicros: ZERO_MICROS,
    monthMicros: ZERO_MICROS,
    heldMicros: ZERO_MICROS,
    shared: undefined,
  };
}

/** Forgets the sums of windows that are over. To be called before each use. */
export function rollKeySpend(key: KeySpend, today: Calendar): void {
  if (key.shared !== undefined) rollKeySpend(key.shared, today);
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
  if (key.shared !== undefined) addKeySpend(key.shared, on, amountMicros);
  if (key.day === on.day) key.dayMicros = addMicros(key.dayMicros, amountMicros);
  if (key.week === on.week) key.weekMicros = addMicros(key.weekMicros, amountMicros);
  if (key.month === on.month) key.monthMicros = addMicros(key.monthMicros, amountMicros);
}

export function holdKeySpend(key: KeySpend, amountMicros: Micros): void {
  key.heldMicros = addMicros(key.heldMicros, amountMicros);
  if (key.shared !== undefined) holdKeySpend(key.shared, amountMicros);
}

export function unholdKeySpend(key: KeySpend, amountMicros: Micros): void {
  key.heldMicros = subtractMicros(key.heldMicros, amountMicros);
  if (key.shared !== undefined) unholdKeySpend(key.shared, amountMicros);
}

/**
 * From now on the sums of the key count in `shared`, too, with all that it has spent and holds. Both must be rolled to
 * the same day. A key that is in it already is left alone.
 */
export function shareKeySpend(key: KeySpend, shared: KeySpend): void {
  if (key.shared === shared) return;
  shared.dayMicros = addMicros(shared.dayMicros, key.dayMicros);
  shared.weekMicros = addMicros(shared.weekMicros, key.weekMicros);
  shared.monthMicros = addMicros(shared.monthMicros, key.monthMicros);
  shared.heldMicros = addMicros(shared.heldMicros, key.heldMicros);
  key.shared = shared;
}

/** What counts against limits now: spent and held. */
export function countedSpend(key: KeySpend): SpendSoFar {
  return {
    dayMicros: addMicros(key.dayMicros, key.heldMicros),
    weekMicros: addMicros(key.weekMicros, key.heldMicros),
    monthMicros: addMicros(key.monthMicros, key.heldMicros),
  };
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
