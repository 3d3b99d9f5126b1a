import type { Command } from 'commander';
import type { SanctionsView } from '../../admin/trust.ts';
import { leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { showTime } from '../show.ts';
import { given } from '../values.ts';

type PardonOptions = CommonOptions & { from?: string; to?: string; reason: string };

/** `switchyard node sanctions` and `switchyard node pardon` */
export function addSanctionCommands(node: Command, shell: Shell): void {
  leaf(node, 'sanctions [node]', 'Show what was done about nodes whose work failed its checks', [
    ['switchyard node sanctions', 'those in force, of all nodes'],
    ['switchyard node sanctions gpu-1 --all', 'all that are kept of one node'],
  ])
    .option('--all', 'those that are over or lifted, too')
    .action((reference: string | undefined, options: CommonOptions & { all?: boolean }) =>
      withSession(shell, options, async (session, output) => {
        const input = { ...given({ node: reference }), all: options.all === true };
        const list = await session.call('node.sanctions', input);
        output.result(list, (screen) => listSanctions(screen, list));
      }),
    );

  leaf(node, 'pardon [node]', 'Lift sanctions of a node, or of a time after an incident', [
    ['switchyard node pardon gpu-1 --reason "engine was updated"', 'what is in force of one node'],
    [
      'switchyard node pardon --from 2026-11-20T10:00:00Z --to 2026-11-20T12:00:00Z --reason "bad release"',
      'what was done in these two hours',
    ],
  ])
    .option('--from <time>', 'only sanctions made from then on, UTC')
    .option('--to <time>', 'only sanctions made until then, UTC')
    .requiredOption('--reason <text>', 'why, for the records and the owner')
    .action((reference: string | undefined, options: PardonOptions) =>
      withSession(shell, options, async (session, output) => {
        const { from, to, reason } = options;
        const lifted = await session.call('node.pardon', {
          ...given({ node: reference, from, to }),
          reason,
        });
        output.result(lifted, (screen) => {
          screen.line(`Lifted ${lifted.sanctions.length}.`);
          if (lifted.sanctions.length > 0) listSanctions(screen, lifted);
        });
      }),
    );
}

function listSanctions(screen: Screen, { sanctions, contact }: SanctionsView): void {
  screen.table(
    [
      { title: 'NODE' },
      { title: 'KIND' },
      { title: 'MADE (UTC)' },
      { title: 'ENDS (UTC)' },
      { title: 'STATE' },
      { title: 'BECAUSE' },
    ],
    sanctions.map(({ node, kind, at, expiresAt, active, lifted, because }) => [
      node.name,
      kind,
      showTime(at),
      showTime(expiresAt),
      lifted !== null ? `lifted: ${lifted.because}` : active ? 'in force' : 'over',
      because,
    ]),
    'There are no sanctions.',
  );
  if (contact !== null && sanctions.length > 0) screen.line(`Owners object at: ${contact}`);
}
