import { expect, test } from 'vitest';
import { createJobQueue, type JobQueue } from './job-queue.ts';
import { imageJob, imageModel } from './testing/image-fixtures.ts';

/** A queue whose reports are kept as words. */
function queueWithLog(): { queue: JobQueue; log: string[] } {
  const log: string[] = [];
  const queue = createJobQueue(imageModel(), (report) =>
    log.push(`${report.id} ${report.type}${report.type === 'step' ? ` ${report.step}` : ''}`),
  );
  return { queue, log };
}

const job = (steps: number) => ({ ...imageJob({ steps }), seed: 1 });

test('draws one job after another', () => {
  const { queue, log } = queueWithLog();
  queue.submit(1, job(2));
  queue.submit(2, job(1));
  const more = [1, 2, 3, 4, 5, 6].map(() => queue.runTurn());
  expect(log).toEqual(['1 step 1', '1 step 2', '1 done', '2 step 1', '2 done']);
  expect(more).toEqual([true, true, true, true, false, false]);
});

test('a cancelled job does no further step', () => {
  const { queue, log } = queueWithLog();
  queue.submit(1, job(60));
  queue.submit(2, job(1));
  queue.runTurn();
  queue.cancel(1);
  expect(queue.runTurn()).toBe(true);
  expect(queue.runTurn()).toBe(false);
  expect(log).toEqual(['1 step 1', '1 cancelled', '2 step 1', '2 done']);
});

test('a waiting job is cancelled without a step; unknown and ended ones are passed over', () => {
  const { queue, log } = queueWithLog();
  queue.submit(1, job(1));
  queue.submit(2, job(1));
  queue.cancel(2);
  queue.runTurn();
  queue.runTurn();
  queue.cancel(1);
  queue.cancel(3);
  expect(queue.runTurn()).toBe(false);
  expect(log).toEqual(['2 cancelled', '1 step 1', '1 done']);
});
