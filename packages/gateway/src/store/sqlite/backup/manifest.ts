import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RECEIPT_KEY_FILE } from '../../receipt-key-file.ts';
import { LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE } from '../main/data-folder.ts';

/** What a backup holds. Written last, so a folder without it is no whole backup. */
export type Manifest = {
  kind: 'switchyard-backup';
  version: 1;
  /** ISO 8601, UTC. */
  madeAt: string;
  files: readonly ManifestFile[];
};

/** `sha256` in hexadecimal. */
export type ManifestFile = { name: string; bytes: number; sha256: string };

export const MANIFEST_FILE = 'manifest.json';

/** A manifest has a few lines. */
const MANIFEST_MAX_BYTES = 64 * 1024;

/** The only names that a backup may bring into a data folder. The first two must be there. */
export const BACKUP_FILES = [LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE, RECEIPT_KEY_FILE] as const;
const NEEDED = [LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE];

/** What is wrong with a backup, or with the place for one. The text is for an operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: 'no_data' | 'not_empty' | 'no_backup' | 'damaged_backup';
  constructor(code: BackupError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export function writeManifest(directory: string, manifest: Manifest): void {
  const file = openSync(join(directory, MANIFEST_FILE), 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Throws `BackupError` when there is no manifest, or it is not one that this program can use. */
export function readManifest(directory: string): Manifest {
  const path = join(directory, MANIFEST_FILE);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new BackupError('no_backup', `There is no ${MANIFEST_FILE} in the folder`);
  if (found.size > MANIFEST_MAX_BYTES)
    throw new BackupError('damaged_backup', `${MANIFEST_FILE} is too large`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new BackupError('damaged_backup', `${MANIFEST_FILE} is no JSON`);
  }
  if (!isManifest(value)) {
    throw new BackupError(
      'damaged_backup',
      `${MANIFEST_FILE} is not the manifest of a backup of this version`,
    );
  }
  return value;
}

function isManifest(value: unknown): value is Manifest {
  if (!isObject(value) || value['kind'] !== 'switchyard-backup' || value['version'] !== 1) return false;
  const { files, madeAt } = value;
  if (typeof madeAt !== 'string' || !Array.isArray(files) || !files.every(isManifestFile)) return false;
  const names = files.map(({ name }) => name);
  return new Set(names).size === names.length && NEEDED.every((name) => names.includes(name));
}

function isManifestFile(value: unknown): value is ManifestFile {
  return (
    isObject(value) &&
    (BACKUP_FILES as readonly unknown[]).includes(value['name']) &&
    Number.isSafeInteger(value['bytes']) &&
    typeof value['sha256'] === 'string' &&
    /^[0-9a-f]{64}$/.test(value['sha256'])
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Reads a file to its end. `onBytes` hears how far it is. */
export async function describeFile(
  directory: string,
  name: string,
  onBytes: (done: number) => void = () => undefined,
): Promise<ManifestFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(directory, name), { highWaterMark: 1024 * 1024 })) {
    const data = chunk as Buffer;
    hash.update(data);
    bytes += data.length;
    onBytes(bytes);
  }
  return { name, bytes, sha256: hash.digest('hex') };
}
