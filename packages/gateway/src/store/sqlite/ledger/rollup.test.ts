import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { micros } from '../../../core/money.ts';
import { anySteps, runAgainstReference } from '../../../ledger/testing-model.ts';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { openForWriting } from './connection.ts';
import { openLedgerStore } from './open.ts';
import { openReceiptStore } from './read.ts';
import { reconcile } from './reconcile.ts';
import { startRollupJob } from './rollup-job.ts';
import { DAY_MS } from './rollup-rows.ts';
import { createRollup } from './rollup.ts';
import { temporaryLedgers } from './testing-folder.ts';
import { growLedger } from './testing-growth.ts';

const newPath = temporaryLedgers();
const START_MS = Date.UTC(2026, 10, 20);
const clockAt = (nowMs: number) => ({
  ...createVirtualClock(nowMs),
  every: () => ({ cancel: () => undefined }),
});

/** A ledger with so many requests an hour apart, all of one account. */
async function makeLedger(path: string, requests: number): Promise<void> {
  const clock = createVirtualClock(START_MS);
  const { ledger } = await openLedgerStore({ path, clock });
  const deposit = { id: 'dep:1', accountId: 'acc_1', kind: 'deposit', balance: 'paid', reason: '' } as const;
  await ledger.transfer({ ...deposit, amountMicros: micros(100_000) });
  for (let index = 0; index < requests; index += 1) {
    const held = ledger.reserve(reservation(`req_${index}`, 'acc_1', 100, { durable: index % 3 === 0 }));
    if (!held.ok) throw new Error(held.error);
    const receipt = { ...receiptFor(held.value), startedAtMs: clock.nowMs() };
    await ledger.settle(held.value, { amountMicros: micros(index % 4 === 0 ? 0 : index), receipt });
    clock.advance(3_600_000);
  }
  await ledger.close();
}

/** A request whose durable hold expired before it ended: it has a reservation, an expiry and a receipt, but no charge. */
async function addLateRequest(path: string): Promise<void> {
  const clock = createVirtualClock(START_MS);
  const { ledger } = await openLedgerStore({ path, clock });
  const held = ledger.reserve(reservation('req_late', 'acc_1', 100, { durable: true, lifetimeMs: 1_000 }));
  if (!held.ok) throw new Error(held.error);
  clock.advance(5_000);
  const receipt = { ...receiptFor(held.value), startedAtMs: START_MS };
  expect(await ledger.settle(held.value, { amountMicros: micros(9), receipt })).toEqual({
    outcome: 'expired',
  });
  await ledger.close();
}

function rollUpAll(path: string, beforeMs: number, receiptsMax = 7): number {
  const database = openForWriting(path);
  try {
    const rollUp = createRollup(database);
    let total = 0;
    for (let afterSeq: number | undefined = 0; afterSeq !== undefined;) {
      const { receipts, nextSeq } = rollUp({
        beforeMs,
        nowMs: beforeMs + 9 * DAY_MS,
        afterSeq,
        receiptsMax,
      });
      total += receipts;
      afterSeq = nextSeq;
    }
    return total;
  } finally {
    database.close();
  }
}

const count = (path: string, sql: string): unknown => {
  const database = new Database(path, { readonly: true });
  const value = database.prepare(sql).pluck().get();
  database.close();
  return value;
};

describe('old requests', () => {
  it('become one transfer for each account and day, and sums by key and model, and everything adds up', async () => {
    const path = newPath();
    await makeLedger(path, 60);
    await addLateRequest(path);
    const clock = clockAt(START_MS + 5 * DAY_MS);
    expect(reconcile(path, clock).ok).toBe(true);
    // The late one stands behind those that are not old, and waits for them.
    expect(rollUpAll(path, START_MS + 2 * DAY_MS, 100)).toBe(48);
    expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [], counts: { receipts: 13 } });
    expect(count(path, "SELECT count(*) FROM transfer WHERE id LIKE 'rollup:%'")).toBe(2);
    expect(count(path, 'SELECT sum(requests) FROM rollup')).toBe(48);
    expect(count(path, 'SELECT count(*) FROM transfer WHERE kind = 2')).toBe(5);

    const { ledger } = await openLedgerStore({ path, clock });
    const spent = Array.from({ length: 60 }, (_, index) => (index % 4 === 0 ? 0 : index)).reduce(
      (a, b) => a + b,
      0,
    );
    expect(ledger.balance('acc_1')).toMatchObject({ spentMicros: spent, paidMicros: 100_000 - spent });
    await ledger.close();

    const receipts = openReceiptStore(path);
    const history = receipts.history('acc_1', { limit: 100 });
    expect(history.reduce((sum, { amountMicros }) => sum + amountMicros, 0)).toBe(100_000 - spent);
    expect(history.slice(-3).map(({ kind }) => kind)).toEqual([
      'charges of a day',
      'charges of a day',
      'deposit',
    ]);
    expect(receipts.charge('req_1')).toBeUndefined();
    expect(receipts.charge('req_59')).toMatchObject({ paidMicros: 59 });
    expect(receipts.recent('acc_1', 100).map(({ requestId }) => requestId)).toEqual([
      'req_late',
      ...Array.from({ length: 12 }, (_, index) => `req_${59 - index}`),
    ]);
    receipts.close();
    expect(rollUpAll(path, START_MS + 5 * DAY_MS)).toBe(13);
    expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [], counts: { receipts: 0 } });
    expect(count(path, 'SELECT count(*) FROM transfer WHERE kind > 1')).toBe(0);
  });

  it('leave their numbers to nobody: what was a chain of one account never leads to another', async () => {
    const path = newPath();
    await makeLedger(path, 9);
    const clock = clockAt(START_MS + 5 * DAY_MS);
    expect(rollUpAll(path, START_MS + 5 * DAY_MS)).toBe(9);
    const { ledger } = await openLedgerStore({ path, clock });
    const deposit = {
      id: 'dep:2',
      accountId: 'acc_2',
      kind: 'deposit',
      balance: 'paid',
      reason: '',
    } as const;
    await ledger.transfer({ ...deposit, amountMicros: micros(500) });
    for (let index = 0; index < 9; index += 1) {
      const held = ledger.reserve(reservation(`req_of_2_${index}`, 'acc_2', 10));
      if (held.ok)
        await ledger.settle(held.value, { amountMicros: micros(1), receipt: receiptFor(held.value) });
    }
    await ledger.close();
    const receipts = openReceiptStore(path);
    expect(receipts.recent('acc_1', 100)).toEqual([]);
    expect(receipts.history('acc_1', { limit: 100 }).map(({ kind }) => kind)).toEqual([
      'charges of a day',
      'deposit',
    ]);
    expect(receipts.recent('acc_2', 100)).toHaveLength(9);
    receipts.close();
    expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [] });
  });

  it('that a wrong clock put into the future are passed over', async () => {
    const path = newPath();
    await makeLedger(path, 9);
    const database = new Database(path);
    database.exec("UPDATE receipt SET started_at_ms = 4e12 WHERE request_id = 'req_2'");
    database.close();
    expect(rollUpAll(path, START_MS + 5 * DAY_MS, 2)).toBe(8);
    expect(reconcile(path, clockAt(START_MS))).toMatchObject({
      ok: true,
      problems: [],
      counts: { receipts: 1 },
    });
  });

  it('stay as they are otherwise, in whatever parts they are summed up', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, fc.integer({ min: 1, max: 20 }), async (steps, receiptsMax) => {
        const path = newPath();
        const clock = clockAt(START_MS);
        const reopen = async (ledger: Awaited<ReturnType<typeof openLedgerStore>>['ledger']) => {
          await ledger.close();
          return (await openLedgerStore({ path, clock })).ledger;
        };
        const first = (await openLedgerStore({ path, clock })).ledger;
        const last = await runAgainstReference(steps, { clock, first, reopen });
        await last.close();
        const ids = ['acc_0', 'acc_1', 'acc_2', 'acc_3'];
        const balances = async () => {
          const later = clockAt(clock.nowMs());
          const { ledger } = await openLedgerStore({ path, clock: later });
          const found = ids.map((id) => ledger.balance(id));
          await ledger.close();
          return found;
        };
        const before = await balances();
        rollUpAll(path, START_MS + 2 * DAY_MS, receiptsMax);
        expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [], counts: { receipts: 0 } });
        expect(await balances()).toEqual(before);
      }),
      { numRuns: 10 },
    );
  }, 180_000);

  it('can be removed in no other way', async () => {
    const path = newPath();
    await makeLedger(path, 60);
    rollUpAll(path, START_MS + 2 * DAY_MS);
    const database = new Database(path);
    expect(() => database.exec('DELETE FROM transfer WHERE receipt IS NOT NULL')).toThrow('append only');
    expect(() => database.exec('UPDATE transfer SET amount = 1 WHERE receipt IS NOT NULL')).toThrow(
      'append only',
    );
    expect(() => database.exec("UPDATE transfer SET amount = 1 WHERE id LIKE 'rollup:%'")).toThrow(
      'append only',
    );
    database.close();
  });

  const bugs: [name: string, sql: string, code: string][] = [
    ['a receipt says another charge', "UPDATE receipt SET charged = 2 WHERE request_id = 'req_1'", 'differ'],
    [
      'a receipt is of somebody else',
      "INSERT INTO account (owner, kind, normal, limited) VALUES ('acc_2', 'paid', 'credit', 1); UPDATE receipt SET account = last_insert_rowid() WHERE request_id = 'req_1'",
      'differ',
    ],
    [
      'a charge is missing',
      "DELETE FROM transfer WHERE receipt = (SELECT seq FROM receipt WHERE request_id = 'req_1')",
      'differ',
    ],
  ];
  it.each(bugs)('stay whole when %s', async (_name, sql, message) => {
    const path = newPath();
    await makeLedger(path, 30);
    const database = new Database(path);
    database.exec('DROP TRIGGER transfer_no_delete');
    database.exec(sql);
    database.close();
    expect(() => rollUpAll(path, START_MS + DAY_MS)).toThrow(message);
    expect(count(path, 'SELECT count(*) FROM rollup')).toBe(0);
    expect(count(path, "SELECT value FROM meta WHERE key = 'rollup_before_ms'")).toBe(0);
    expect(count(path, 'SELECT count(*) FROM receipt')).toBe(30);
  });

  it.each([
    ['with an open reservation', "INSERT INTO hold VALUES ('req_5', 5, 999, 1, 1, 9e15)"],
    [
      'charged long after',
      `DROP TRIGGER transfer_no_update;
       UPDATE transfer SET at_ms = at_ms + 9e9 WHERE receipt = (SELECT seq FROM receipt WHERE request_id = 'req_5')`,
    ],
    ['that is not old', "UPDATE receipt SET started_at_ms = started_at_ms + 9e7 WHERE request_id = 'req_5'"],
  ])('wait behind one %s', async (_name, sql) => {
    const path = newPath();
    await makeLedger(path, 10);
    const database = new Database(path);
    database.exec(sql);
    database.close();
    expect(rollUpAll(path, START_MS + DAY_MS, 3)).toBe(5);
  });
});

describe('the job', () => {
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

  async function start(change: Partial<Parameters<typeof startRollupJob>[0]>) {
    const path = newPath();
    await makeLedger(path, 60);
    const clock = { ...systemClock, nowMs: () => START_MS + 9.5 * DAY_MS };
    const { ledger, upkeep } = await openLedgerStore({ path, clock });
    const isSound = () => Promise.resolve(reconcile(path, clock).ok);
    const job = startRollupJob({ clock, upkeep, afterDays: 7, isSound, log, ...change });
    return { path, clock, ledger, job };
  }

  it('sums up between the charges of running requests, and signs what is complete', async () => {
    const { path, clock, ledger, job } = await start({
      sign: (row) => `signed ${row.day} ${row.chargedMicros}`,
    });
    const charges = Array.from({ length: 50 }, async (_, index) => {
      const held = ledger.reserve(reservation(`req_new${index}`, 'acc_1', 10));
      if (!held.ok) throw new Error(held.error);
      const receipt = { ...receiptFor(held.value), startedAtMs: clock.nowMs() };
      return (await ledger.settle(held.value, { amountMicros: micros(3), receipt })).outcome;
    });
    const outcome = await job.runNow();
    expect(outcome).toMatchObject({ state: 'done', receipts: 48, signed: 2 });
    expect(new Set(await Promise.all(charges))).toEqual(new Set(['settled']));
    expect(reconcile(path, clock)).toMatchObject({ ok: true, counts: { receipts: 62 } });
    expect(
      count(path, "SELECT count(*) FROM rollup WHERE signature = 'signed ' || day || ' ' || charged"),
    ).toBe(2);
    expect(await job.runNow()).toMatchObject({ state: 'done', receipts: 0, signed: 0 });
    job.stop();
    await ledger.close();
  });

  it('touches nothing while the ledger is not known to add up, or nothing shall be summed up', async () => {
    const doubtful = await start({ isSound: () => Promise.resolve(false) });
    expect(await doubtful.job.runNow()).toEqual({ state: 'not-sound' });
    expect(count(doubtful.path, 'SELECT count(*) FROM receipt')).toBe(60);
    const never = await start({ afterDays: undefined });
    expect(await never.job.runNow()).toMatchObject({ state: 'done', receipts: 0 });
    expect(count(never.path, 'SELECT count(*) FROM receipt')).toBe(60);
    for (const { job, ledger } of [doubtful, never]) {
      job.stop();
      await ledger.close();
    }
  });

  it('says that it failed, and the ledger goes on', async () => {
    const { path, ledger, job } = await start({ isSound: () => Promise.resolve(true) });
    const saboteur = new Database(path);
    saboteur.exec('ALTER TABLE rollup RENAME TO taken_away');
    expect(await job.runNow()).toEqual({
      state: 'failed',
      receipts: 0,
      cause: 'the ledger could not be written: SQLITE_ERROR',
    });
    expect(ledger.healthy()).toBe(true);
    saboteur.close();
    job.stop();
    await ledger.close();
  });
});

/** In a plan: every row, or all transfers before or after a moment, which are those of everybody. */
const WALK =
  /SCAN (?:transfer|receipt|t|r|m|key_spend)\b|SEARCH (?:transfer|t) USING INTEGER PRIMARY KEY \(rowid[<>]\?\)/;

/** Something for each parameter of a statement. */
function valuesFor(sql: string): unknown[] {
  const named = sql.match(/@\w+/g);
  if (named !== null) return [Object.fromEntries(named.map((name) => [name.slice(1), 1]))];
  return Array.from(sql.replaceAll(/[^?]/g, ''), () => 1);
}

describe('a ledger that has grown', () => {
  it('adds up as the real one does, so that it may stand for it', async () => {
    const path = newPath();
    const clock = clockAt(START_MS + DAY_MS);
    await (await openLedgerStore({ path, clock })).ledger.close();
    growLedger(path, { requests: 5_000, accounts: 9, perSecond: 1, endMs: START_MS });
    expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [], counts: { receipts: 5_000 } });
    expect(rollUpAll(path, START_MS, 100)).toBe(5_000);
    expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [] });
  });

  it('is read by indexes: no question walks through its requests', async () => {
    const path = newPath();
    const clock = clockAt(START_MS);
    await (await openLedgerStore({ path, clock })).ledger.close();
    growLedger(path, { requests: 200_000, accounts: 50, perSecond: 10, endMs: START_MS });
    const asked: string[] = [];
    const prepare = Database.prototype.prepare;
    Database.prototype.prepare = function spy(this: Database.Database, sql: string) {
      asked.push(sql);
      return prepare.call(this, sql);
    } as typeof prepare;
    try {
      const { ledger } = await openLedgerStore({ path, clock });
      const receipts = openReceiptStore(path);
      expect(receipts.history('acc_7', { limit: 20 })).toHaveLength(20);
      expect(receipts.recent('acc_7', 20, receipts.recent('acc_7', 1)[0]?.requestId)).toHaveLength(20);
      expect(receipts.charge('req_000000000007')).toMatchObject({ paidMicros: 7 });
      const writer = openForWriting(path);
      const { createBatchWriter } = await import('./apply-batch.ts');
      createBatchWriter(writer, 1);
      createRollup(writer)({ beforeMs: START_MS, nowMs: START_MS, afterSeq: 0, receiptsMax: 10 });
      writer.close();
      receipts.close();
      await ledger.close();
    } finally {
      Database.prototype.prepare = prepare;
    }

    const database = new Database(path);
    // Not the statements of schema and migration, which run once.
    // What is read from the last fold of earnings on is bounded by the time between two folds.
    const questions = asked.filter((sql) => /^\s*(?:SELECT|UPDATE|DELETE|WITH)\b/.test(sql));
    expect(questions.length).toBeGreaterThan(20);
    const walks = questions.filter((sql) => {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...valuesFor(sql));
      return plan.some((row) => WALK.test((row as { detail: string }).detail));
    });
    expect(walks).toEqual([]);
    database.close();
  });
});
