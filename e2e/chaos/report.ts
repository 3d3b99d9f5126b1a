import type { ChaosReport } from './run.ts';

/** The figures of a run, as text. */
export function renderReport({ exchanges, troubles, failedTries, memoryMib, problems }: ChaosReport): string {
  const tally = new Map<string, number>();
  for (const { end, code, question } of exchanges) {
    const name = `${question.model}, ${question.isStream ? 'stream' : 'whole reply'}: ${end}${code === undefined ? '' : ` ${code}`}`;
    tally.set(name, (tally.get(name) ?? 0) + 1);
  }
  const slowest = exchanges.reduce((most, { tookMs }) => Math.max(most, tookMs), 0);
  const list = (counts: ReadonlyMap<string, number>): string[] =>
    [...counts].map(([name, count]) => `${name.padEnd(56)} ${count}`).sort();
  return [
    `${exchanges.length} requests, the slowest ${(slowest / 1_000).toFixed(1)} s; ${failedTries} tries failed`,
    `gateway ${memoryMib.before.toFixed(0)} MiB before, ${memoryMib.after.toFixed(0)} MiB after`,
    'troubles:',
    ...list(troubles),
    'ends:',
    ...list(tally),
    problems.length === 0 ? 'no problem' : `${problems.length} PROBLEMS:`,
    ...problems.slice(0, 50).map((problem) => `  ${problem}`),
  ].join('\n');
}
