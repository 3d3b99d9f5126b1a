import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemoEngine, startEngineWith, type DemoEngine } from './engine.ts';
import { demoJob, runOnEngine, textOf, user } from './testing/demo-fixtures.ts';

let engine: DemoEngine;
beforeAll(async () => {
  engine = await startDemoEngine({ slots: 2, queueLimit: 3 });
});
afterAll(() => engine.close());

const story = demoJob({ messages: user('Stream a story.') });
const short = demoJob({ maxOutputTokens: 4 });

test('answers, with the end after the last events', async () => {
  expect(engine.contextTokens).toBe(1024);
  const { events, result, calls } = await runOnEngine(engine, demoJob());
  expect(textOf(events)).toMatch(/^Hello! I am Mote/);
  expect(result?.finish).toBe('stop');
  expect(calls.indexOf('end')).toBe(calls.length - 1);
});

test('short jobs end before a long one that began earlier', async () => {
  const order: string[] = [];
  const long = runOnEngine(engine, story).then(() => order.push('long'));
  const others = [1, 2, 3].map(() => runOnEngine(engine, short).then(() => order.push('short')));
  await Promise.all([long, ...others]);
  expect(order).toEqual(['short', 'short', 'short', 'long']);
});

test('cancel ends a job early', async () => {
  const { result } = await runOnEngine(engine, story, (control) => control.cancel());
  expect(result?.finish).toBe('cancelled');
  expect(result?.usage.outputTokens).toBeLessThan(100);
});

test('more jobs than slots and queue are refused', async () => {
  const runs = Array.from({ length: 7 }, () => runOnEngine(engine, short));
  const ends = await Promise.all(runs);
  expect(ends.map(({ fault, result }) => fault?.code ?? result?.finish)).toEqual([
    ...Array.from({ length: 5 }, () => 'length'),
    'overloaded',
    'overloaded',
  ]);
});

test('faults of a job', async () => {
  expect((await runOnEngine(engine, demoJob({ messages: user('a '.repeat(600)) }))).fault?.code).toBe(
    'context_length_exceeded',
  );
  expect((await runOnEngine(engine, demoJob({ topP: 2 }))).fault?.code).toBe('invalid_request');
  const unclonable = demoJob({ tools: [{ name: 'x', parameters: () => 1 }] });
  expect((await runOnEngine(engine, unclonable)).fault?.code).toBe('invalid_request');
  await expect(engine.countTokens(unclonable)).rejects.toMatchObject({ code: 'invalid_request' });
});

test('counts tokens', async () => {
  expect(await engine.countTokens(demoJob())).toBe(10);
});

test('when the worker dies its jobs fail and the next ones run', async () => {
  const workers: Worker[] = [];
  const fragile = await startEngineWith({
    slots: 1,
    queueLimit: 4,
    startWorker() {
      const settings = {
        modelPath: fileURLToPath(new URL('../models/Mote-1.3M-Chat-v1.0-F16.gguf', import.meta.url)),
        slots: 1,
      };
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settings });
      workers.push(worker);
      return worker;
    },
  });
  const first = runOnEngine(fragile, story, () => void workers[0]?.terminate());
  const waiting = runOnEngine(fragile, story);
  const running = await first;
  expect(running.fault?.code).toBe('engine_failed');
  expect(running.calls.filter((call) => call !== 'events')).toEqual(['fault']);
  expect((await waiting).fault?.code).toBe('engine_failed');
  expect((await runOnEngine(fragile, short)).result?.finish).toBe('length');
  expect(workers.length).toBe(2);
  await fragile.close();
});

test('closing ends all jobs, and later ones are refused', async () => {
  const closing = await startDemoEngine({ slots: 1 });
  const runs = [runOnEngine(closing, story), runOnEngine(closing, story)];
  await closing.close();
  await closing.close();
  runs.push(runOnEngine(closing, story));
  const codes = (await Promise.all(runs)).map(({ fault }) => fault?.code);
  expect(codes).toEqual(['engine_failed', 'engine_failed', 'engine_failed']);
});

test('a missing model is an error at the start', async () => {
  await expect(startDemoEngine({ modelPath: '/nowhere/model.gguf' })).rejects.toThrow(/ENOENT/);
});

test('a handler that throws disturbs no other job', async () => {
  const errors: unknown[] = [];
  const runner = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[];
  for (const listener of runner) process.off('uncaughtException', listener);
  process.on('uncaughtException', (error) => errors.push(error));
  const defect = new Promise<void>((resolve) => {
    engine.run(short, {
      onEvents() {
        throw new Error('a defect in the handler');
      },
      onEnd: () => resolve(),
      onFault: () => resolve(),
    });
  });
  const other = await runOnEngine(engine, short);
  await defect;
  process.removeAllListeners('uncaughtException');
  for (const listener of runner) process.on('uncaughtException', listener);
  expect(errors.map(String)).toContain('Error: a defect in the handler');
  expect(other.result?.finish).toBe('length');
});
