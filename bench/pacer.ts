/**
 * Runs as a worker thread and posts a message at each intended start. It blocks on a futex in between, which wakes
 * within about 0.1 ms; a timer of the event loop rounds to whole milliseconds, more than what is measured.
 */
import { parentPort, workerData } from 'node:worker_threads';

/** `startMs` on the clock of `monotonicMs`. */
export type Pace = { startMs: number; intervalMs: number; count: number };

/** Milliseconds since an arbitrary moment, the same in every thread. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const pace = workerData as Pace | null;
if (parentPort !== null && pace !== null) {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let index = 0; index < pace.count; index += 1) {
    const remainingMs = pace.startMs + index * pace.intervalMs - monotonicMs();
    if (remainingMs > 0) Atomics.wait(never, 0, 0, remainingMs);
    parentPort.postMessage(index);
  }
}
