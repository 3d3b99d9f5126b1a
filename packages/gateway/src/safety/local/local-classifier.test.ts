import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { createLocalClassifier, type LocalClassifier } from './local-classifier.ts';

/** A thread that answers each picture with its first byte, in hundredths; 255 kills it, 254 makes it hang. */
const PLAYED = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ png }) => {
  if (png[0] === 255) process.exit(1);
  if (png[0] === 254) for (;;);
  parentPort.postMessage({ type: 'looked', adult: png[0] / 100 });
});
parentPort.postMessage({ type: 'ready' });
`;

let classifier: LocalClassifier | undefined;
afterEach(() => classifier?.close());

const TIMEOUT_MS = 10_000;

function started(code: string) {
  const clock = createVirtualClock();
  const failures: string[] = [];
  let starts = 0;
  classifier = createLocalClassifier({
    clock,
    timeoutMs: TIMEOUT_MS,
    onFailure: ({ message }) => failures.push(message),
    startWorker: () => {
      starts += 1;
      return new Worker(code, { eval: true });
    },
  });
  const look = (byte: number): Promise<number | undefined> =>
    (classifier?.adultScore(Buffer.of(byte)) ?? Promise.reject(new Error('none'))).catch(() => undefined);
  return { look, clock, failures, starts: () => starts };
}

describe('a classifier in a thread', () => {
  it('looks at one picture after the other', async () => {
    const { look, starts } = started(PLAYED);
    expect(await Promise.all([look(0), look(50), look(100)])).toEqual([0, 0.5, 1]);
    expect(starts()).toBe(1);
  });

  it('fails for a score that is no share of 1', async () => {
    expect(await started(PLAYED).look(101)).toBeUndefined();
  });

  it('that dies fails the picture it looked at; those that wait get another thread', async () => {
    const { look, failures, starts } = started(PLAYED);
    expect(await Promise.all([look(1), look(255), look(2)])).toEqual([0.01, undefined, 0.02]);
    expect(starts()).toBe(2);
    expect(failures).toHaveLength(1);
  });

  it('that hangs is ended, and the next picture is looked at', async () => {
    const { look, clock, failures, starts } = started(PLAYED);
    expect(await look(3)).toBe(0.03);
    const hanging = look(254);
    clock.advance(TIMEOUT_MS);
    expect(await hanging).toBeUndefined();
    expect(await look(4)).toBe(0.04);
    expect([failures, starts()]).toEqual([['the classifier took too long'], 2]);
  });

  it('that cannot load fails all that wait, and is tried again with the next picture', async () => {
    const { look, failures, starts } = started("throw new Error('no model')");
    expect(await Promise.all([look(1), look(2)])).toEqual([undefined, undefined]);
    expect([failures, starts()]).toEqual([['no model'], 1]);
    expect(await look(3)).toBeUndefined();
    expect(starts()).toBe(2);
  });

  it('that never gets ready fails by time', async () => {
    const { look, clock, starts } = started('setInterval(() => undefined, 1_000)');
    const waiting = look(1);
    clock.advance(TIMEOUT_MS);
    expect(await waiting).toBeUndefined();
    expect(starts()).toBe(1);
  });

  it('takes a bounded number of pictures', async () => {
    const { look } = started(PLAYED);
    const looks = await Promise.all(Array.from({ length: 20 }, () => look(1)));
    expect(looks.filter((score) => score === undefined)).toHaveLength(12);
  });

  it('that is closed takes none and fails those that wait', async () => {
    const { look } = started('setInterval(() => undefined, 1_000)');
    const waiting = look(1);
    await classifier?.close();
    expect(await Promise.all([waiting, look(2)])).toEqual([undefined, undefined]);
  });
});
