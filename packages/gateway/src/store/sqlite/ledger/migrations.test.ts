import { expect, it } from 'vitest';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { DatabaseTooOldError, migrate } from '../main/migrate.ts';
import { openForWriting } from './connection.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { openLedgerStore } from './open.ts';
import { temporaryLedgers } from './testing-folder.ts';

const newPath = temporaryLedgers();
const clock = createVirtualClock();

it('a ledger from before the first release is refused and left as it is', async () => {
  const path = newPath();
  const database = openForWriting(path);
  migrate(
    database,
    [{ version: 2, name: 'of old', sql: 'CREATE TABLE account (id INTEGER)' }],
    clock.nowMs(),
  );
  await expect(openLedgerStore({ path, clock })).rejects.toThrow(DatabaseTooOldError);
  await expect(openLedgerStore({ path, clock })).rejects.toThrow('the oldest that can be used is 3');
  expect(
    database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all(),
  ).toEqual(['account', 'schema_version']);
  database.close();
});

it('each ledger has a mark of its own', () => {
  const marks = [newPath(), newPath()].map((path) => {
    const database = openForWriting(path);
    migrate(database, LEDGER_MIGRATIONS, clock.nowMs());
    const mark = database.prepare("SELECT value FROM meta WHERE key = 'ledger_id'").pluck().get() as number;
    database.close();
    return mark;
  });
  expect(marks.every((mark) => Number.isSafeInteger(mark) && mark >= 0)).toBe(true);
  expect(new Set(marks).size).toBe(2);
});
