import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../../core/clock.ts';
import { RECEIPT_KEY_FILE } from '../../receipt-key-file.ts';
import { LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE, PEOPLE_DATABASE_FILE } from '../main/data-folder.ts';
import { readArchive } from './archive-reader.ts';
import { type ArchiveWriter, createArchive } from './archive-writer.ts';
import { BackupError, MANIFEST_FILE, type Manifest, type ManifestFile, manifestText } from './manifest.ts';

/** Pages of 4 KiB that are copied in one go: 16 MiB, about 10 ms. */
const STEP_PAGES = 4_096;

/** `copy`: out of a database that may be at work; `pack`: into the backup; `check`: whether all is as it should be. */
export type ProgressStep = 'copy' | 'pack' | 'check';

/** How far a long step is. `done` and `total` are bytes. */
export type Progress = (step: { file: string; what: ProgressStep; done: number; total: number }) => void;

export type BackupOptions = {
  dataDirectory: string;
  /** The file to make. It must not be there. */
  target: string;
  clock: Clock;
  onProgress: Progress;
  /** For tests: a small database shall take many steps, too. */
  stepPages?: number;
};

/**
 * Packs the databases of a data folder, and the key that signs receipts, into one new file (a tar archive), while a
 * gateway may work on them. Each database is copied as it is at one moment: a read transaction is held from the first
 * page to the last, since SQLite begins a copy anew whenever somebody else has written in between. It does not hold the
 * gateway up. The finished file is read back and compared before it gets its name.
 *
 * The ledger is copied first and the accounts after it. Accounts and keys are made before anything is charged to
 * them and are never deleted, so every charge in the copy has its account and key in the copy. What may be missing is
 * the first credit of an account that was made during the backup. For the same reason people are copied before the
 * accounts that they are members of.
 *
 * While it works it needs room for the backup and one database more, beside the file.
 * Throws `BackupError`, or what the file system says; then nothing is left behind.
 */
export async function makeBackup(options: BackupOptions): Promise<Manifest> {
  const { dataDirectory, target } = options;
  for (const name of [LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE]) {
    if (!existsSync(join(dataDirectory, name))) {
      throw new BackupError('no_data', `There is no ${name} in the data folder`);
    }
  }
  if (existsSync(target)) throw new BackupError('exists', `${target} is there already`);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const workFolder = mkdtempSync(`${target}.part-`);
  try {
    const packed = join(workFolder, 'backup.tar');
    const manifest = await pack(packed, workFolder, options);
    await readArchive(packed, {
      onProgress: (file, done, total) => options.onProgress({ file, what: 'check', done, total }),
    });
    if (existsSync(target)) throw new BackupError('exists', `${target} is there already`);
    renameSync(packed, target);
    return manifest;
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

async function pack(packed: string, workFolder: string, options: BackupOptions): Promise<Manifest> {
  const nowMs = options.clock.nowMs();
  const archive = await createArchive(packed, nowMs);
  try {
    const files: ManifestFile[] = [];
    for (const name of [LEDGER_DATABASE_FILE, PEOPLE_DATABASE_FILE, MAIN_DATABASE_FILE]) {
      // A gateway of before people had accounts has made none.
      if (!existsSync(join(options.dataDirectory, name))) continue;
      const copy = join(workFolder, name);
      await copyDatabase(join(options.dataDirectory, name), copy, { ...options, name });
      files.push(await addFile(archive, { name, from: copy }, options.onProgress));
      rmSync(copy);
    }
    const key = join(options.dataDirectory, RECEIPT_KEY_FILE);
    // Without one this gateway has signed nothing yet.
    if (existsSync(key)) {
      files.push(await addFile(archive, { name: RECEIPT_KEY_FILE, from: key }, options.onProgress));
    }
    const madeAt = new Date(nowMs).toISOString();
    const manifest: Manifest = { kind: 'switchyard-backup', version: 1, madeAt, files };
    await archive.addText(MANIFEST_FILE, manifestText(manifest));
    await archive.finish();
    return manifest;
  } catch (error) {
    await archive.abandon();
    throw error;
  }
}

function addFile(
  archive: ArchiveWriter,
  { name, from }: { name: string; from: string },
  onProgress: Progress,
): Promise<ManifestFile> {
  return archive.addFile({
    name,
    from,
    onBytes: (done, total) => onProgress({ file: name, what: 'pack', done, total }),
  });
}

async function copyDatabase(
  from: string,
  to: string,
  {
    name,
    onProgress,
    stepPages = STEP_PAGES,
  }: Pick<BackupOptions, 'onProgress' | 'stepPages'> & { name: string },
): Promise<void> {
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
