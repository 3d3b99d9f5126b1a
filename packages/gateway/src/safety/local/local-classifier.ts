import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../core/clock.ts';
import type { OutputClassifier } from '../output-classifier.ts';
import type { OnnxModel } from './scorer.ts';

/** `folder`: where the packages were installed. */
export type LocalModel =
  | { kind: 'nsfwjs'; folder: string }
  | { kind: 'onnx'; folder: string; onnx: OnnxModel };

export type LocalClassifierOptions = {
  clock: Clock;
  /** For one picture, waiting for others included. */
  timeoutMs: number;
  /** The thread ended: it could not load, it died, or it took too long and was ended. */
  onFailure(error: Error): void;
  startWorker(): Worker;
};

export type ToClassifier = { png: Uint8Array };
/** `adult` is NaN where the picture could not be read or scored. */
export type FromClassifier = { type: 'ready' } | { type: 'looked'; adult: number };

export type LocalClassifier = OutputClassifier & {
  /** Rejects what waits and ends the thread. */
  close(): Promise<void>;
};

/** Pictures that may wait for the thread: with the largest ones 100 MB. */
const WAITING_MAX = 8;

type Look = { png: Buffer; settled: PromiseWithResolvers<number>; timer: Timer };

// Compiled, the worker beside this file is JavaScript as well.
const WORKER_URL = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** The thread of a model. What its packages print is dropped: standard output is the log's. */
export function startClassifierWorker(model: LocalModel): Worker {
  const worker = new Worker(WORKER_URL, {
    name: 'classifier',
    workerData: model,
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  return worker;
}

/**
 * Looks at one picture after the other in a thread of its own, which is started at once, so that its model is loaded
 * before the first picture. A thread that dies, or is ended because a picture took too long, fails the picture that it
 * looked at; the next picture starts another. Whatever goes wrong rejects.
 */
export function createLocalClassifier(options: LocalClassifierOptions): LocalClassifier {
  const waiting: Look[] = [];
  let current: Look | undefined;
  let worker: Worker | undefined;
  let isReady = false;
  let isClosed = false;

  function start(): void {
    const started = options.startWorker();
    worker = started;
    isReady = false;
    // The thread does not hold the process.
    started.unref();
    let reason = new Error('the classifier has ended');
    started.on('message', (message: FromClassifier) => {
      if (worker !== started) return;
      if (message.type === 'ready') isReady = true;
      else looked(message.adult);
      next();
    });
    started.on('error', (error) => {
      if (error instanceof Error) reason = error;
    });
    started.on('exit', () => {
      if (worker === started) lost(reason);
    });
  }

  function lost(reason: Error): void {
    const wasReady = isReady;
    worker = undefined;
    isReady = false;
    const failed = current;
    current = undefined;
    settle(failed, Number.NaN);
    // One that cannot even load is not started again for those that wait.
    if (!wasReady) for (const look of waiting.splice(0)) settle(look, Number.NaN);
    options.onFailure(reason);
    next();
  }

  function looked(adult: number): void {
    const look = current;
    current = undefined;
    settle(look, adult);
  }

  function settle(look: Look | undefined, adult: number): void {
    if (look === undefined) return;
    look.timer.cancel();
    if (adult >= 0 && adult <= 1) look.settled.resolve(adult);
    else look.settled.reject(new Error('the classifier could not look at the picture'));
  }

  function next(): void {
    if (isClosed || current !== undefined || waiting.length === 0) return;
    if (worker === undefined) start();
    if (!isReady) return;
    current = waiting.shift();
    if (current !== undefined) worker?.postMessage({ png: current.png } satisfies ToClassifier);
  }

  function tookTooLong(look: Look): void {
    const place = waiting.indexOf(look);
    if (place >= 0) {
      waiting.splice(place, 1);
      settle(look, Number.NaN);
      return;
    }
    // A thread in the middle of a computation hears nothing: it can only be ended.
    if (current !== look || worker === undefined) return;
    const ending = worker;
    lost(new Error('the classifier took too long'));
    void ending.terminate();
  }

  start();
  return {
    adultScore(png) {
      if (isClosed || waiting.length >= WAITING_MAX) {
        return Promise.reject(new Error('the classifier has no room for the picture'));
      }
      const settled = Promise.withResolvers<number>();
      const look: Look = {
        png,
        settled,
        timer: options.clock.after(options.timeoutMs, () => tookTooLong(look)),
      };
      waiting.push(look);
      next();
      return settled.promise;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      const ending = worker;
      worker = undefined;
      for (const look of [current, ...waiting.splice(0)]) settle(look, Number.NaN);
      current = undefined;
      await ending?.terminate();
    },
  };
}
