import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { leaf, withOutput } from '../command.ts';
import type { Shell } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import type { CommonOptions } from '../session.ts';

/** `switchyard reconcile` */
export function addReconcileCommand(program: Command, shell: Shell): void {
  leaf(program, 'reconcile', 'Check that the ledger adds up; a gateway may be running', [
    ['switchyard reconcile --json', 'ends with 1 when something is wrong'],
  ]).action((options: CommonOptions) =>
    withOutput(shell, options, async (output) => {
      const { LEDGER_DATABASE_FILE } = await import('../../store/sqlite/main/data-folder.ts');
      const path = join(await dataFolder(options), LEDGER_DATABASE_FILE);
      if (!existsSync(path)) {
        throw new CommandFailure('There is no ledger in the data folder', {
          code: 'no_ledger',
          hint: 'Name the data folder with --data DIR. A ledger is made by the first start.',
        });
      }
      const { reconcile } = await import('../../store/sqlite/ledger/reconcile.ts');
      const report = reconcile(path);
      output.result(report, (screen) => {
        const { accounts, transfers, openHolds, receipts } = report.counts;
        screen.record([
          ['ledger accounts', String(accounts)],
          ['transfers', String(transfers)],
          ['open holds', String(openHolds)],
          ['receipts', String(receipts)],
        ]);
        if (report.ok) screen.line('The ledger adds up.');
      });
      if (report.ok) return;
      const lines = report.problems.map(
        ({ invariant, means, rows }) => `  ${invariant}: ${rows} broken (${means})`,
      );
      throw new CommandFailure(`The ledger does not add up:\n${lines.join('\n')}`, {
        code: 'ledger_broken',
        hint: 'Stop the gateway, keep a copy of the data folder, and do not repair it by hand.',
      });
    }),
  );
}

async function dataFolder(options: CommonOptions): Promise<string> {
  if (options.dataDir !== undefined) return resolve(options.dataDir);
  const { loadConfigOrFail } = await import('../load-config.ts');
  return loadConfigOrFail(options).config.data.dir;
}
