import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  BACKUP_FILES,
  BackupError,
  MANIFEST_FILE,
  MANIFEST_MAX_BYTES,
  type Manifest,
  type ManifestFile,
  parseManifest,
} from './manifest.ts';
import { TAR_BLOCK_BYTES, type TarEntry, readTarHeader, tarPadding } from './tar.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Where the bytes of a file go. */
export type Sink = { write(data: Buffer): Promise<void>; close(): Promise<void> };

/**
 * Reads a backup from its beginning to its end and compares every file with the manifest, which stands last. `sinkFor`
 * may take the bytes: what it got is only good when this has resolved.
 * Throws `BackupError`: `no_backup`, `damaged_backup`; or what the file system says.
 */
export async function readArchive(
  path: string,
  options: {
    onProgress: (file: string, done: number, total: number) => void;
    sinkFor?: (name: string) => Promise<Sink>;
  },
): Promise<Manifest> {
  const archive = await open(path, 'r').catch((error: unknown) => {
    throw new BackupError('no_backup', `The backup cannot be opened: ${codeOf(error)}`);
  });
  try {
    if (!(await archive.stat()).isFile()) throw new BackupError('no_backup', 'The backup must be a file');
    const reader = createBlockReader(archive);
    const found: ManifestFile[] = [];
    for (;;) {
      const entry = await nextEntry(reader, found);
      if (entry.name === MANIFEST_FILE) {
        const text = await readText(reader, entry);
        await expectEnd(reader);
        return compared(parseManifest(text), found);
      }
      const sink = await options.sinkFor?.(entry.name);
      try {
        const sha256 = await readFile(reader, entry, async (data, done) => {
          await sink?.write(data);
          options.onProgress(entry.name, done, entry.bytes);
        });
        found.push({ ...entry, sha256 });
      } finally {
        await sink?.close();
      }
    }
  } finally {
    await archive.close();
  }
}

type BlockReader = {
  /** Exactly so many bytes; fewer: the file ends there. */
  take(bytes: number): Promise<Buffer>;
};

function createBlockReader(archive: FileHandle): BlockReader {
  return {
    async take(bytes) {
      const data = Buffer.alloc(bytes);
      let length = 0;
      while (length < bytes) {
        const { bytesRead } = await archive.read(data, length, bytes - length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return data.subarray(0, length);
    },
  };
}

async function takeAll(reader: BlockReader, bytes: number): Promise<Buffer> {
  const data = await reader.take(bytes);
  if (data.length < bytes) throw new BackupError('damaged_backup', 'The backup ends too early');
  return data;
}

/** The next file that may stand in a backup. */
async function nextEntry(reader: BlockReader, found: readonly ManifestFile[]): Promise<TarEntry> {
  const block = await reader.take(TAR_BLOCK_BYTES);
  const entry = block.length === TAR_BLOCK_BYTES ? readTarHeader(block) : undefined;
  const isFirst = found.length === 0;
  if (entry === undefined || entry === 'end') {
    if (isFirst) throw new BackupError('no_backup', 'The file is no backup');
    throw new BackupError('damaged_backup', 'The backup ends too early, or is damaged between two files');
  }
  const isKnown = entry.name === MANIFEST_FILE || (BACKUP_FILES as readonly string[]).includes(entry.name);
  if (!isKnown) {
    if (isFirst) throw new BackupError('no_backup', 'The file is an archive of something else');
    throw new BackupError('damaged_backup', 'There is a file in the backup that does not belong there');
  }
  if (found.some(({ name }) => name === entry.name)) {
    throw new BackupError('damaged_backup', `${entry.name} is in the backup twice`);
  }
  return entry;
}

/** Returns the SHA-256 in hexadecimal. */
async function readFile(
  reader: BlockReader,
  { bytes }: TarEntry,
  onData: (data: Buffer, done: number) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  let done = 0;
  while (done < bytes) {
    const data = await takeAll(reader, Math.min(CHUNK_BYTES, bytes - done));
    hash.update(data);
    done += data.length;
    await onData(data, done);
  }
  await takeAll(reader, tarPadding(bytes));
  return hash.digest('hex');
}

async function readText(reader: BlockReader, { name, bytes }: TarEntry): Promise<string> {
  if (bytes > MANIFEST_MAX_BYTES) throw new BackupError('damaged_backup', `${name} is too large`);
  const data = await takeAll(reader, bytes);
  await takeAll(reader, tarPadding(bytes));
  return data.toString('utf8');
}

async function expectEnd(reader: BlockReader): Promise<void> {
  const rest = await reader.take(2 * TAR_BLOCK_BYTES + 1);
  if (rest.length !== 2 * TAR_BLOCK_BYTES || rest.some((byte) => byte !== 0)) {
    throw new BackupError('damaged_backup', 'The backup does not end where it should');
  }
}

function compared(manifest: Manifest, found: readonly ManifestFile[]): Manifest {
  for (const { name, bytes, sha256 } of manifest.files) {
    const file = found.find((one) => one.name === name);
    if (file === undefined) throw new BackupError('damaged_backup', `${name} is missing in the backup`);
    if (file.bytes !== bytes || file.sha256 !== sha256)
      throw new BackupError('damaged_backup', `${name} is not what the manifest says`);
  }
  if (found.length !== manifest.files.length)
    throw new BackupError('damaged_backup', 'There is a file in the backup that the manifest does not name');
  return manifest;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
