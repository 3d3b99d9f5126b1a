import type { UsageAnswer, UsageBucket } from '@switchyard/protocol/console/usage.ts';
import type { Bar } from '../../ui/bar-chart.tsx';

export type Measure = 'spend' | 'requests' | 'tokens';

const HOUR_MS = 3_600_000;
/** More groups than colours are one: `others`. */
const GROUPS_MAX = 5;

/** `2026-11-20` of a moment, in UTC. */
export function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** All buckets of the range with a bar each, also those without requests, and the names of the stacked groups. */
export function usageSeries(answer: UsageAnswer, measure: Measure): { series: string[]; bars: Bar[] } {
  const nameOf = (row: UsageBucket) => row.groupName ?? row.group ?? '';
  const totals = new Map<string, number>();
  for (const row of answer.rows) {
    totals.set(nameOf(row), (totals.get(nameOf(row)) ?? 0) + valueOf(row, measure));
  }
  const ranked = [...totals].toSorted((a, b) => b[1] - a[1]).map(([name]) => name);
  const shown = ranked.length > GROUPS_MAX ? [...ranked.slice(0, GROUPS_MAX - 1), 'others'] : ranked;
  const column = (row: UsageBucket) => {
    const index = shown.indexOf(nameOf(row));
    return index === -1 ? shown.length - 1 : index;
  };
  const byBucket = Map.groupBy(answer.rows, (row) => Date.parse(row.at));
  const bars = bucketsOf(answer).map((at): Bar => {
    const values = shown.map(() => 0);
    for (const row of byBucket.get(at) ?? []) {
      const index = column(row);
      values[index] = (values[index] ?? 0) + valueOf(row, measure);
    }
    return { label: bucketLabel(at, answer.bucket), values: values.length === 0 ? [0] : values };
  });
  return { series: answer.by === null || shown.length === 0 ? ['All'] : shown, bars };
}

function bucketsOf({ from, to, bucket }: UsageAnswer): number[] {
  const step = bucket === 'hour' ? HOUR_MS : 24 * HOUR_MS;
  const end = Date.parse(to) + 24 * HOUR_MS;
  const buckets: number[] = [];
  for (let at = Date.parse(from); at < end; at += step) buckets.push(at);
  return buckets;
}

function bucketLabel(at: number, bucket: 'hour' | 'day'): string {
  const date = new Date(at);
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
  return bucket === 'day' ? day : `${day} ${String(date.getUTCHours()).padStart(2, '0')}:00`;
}

function valueOf(row: UsageBucket, measure: Measure): number {
  if (measure === 'spend') return row.chargedMicros;
  return measure === 'requests' ? row.requests : row.total_tokens;
}
