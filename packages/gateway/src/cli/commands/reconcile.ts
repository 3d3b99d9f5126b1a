import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import type { ReconcileReport } from '../../store/sqlite/ledger/reconcile.ts';
import { leaf, withOutput } from '../command.ts';
import type { Shell } from '../command.ts';
import { dataFolderOf } from '../data-folder.ts';
import { CommandFailure } from '../failure.ts';
import type { Output, Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';

const SLOW_MS = 2_000;

/** `switchyard reconcile` */
export function addReconcileCommand(program: Command, shell: Shell): void {
  leaf(program, 'reconcile', 'Check that the ledger adds up; a gateway may be running', [
    ['switchyard reconcile --json', 'ends with 1 when something is wrong'],
  ]).action((options: CommonOptions) =>
    withOutput(shell, options, async (output) => {
      const { LEDGER_DATABASE_FILE } = await import('../../store/sqlite/main/data-folder.ts');
      const path = join(await dataFolderOf(options), LEDGER_DATABASE_FILE);
      if (!existsSync(path)) {
        throw new CommandFailure('There is no ledger in the data folder', {
          code: 'no_ledger',
          hint: 'Name the data folder with --data DIR. A ledger is made by the first start.',
        });
      }
      const { reconcile } = await import('../../store/sqlite/ledger/reconcile.ts');
      const report = reconcile(path, systemClock, slowNotes(output));
      output.result(report, (screen) => showReport(screen, report));
      failUnlessSound(report);
    }),
  );
}

/** Says what is being checked once it takes long enough to wonder. */
function slowNotes(output: Output): (invariant: string) => void {
  const startedMs = systemClock.monotonicMs();
  return (invariant) => {
    if (systemClock.monotonicMs() - startedMs > SLOW_MS) output.note(`checking ${invariant}`);
  };
}

export function showReport(screen: Screen, report: ReconcileReport): void {
  const { accounts, transfers, openHolds, receipts } = report.counts;
  screen.record([
    ['ledger accounts', String(accounts)],
    ['transfers', String(transfers)],
    ['open holds', String(openHolds)],
    ['receipts', String(receipts)],
    ['checks passed', String(report.passed.length)],
    ...report.notApplicable.map(({ invariant, why }) => ['not checked', `${invariant}: ${why}`] as const),
  ]);
  if (report.ok) screen.line('The ledger adds up.');
}

/** Throws `CommandFailure` with the rows that break something. */
export function failUnlessSound(report: ReconcileReport): void {
  if (report.ok) return;
  const lines = report.problems.flatMap(({ invariant, means, rows, examples }) => [
    `  ${invariant}: ${rows} broken (${means})`,
    ...examples.map((example) => `    ${example}`),
    ...(rows > examples.length ? [`    and ${rows - examples.length} more`] : []),
  ]);
  throw new CommandFailure(`The ledger does not add up:\n${lines.join('\n')}`, {
    code: 'ledger_broken',
    hint: 'Stop the gateway, keep a copy of the data folder, and do not repair it by hand.',
  });
}
