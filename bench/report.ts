import { sumFailures } from './load.ts';
import { median } from './measure.ts';
import type { Figures } from './scenarios.ts';

/** The figures of one scenario and target, the middle one of all rounds. */
export type Row = { scenario: string; target: string; figures: Figures };

const direct = 'direct';
const yardstick = 'nginx';
/** The gateway's HTTP libraries and nothing else. */
const floor = 'relay';
/** The same, with a row on the disk before each reply's end. */
const durableFloor = 'durable';
/** Its bytes are handed on, the other dialects' are translated. */
const sameDialect = 'chat';

type Column = { title: string; cell(row: Row, rows: readonly Row[]): string };

const columns: readonly Column[] = [
  { title: 'target', cell: (row) => row.target },
  { title: 'per s', cell: ({ figures }) => figures.perSecond.toFixed(0) },
  { title: 'CPU µs', cell: ({ figures }) => fixed(figures.cpuMicrosEach, 1) },
  { title: 'x nginx', cell: (row, rows) => fixed(cpuRatio(row, rows, yardstick), 2) },
  { title: 'x relay', cell: (row, rows) => fixed(cpuRatio(row, rows, floor), 2) },
  { title: 'x durable', cell: (row, rows) => fixed(cpuRatio(row, rows, durableFloor), 2) },
  { title: 'x chat', cell: (row, rows) => fixed(cpuRatio(row, rows, sameDialect), 2) },
  { title: 'core %', cell: ({ figures }) => fixed(percent(figures.coreShare), 0) },
  { title: 'p50 ms', cell: ({ figures }) => fixed(figures.p50Ms, 2) },
  { title: 'p99 ms', cell: ({ figures }) => fixed(figures.p99Ms, 2) },
  {
    title: 'added p50',
    cell: (row, rows) =>
      fixed(
        added(row, rows, ({ p50Ms }) => p50Ms),
        2,
      ),
  },
  {
    title: 'added p99',
    cell: (row, rows) =>
      fixed(
        added(row, rows, ({ p99Ms }) => p99Ms),
        2,
      ),
  },
  { title: 'least CPU', cell: ({ figures }) => fixed(figures.least?.cpuMicrosEach, 1) },
  {
    title: 'least added p99',
    cell: (row, rows) =>
      fixed(
        added(row, rows, ({ least }) => least?.p99Ms),
        2,
      ),
  },
  { title: 'KiB/stream', cell: ({ figures }) => fixed(figures.kibPerStream, 1) },
  { title: 'failures', cell: ({ figures }) => failures(figures.failures) },
];

/**
 * One table: a line per scenario and target. Ratios and added latency compare within this run. Columns without any figure
 * are left out.
 */
export function renderTable(rows: readonly Row[]): string {
  const shown = columns.filter(({ cell }) => rows.some((row) => cell(row, rows) !== ''));
  const widths = shown.map(({ title, cell }) =>
    Math.max(title.length, ...rows.map((row) => cell(row, rows).length)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((text, index) => (index === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[index] ?? 0))).join('  ')}`.trimEnd();
  const lines = [line(shown.map(({ title }) => title))];
  let scenario = '';
  for (const row of rows) {
    if (row.scenario !== scenario) lines.push(row.scenario);
    scenario = row.scenario;
    lines.push(line(shown.map(({ cell }) => cell(row, rows))));
  }
  return lines.join('\n');
}

/**
 * The middle of each figure over the rounds, and the least of CPU and p99 beside it. Failures are added up. Of memory it is
 * the largest: later rounds use again what the first one took.
 */
export function combineRounds(rounds: readonly Figures[]): Figures {
  const combined: Figures = { perSecond: 0, failures: sumFailures(rounds.map(({ failures }) => failures)) };
  for (const name of ['perSecond', 'cpuMicrosEach', 'coreShare', 'p50Ms', 'p99Ms'] as const) {
    const values = rounds.flatMap((round) => round[name] ?? []);
    if (values.length > 0) combined[name] = median(values);
  }
  if (rounds.length > 1) {
    combined.least = {};
    for (const name of ['cpuMicrosEach', 'p99Ms'] as const) {
      const values = rounds.flatMap((round) => round[name] ?? []);
      if (values.length > 0) combined.least[name] = Math.min(...values);
    }
  }
  const growth = rounds.flatMap((round) => round.kibPerStream ?? []);
  if (growth.length > 0) combined.kibPerStream = Math.max(...growth);
  return combined;
}

function cpuRatio(row: Row, rows: readonly Row[], to: string): number | undefined {
  const base = peer(row, rows, to)?.cpuMicrosEach;
  if (base === undefined || row.figures.cpuMicrosEach === undefined) return undefined;
  return row.figures.cpuMicrosEach / base;
}

/** What a latency is above the same one of the direct way. */
function added(
  row: Row,
  rows: readonly Row[],
  latencyOf: (figures: Figures) => number | undefined,
): number | undefined {
  const base = peer(row, rows, direct);
  if (base === undefined || row.target === direct) return undefined;
  const [ownMs, baseMs] = [latencyOf(row.figures), latencyOf(base)];
  return ownMs === undefined || baseMs === undefined ? undefined : ownMs - baseMs;
}

function peer(row: Row, rows: readonly Row[], target: string): Figures | undefined {
  return rows.find((other) => other.scenario === row.scenario && other.target === target)?.figures;
}

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : share * 100;
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? '' : value.toFixed(digits);
}

function failures(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`);
  return parts.length === 0 ? '0' : parts.join(', ');
}
