import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../../core/clock.ts';
import type { PeopleStore } from '../../../people/store.ts';
import { PEOPLE_DATABASE_FILE } from '../main/data-folder.ts';
import { migrate } from '../main/migrate.ts';
import { useWriteAheadLog } from '../main/write-ahead.ts';
import { PEOPLE_MIGRATIONS } from './migrations.ts';
import { createPeopleStore } from './people-store.ts';

/** How long a statement waits for another process's write before it fails, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/** `database` is for Better Auth, which has tables of its own in the same file. */
export type OpenedPeople = { store: PeopleStore; database: Database.Database };

/**
 * Opens (and makes or brings up to date) the database of people in `directory`, which must exist. It is a file of its
 * own, so that personal data is in one place and never beside money. Readable by its owner only.
 * Throws when it is no sound database, or a newer program's.
 */
export function openPeopleStore(directory: string, clock: Clock): OpenedPeople {
  const path = join(directory, PEOPLE_DATABASE_FILE);
  // Made here first, so that the file, and the WAL beside it, never exist with wider permissions.
  closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    useWriteAheadLog(database);
    database.pragma('synchronous = FULL');
    database.pragma('fullfsync = ON');
    database.pragma('foreign_keys = ON');
    // What was deleted shall be gone from the file, too.
    database.pragma('secure_delete = ON');
    migrate(database, PEOPLE_MIGRATIONS, clock.nowMs());
  } catch (error) {
    database.close();
    throw error;
  }
  return { store: createPeopleStore(database), database };
}
