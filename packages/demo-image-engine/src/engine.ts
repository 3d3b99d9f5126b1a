/**
 * The demo image engine for Node: the model runs in a worker thread, so the caller's thread never stalls. One
 * picture is drawn at a time; further jobs wait in a bounded queue. When the worker dies, its jobs end with a fault
 * and a new one is started.
 */

import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { findJobProblem } from './check-job.ts';
import type { SeededJob } from './rendering.ts';
import type { ImageFault, ImageJob, ImageOutcome } from './types.ts';
import type { WorkerRequest, WorkerResponse } from './worker-messages.ts';

export type RenderOptions = {
  /** Ends the job with the fault `cancelled`: within one step when it runs, at once while it waits. */
  signal?: AbortSignal;
  /** Called after each step; `steps` is how many there are. Its errors become uncaught exceptions. */
  onStep?(step: number, steps: number): void;
};

export type ImageEngine = {
  /** Draws one picture. Never rejects: what goes wrong is the outcome's fault. */
  renderImage(job: ImageJob, options?: RenderOptions): Promise<ImageOutcome>;
  /** Ends all jobs with `engine_failed` and the thread with them. */
  close(): Promise<void>;
};

export type ImageEngineOptions = {
  /** Jobs that may wait while another runs; default 8. */
  queueLimit?: number;
};

/** Seeds that are drawn: as many as the generator tells apart. */
const SEEDS = 2 ** 32;

// When the package is compiled, the worker beside this file is JavaScript as well.
const WORKER_URL = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** Starts the engine. Rejects when the model is missing or damaged. */
export function startImageEngine(options: ImageEngineOptions = {}): Promise<ImageEngine> {
  return startEngineWith({
    queueLimit: options.queueLimit ?? 8,
    startWorker: () => new Worker(WORKER_URL, { name: 'demo-image-engine' }),
  });
}

type Pending = { end(outcome: ImageOutcome): void; onStep(step: number): void; job: SeededJob };

/** As `startImageEngine`, with the way to start a worker left open, so that tests can get hold of it. */
export async function startEngineWith(options: {
  queueLimit: number;
  startWorker(): Worker;
}): Promise<ImageEngine> {
  const { queueLimit } = options;
  if (!Number.isInteger(queueLimit) || queueLimit < 0) throw new RangeError('queueLimit: must be 0 or more');
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let isClosed = false;
  let worker: Worker | undefined;

  function failAll(message: string): void {
    const failed = [...pending.values()];
    pending.clear();
    for (const { end } of failed) end(fault('engine_failed', message));
  }

  /** Resolves when the model is loaded. */
  function launch(): Promise<void> {
    const launched = options.startWorker();
    worker = launched;
    let isReady = false;
    return new Promise((resolve, reject) => {
      let reason = new Error('The demo image engine ended before it was ready.');
      launched.on('message', (response: WorkerResponse) => {
        if (response.type === 'ready') {
          isReady = true;
          resolve();
        } else deliver(response);
      });
      launched.on('error', (error) => {
        if (error instanceof Error) reason = error;
      });
      launched.on('exit', () => {
        reject(reason);
        if (worker !== launched) return;
        worker = undefined;
        failAll('The demo image engine stopped while the job was running.');
        // A worker that dies while loading would die again: the next job tries it then, not a loop here.
        if (isReady && !isClosed) relaunch();
      });
    });
  }

  function relaunch(): void {
    launch().catch(() => undefined);
  }

  function deliver(response: Exclude<WorkerResponse, { type: 'ready' }>): void {
    const job = pending.get(response.id);
    if (job === undefined) return;
    if (response.type === 'step') {
      job.onStep(response.step);
      return;
    }
    pending.delete(response.id);
    if (response.type === 'cancelled') job.end(cancelled);
    else {
      const { seed, steps } = job.job;
      job.end({ ok: true, value: { png: response.png, seed, steps } });
    }
  }

  function send(request: WorkerRequest): void {
    if (worker === undefined) relaunch();
    worker?.postMessage(request);
  }

  function findRefusal(job: ImageJob): ImageOutcome | undefined {
    if (isClosed) return fault('engine_failed', 'The demo image engine is closed.');
    const problem = findJobProblem(job);
    if (problem !== undefined) return fault('invalid_request', problem);
    if (pending.size > queueLimit) return fault('overloaded', 'The demo image engine has too many jobs.');
    return undefined;
  }

  await launch();
  return {
    async renderImage(job, { signal, onStep } = {}) {
      const refusal = findRefusal(job);
      if (refusal !== undefined) return refusal;
      if (signal?.aborted === true) return cancelled;
      const id = nextId++;
      const seeded = withSeed(job);
      const cancel = () => {
        if (pending.has(id)) send({ type: 'cancel', id });
      };
      const outcome = await new Promise<ImageOutcome>((resolve) => {
        pending.set(id, {
          job: seeded,
          // The picture may have been finished while the signal was on its way.
          end: (outcome) => resolve(signal?.aborted === true ? cancelled : outcome),
          onStep: (step) => isolate(() => onStep?.(step, seeded.steps)),
        });
        signal?.addEventListener('abort', cancel, { once: true });
        send({ type: 'render', id, job: seeded });
      });
      signal?.removeEventListener('abort', cancel);
      return outcome;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      const ending = worker;
      worker = undefined;
      failAll('The demo image engine was closed.');
      await ending?.terminate();
    },
  };
}

const cancelled = fault('cancelled', 'The job was cancelled.');

function fault(code: ImageFault['code'], message: string): ImageOutcome {
  return { ok: false, error: { code, message } };
}

/** The fields of a job alone: whatever else an object of the caller holds stays here. */
function withSeed({ prompt, negativePrompt, width, height, steps, cfg, seed }: ImageJob): SeededJob {
  return { prompt, negativePrompt, width, height, steps, cfg, seed: seed ?? randomInt(SEEDS) };
}

/** Runs a caller's function; its error must keep neither this job from its end nor other jobs from theirs. */
function isolate(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
