const DAY_MS = 86_400_000;

/** The UTC day of a moment, as days since 1970. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** `2026-11-20`. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Reads `2026-11-20`. Undefined for every other spelling, and for days that no calendar has or that were before 1970. */
export function parseDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const timeMs = Date.parse(`${text}T00:00:00Z`);
  if (!Number.isFinite(timeMs)) return undefined;
  const day = dayOf(timeMs);
  return day >= 0 && dayText(day) === text ? day : undefined;
}
