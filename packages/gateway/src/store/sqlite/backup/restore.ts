import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../../core/clock.ts';
import { type ReconcileReport, reconcile } from '../ledger/reconcile.ts';
import { LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE } from '../main/data-folder.ts';
import { acquireDataLock } from '../main/data-lock.ts';
import { type Sink, readArchive } from './archive-reader.ts';
import type { Progress } from './backup.ts';
import { BACKUP_FILES, BackupError, type Manifest } from './manifest.ts';

export type Restored = {
  manifest: Manifest;
  report: ReconcileReport;
  /** Who has money or was charged, but is no account or key of the other database. Always empty in a sound backup. */
  strangers: { accounts: string[]; keys: string[] };
};

/** Rows that are told of. */
const STRANGERS_MAX = 20;

/**
 * Makes a data folder of a backup. The folder must not be there, or be empty: nothing is ever overwritten. Every file is
 * compared with the manifest of the backup, then the ledger is checked as `reconcile` does.
 *
 * Throws `BackupError` or what the file system says, and then leaves the folder empty. A report that is not `ok` is
 * no error here: the files are those of the backup, and stay.
 */
export async function restoreBackup(options: {
  source: string;
  dataDirectory: string;
  clock: Clock;
  onProgress: Progress;
}): Promise<Restored> {
  const { source, dataDirectory, clock, onProgress } = options;
  const isNew = makeEmptyFolder(dataDirectory);
  // A gateway that is started meanwhile must not find half of the files.
  const lock = acquireDataLock(dataDirectory, 0);
  if (lock === undefined) throw new BackupError('not_empty', 'Another process uses the data folder');
  try {
    const manifest = await readArchive(source, {
      onProgress: (file, done, total) => onProgress({ file, what: 'copy', done, total }),
      sinkFor: (name) => createFile(join(dataDirectory, name)),
    });
    const ledgerPath = join(dataDirectory, LEDGER_DATABASE_FILE);
    onProgress({ file: LEDGER_DATABASE_FILE, what: 'check', done: 0, total: 1 });
    const report = reconcile(ledgerPath, clock);
    const strangers = findStrangers(ledgerPath, join(dataDirectory, MAIN_DATABASE_FILE));
    onProgress({ file: LEDGER_DATABASE_FILE, what: 'check', done: 1, total: 1 });
    lock.release();
    return { manifest, report, strangers };
  } catch (error) {
    lock.release();
    for (const name of BACKUP_FILES) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDirectory, name + suffix), { force: true });
    }
    rmSync(join(dataDirectory, 'switchyard.lock'), { force: true });
    if (isNew) rmSync(dataDirectory, { recursive: true, force: true });
    throw error;
  }
}

/** A new file that is on the disk when it is closed. */
async function createFile(path: string): Promise<Sink> {
  const file = await open(path, 'wx', 0o600);
  return {
    write: (data) => file.writeFile(data),
    async close() {
      await file.sync();
      await file.close();
    },
  };
}

/** True when the folder was made; false when it was there, empty. Throws `BackupError` when something is in it. */
function makeEmptyFolder(directory: string): boolean {
  if (existsSync(directory)) {
    if (isEmptyFolder(directory)) return false;
    throw new BackupError('not_empty', 'The folder is there already and is not empty, or is no folder');
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return true;
}

function isEmptyFolder(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch {
    return false;
  }
}

function findStrangers(ledgerPath: string, mainPath: string): Restored['strangers'] {
  const database = new Database(ledgerPath, { readonly: true });
  try {
    database.prepare('ATTACH DATABASE ? AS main_file').run(mainPath);
    const find = (sql: string): string[] => database.prepare<[], string>(sql).pluck().all();
    return {
      accounts: find(
        `SELECT DISTINCT owner FROM account WHERE owner <> 'sys' AND owner NOT IN (SELECT id FROM main_file.account)
         LIMIT ${STRANGERS_MAX}`,
      ),
      keys: find(
        `SELECT key_id FROM api_key WHERE id IN (SELECT key FROM key_spend) AND key_id NOT IN (SELECT id FROM main_file.api_key)
         LIMIT ${STRANGERS_MAX}`,
      ),
    };
  } finally {
    database.close();
  }
}
