import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** The private key that signs receipts, in the data folder. */
export const RECEIPT_KEY_FILE = 'receipt-key.pem';
/** A PEM of this kind has about 120 bytes. */
const KEY_MAX_BYTES = 4_096;

/**
 * Reads the receipt key of a data folder. Makes it with `newPem` when there is none: readable by its owner only, and
 * there either whole or not at all, whenever the process dies. `wasOpen`: others could read it until now.
 * Throws what the file system says. The folder belongs to this process alone.
 */
export function loadReceiptKey(directory: string, newPem: () => string): { pem: string; wasOpen: boolean } {
  const path = join(directory, RECEIPT_KEY_FILE);
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing === undefined) {
    const pem = newPem();
    writeOnce(path, pem);
    return { pem, wasOpen: false };
  }
  if (existing.size > KEY_MAX_BYTES) throw new Error(`${RECEIPT_KEY_FILE} is too large to be a key`);
  const wasOpen = (existing.mode & 0o077) !== 0;
  if (wasOpen) chmodSync(path, 0o600);
  return { pem: readFileSync(path, 'utf8'), wasOpen };
}

function writeOnce(path: string, text: string): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // Unlike a rename, a link never takes the place of a file that is there.
  linkSync(draft, path);
  rmSync(draft);
}
