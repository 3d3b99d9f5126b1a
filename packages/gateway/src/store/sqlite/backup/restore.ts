import { createHash } from 'node:crypto';
import { createReadStream, existsSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../../core/clock.ts';
import { type ReconcileReport, reconcile } from '../ledger/reconcile.ts';
import { LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE } from '../main/data-folder.ts';
import { acquireDataLock } from '../main/data-lock.ts';
import { type Progress, makeEmptyFolder } from './backup.ts';
import { BackupError, type Manifest, type ManifestFile, readManifest } from './manifest.ts';

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
 * compared with the manifest while it is copied, then the ledger is checked as `reconcile` does.
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
  const manifest = readManifest(source);
  const isNew = makeEmptyFolder(dataDirectory);
  // A gateway that is started meanwhile must not find half of the files.
  const lock = acquireDataLock(dataDirectory, 0);
  if (lock === undefined) throw new BackupError('not_empty', 'Another process uses the data folder');
  try {
    for (const file of manifest.files) await copyChecked({ file, source, dataDirectory, onProgress });
    const ledgerPath = join(dataDirectory, LEDGER_DATABASE_FILE);
    onProgress({ file: LEDGER_DATABASE_FILE, what: 'check', done: 0, total: 1 });
    const report = reconcile(ledgerPath, clock);
    const strangers = findStrangers(ledgerPath, join(dataDirectory, MAIN_DATABASE_FILE));
    onProgress({ file: LEDGER_DATABASE_FILE, what: 'check', done: 1, total: 1 });
    lock.release();
    return { manifest, report, strangers };
  } catch (error) {
    lock.release();
    for (const { name } of manifest.files) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDirectory, name + suffix), { force: true });
    }
    rmSync(join(dataDirectory, 'switchyard.lock'), { force: true });
    if (isNew) rmSync(dataDirectory, { recursive: true, force: true });
    throw error;
  }
}

async function copyChecked(options: {
  file: ManifestFile;
  source: string;
  dataDirectory: string;
  onProgress: Progress;
}): Promise<void> {
  const { file, source, dataDirectory, onProgress } = options;
  const from = join(source, file.name);
  if (!existsSync(from)) throw new BackupError('damaged_backup', `${file.name} is missing in the backup`);
  const hash = createHash('sha256');
  let bytes = 0;
  const copy = await open(join(dataDirectory, file.name), 'wx', 0o600);
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: 1024 * 1024 })) {
      const data = chunk as Buffer;
      hash.update(data);
      bytes += data.length;
      if (bytes > file.bytes) break;
      await copy.writeFile(data);
      onProgress({ file: file.name, what: 'copy', done: bytes, total: file.bytes });
    }
    await copy.sync();
  } finally {
    await copy.close();
  }
  if (bytes !== file.bytes || hash.digest('hex') !== file.sha256) {
    throw new BackupError('damaged_backup', `${file.name} is not what the manifest says`);
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
