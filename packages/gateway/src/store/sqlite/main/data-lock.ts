import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const LOCK_FILE = 'switchyard.lock';

export type DataLock = { release(): void };

/**
 * Makes this process the only one that uses a data folder: balances and keys live in the memory of their owner,
 * and two owners would not see each other's changes. Undefined when another process holds it for longer than
 * `waitMs` (the wait blocks the whole process).
 *
 * The lock is SQLite's own lock on an empty database file: the operating system drops it when the process dies,
 * however it dies, so there is no stale lock to clean up. It does not work across machines on a network folder,
 * and neither do the databases.
 */
export function acquireDataLock(directory: string, waitMs: number): DataLock | undefined {
  const path = join(directory, LOCK_FILE);
  closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path, { timeout: waitMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
