import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BatchOutcome, ItemOutcome, JournalWriter } from '../../../ledger/journal.ts';
import type { Exceptions } from './apply-batch.ts';

export type WorkerSettings = { path: string; epoch: number };

/**
 * One message for each batch, both ways. A batch goes as JSON text: cloning its objects took 14 % of the main thread
 * under load, writing them as text a third of that (2026-11-20).
 */
export type ToWorker = string;
export type FromWorker = Exceptions | { failure: string } | 'ready';

const ALL_WRITTEN: BatchOutcome = new Map();

/**
 * Starts the writer's thread and resolves when it has its file open. Rejects when it has not.
 * When the thread dies, the batch on its way rejects, and so does every later one.
 */
export async function startWorkerWriter(settings: WorkerSettings): Promise<JournalWriter> {
  const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), {
    workerData: settings,
    // None of the main thread's flags (a debugger, a loader) has a meaning for this thread.
    execArgv: [],
  });
  await once(worker, 'message');

  let waiting: PromiseWithResolvers<BatchOutcome> | undefined;
  let dead: Error | undefined;

  function die(cause: Error): void {
    dead ??= cause;
    waiting?.reject(dead);
    waiting = undefined;
  }

  worker.on('message', (message: FromWorker) => {
    const answered = waiting;
    if (answered === undefined || message === 'ready') return;
    waiting = undefined;
    if (Array.isArray(message)) answered.resolve(outcomesOf(message));
    else answered.reject(new Error(`the ledger could not be written: ${message.failure}`));
  });
  worker.on('error', () => die(new Error('the writer of the ledger broke down')));
  worker.on('exit', () => die(new Error('the writer of the ledger has ended')));

  return {
    write(batch) {
      if (dead !== undefined) return Promise.reject(dead);
      waiting = Promise.withResolvers<BatchOutcome>();
      worker.postMessage(JSON.stringify(batch) satisfies ToWorker);
      return waiting.promise;
    },
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
