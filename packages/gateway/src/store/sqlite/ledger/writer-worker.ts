import { parentPort, workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { createBatchWriter } from './apply-batch.ts';
import { openForWriting } from './connection.ts';
import { batchFromText } from './journal-text.ts';
import {
  type RollupResult,
  type RollupStep,
  createRollup,
  keepSignatures,
  unsignedRollups,
} from './rollup.ts';
import type { Chore, FromWorker, ToWorker, WorkerSettings } from './worker-writer.ts';

/**
 * The writer's thread: waits for a batch, commits it, answers. It works off the main thread because a commit blocks for
 * as long as the disk takes.
 */
function run(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker only');
  const { path, epoch } = workerData as WorkerSettings;
  const database = openForWriting(path);
  const writeBatch = createBatchWriter(database, epoch);
  const doChore = createChores(database);
  const answer = (message: FromWorker): void => port.postMessage(message);

  port.on('message', (message: ToWorker) => {
    if (message === 'close') {
      database.close();
      port.close();
      return;
    }
    if (typeof message === 'string') {
      answer(orFailure(() => writeBatch(batchFromText(message))));
    } else {
      answer(orFailure(() => ({ chore: doChore(message) })));
    }
  });
  answer('ready');
}

function createChores(database: Database): (chore: Chore) => unknown {
  let rollUp: ((step: RollupStep) => RollupResult) | undefined;
  return (chore) => {
    switch (chore.chore) {
      case 'roll-up':
        return (rollUp ??= createRollup(database))(chore.step);
      case 'list-unsigned':
        return unsignedRollups(database, chore.beforeDay, chore.rowsMax);
      case 'keep-signatures':
        break;
    }
    return keepSignatures(database, chore.rows);
  };
}

function orFailure(work: () => FromWorker): FromWorker {
  try {
    return work();
  } catch (error) {
    // The code alone: it says what happened, and no message of a database can bring a value with it.
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    return { failure: typeof code === 'string' ? code : 'the batch could not be written' };
  }
}

run();
