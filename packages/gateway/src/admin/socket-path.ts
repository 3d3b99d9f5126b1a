import { mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/**
 * Where the admin socket is. It lies in the data folder; but the address of a Unix socket holds 107 bytes on Linux
 * and 103 on macOS (`sun_path` in unix(7) and unix(4)), so for a data folder with a long name it lies in a new,
 * private folder for temporary files, and a small file in the data folder says where.
 */
const SOCKET_FILE = 'admin.sock';
const POINTER_FILE = 'admin.sock.path';
const SOCKET_PATH_MAX_BYTES = 100;

export type SocketPlace = {
  path: string;
  /** Removes socket, private folder and pointer. Safe to call when they are gone. */
  remove(): void;
};

/** Chooses the place for a new socket, and writes the pointer where one is needed. Throws when nowhere is short enough. */
export function prepareSocketPlace(dataDirectory: string): SocketPlace {
  const path = join(dataDirectory, SOCKET_FILE);
  const pointer = join(dataDirectory, POINTER_FILE);
  rmSync(pointer, { force: true });
  if (fits(path)) return { path, remove: () => rmSync(path, { force: true }) };
  // mkdtemp makes a folder that only its owner may enter (0700).
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-'));
  const short = join(folder, SOCKET_FILE);
  const remove = (): void => {
    rmSync(pointer, { force: true });
    rmSync(short, { force: true });
    removeEmptyFolder(folder);
  };
  if (!fits(short)) {
    remove();
    throw new Error(
      'the data folder and the folder for temporary files both have names too long for a socket',
    );
  }
  writeFileSync(pointer, short, { mode: 0o600 });
  return { path: short, remove };
}

/** Where a running gateway's socket would be. Undefined when there is surely none. */
export function findSocket(dataDirectory: string): string | undefined {
  const pointed = readPointer(join(dataDirectory, POINTER_FILE));
  if (pointed !== undefined) return isOwn(dirname(pointed)) ? pointed : undefined;
  const path = join(dataDirectory, SOCKET_FILE);
  return fits(path) ? path : undefined;
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_MAX_BYTES;
}

function readPointer(pointer: string): string | undefined {
  try {
    const path = readFileSync(pointer, 'utf8');
    return isAbsolute(path) && fits(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** A stranger could make a folder of the same name after a restart of the machine; secrets must not go there. */
function isOwn(folder: string): boolean {
  try {
    const { uid, mode } = statSync(folder);
    return uid === process.getuid?.() && (mode & 0o077) === 0;
  } catch {
    return false;
  }
}

function removeEmptyFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Gone already, or no longer empty: then it is not ours to remove.
  }
}
