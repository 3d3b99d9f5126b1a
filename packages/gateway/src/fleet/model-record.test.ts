import { expect, test } from 'vitest';
import { ModelRecord, ModelRecords } from './model-record.ts';

const LONG = { chars: 4_000, perSecond: 400 };

function failTimes(record: ModelRecord, count: number, nowMs: number): void {
  for (let at = 0; at < count; at += 1) record.failed(record.enter(nowMs), nowMs);
}

test('three failures in a row leave a node out; one probe decides after that', () => {
  const record = new ModelRecord();
  failTimes(record, 2, 0);
  expect(record.waitMs(0)).toBe(0);
  failTimes(record, 1, 0);
  expect([record.waitMs(0), record.breakerPhase()]).toEqual([30_000, 'open']);
  const probe = record.enter(30_000);
  expect(record.waitMs(30_000)).toBeGreaterThan(0);
  record.failed(probe, 31_000);
  expect(record.waitMs(31_000)).toBe(60_000);
  record.finished(record.enter(91_000), 91_000, LONG);
  expect([record.waitMs(91_000), record.breakerPhase()]).toEqual([0, 'closed']);
});

test('an engine that fails at once gets one job for each time that its breaker is open', () => {
  const record = new ModelRecord();
  const jobs: number[] = [];
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 100) {
    if (record.waitMs(nowMs) > 0) continue;
    jobs.push(nowMs);
    record.failed(record.enter(nowMs), nowMs);
  }
  const gaps = jobs.slice(3).map((at, index) => at - (jobs[index + 2] ?? 0));
  expect(jobs.slice(0, 3)).toEqual([0, 100, 200]);
  expect(gaps.slice(0, 6)).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000]);
  expect(Math.max(...gaps)).toBe(600_000);
});

test('a probe that says nothing lets the next one pass', () => {
  const record = new ModelRecord();
  failTimes(record, 3, 0);
  record.unknown(record.enter(30_000), 30_500);
  expect(record.waitMs(30_500)).toBe(0);
});

test("a failure that was the job's own is forgiven, once, and only if nothing came after it", () => {
  const record = new ModelRecord();
  failTimes(record, 3, 0);
  record.forgive();
  expect([record.waitMs(0), record.failureRate]).toEqual([0, expect.closeTo(0.36)]);
  record.forgive();
  expect(record.failureRate).toBeCloseTo(0.36);
  failTimes(record, 1, 0);
  record.finished(record.enter(40_000), 40_000, LONG);
  const { failureRate } = record;
  record.forgive();
  expect(record.failureRate).toBe(failureRate);
});

test('speed is measured by long answers only', () => {
  const record = new ModelRecord();
  record.finished(record.enter(0), 0, { chars: 199, perSecond: 4_000 });
  expect(record.outputTokensPerSecond).toBeUndefined();
  record.finished(record.enter(0), 0, LONG);
  expect(record.outputTokensPerSecond).toBe(100);
});

test('what is known of a node outlives its connection, for a bounded number of nodes', () => {
  const records = new ModelRecords();
  const first = records.ofNode('node_0');
  expect(records.ofNode('node_0')).toBe(first);
  for (let at = 1; at <= 10_000; at += 1) records.ofNode(`node_${at}`);
  expect(records.ofNode('node_0')).not.toBe(first);
});
