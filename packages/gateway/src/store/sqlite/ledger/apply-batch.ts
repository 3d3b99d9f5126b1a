import Database from 'better-sqlite3';
import type { ItemOutcome, JournalItem } from '../../../ledger/journal.ts';
import { RefusedItemError } from './row-legs.ts';
import { createItemWriter } from './write-item.ts';

/** Positions and outcomes in turns, of the items that were not simply written. */
export type Exceptions = (number | ItemOutcome)[];

/**
 * Returns a function that writes a batch in one transaction and comes back when it is durable.
 *
 * When a row violates a check, the batch is rolled back and written again item by item, so that one bad item cannot
 * take its neighbours with it: it alone comes back as `refused`. Any other error (disk full, I/O) is thrown, and then
 * nothing of the batch was written.
 */
export function createBatchWriter(
  database: Database.Database,
  epoch: number,
): (batch: readonly JournalItem[]) => Exceptions {
  const writer = createItemWriter(database, epoch);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');

  function inTransaction(write: () => void): void {
    begin.run();
    try {
      write();
      commit.run();
      writer.keep();
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      writer.forget();
      throw error;
    }
  }

  function writeAll(batch: readonly JournalItem[]): Exceptions {
    const exceptions: Exceptions = [];
    for (const [index, item] of batch.entries()) {
      const outcome = writer.write(item);
      if (outcome !== 'written') exceptions.push(index, outcome);
    }
    writer.flush();
    return exceptions;
  }

  function writeEach(batch: readonly JournalItem[]): Exceptions {
    const exceptions: Exceptions = [];
    for (const [index, item] of batch.entries()) {
      database.exec('SAVEPOINT item');
      try {
        const outcome = writer.write(item);
        writer.flush();
        writer.keep();
        if (outcome !== 'written') exceptions.push(index, outcome);
      } catch (error) {
        if (!isRefusal(error) || !database.inTransaction) throw error;
        database.exec('ROLLBACK TO item');
        writer.forget();
        exceptions.push(index, 'refused');
      }
      database.exec('RELEASE item');
    }
    return exceptions;
  }

  return (batch) => {
    let exceptions: Exceptions = [];
    try {
      inTransaction(() => {
        exceptions = writeAll(batch);
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      inTransaction(() => {
        exceptions = writeEach(batch);
      });
    }
    return exceptions;
  };
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof RefusedItemError ||
    (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT'))
  );
}
