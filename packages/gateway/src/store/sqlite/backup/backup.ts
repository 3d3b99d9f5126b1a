import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../../core/clock.ts';
import { RECEIPT_KEY_FILE } from '../../receipt-key-file.ts';
import { LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE } from '../main/data-folder.ts';
import { BackupError, MANIFEST_FILE, type Manifest, describeFile, writeManifest } from './manifest.ts';

/** Pages of 4 KiB that are copied in one go: 16 MiB, about 10 ms. */
const STEP_PAGES = 4_096;

/** How far a long step is. `done` and `total` are bytes. */
export type Progress = (step: { file: string; what: 'copy' | 'check'; done: number; total: number }) => void;

/**
 * Copies the databases of a data folder, and the key that signs receipts, into a new or empty folder, while a gateway may
 * work on them. Each database is copied as it is at one moment: a read transaction is held from the first page to
 * the last, since SQLite begins a copy anew whenever somebody else has written in between. It does not hold the gateway up.
 *
 * The ledger is copied first and the accounts after it. Accounts and keys are made before anything is charged to
 * them and are never deleted, so every charge in the copy has its account and key in the copy. What may be missing is
 * the first credit of an account that was made during the backup.
 *
 * Throws `BackupError`, or what the file system says; then the folder is left as it was.
 */
export async function makeBackup(options: {
  dataDirectory: string;
  target: string;
  clock: Clock;
  onProgress: Progress;
  /** For tests: a small database shall take many steps, too. */
  stepPages?: number;
}): Promise<Manifest> {
  const { dataDirectory, target, onProgress, stepPages = STEP_PAGES } = options;
  for (const name of [LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE]) {
    if (!existsSync(join(dataDirectory, name))) {
      throw new BackupError('no_data', `There is no ${name} in the data folder`);
    }
  }
  const isNew = makeEmptyFolder(target);
  try {
    const files = [];
    for (const name of [LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE]) {
      await copyDatabase({
        from: join(dataDirectory, name),
        to: join(target, name),
        name,
        onProgress,
        stepPages,
      });
      files.push(await describeFile(target, name));
    }
    if (copyKey(dataDirectory, target)) files.push(await describeFile(target, RECEIPT_KEY_FILE));
    const madeAt = new Date(options.clock.nowMs()).toISOString();
    const manifest: Manifest = { kind: 'switchyard-backup', version: 1, madeAt, files };
    writeManifest(target, manifest);
    return manifest;
  } catch (error) {
    for (const name of [LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE, RECEIPT_KEY_FILE, MANIFEST_FILE]) {
      for (const suffix of ['', '-wal', '-shm', '-journal'])
        rmSync(join(target, name + suffix), { force: true });
    }
    if (isNew) rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

/** True when the folder was made; false when it was there, empty. Throws `BackupError` when something is in it. */
export function makeEmptyFolder(directory: string): boolean {
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

async function copyDatabase(options: {
  from: string;
  to: string;
  name: string;
  onProgress: Progress;
  stepPages: number;
}): Promise<void> {
  const { from, to, name, onProgress, stepPages } = options;
  closeSync(openSync(to, 'wx', 0o600));
  const source = new Database(from, { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    const pageBytes = source.pragma('page_size', { simple: true }) as number;
    // A read inside a transaction pins the moment.
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_master').get();
    const { totalPages } = await source.backup(to, {
      progress({ totalPages: pages, remainingPages }) {
        const total = pages * pageBytes;
        onProgress({ file: name, what: 'copy', done: total - remainingPages * pageBytes, total });
        return stepPages;
      },
    });
    source.exec('COMMIT');
    const total = totalPages * pageBytes;
    onProgress({ file: name, what: 'copy', done: total, total });
  } finally {
    source.close();
  }
  checkCopy(to, name, onProgress);
}

/** Throws when the copy is not sound. Leaves it as one file that is on the disk. */
function checkCopy(path: string, name: string, onProgress: Progress): void {
  onProgress({ file: name, what: 'check', done: 0, total: 1 });
  const copy = new Database(path);
  try {
    if (copy.pragma('quick_check', { simple: true }) !== 'ok') {
      throw new BackupError('damaged_backup', `The copy of ${name} is not sound`);
    }
    copy.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    copy.close();
  }
  chmodSync(path, 0o600);
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
  onProgress({ file: name, what: 'check', done: 1, total: 1 });
}

/** False: this gateway has signed nothing yet. */
function copyKey(dataDirectory: string, target: string): boolean {
  const from = join(dataDirectory, RECEIPT_KEY_FILE);
  if (!existsSync(from)) return false;
  const to = join(target, RECEIPT_KEY_FILE);
  copyFileSync(from, to, constants.COPYFILE_EXCL);
  chmodSync(to, 0o600);
  return true;
}
