/** A part of each day, in minutes since midnight. It goes over midnight when its end is not after its beginning. */
export type Hours = { fromMinute: number; untilMinute: number };

const DAY_MINUTES = 24 * 60;

/** Reads `22:00-07:00`. Undefined: it is none, or says nothing (both times are the same). */
export function parseHours(text: string): Hours | undefined {
  const match = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/u.exec(text.trim());
  if (match === null) return undefined;
  const [fromHour = 0, fromMinutes = 0, untilHour = 0, untilMinutes = 0] = match.slice(1).map(Number);
  const fromMinute = fromHour * 60 + fromMinutes;
  const untilMinute = untilHour * 60 + untilMinutes;
  const areMinutes = fromMinutes < 60 && untilMinutes < 60;
  if (!areMinutes || fromMinute >= DAY_MINUTES || untilMinute > DAY_MINUTES) return undefined;
  return fromMinute === untilMinute ? undefined : { fromMinute, untilMinute };
}

/** Whether a moment, by the clock of this machine, lies in the hours. Their end does not belong to them. */
export function isWithin({ fromMinute, untilMinute }: Hours, moment: Date): boolean {
  const minute = moment.getHours() * 60 + moment.getMinutes();
  return fromMinute < untilMinute
    ? minute >= fromMinute && minute < untilMinute
    : minute >= fromMinute || minute < untilMinute;
}
