import type { OperatorOverview } from '@switchyard/protocol/console/operator.ts';
import { useState } from 'react';
import { BarChart } from '../../ui/bar-chart.tsx';
import { rateText } from '../texts.ts';

type Sample = { atMs: number; perSecond: number };

/** Two minutes of answers, three seconds each. */
const SAMPLES_MAX = 40;
/** Fewer would be a few broad blocks. */
const SAMPLES_MIN = 10;

/** How many requests came while one looked. It is kept by the page only. */
export function Recent({ now, atMs }: { now: OperatorOverview | undefined; atMs: number }) {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const perSecond = now?.requestsPerSecond;
  // Each answer is noted once, in the drawing that it causes.
  if (perSecond !== undefined && samples.at(-1)?.atMs !== atMs) {
    setSamples([...samples, { atMs, perSecond }].slice(-SAMPLES_MAX));
  }
  if (samples.length < SAMPLES_MIN) {
    return <p className="text-sm text-soft">The picture begins after half a minute on this page.</p>;
  }
  return (
    <BarChart
      label="Requests per second"
      series={['Requests per second']}
      bars={samples.map((sample) => ({ label: timeText(sample.atMs), values: [sample.perSecond] }))}
      format={rateText}
    />
  );
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

function timeText(atMs: number): string {
  return CLOCK.format(atMs);
}
