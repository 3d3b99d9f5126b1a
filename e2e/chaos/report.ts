import type { Exchange } from './clients.ts';
import type { ChaosReport } from './run.ts';

/** The figures of a run, as text. */
export function renderReport({ exchanges, troubles, failedTries, memoryMib, problems }: ChaosReport): string {
  const slowest = exchanges.reduce((most, { tookMs }) => Math.max(most, tookMs), 0);
  const ends = tally(
    exchanges,
    (exchange) =>
      `${exchange.question.model}, ${exchange.question.isStream ? 'stream' : 'whole reply'}: ${endOf(exchange)}`,
  );
  return [
    `${exchanges.length} requests, the slowest ${(slowest / 1_000).toFixed(1)} s; ${failedTries} tries failed`,
    `gateway ${memoryMib.before.toFixed(0)} MiB before, ${memoryMib.after.toFixed(0)} MiB after`,
    'troubles:',
    ...list(troubles, String),
    'ends:',
    ...list(ends, String),
    'shares:',
    ...list(tally(exchanges, endOf), (count) => `${((100 * count) / exchanges.length).toFixed(1)} %`),
    problems.length === 0 ? 'no problem' : `${problems.length} PROBLEMS:`,
    ...problems.slice(0, 50).map((problem) => `  ${problem}`),
  ].join('\n');
}

function endOf({ end, code }: Exchange): string {
  return code === undefined ? end : `${end} ${code}`;
}

function tally(exchanges: readonly Exchange[], nameOf: (exchange: Exchange) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const exchange of exchanges) counts.set(nameOf(exchange), (counts.get(nameOf(exchange)) ?? 0) + 1);
  return counts;
}

function list(counts: ReadonlyMap<string, number>, figure: (count: number) => string): string[] {
  return [...counts].map(([name, count]) => `${name.padEnd(56)} ${figure(count)}`).sort();
}
