import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngineWith, startImageEngine, type ImageEngine } from './engine.ts';
import { decodePng } from './testing/decode-png.ts';
import { imageJob } from './testing/image-fixtures.ts';
import type { ImageOutcome } from './types.ts';

let engine: ImageEngine;
beforeAll(async () => {
  engine = await startImageEngine({ queueLimit: 2 });
});
afterAll(() => engine.close());

const long = imageJob({ steps: 100 });
const codeOf = (outcome: ImageOutcome) => (outcome.ok ? 'done' : outcome.error.code);

test('draws a picture and tells of every step', async () => {
  const steps: string[] = [];
  const outcome = await engine.renderImage(imageJob(), {
    onStep: (step, count) => steps.push(`${step} of ${count}`),
  });
  if (!outcome.ok) throw new Error(outcome.error.message);
  expect(steps).toEqual(['1 of 4', '2 of 4', '3 of 4', '4 of 4']);
  expect(outcome.value).toMatchObject({ seed: 1, steps: 4 });
  expect(decodePng(outcome.value.png)).toMatchObject({ width: 64, height: 64 });
});

test('the same seed gives the same file; without one every run differs and tells its own', async () => {
  const render = async (seed?: number) => {
    const { seed: _, ...job } = imageJob({ steps: 2 });
    const outcome = await engine.renderImage(seed === undefined ? job : { ...job, seed });
    if (!outcome.ok) throw new Error(outcome.error.message);
    return { seed: outcome.value.seed, png: Buffer.from(outcome.value.png) };
  };
  const drawn = await render();
  const other = await render();
  expect(other.seed).not.toBe(drawn.seed);
  expect(other.png.equals(drawn.png)).toBe(false);
  expect((await render(drawn.seed)).png.equals(drawn.png)).toBe(true);
});

test('cancel stops the running job, and the next one runs', async () => {
  const cancelling = new AbortController();
  let steps = 0;
  const outcome = await engine.renderImage(long, {
    signal: cancelling.signal,
    onStep(step) {
      steps = step;
      if (step === 2) cancelling.abort();
    },
  });
  expect(codeOf(outcome)).toBe('cancelled');
  // The exact step depends on how the threads are scheduled; `job-queue.test.ts` has the exact rule.
  expect(steps).toBeLessThan(100);
  expect(codeOf(await engine.renderImage(imageJob({ steps: 1 })))).toBe('done');
});

test('jobs run in order; a waiting one is cancelled without running', async () => {
  const order: string[] = [];
  const cancelling = new AbortController();
  const run = async (name: string, signal?: AbortSignal) => {
    const onStep = () => order.push(name);
    const outcome = await engine.renderImage(
      imageJob({ steps: 2 }),
      signal === undefined ? { onStep } : { onStep, signal },
    );
    order.push(`${name} ${codeOf(outcome)}`);
  };
  const jobs = [run('a'), run('b', cancelling.signal), run('c')];
  cancelling.abort();
  await Promise.all(jobs);
  expect(order.filter((entry) => entry !== 'b cancelled')).toEqual(['a', 'a', 'a done', 'c', 'c', 'c done']);
  expect(order).toContain('b cancelled');
});

test('a signal that was given before ends the job before it begins', async () => {
  expect(codeOf(await engine.renderImage(long, { signal: AbortSignal.abort() }))).toBe('cancelled');
});

test('more jobs than run and wait are refused', async () => {
  const runs = Array.from({ length: 5 }, () => engine.renderImage(imageJob({ steps: 1 })));
  const codes = (await Promise.all(runs)).map(codeOf);
  expect(codes).toEqual(['done', 'done', 'done', 'overloaded', 'overloaded']);
});

test('a job out of range is refused, in words without its content', async () => {
  const outcome = await engine.renderImage(imageJob({ prompt: 'secret '.repeat(10_000) }));
  expect(outcome).toEqual({
    ok: false,
    error: { code: 'invalid_request', message: 'prompt: must be text of at most 32768 characters' },
  });
});

test('when the worker dies its jobs fail and the next ones run', async () => {
  const workers: Worker[] = [];
  const fragile = await startEngineWith({
    queueLimit: 4,
    startWorker() {
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      workers.push(worker);
      return worker;
    },
  });
  const running = fragile.renderImage(long, { onStep: () => void workers[0]?.terminate() });
  const waiting = fragile.renderImage(long);
  expect((await Promise.all([running, waiting])).map(codeOf)).toEqual(['engine_failed', 'engine_failed']);
  expect(codeOf(await fragile.renderImage(imageJob({ steps: 1 })))).toBe('done');
  expect(workers.length).toBe(2);
  await fragile.close();
});

test('closing ends all jobs, and later ones are refused', async () => {
  const closing = await startImageEngine();
  const runs = [closing.renderImage(long), closing.renderImage(long)];
  await closing.close();
  await closing.close();
  runs.push(closing.renderImage(long));
  expect((await Promise.all(runs)).map(codeOf)).toEqual(['engine_failed', 'engine_failed', 'engine_failed']);
});

test('a worker that cannot load the model is an error at the start', async () => {
  const startWorker = () => new Worker("throw new Error('no model')", { eval: true });
  await expect(startEngineWith({ queueLimit: 1, startWorker })).rejects.toThrow('no model');
});

test('an onStep that throws disturbs neither its job nor others', async () => {
  const errors: unknown[] = [];
  const runner = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[];
  for (const listener of runner) process.off('uncaughtException', listener);
  process.on('uncaughtException', (error) => errors.push(error));
  const outcome = await engine.renderImage(imageJob({ steps: 2 }), {
    onStep() {
      throw new Error('a defect of the caller');
    },
  });
  process.removeAllListeners('uncaughtException');
  for (const listener of runner) process.on('uncaughtException', listener);
  expect(codeOf(outcome)).toBe('done');
  expect(errors.map(String)).toEqual(['Error: a defect of the caller', 'Error: a defect of the caller']);
});
