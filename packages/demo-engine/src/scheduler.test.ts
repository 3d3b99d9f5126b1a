import { expect, test } from 'vitest';
import { createScheduler, type JobReport } from './scheduler.ts';
import { demoJob, demoModel, textOf, user } from './testing/demo-fixtures.ts';
import type { DemoUsage } from './types.ts';

/** A scheduler whose clock makes every round exactly one step for each job. */
function start(slots: number) {
  const reports: JobReport[] = [];
  let time = 0;
  const scheduler = createScheduler({
    model: demoModel(),
    slots,
    onReports: (batch) => reports.push(...batch),
    now: () => (time += 1000),
  });
  return {
    scheduler,
    reports,
    finish() {
      while (scheduler.runRound());
    },
    ended: () => reports.filter(({ end }) => end !== undefined).map(({ id }) => id),
    finishOf: (id: number) => {
      const end = reports.find((report) => report.id === id && report.end !== undefined)?.end;
      return end === undefined || 'fault' in end ? undefined : end.result.finish;
    },
    usageOf: (id: number): DemoUsage | undefined => {
      const end = reports.find((report) => report.id === id && report.end !== undefined)?.end;
      return end === undefined || 'fault' in end ? undefined : end.result.usage;
    },
  };
}

const story = demoJob({ messages: user('Stream a story.') });
const short = demoJob({ maxOutputTokens: 4 });

test('short jobs end before a long one that began earlier', () => {
  const { scheduler, finish, ended } = start(3);
  scheduler.submit(1, story);
  scheduler.submit(2, short);
  scheduler.submit(3, short);
  scheduler.submit(4, short);
  finish();
  expect(ended()).toEqual([2, 3, 4, 1]);
});

test('a long prompt does not hold up a running answer', () => {
  const { scheduler, reports, finish, ended } = start(2);
  scheduler.submit(1, demoJob({ messages: user('word '.repeat(450)), maxOutputTokens: 1 }));
  scheduler.submit(2, short);
  finish();
  expect(ended()).toEqual([2, 1]);
  const prefill = reports.flatMap(({ id, prefill }) =>
    id === 1 && prefill !== undefined ? [prefill.doneTokens] : [],
  );
  expect(prefill.length).toBeGreaterThan(20);
  expect(prefill).toEqual([...prefill].sort((a, b) => a - b));
});

test('jobs beyond the slots wait their turn', () => {
  const { scheduler, finish, ended, reports } = start(1);
  for (const id of [1, 2, 3]) scheduler.submit(id, short);
  finish();
  expect(ended()).toEqual([1, 2, 3]);
  const answers = [1, 2, 3].map((id) =>
    textOf(reports.filter((report) => report.id === id).flatMap(({ events }) => events)),
  );
  expect(new Set(answers).size).toBe(1);
});

test('jobs side by side do not change each other', () => {
  const alone = start(1);
  alone.scheduler.submit(1, story);
  alone.finish();
  const crowd = start(4);
  for (const id of [1, 2, 3, 4])
    crowd.scheduler.submit(id, id === 1 ? story : demoJob({ messages: user(`Count to ${id + 5}.`) }));
  crowd.finish();
  const answerOf = (reports: JobReport[]) =>
    textOf(reports.filter(({ id }) => id === 1).flatMap(({ events }) => events));
  expect(answerOf(crowd.reports)).toBe(answerOf(alone.reports));
});

test('a cancelled job ends in the next round, a waiting one at once', () => {
  const { scheduler, finishOf, ended, finish, usageOf } = start(1);
  scheduler.submit(1, story);
  scheduler.submit(2, story);
  for (let round = 0; round < 8; round++) scheduler.runRound();
  scheduler.cancel(2);
  expect(finishOf(2)).toBe('cancelled');
  expect(usageOf(2)?.inputTokens).toBe(0);
  scheduler.cancel(1);
  expect(ended()).toEqual([2]);
  expect(scheduler.runRound()).toBe(false);
  expect(finishOf(1)).toBe('cancelled');
  expect(usageOf(1)?.outputTokens).toBeGreaterThan(0);
  scheduler.cancel(1);
  finish();
  expect(ended()).toEqual([2, 1]);
});

test('a conversation finds its slot again, and others leave it alone', () => {
  const { scheduler, finish, usageOf } = start(2);
  const talk = demoJob({ messages: user('Remember the word tulip, please.'), maxOutputTokens: 1 });
  for (const [index, job] of [talk, short, talk, short].entries()) {
    scheduler.submit(index, job);
    finish();
  }
  expect([0, 1].map((id) => usageOf(id)?.cachedTokens)).toEqual([0, 0]);
  for (const id of [2, 3]) expect(usageOf(id)?.cachedTokens).toBe((usageOf(id)?.inputTokens ?? 0) - 1);
});

test('counting needs no slot and has no limit', () => {
  const { scheduler, reports, finish } = start(1);
  scheduler.submit(1, story);
  scheduler.count(2, demoJob({ messages: user('a '.repeat(100_000)) }));
  scheduler.count(3, demoJob());
  finish();
  const counts = reports.filter(({ tokenCount }) => tokenCount !== undefined);
  expect(counts.map(({ id }) => id)).toEqual([3, 2]);
  expect(counts.map(({ tokenCount }) => tokenCount)).toEqual([10, 200_009 - 1]);
});

test('a defect in one job is its own fault', () => {
  const { scheduler, reports, finish, finishOf } = start(2);
  scheduler.submit(1, {
    ...demoJob(),
    stop: null as unknown as string[],
  });
  scheduler.submit(2, short);
  finish();
  expect(reports.find(({ id }) => id === 1)?.end).toEqual({
    fault: { code: 'engine_failed', message: 'The demo engine failed on this job.' },
  });
  expect(finishOf(2)).toBe('length');
});
