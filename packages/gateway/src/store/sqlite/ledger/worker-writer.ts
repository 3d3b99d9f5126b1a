import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BatchOutcome, ItemOutcome, JournalWriter } from '../../../ledger/journal.ts';
import type { Exceptions } from './apply-batch.ts';
import { batchToText } from './journal-text.ts';
import type { RollupResult, RollupRow, RollupStep, SignedRollup } from './rollup.ts';

export type WorkerSettings = { path: string; epoch: number };

/** One message for each batch, both ways; a batch goes as text, see `journal-text.ts`. Chores are rare and go as they are. */
export type ToWorker = string | Chore;

/** Upkeep that the writer's thread does between two batches. */
export type Chore =
  | { chore: 'roll-up'; step: RollupStep }
  | { chore: 'list-unsigned'; beforeDay: number; rowsMax: number }
  | { chore: 'keep-signatures'; rows: readonly SignedRollup[] };

export type FromWorker = Exceptions | { failure: string } | { chore: unknown } | 'ready';

/** The ledger's writer with the upkeep of its file. Chores are taken in turn with batches, one at a time. */
export type LedgerWriter = JournalWriter & LedgerUpkeep;

export type LedgerUpkeep = {
  /** Sums up a few old receipts. Rejects when it could not; then nothing has changed. */
  rollUp(step: RollupStep): Promise<RollupResult>;
  unsignedRollups(beforeDay: number, rowsMax: number): Promise<RollupRow[]>;
  /** Resolves to how many were kept. */
  keepSignatures(rows: readonly SignedRollup[]): Promise<number>;
};

const ALL_WRITTEN: BatchOutcome = new Map();

/**
 * Starts the writer's thread and resolves when it has its file open. Rejects when it has not.
 * When the thread dies, what is on its way rejects, and so does everything later.
 */
export async function startWorkerWriter(settings: WorkerSettings): Promise<LedgerWriter> {
  const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), {
    workerData: settings,
    // None of the main thread's flags (a debugger, a loader) has a meaning for this thread.
    execArgv: [],
  });
  await once(worker, 'message');

  // The thread answers in the order in which it was asked. At most one batch and the chores of one job wait.
  const waiting: PromiseWithResolvers<Exceptions | { chore: unknown }>[] = [];
  let dead: Error | undefined;

  function die(cause: Error): void {
    dead ??= cause;
    for (const asked of waiting.splice(0)) asked.reject(dead);
  }

  function ask(message: ToWorker): Promise<Exceptions | { chore: unknown }> {
    if (dead !== undefined) return Promise.reject(dead);
    const asked = Promise.withResolvers<Exceptions | { chore: unknown }>();
    waiting.push(asked);
    worker.postMessage(message);
    return asked.promise;
  }

  worker.on('message', (message: FromWorker) => {
    if (message === 'ready') return;
    const asked = waiting.shift();
    if (asked === undefined) return;
    if ('failure' in message) asked.reject(new Error(`the ledger could not be written: ${message.failure}`));
    else asked.resolve(message);
  });
  worker.on('error', () => die(new Error('the writer of the ledger broke down')));
  worker.on('exit', () => die(new Error('the writer of the ledger has ended')));

  /** The thread runs the same version of this code, so its answer has the shape that was asked for. */
  async function doChore<Answer>(chore: Chore): Promise<Answer> {
    const answer = await ask(chore);
    return ('chore' in answer ? answer.chore : undefined) as Answer;
  }

  return {
    async write(batch) {
      const answer = await ask(batchToText(batch));
      return Array.isArray(answer) ? outcomesOf(answer) : ALL_WRITTEN;
    },
    rollUp: (step) => doChore({ chore: 'roll-up', step }),
    unsignedRollups: (beforeDay, rowsMax) => doChore({ chore: 'list-unsigned', beforeDay, rowsMax }),
    keepSignatures: (rows) => doChore({ chore: 'keep-signatures', rows }),
    async close() {
      if (dead !== undefined) return;
      const exited = once(worker, 'exit');
      worker.postMessage('close' satisfies ToWorker);
      await exited;
    },
  };
}

function outcomesOf(exceptions: Exceptions): BatchOutcome {
  if (exceptions.length === 0) return ALL_WRITTEN;
  const outcomes = new Map<number, ItemOutcome>();
  for (let at = 0; at + 1 < exceptions.length; at += 2) {
    outcomes.set(exceptions[at] as number, exceptions[at + 1] as ItemOutcome);
  }
  return outcomes;
}
