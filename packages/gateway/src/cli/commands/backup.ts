import { resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import type { Progress } from '../../store/sqlite/backup/backup.ts';
import type { Manifest } from '../../store/sqlite/backup/manifest.ts';
import { leaf, withOutput } from '../command.ts';
import type { Shell } from '../command.ts';
import { dataFolderOf } from '../data-folder.ts';
import { CommandFailure } from '../failure.ts';
import type { Output, Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { failUnlessSound, showReport } from './reconcile.ts';

/** `switchyard backup` and `switchyard restore` */
export function addBackupCommands(program: Command, shell: Shell): void {
  leaf(
    program,
    'backup <file>',
    'Copy accounts, ledger and receipt key into one new file; a gateway may be running',
    [['switchyard backup /backups/2026-11-21.tar', 'an archive; "tar -t -f FILE" lists it']],
  )
    .addHelpText(
      'after',
      '\nThe file holds digests of keys and a private key: keep it as safe as the data folder.',
    )
    .action((file: string, options: CommonOptions) =>
      withOutput(shell, options, async (output) => {
        const { makeBackup } = await import('../../store/sqlite/backup/backup.ts');
        const ask = {
          dataDirectory: await dataFolderOf(options),
          target: resolve(file),
          clock: systemClock,
        };
        const manifest = await makeBackup({ ...ask, onProgress: progressNotes(output) }).catch(rethrow);
        output.result({ file: ask.target, ...manifest }, (screen) => {
          showFiles(screen, manifest);
          screen.line(`The backup is ${ask.target}. It was read back and compared.`);
        });
      }),
    );

  leaf(program, 'restore <file>', 'Make a data folder of a backup, and check it', [
    ['switchyard restore /backups/2026-11-21.tar --data ./data', 'the data folder must be new or empty'],
  ]).action((file: string, options: CommonOptions) =>
    withOutput(shell, options, async (output) => {
      const { restoreBackup } = await import('../../store/sqlite/backup/restore.ts');
      const ask = { source: resolve(file), dataDirectory: await dataFolderOf(options), clock: systemClock };
      const restored = await restoreBackup({ ...ask, onProgress: progressNotes(output) }).catch(rethrow);
      const { manifest, report, strangers } = restored;
      output.result({ dataFolder: ask.dataDirectory, ...restored }, (screen) => {
        showFiles(screen, manifest);
        showReport(screen, report);
        screen.line(`The data folder ${ask.dataDirectory} is as it was at ${manifest.madeAt}.`);
      });
      failUnlessSound(report);
      const missing = [...strangers.accounts, ...strangers.keys];
      if (missing.length > 0) {
        throw new CommandFailure(
          `The ledger knows accounts or keys that are not there: ${missing.join(', ')}`,
          {
            code: 'accounts_missing',
            hint: 'The two databases do not belong together. Use another backup.',
          },
        );
      }
    }),
  );
}

function showFiles(screen: Screen, manifest: Manifest): void {
  screen.table(
    [{ title: 'FILE' }, { title: 'BYTES', align: 'right' }, { title: 'SHA-256' }],
    manifest.files.map(({ name, bytes, sha256 }) => [name, String(bytes), sha256]),
    'Nothing.',
  );
}

const STEP_PERCENT = 10;

/** A line on standard error for each tenth of a step. */
function progressNotes(output: Output): Progress {
  let last = '';
  return ({ file, what, done, total }) => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    const text = `${what} ${file} ${percent - (percent % STEP_PERCENT)} %`;
    if (text !== last) output.note(text);
    last = text;
  };
}

const HINTS: Record<string, string> = {
  no_data: 'Name the data folder with --data DIR.',
  exists: 'Name a new file. Nothing is ever overwritten.',
  not_empty: 'Name a new folder. Nothing is ever overwritten.',
  no_backup: 'Name the file that "switchyard backup" made.',
  damaged_backup: 'Use another backup. Nothing was changed.',
};

function rethrow(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const hint = HINTS[code];
  if (error instanceof Error && error.name === 'BackupError' && hint !== undefined) {
    throw new CommandFailure(error.message, { code, hint });
  }
  const reason = error instanceof Error ? error.message : 'unknown reason';
  throw new CommandFailure(`A file could not be used: ${reason}`, {
    code: 'file_failed',
    hint: 'The disk may be full, or the folder may not be yours to write to.',
  });
}
