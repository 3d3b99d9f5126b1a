import { useState } from 'react';
import { Button } from './button.tsx';

export type Bar = {
  /** Under the bar and in the table: `20 Nov`. */
  label: string;
  /** One value of each series, in their order, not below 0. */
  values: readonly number[];
};

const HEIGHT = 160;
const SERIES_FILLS = ['fill-accent', 'fill-chart-2', 'fill-chart-3', 'fill-chart-4', 'fill-chart-5'];
const KEY_FILLS = ['bg-accent', 'bg-chart-2', 'bg-chart-3', 'bg-chart-4', 'bg-chart-5'];

/** Stacked bars, and the same numbers as a table: the picture is never the only carrier of a number. */
export function BarChart({
  label,
  series,
  bars,
  format,
}: {
  label: string;
  /** Names; one series needs none. */
  series: readonly string[];
  bars: readonly Bar[];
  format: (value: number) => string;
}) {
  const [asTable, setAsTable] = useState(false);
  const top = Math.max(...bars.map((bar) => sum(bar.values)), 0);
  const first = bars[0]?.label ?? '';
  const last = bars.at(-1)?.label ?? '';
  return (
    <figure className="grid min-w-0 gap-2" aria-label={label}>
      <div className="flex items-center justify-between gap-3">
        <figcaption className="text-[0.8125rem] text-soft">
          highest: <span className="text-ink tabular-nums">{format(top)}</span>
        </figcaption>
        <Button look="quiet" className="-mr-3" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          Table
        </Button>
      </div>
      {asTable ? null : <Picture bars={bars} top={top} series={series} format={format} />}
      {!asTable && (
        <div className="flex justify-between text-xs text-soft tabular-nums" aria-hidden="true">
          <span>{first}</span>
          <span>{last}</span>
        </div>
      )}
      {series.length > 1 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[0.8125rem]">
          {series.map((name, index) => (
            <li key={name} className="flex items-center gap-1.5">
              <span
                aria-hidden="true"
                className={`size-2.5 rounded-sm ${KEY_FILLS[index % KEY_FILLS.length]}`}
              />
              {name}
            </li>
          ))}
        </ul>
      )}
      <div className={asTable ? 'max-h-72 overflow-auto' : 'sr-only'}>
        <Numbers label={label} series={series} bars={bars} format={format} />
      </div>
    </figure>
  );
}

type PictureProps = {
  bars: readonly Bar[];
  top: number;
  series: readonly string[];
  format: (value: number) => string;
};

function Picture({ bars, top, series, format }: PictureProps) {
  const width = Math.max(bars.length, 1) * 10;
  const scale = top === 0 ? 0 : (HEIGHT - 4) / top;
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="h-40 w-full border-b border-edge/60"
    >
      {bars.map((bar, column) => {
        let y = HEIGHT;
        return (
          <g key={bar.label}>
            <title>{`${bar.label}: ${format(sum(bar.values))}`}</title>
            <rect x={column * 10} y={0} width={10} height={HEIGHT} fill="transparent" />
            {bar.values.map((value, index) => {
              const height = value === 0 ? 0 : Math.max(1.5, value * scale);
              y -= height;
              return (
                <rect
                  key={series[index] ?? index}
                  x={column * 10 + 1.5}
                  y={y}
                  width={7}
                  height={height}
                  className={SERIES_FILLS[index % SERIES_FILLS.length] ?? 'fill-accent'}
                />
              );
            })}
          </g>
        );
      })}
    </svg>
  );
}

function Numbers({ label, series, bars, format }: Omit<PictureProps, 'top'> & { label: string }) {
  return (
    <table className="w-full text-sm tabular-nums">
      <caption className="sr-only">{label}</caption>
      <thead>
        <tr className="text-left text-[0.8125rem] text-soft">
          <th scope="col" className="py-1 pr-4 font-medium">
            When
          </th>
          {series.map((name) => (
            <th key={name} scope="col" className="py-1 pr-4 text-right font-medium">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.label} className="border-t border-line">
            <th scope="row" className="py-1 pr-4 text-left font-normal">
              {bar.label}
            </th>
            {bar.values.map((value, index) => (
              <td key={series[index] ?? index} className="py-1 pr-4 text-right">
                {format(value)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
