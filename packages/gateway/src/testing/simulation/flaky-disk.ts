import type { BatchOutcome, JournalItem, JournalWriter } from '../../ledger/journal.ts';
import type { DurableStore } from './durable-store.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

export type DiskHabits = {
  /** Longest time from a batch to its commit, and from there to the answer. */
  commitMaxMs: number;
  answerMaxMs: number;
  /** How often a batch fails. */
  failureRate: number;
};

export type FlakyDisk = JournalWriter & {
  hasFailed(): boolean;
};

/**
 * The ledger's writer over the durable store of the world: batches take their time to be committed and to be answered,
 * and the process may die in between. A batch that fails is lost, or is there and only its answer is lost.
 */
export function createFlakyDisk(options: {
  store: DurableStore;
  scheduler: Scheduler;
  life: Life;
  random: Random;
  habits: DiskHabits;
  trace: Trace;
  /** Filled with the requests of batches that are committed though their writer hears of a failure. */
  unknownCommits: Set<string>;
  report: (problem: string) => void;
}): FlakyDisk {
  const { store, scheduler, life, random, habits, trace, report, unknownCommits } = options;
  let isWriting = false;
  let isFailed = false;

  function commit(batch: readonly JournalItem[]): BatchOutcome {
    const outcomes = store.apply(batch, life.epoch);
    trace.note(`disk committed ${batch.length}`);
    life.touch();
    return outcomes;
  }

  function fail(batch: readonly JournalItem[], isCommitted: boolean): undefined {
    if (!isCommitted) return;
    for (const item of batch) if (item.type === 'resolve') unknownCommits.add(item.receipt.requestId);
    commit(batch);
  }

  return {
    hasFailed: () => isFailed,
    write(batch) {
      const { promise, resolve, reject } = Promise.withResolvers<BatchOutcome>();
      if (!life.touch()) return promise;
      if (isWriting) report('a second batch was written before the first was answered');
      if (isFailed) report('a batch was written after the disk had failed');
      isWriting = true;
      const failure = random.chance(habits.failureRate)
        ? random.pick(['lost', 'only-answer-lost'] as const)
        : 'none';
      const commitMs = random.int(0, habits.commitMaxMs);
      const answerMs = random.int(0, habits.answerMaxMs);
      scheduler.after(commitMs, life, () => {
        const outcomes = failure === 'none' ? commit(batch) : fail(batch, failure === 'only-answer-lost');
        scheduler.after(answerMs, life, () => {
          isWriting = false;
          isFailed = outcomes === undefined;
          trace.note(`disk answered ${failure}`);
          if (outcomes === undefined) reject(new Error('the simulated disk failed'));
          else resolve(outcomes);
        });
      });
      return promise;
    },
    close() {
      if (isWriting) report('the writer was closed while a batch was on its way');
      return Promise.resolve();
    },
  };
}
