import { Worker } from 'node:worker_threads';

export type Rows = {
  /** Calls `then` when a row is on the disk. Rows that come while another batch is written go together. */
  add(then: () => void): void;
};

/** What a charge and its receipt are in the gateway's ledger, about. */
const ROW = 'x'.repeat(250);

/**
 * About the least that a durable charge can be: a row and a sum in a SQLite file, committed in a thread of its own. Nothing
 * of the gateway's ledger is used, which is what this is compared with.
 */
export function openRows(databasePath: string): Rows {
  const writer = new Worker(new URL('./relay-writer.ts', import.meta.url), { workerData: databasePath });
  let waiting: (() => void)[] = [];
  let inFlight: readonly (() => void)[] = [];
  function flush(): void {
    if (inFlight.length > 0 || waiting.length === 0) return;
    inFlight = waiting;
    waiting = [];
    writer.postMessage(inFlight.map(() => ROW));
  }
  writer.on('message', () => {
    const written = inFlight;
    inFlight = [];
    for (const then of written) then();
    flush();
  });
  // A relay without its rows measures nothing.
  writer.on('error', (error) => {
    throw error;
  });
  return {
    add(then) {
      waiting.push(then);
      if (waiting.length === 1) setImmediate(flush);
    },
  };
}
