import { RECEIPT_KEY_FILE } from '../../receipt-key-file.ts';
import { LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE, PEOPLE_DATABASE_FILE } from '../main/data-folder.ts';

/** What a backup holds. It stands last in the file, so one without it is no whole backup. */
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
export const MANIFEST_MAX_BYTES = 64 * 1024;

/** The only names that a backup may bring into a data folder. The first two must be there. */
export const BACKUP_FILES = [
  LEDGER_DATABASE_FILE,
  MAIN_DATABASE_FILE,
  PEOPLE_DATABASE_FILE,
  RECEIPT_KEY_FILE,
] as const;
const NEEDED = [LEDGER_DATABASE_FILE, MAIN_DATABASE_FILE];

/** What is wrong with a backup, or with the place for one. The text is for an operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: 'no_data' | 'exists' | 'not_empty' | 'no_backup' | 'damaged_backup';
  constructor(code: BackupError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** Throws `BackupError` when it is not one that this program can use. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
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
