import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { useWriteAheadLog } from '../main/write-ahead.ts';

/** Pages of 4 KiB in the write-ahead log before a commit moves them to the database: 16 MiB. */
const CHECKPOINT_PAGES = 4_096;

/**
 * Opens the ledger for writing, and proves that a commit means a write to the disk: the journal is a write-ahead log and
 * every commit waits for the disk (on macOS for the platter too). Throws when the file system does not allow it.
 */
export function openForWriting(path: string): Database.Database {
  // A new file is the operator's alone; SQLite gives the log files beside it the same rights.
  closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path, { timeout: 5_000 });
  useWriteAheadLog(database);
  database.pragma('synchronous = FULL');
  database.pragma('fullfsync = ON');
  database.pragma('checkpoint_fullfsync = ON');
  database.pragma('cache_size = -65536');
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  const journalMode = database.pragma('journal_mode', { simple: true });
  const synchronous = database.pragma('synchronous', { simple: true });
  if (journalMode !== 'wal' || synchronous !== 2) {
    database.close();
    throw new Error(
      'the ledger needs a file system with shared memory maps: WAL with synchronous=FULL is refused',
    );
  }
  return database;
}

/** Opens the ledger for reading while a gateway may be writing. Throws when there is no such file. */
export function openForReading(path: string): Database.Database {
  return new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
}
