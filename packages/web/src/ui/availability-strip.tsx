import type { Availability24h } from '@switchyard/protocol/console/common.ts';
import { classes } from './classes.ts';

const QUARTERS = 96;
const QUARTER_MS = 900_000;

/** The last 24 hours as a strip, and the share in words beside it. */
export function AvailabilityStrip({ history, nowMs }: { history: Availability24h | null; nowMs: number }) {
  if (history === null || history.available === null)
    return <span className="text-sm text-soft">no data yet</span>;
  const begin = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS - (QUARTERS - 1) * QUARTER_MS;
  const known = new Map(history.quarters.map((quarter) => [Date.parse(quarter.from), quarter.available]));
  const percent = `${(history.available * 100).toFixed(history.available === 1 ? 0 : 1)} %`;
  return (
    <div className="grid gap-1">
      <svg
        role="img"
        aria-label={`Available ${percent} of the last 24 hours`}
        viewBox={`0 0 ${QUARTERS} 10`}
        preserveAspectRatio="none"
        className="h-5 w-full max-w-64 overflow-hidden rounded"
      >
        {Array.from({ length: QUARTERS }, (_, index) => (
          <rect
            key={index}
            x={index}
            y={0}
            width={0.8}
            height={10}
            className={fillOf(known.get(begin + index * QUARTER_MS))}
          />
        ))}
      </svg>
      <span className="text-xs text-soft tabular-nums">{percent} of 24 h</span>
    </div>
  );
}

function fillOf(available: number | undefined): string {
  if (available === undefined) return 'fill-line';
  return classes(available >= 0.99 ? 'fill-good' : available > 0.5 ? 'fill-warn' : 'fill-bad');
}
