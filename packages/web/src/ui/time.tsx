type Form = 'date' | 'time' | 'both';

const FORMS: Readonly<Record<Form, Intl.DateTimeFormatOptions>> = {
  date: { dateStyle: 'medium' },
  time: { timeStyle: 'short' },
  both: { dateStyle: 'medium', timeStyle: 'short' },
};

/** A moment in the reader's own zone; the tooltip has the zone and the moment in UTC. */
export function Time({ at, form = 'both' }: { at: string | number; form?: Form }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>unknown</span>;
  return (
    <time
      dateTime={date.toISOString()}
      title={`${zoneName()}; ${date.toISOString().replace('T', ' ').slice(0, 19)} UTC`}
      className="tabular-nums sm:whitespace-nowrap"
    >
      {unbroken(new Intl.DateTimeFormat('en-GB', FORMS[form]).format(date))}
    </time>
  );
}

/** A day that is named as `2026-11-20`, wherever the reader is. */
export function dayText(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return day;
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(date);
}

/** A narrow column may break it between day and time, and nowhere else. */
function unbroken(text: string): string {
  return text.replaceAll(/(?<!,) /g, '\u00a0');
}

/** `Europe/Berlin`: for the sentence under a table. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `3 min ago`, seen from a moment that is given so that a test can hold it. */
export function agoText(at: string, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(at)) / 1000));
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return `${days} ${days === 1 ? 'day' : 'days'} ago`;
}
