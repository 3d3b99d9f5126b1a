import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ManifestFile } from './manifest.ts';
import { TAR_BLOCK_BYTES, tarHeader, tarPadding } from './tar.ts';

/** An archive that is being written, one file after the other. */
export type ArchiveWriter = {
  /** Adds a file from the disk, which must not change meanwhile. `onBytes` hears how far it is. */
  addFile(file: {
    name: string;
    from: string;
    onBytes?: (done: number, total: number) => void;
  }): Promise<ManifestFile>;
  addText(name: string, text: string): Promise<void>;
  /** Ends the archive; when it resolves, all of it is on the disk. */
  finish(): Promise<void>;
  /** Closes what was not finished. */
  abandon(): Promise<void>;
};

/** The file must not be there; it belongs to its owner alone. */
export async function createArchive(path: string, madeAtMs: number): Promise<ArchiveWriter> {
  const archive = await open(path, 'wx', 0o600);
  return {
    async addFile({ name, from, onBytes = () => undefined }) {
      const { size } = statSync(from);
      await archive.writeFile(tarHeader({ name, bytes: size }, madeAtMs));
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of createReadStream(from, { highWaterMark: 1024 * 1024 })) {
        const data = chunk as Buffer;
        hash.update(data);
        bytes += data.length;
        await archive.writeFile(data);
        onBytes(bytes, size);
      }
      if (bytes !== size) throw new Error(`${name} changed while it was packed`);
      await archive.writeFile(Buffer.alloc(tarPadding(bytes)));
      return { name, bytes, sha256: hash.digest('hex') };
    },
    async addText(name, text) {
      const data = Buffer.from(text);
      const padding = Buffer.alloc(tarPadding(data.length));
      await archive.writeFile(
        Buffer.concat([tarHeader({ name, bytes: data.length }, madeAtMs), data, padding]),
      );
    },
    async finish() {
      await archive.writeFile(Buffer.alloc(2 * TAR_BLOCK_BYTES));
      await archive.sync();
      await archive.close();
    },
    abandon: () => archive.close(),
  };
}
