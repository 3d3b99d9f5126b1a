import Database from 'better-sqlite3';

const WAIT_MAX_MS = 5_000;
const PAUSE_MS = 5;

/**
 * Turns a database to a write-ahead log. The turn needs the file alone, and SQLite does not wait for that as it waits for
 * other locks: of processes that make the same database at once, all but one would be refused. So it is tried again for up
 * to 5 seconds; the process stands still meanwhile, as it does while it waits for any lock. Throws what SQLite says then.
 */
export function useWriteAheadLog(database: Database.Database): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      const isBusy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!isBusy || waitedMs >= WAIT_MAX_MS) throw error;
      Atomics.wait(pause, 0, 0, PAUSE_MS);
    }
  }
}
