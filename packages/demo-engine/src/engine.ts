/**
 * The demo engine for Node: the model runs in a worker thread, so the caller's thread never stalls. Jobs beyond
 * the slots wait in a bounded queue. When the worker dies, its jobs end with a fault and a new one is started.
 */

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { JobReport } from './scheduler.ts';
import type { DemoEvent, DemoFault, DemoJob, DemoResult } from './types.ts';
import type { WorkerRequest, WorkerResponse, WorkerSettings } from './worker-messages.ts';

/**
 * Exactly one of `onEnd` and `onFault` is called for a job, after the last events, and none of them before `run`
 * has returned. A handler that throws does not disturb other jobs: the error becomes an uncaught exception.
 */
export type DemoHandlers = {
  onEvents(events: DemoEvent[]): void;
  onEnd(result: DemoResult): void;
  onFault(fault: DemoFault): void;
  /** Prompt tokens that are in the cache so far, cached ones included. */
  onPrefill?(doneTokens: number, totalTokens: number): void;
};

export type DemoEngine = {
  readonly contextTokens: number;
  readonly slots: number;
  /** Starts a job. `cancel` ends it with the finish `cancelled`; after the end it does nothing. */
  run(job: DemoJob, handlers: DemoHandlers): { cancel(): void };
  /** Length of the job's prompt in tokens, also when it is longer than the context. Rejects with a `DemoEngineError`. */
  countTokens(job: DemoJob): Promise<number>;
  /** Ends all jobs with `engine_failed` and the thread with them. */
  close(): Promise<void>;
};

export type DemoEngineOptions = {
  /** Jobs that run at a time; default 4. Each needs up to 6 MB for the shipped model. */
  slots?: number;
  /** A GGUF file; default is the model in this package. */
  modelPath?: string;
  /** Jobs that may wait for a slot; default 32. */
  queueLimit?: number;
};

/** A fault as an Error, for the calls that return a promise. */
export class DemoEngineError extends Error {
  readonly code: DemoFault['code'];
  constructor(fault: DemoFault) {
    super(fault.message);
    this.name = 'DemoEngineError';
    this.code = fault.code;
  }
}

// When the package is compiled, the worker beside this file is JavaScript as well.
const WORKER_URL = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
const MODEL_URL = new URL('../models/Mote-1.3M-Chat-v1.0-F16.gguf', import.meta.url);

/** Starts the engine. Rejects when the model file is missing or damaged. */
export function startDemoEngine(options: DemoEngineOptions = {}): Promise<DemoEngine> {
  const settings: WorkerSettings = {
    modelPath: options.modelPath ?? fileURLToPath(MODEL_URL),
    slots: options.slots ?? 4,
  };
  return startEngineWith({
    slots: settings.slots,
    queueLimit: options.queueLimit ?? 32,
    startWorker: () => new Worker(WORKER_URL, { workerData: settings, name: 'demo-engine' }),
  });
}

type Pending = { onReport: (report: JobReport) => void; onFault: (fault: DemoFault) => void };

/** As `startDemoEngine`, with the way to start a worker left open, so that tests can get hold of it. */
export async function startEngineWith(options: {
  slots: number;
  queueLimit: number;
  startWorker(): Worker;
}): Promise<DemoEngine> {
  const { slots, queueLimit } = options;
  if (!Number.isInteger(slots) || slots < 1 || slots > 64) throw new RangeError('slots: must be 1 to 64');
  if (!Number.isInteger(queueLimit) || queueLimit < 0) throw new RangeError('queueLimit: must be 0 or more');
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let isClosed = false;
  let worker: Worker | undefined;

  function failAll(message: string): void {
    const failed = [...pending.values()];
    pending.clear();
    for (const { onFault } of failed) onFault({ code: 'engine_failed', message });
  }

  /** Resolves with the context length when the model is loaded. */
  function launch(): Promise<number> {
    const launched = options.startWorker();
    worker = launched;
    let isReady = false;
    return new Promise((resolve, reject) => {
      let reason = new Error('The demo engine ended before it was ready.');
      launched.on('message', (response: WorkerResponse) => {
        if (response.type === 'ready') {
          isReady = true;
          resolve(response.contextTokens);
        } else {
          for (const report of response.reports) deliver(report);
        }
      });
      launched.on('error', (error) => {
        if (error instanceof Error) reason = error;
      });
      launched.on('exit', () => {
        reject(reason);
        if (worker !== launched) return;
        worker = undefined;
        failAll('The demo engine stopped while the job was running.');
        // A worker that dies while loading would die again: the next job tries it then, not a loop here.
        if (isReady && !isClosed) relaunch();
      });
    });
  }

  function relaunch(): void {
    launch().catch(() => undefined);
  }

  function deliver(report: JobReport): void {
    const job = pending.get(report.id);
    if (job === undefined) return;
    if (report.end !== undefined || report.tokenCount !== undefined) pending.delete(report.id);
    job.onReport(report);
  }

  function send(request: WorkerRequest): void {
    if (worker === undefined) relaunch();
    worker?.postMessage(request);
  }

  /** Registers and sends a request, or gives it a fault later in this turn of the event loop. */
  function begin(type: 'run' | 'count', job: DemoJob, handlers: Pending): number {
    const id = nextId++;
    const refuse = (fault: DemoFault) => queueMicrotask(() => handlers.onFault(fault));
    if (isClosed) {
      refuse({ code: 'engine_failed', message: 'The demo engine is closed.' });
      return id;
    }
    if (pending.size >= slots + queueLimit) {
      refuse({ code: 'overloaded', message: 'The demo engine has too many jobs.' });
      return id;
    }
    pending.set(id, handlers);
    try {
      send({ type, id, job });
    } catch {
      // A job with something in it that cannot be sent to a thread, such as a function in a tool's schema.
      pending.delete(id);
      refuse({ code: 'invalid_request', message: 'The job holds a value that is not plain data.' });
    }
    return id;
  }

  const contextTokens = await launch();
  return {
    contextTokens,
    slots,
    run(job, handlers) {
      const id = begin('run', job, {
        onReport: (report) => handReport(report, handlers),
        onFault: (fault) => isolate(() => handlers.onFault(fault)),
      });
      return {
        cancel() {
          if (pending.has(id)) send({ type: 'cancel', id });
        },
      };
    },
    countTokens(job) {
      return new Promise((resolve, reject) => {
        const onFault = (fault: DemoFault) => reject(new DemoEngineError(fault));
        const onReport = ({ tokenCount, end }: JobReport) => {
          if (tokenCount !== undefined) resolve(tokenCount);
          else if (end !== undefined && 'fault' in end) onFault(end.fault);
        };
        begin('count', job, { onReport, onFault });
      });
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      const ending = worker;
      worker = undefined;
      failAll('The demo engine was closed.');
      await ending?.terminate();
    },
  };
}

function handReport({ prefill, events, end }: JobReport, handlers: DemoHandlers): void {
  if (prefill !== undefined) isolate(() => handlers.onPrefill?.(prefill.doneTokens, prefill.totalTokens));
  if (events.length > 0) isolate(() => handlers.onEvents(events));
  if (end === undefined) return;
  if ('result' in end) isolate(() => handlers.onEnd(end.result));
  else isolate(() => handlers.onFault(end.fault));
}

/** Runs a caller's function; its error must keep neither this job from its end nor other jobs from their events. */
function isolate(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
