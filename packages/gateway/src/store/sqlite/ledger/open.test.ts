import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../core/money.ts';
import type { Hold, Ledger } from '../../../ledger/ledger.ts';
import { anySteps, runAgainstReference } from '../../../ledger/testing-model.ts';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import { createVirtualClock } from '../../../testing/virtual-clock.ts';
import { openForWriting } from './connection.ts';
import { LedgerInUseError } from './ledger-lock.ts';
import { openLedgerStore } from './open.ts';
import { openReceiptStore } from './read.ts';
import { reconcile } from './reconcile.ts';
import { temporaryLedgers } from './testing-folder.ts';

const newPath = temporaryLedgers();
const clock = createVirtualClock();
const ACCOUNT = 'acc_1';

async function openFunded(
  path: string,
  onFailure: (cause: string) => void = () => undefined,
): Promise<Ledger> {
  const { ledger } = await openLedgerStore({ path, clock, onFailure });
  const request = {
    id: 'dep:1',
    accountId: ACCOUNT,
    kind: 'deposit',
    balance: 'paid',
    reason: 'test',
  } as const;
  await ledger.transfer({ ...request, amountMicros: micros(1_000) });
  return ledger;
}

function hold(ledger: Ledger, requestId: string, amountMicros: number, durable = false): Hold {
  const result = ledger.reserve(reservation(requestId, ACCOUNT, amountMicros, { durable }));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function settle(ledger: Ledger, open: Hold, amountMicros: number) {
  return ledger.settle(open, { amountMicros: micros(amountMicros), receipt: receiptFor(open) });
}

describe('the SQLite ledger', () => {
  it('agrees with the reference model over random runs and restarts, and adds up after each', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        const path = newPath();
        // The steps sweep by themselves, at moments that the reference knows.
        const clock = { ...createVirtualClock(), every: () => ({ cancel: () => undefined }) };
        const reopen = async (ledger: Ledger) => {
          await ledger.close();
          expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [] });
          return (await openLedgerStore({ path, clock })).ledger;
        };
        const first = (await openLedgerStore({ path, clock })).ledger;
        const last = await runAgainstReference(steps, { clock, first, reopen });
        expect(reconcile(path, clock)).toMatchObject({ ok: true, problems: [] });
        await last.close();
      }),
      { numRuns: 12 },
    );
    // Thousands of commits: a shared disk may be slow.
  }, 180_000);

  it('waits for the disk at every commit', () => {
    const database = openForWriting(newPath());
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('synchronous', { simple: true })).toBe(2);
    database.close();
  });

  it('writes a charge as promo and paid legs to revenue', async () => {
    const path = newPath();
    const ledger = await openFunded(path);
    const gift = {
      id: 'gift:1',
      accountId: ACCOUNT,
      kind: 'gift',
      balance: 'promo',
      reason: 'welcome',
    } as const;
    await ledger.transfer({ ...gift, amountMicros: micros(30) });
    await settle(ledger, hold(ledger, 'req_1', 200), 100);
    await ledger.close();
    const receipts = openReceiptStore(path);
    expect(receipts.history(ACCOUNT, { limit: 2 })).toMatchObject([
      { id: 'charge:req_1:paid', kind: 'charge', balance: 'paid', amountMicros: -70, requestId: 'req_1' },
      { id: 'charge:req_1:promo', kind: 'charge', balance: 'promo', amountMicros: -30, requestId: 'req_1' },
    ]);
    receipts.close();
  });

  it('keeps transfers as they are: nobody can change or delete one', async () => {
    const path = newPath();
    const ledger = await openFunded(path);
    await ledger.close();
    const database = new Database(path);
    expect(() => database.exec('UPDATE transfer SET amount = 1')).toThrow('append only');
    expect(() => database.exec('DELETE FROM transfer')).toThrow('append only');
    database.close();
  });

  it('refuses a second owner of the same file until the first has closed it', async () => {
    const path = newPath();
    const ledger = await openFunded(path);
    await expect(openLedgerStore({ path, clock })).rejects.toThrow(LedgerInUseError);
    await ledger.close();
    const next = await openLedgerStore({ path, clock });
    expect(next.bootEpoch).toBe(2);
    await next.ledger.close();
  });

  it('voids the durable holds of an earlier run before anything else and reports how many', async () => {
    const path = newPath();
    const ledger = await openFunded(path);
    await ledger.journaled(hold(ledger, 'req_1', 300, true));
    await ledger.journaled(hold(ledger, 'req_2', 200, true));
    await ledger.close();
    expect(reconcile(path, clock).counts.openHolds).toBe(2);
    const next = await openLedgerStore({ path, clock });
    expect(next.orphanedHolds).toBe(2);
    expect(next.ledger.balance(ACCOUNT)).toMatchObject({ availableMicros: 1_000, heldMicros: 0 });
    expect(reconcile(path, clock)).toMatchObject({ ok: true, counts: { openHolds: 0 } });
    await next.ledger.close();
  });

  it('stops taking payments when the disk fails, and has all that it acknowledged after a restart', async () => {
    const path = newPath();
    const failures: string[] = [];
    const ledger = await openFunded(path, (cause) => failures.push(cause));
    expect(await settle(ledger, hold(ledger, 'req_1', 100), 100)).toMatchObject({ outcome: 'settled' });
    // The nearest to a broken disk that a test can make in the writer's thread.
    const saboteur = new Database(path);
    saboteur.exec('ALTER TABLE receipt RENAME TO taken_away');
    expect(await settle(ledger, hold(ledger, 'req_2', 100), 100)).toEqual({ outcome: 'ledger-unavailable' });
    expect(ledger.healthy()).toBe(false);
    expect(failures).toEqual(['the ledger could not be written: SQLITE_ERROR']);
    await ledger.close();
    saboteur.exec('ALTER TABLE taken_away RENAME TO receipt');
    saboteur.close();
    const next = await openLedgerStore({ path, clock });
    expect(next.ledger.balance(ACCOUNT)).toMatchObject({ paidMicros: 900, spentMicros: 100 });
    expect(reconcile(path, clock).ok).toBe(true);
    await next.ledger.close();
  });

  it('gives back receipts by id and newest first, each account its own', async () => {
    const path = newPath();
    const ledger = await openFunded(path);
    const receipts = openReceiptStore(path);
    for (const id of ['req_1', 'req_2', 'req_3']) await settle(ledger, hold(ledger, id, 20), 7);
    const expected = {
      ...receiptFor({ requestId: 'req_2', accountId: ACCOUNT, keyId: 'key_1', amountMicros: micros(20) }),
    };
    expect(receipts.byId(ACCOUNT, 'req_2')).toEqual({
      ...expected,
      firstPartMs: 12,
      durationMs: 346,
      chargedMicros: 7,
      policy: 'reported',
      cutAtHold: true,
    });
    expect(receipts.byId('acc_2', 'req_2')).toBeUndefined();
    const ids = (limit: number, before?: string) =>
      receipts.recent(ACCOUNT, limit, before).map((row) => row.requestId);
    expect(ids(2)).toEqual(['req_3', 'req_2']);
    expect(ids(2, 'req_2')).toEqual(['req_1']);
    expect(ids(2, 'req_9')).toEqual([]);
    expect(receipts.recent('acc_2', 10)).toEqual([]);
    receipts.close();
    await ledger.close();
  });

  it('reads the spending of keys back for the windows of now', async () => {
    const path = newPath();
    const ledger = await openFunded(path);
    await settle(ledger, hold(ledger, 'req_1', 20), 7);
    await ledger.close();
    const later = createVirtualClock(clock.nowMs() + 86_400_000);
    const next = await openLedgerStore({ path, clock: later });
    expect(next.ledger.keySpend('key_1')).toEqual({ dayMicros: 0, weekMicros: 7, monthMicros: 7 });
    await next.ledger.close();
  });
});
