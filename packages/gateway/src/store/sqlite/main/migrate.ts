import type { Database } from 'better-sqlite3';

export type Migration = {
  /** 1, 2, 3 ...; the first one may be later when nothing before it was released. */
  version: number;
  name: string;
  sql: string;
};

/** The database was written by a newer program, whose tables this one does not know. */
export class DatabaseTooNewError extends Error {
  constructor(found: number, known: number) {
    super(`the database has schema version ${found}, this program knows ${known}: use a newer program`);
    this.name = 'DatabaseTooNewError';
  }
}

/** The database was written by a program before the first release; nothing leads from its tables to the present ones. */
export class DatabaseTooOldError extends Error {
  constructor(found: number, oldest: number) {
    super(`the database has schema version ${found}, the oldest that can be used is ${oldest}`);
    this.name = 'DatabaseTooOldError';
  }
}

/**
 * Brings the database to the newest schema. All missing migrations run in one transaction that takes the write lock
 * before it looks (BEGIN IMMEDIATE): of two processes that start at once the second one waits, then finds nothing
 * left to do. A migration that fails leaves the database as it was.
 * Throws `DatabaseTooNewError`, or `DatabaseTooOldError` when the migrations begin after its version.
 * @param nowMs time to note in `schema_version`, milliseconds since 1970
 */
export function migrate(database: Database, migrations: readonly Migration[], nowMs: number): void {
  const run = database.transaction(() => {
    database.exec(
      'CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
    );
    const found = database
      .prepare('SELECT coalesce(max(version), 0) FROM schema_version')
      .pluck()
      .get() as number;
    const known = migrations.at(-1)?.version ?? 0;
    if (found > known) throw new DatabaseTooNewError(found, known);
    const oldest = migrations[0]?.version ?? 0;
    if (found > 0 && found < oldest) throw new DatabaseTooOldError(found, oldest);
    const note = database.prepare('INSERT INTO schema_version (version, name, applied_at) VALUES (?, ?, ?)');
    for (const migration of migrations) {
      if (migration.version <= found) continue;
      database.exec(migration.sql);
      note.run(migration.version, migration.name, nowMs);
    }
  });
  run.immediate();
}
