import { readFileSync, writeFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { Log, LogFields } from '../../../core/log.ts';
import { micros } from '../../../core/money.ts';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { openLedgerStore } from './open.ts';
import { type ReconcileJob, type ReconcileOutcome, startReconcileJob } from './reconcile-job.ts';
import { temporaryLedgers } from './testing-folder.ts';

const newPath = temporaryLedgers();
const clock = createVirtualClock();
const jobs: ReconcileJob[] = [];
afterEach(() => {
  for (const job of jobs.splice(0)) job.stop();
});

function start(path: string) {
  const lines: [string, LogFields | undefined][] = [];
  const write = (event: string, fields?: LogFields) => void lines.push([event, fields]);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const results: ReconcileOutcome[] = [];
  const first = Promise.withResolvers<ReconcileOutcome>();
  const onResult = (outcome: ReconcileOutcome) => {
    results.push(outcome);
    first.resolve(outcome);
  };
  const job = startReconcileJob({ clock, path, log, onResult });
  jobs.push(job);
  return { job, lines, results, first: first.promise };
}

function childrenOfThisThread(): number[] {
  const words = readFileSync('/proc/thread-self/children', 'utf8').split(' ');
  return words.filter((word) => word !== '').map(Number);
}

async function makeLedger(path: string): Promise<void> {
  const { ledger } = await openLedgerStore({ path, clock });
  const request = { id: 'dep:1', accountId: 'acc_1', kind: 'deposit', balance: 'paid', reason: '' } as const;
  await ledger.transfer({ ...request, amountMicros: micros(1_000) });
  await ledger.close();
}

describe('the hourly check', () => {
  it('runs by itself after the start, in a process of its own, and tells that all is well', async () => {
    const path = newPath();
    await makeLedger(path);
    const { job, first, lines } = start(path);
    expect(job.last()).toBeUndefined();
    clock.advance(59_999);
    expect(lines).toEqual([]);
    clock.advance(1);
    expect(await first).toMatchObject({ state: 'sound', report: { ok: true, counts: { transfers: 1 } } });
    expect(lines).toMatchObject([['ledger_adds_up', { count: 1 }]]);
    expect(job.last()).toMatchObject({ state: 'sound', sum: { micros: 0, transfers: 1 } });
  });

  it.skipIf(process.platform !== 'linux')('makes way for requests from its first moment', async () => {
    const path = newPath();
    await makeLedger(path);
    const { job } = start(path);
    const before = childrenOfThisThread();
    const checked = job.runNow();
    const started = childrenOfThisThread().filter((pid) => !before.includes(pid));
    expect(started.map((pid) => getPriority(pid))).toEqual([constants.priority.PRIORITY_LOW]);
    expect(await checked).toMatchObject({ state: 'sound' });
  });

  it('tells what does not add up', async () => {
    const path = newPath();
    await makeLedger(path);
    const database = new Database(path);
    database.exec("UPDATE account SET credits_posted = credits_posted + 5 WHERE owner = 'acc_1'");
    database.close();
    const { job, lines, results } = start(path);
    const outcomes = await Promise.all([job.runNow(), job.runNow()]);
    expect(outcomes[0]).toMatchObject({ state: 'broken', report: { ok: false } });
    expect(outcomes[1]).toBe(outcomes[0]);
    expect(results).toHaveLength(1);
    expect(job.last()).toMatchObject({ state: 'broken', sum: { micros: 5 } });
    expect(lines).toMatchObject([
      ['ledger_does_not_add_up', { reason: 'I2 debits equal credits, I3 counters are sums' }],
    ]);
  });

  it.each([
    ['is not there', undefined],
    ['is no database', 'not a database at all, but long enough to be looked at as one'],
  ])('fails without a word about the ledger when the file %s', async (_name, content) => {
    const path = newPath();
    if (content !== undefined) writeFileSync(path, content.repeat(50));
    const { job, lines } = start(path);
    expect(await job.runNow()).toMatchObject({ state: 'failed' });
    expect(job.last()).toMatchObject({ state: 'failed', sum: undefined });
    expect(lines).toMatchObject([['reconcile_failed', {}]]);
  });

  it('says nothing any more once it was stopped', async () => {
    const path = newPath();
    await makeLedger(path);
    const { job, lines, results } = start(path);
    const running = job.runNow();
    job.stop();
    await running;
    clock.advance(7_200_000);
    expect([lines, results]).toEqual([[], []]);
  });
});
