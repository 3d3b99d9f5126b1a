import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Two owners would both hand out the same balance, so there is one. */
export class LedgerInUseError extends Error {
  constructor() {
    super(
      'the ledger is in use by another process: stop that gateway first, or give this one its own data folder',
    );
    this.name = 'LedgerInUseError';
  }
}

/**
 * Takes the ledger for this process, with SQLite's lock on an empty file beside it. The operating system drops the lock
 * when the process dies, however it dies: nothing is left to repair. Returns how to give it back.
 * Throws `LedgerInUseError`.
 */
export function lockLedger(path: string): () => void {
  const lockPath = `${path}.lock`;
  closeSync(openSync(lockPath, 'a', 0o600));
  const lock = new Database(lockPath, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY'))
      throw new LedgerInUseError();
    throw error;
  }
  return () => lock.close();
}
