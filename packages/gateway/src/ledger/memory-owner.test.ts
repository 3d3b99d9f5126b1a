import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { Hold, Ledger, Resolution } from './ledger.ts';
import { createLedger } from './memory-owner.ts';
import { anySteps, runAgainstReference } from './testing-model.ts';
import { receiptFor, reservation } from './testing-receipt.ts';
import { EMPTY_SNAPSHOT, type TestWriter, createTestWriter } from './testing-writer.ts';

const ACCOUNT = 'acc_1';

async function setUp(depositMicros = 1_000) {
  const clock = createVirtualClock();
  const writer = createTestWriter();
  const failures: string[] = [];
  const ledger = createLedger({
    clock,
    writer,
    snapshot: EMPTY_SNAPSHOT,
    onFailure: (cause) => failures.push(cause),
  });
  if (depositMicros > 0) await deposit(ledger, 'dep:1', depositMicros);
  return { clock, writer, ledger, failures };
}

function deposit(ledger: Ledger, id: string, amountMicros: number) {
  const request = { id, accountId: ACCOUNT, kind: 'deposit', balance: 'paid', reason: 'test' } as const;
  return ledger.transfer({ ...request, amountMicros: micros(amountMicros) });
}

function hold(ledger: Ledger, requestId: string, amountMicros: number, change = {}): Hold {
  const result = ledger.reserve(reservation(requestId, ACCOUNT, amountMicros, change));
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function settle(ledger: Ledger, open: Hold, amountMicros: number): Promise<Resolution> {
  return ledger.settle(open, { amountMicros: micros(amountMicros), receipt: receiptFor(open) });
}

describe('the owner of the balances', () => {
  it('agrees with the reference model over random runs', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        const clock = createVirtualClock();
        const writer = createTestWriter();
        const reopen = async (ledger: Ledger) => {
          await ledger.close();
          return createLedger({ clock, writer, snapshot: writer.snapshot() });
        };
        const first = createLedger({ clock, writer, snapshot: EMPTY_SNAPSHOT });
        await runAgainstReference(steps, { clock, first, reopen });
      }),
      { numRuns: 300 },
    );
  });

  it('lets exactly 7 of 200 parallel requests through on a balance for 7', async () => {
    const { ledger } = await setUp(799);
    const attempts = Array.from({ length: 200 }, (_, index) => index);
    const outcomes = await Promise.all(
      attempts.map(async (index) => {
        await Promise.resolve();
        const result = ledger.reserve(reservation(`req_${index}`, ACCOUNT, 100));
        if (!result.ok) return result.error;
        return (await settle(ledger, result.value, 100)).outcome;
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'settled')).toHaveLength(7);
    expect(outcomes.filter((outcome) => outcome === 'insufficient_credits')).toHaveLength(193);
    expect(ledger.balance(ACCOUNT)).toMatchObject({ availableMicros: 99, spentMicros: 700 });
  });

  it('charges at most the hold and writes the receipt with what was really charged', async () => {
    const { ledger, writer } = await setUp();
    const open = hold(ledger, 'req_1', 300);
    expect(await settle(ledger, open, 5_000)).toEqual({ outcome: 'settled', chargedMicros: 300 });
    expect(writer.receipts().get('req_1')).toMatchObject({
      heldMicros: 300,
      chargedMicros: 300,
      firstPartMs: 12,
      durationMs: 346,
    });
  });

  it('resolves a hold once, and says how to whoever comes later, even before the first is durable', async () => {
    const { ledger, writer } = await setUp();
    writer.holdBack();
    const open = hold(ledger, 'req_1', 300);
    const first = settle(ledger, open, 120);
    const second = settle(ledger, open, 300);
    const third = ledger.release(open, receiptFor(open));
    await Promise.resolve();
    writer.commit();
    expect(await first).toEqual({ outcome: 'settled', chargedMicros: 120 });
    expect(await second).toEqual({ outcome: 'already-settled', chargedMicros: 120 });
    expect(await third).toEqual({ outcome: 'already-settled', chargedMicros: 120 });
    expect(ledger.balance(ACCOUNT)).toMatchObject({ availableMicros: 880, heldMicros: 0, spentMicros: 120 });
  });

  it('acknowledges nothing before it is durable, but frees a released hold at once', async () => {
    const { ledger, writer } = await setUp();
    writer.holdBack();
    const open = hold(ledger, 'req_1', 1_000);
    let released = false;
    const done = ledger.release(open, receiptFor(open)).then(() => {
      released = true;
    });
    await Promise.resolve();
    expect(released).toBe(false);
    expect(ledger.balance(ACCOUNT).availableMicros).toBe(1_000);
    writer.commit();
    await done;
    expect(released).toBe(true);
  });

  it('counts a deposit when it is durable, not before', async () => {
    const { ledger, writer } = await setUp(0);
    writer.holdBack();
    const done = deposit(ledger, 'dep:1', 50);
    await Promise.resolve();
    expect(ledger.balance(ACCOUNT).availableMicros).toBe(0);
    writer.commit();
    expect(await done).toEqual({ outcome: 'applied' });
    expect(ledger.balance(ACCOUNT).availableMicros).toBe(50);
  });

  it('applies one of two transfers with the same id that are under way together', async () => {
    const { ledger } = await setUp(0);
    const outcomes = await Promise.all([deposit(ledger, 'dep:1', 50), deposit(ledger, 'dep:1', 50)]);
    expect(outcomes).toEqual([{ outcome: 'applied' }, { outcome: 'exists' }]);
    expect(ledger.balance(ACCOUNT)).toMatchObject({ paidMicros: 50, depositedMicros: 50 });
  });

  it('recognizes the repetition of a debit that the balance no longer covers', async () => {
    const { ledger } = await setUp(100);
    const debit = {
      id: 'fix:1',
      accountId: ACCOUNT,
      kind: 'adjustment',
      balance: 'paid',
      reason: 'test',
    } as const;
    const request = { ...debit, amountMicros: micros(-80) };
    expect(await ledger.transfer(request)).toEqual({ outcome: 'applied' });
    expect(await ledger.transfer(request)).toEqual({ outcome: 'exists' });
    expect(await ledger.transfer({ ...request, id: 'fix:2' })).toEqual({ outcome: 'insufficient' });
    expect(ledger.balance(ACCOUNT).paidMicros).toBe(20);
  });

  it('refuses amounts and ids that no transfer can have', async () => {
    const { ledger } = await setUp();
    expect(await deposit(ledger, 'dep:2', 0)).toEqual({ outcome: 'invalid-amount' });
    expect(await deposit(ledger, 'dep:2', -5)).toEqual({ outcome: 'invalid-amount' });
    expect(await deposit(ledger, 'dep:2', Number.MAX_SAFE_INTEGER)).toEqual({ outcome: 'invalid-amount' });
    expect(() => deposit(ledger, 'charge:req_1:paid', 5)).toThrow(RangeError);
    expect(() => deposit(ledger, '', 5)).toThrow(RangeError);
  });

  it('keeps the sum of deposits under way within what a number can hold', async () => {
    const { ledger, writer } = await setUp(0);
    writer.holdBack();
    const most = deposit(ledger, 'dep:1', Number.MAX_SAFE_INTEGER);
    expect(await deposit(ledger, 'dep:2', 1)).toEqual({ outcome: 'invalid-amount' });
    writer.commit();
    expect(await most).toEqual({ outcome: 'applied' });
  });

  it('says that a durable hold is journaled when it is on disk, and at once for another', async () => {
    const { ledger, writer } = await setUp();
    expect(await ledger.journaled(hold(ledger, 'req_1', 10))).toBe(true);
    writer.holdBack();
    const journaled = ledger.journaled(hold(ledger, 'req_2', 10, { durable: true }));
    await Promise.resolve();
    writer.fail();
    expect(await journaled).toBe(false);
  });
});

describe('spend limits of a key', () => {
  it('count what is held and what was spent, and end with the day', async () => {
    const { ledger, clock } = await setUp();
    const limited = { spendLimits: { dayMicros: micros(100) } };
    const open = hold(ledger, 'req_1', 100, limited);
    expect(ledger.reserve(reservation('req_2', ACCOUNT, 1, limited))).toEqual({
      ok: false,
      error: 'spend_limit_reached',
    });
    await settle(ledger, open, 40);
    expect(ledger.reserve(reservation('req_3', ACCOUNT, 61, limited)).ok).toBe(false);
    expect(ledger.reserve(reservation('req_4', ACCOUNT, 60, limited)).ok).toBe(true);
    clock.advance(86_400_000);
    expect(ledger.keySpend('key_1')).toEqual({ dayMicros: 60, weekMicros: 100, monthMicros: 100 });
  });

  it('are shared by all keys of a spender: exactly what fits, whichever key asks', async () => {
    const { ledger } = await setUp(100_000);
    const spender = { id: 'acc/ann', keyIds: ['key_1', 'key_2'], spendLimits: { dayMicros: micros(700) } };
    // Spent before there was a limit, and held while it came.
    await settle(ledger, hold(ledger, 'req_before', 100), 100);
    const held = hold(ledger, 'req_held', 100, { keyId: 'key_2' });
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, async (_none, index) => {
        await Promise.resolve();
        const keyId = index % 2 === 0 ? 'key_1' : 'key_2';
        const result = ledger.reserve(reservation(`req_${index}`, ACCOUNT, 100, { keyId, spender }));
        return result.ok ? (await settle(ledger, result.value, 100)).outcome : result.error;
      }),
    );
    expect(outcomes.filter((outcome) => outcome === 'settled')).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === 'spend_limit_reached')).toHaveLength(55);
    expect(ledger.spenderSpend(spender).dayMicros).toBe(700);
    await ledger.release(held, receiptFor(held));
    const next = { keyId: 'key_2', spender };
    expect(ledger.reserve(reservation('req_next', ACCOUNT, 100, next)).ok).toBe(true);
    expect(ledger.reserve(reservation('req_last', ACCOUNT, 1, next)).ok).toBe(false);
    const others = ledger.reserve(reservation('req_other', ACCOUNT, 500, { keyId: 'key_3' }));
    expect(others.ok).toBe(true);
  });

  it('of a spender are there after a restart, by what their keys spent', async () => {
    const { ledger, clock, writer } = await setUp();
    const spender = { id: 'acc/ann', keyIds: ['key_1', 'key_2'], spendLimits: { weekMicros: micros(50) } };
    await settle(ledger, hold(ledger, 'req_1', 30, { spender }), 30);
    clock.advance(86_400_000);
    await settle(ledger, hold(ledger, 'req_2', 12, { keyId: 'key_2', spender }), 12);
    const next = createLedger({ clock, writer, snapshot: writer.snapshot() });
    expect(next.spenderSpend({ ...spender })).toEqual({ dayMicros: 12, weekMicros: 42, monthMicros: 42 });
    expect(next.reserve(reservation('req_3', ACCOUNT, 9, { spender })).ok).toBe(false);
    expect(next.reserve(reservation('req_4', ACCOUNT, 8, { spender })).ok).toBe(true);
  });

  it('are read back at the start for the windows of now', async () => {
    const { ledger, clock, writer } = await setUp();
    await settle(ledger, hold(ledger, 'req_1', 30), 30);
    clock.advance(86_400_000);
    await settle(ledger, hold(ledger, 'req_2', 12), 12);
    const next = createLedger({ clock, writer, snapshot: writer.snapshot() });
    expect(next.keySpend('key_1')).toEqual({ dayMicros: 12, weekMicros: 42, monthMicros: 42 });
  });
});

describe('after a failed commit', () => {
  async function failWithThreeUnderWay(): Promise<{
    ledger: Ledger;
    writer: TestWriter;
    failures: string[];
  }> {
    const { ledger, writer, failures } = await setUp();
    writer.holdBack();
    const inFlight = settle(ledger, hold(ledger, 'req_1', 10), 10);
    await Promise.resolve();
    const queued = settle(ledger, hold(ledger, 'req_2', 10), 10);
    const queuedDeposit = deposit(ledger, 'dep:2', 500);
    writer.fail();
    expect(await Promise.all([inFlight, queued, queuedDeposit])).toEqual(
      Array.from({ length: 3 }, () => ({ outcome: 'ledger-unavailable' })),
    );
    return { ledger, writer, failures };
  }

  it('reports everything that was not durable as unavailable, refuses the rest, and says so once', async () => {
    const { ledger, failures } = await failWithThreeUnderWay();
    expect(ledger.healthy()).toBe(false);
    expect(failures).toEqual(['planted: the disk is gone']);
    expect(ledger.reserve(reservation('req_3', ACCOUNT, 1))).toEqual({
      ok: false,
      error: 'ledger_unavailable',
    });
    expect(await deposit(ledger, 'dep:3', 5)).toEqual({ outcome: 'ledger-unavailable' });
    await ledger.close();
  });

  it('gives the money of a hold back that was open, and charges nothing', async () => {
    const { ledger, writer } = await setUp();
    writer.holdBack();
    const open = hold(ledger, 'req_1', 400);
    const other = settle(ledger, hold(ledger, 'req_2', 10), 10);
    await Promise.resolve();
    writer.fail();
    await other;
    expect(await settle(ledger, open, 400)).toEqual({ outcome: 'ledger-unavailable' });
    expect(await settle(ledger, open, 400)).toEqual({ outcome: 'ledger-unavailable' });
    // What was decided before the failure (10) stands in memory; nothing is added.
    expect(ledger.balance(ACCOUNT)).toMatchObject({ heldMicros: 0, spentMicros: 10, availableMicros: 990 });
    expect(writer.receipts().size).toBe(0);
  });

  it('keeps on disk all that was acknowledged and nothing else, wherever it fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 60, size: 'max' }),
        async (failAt, amounts) => {
          const { ledger, writer, clock } = await setUp();
          writer.holdBack();
          const acknowledged = new Map<string, number>();
          const underWay: Promise<void>[] = [];
          for (const [index, amount] of amounts.entries()) {
            const result = ledger.reserve(reservation(`req_${index}`, ACCOUNT, amount));
            if (!result.ok) continue;
            underWay.push(
              settle(ledger, result.value, amount).then((resolution) => {
                if (resolution.outcome === 'settled') acknowledged.set(`req_${index}`, amount);
              }),
            );
            if (index % 3 !== 0) continue;
            await new Promise(setImmediate);
            if (index < failAt) writer.commit();
            else if (ledger.healthy()) writer.fail();
          }
          if (ledger.healthy()) await drain(writer, underWay);
          await Promise.all(underWay);
          const spent = [...acknowledged.values()].reduce((sum, amount) => sum + amount, 0);
          const next = createLedger({ clock, writer, snapshot: writer.snapshot() });
          expect(next.balance(ACCOUNT)).toMatchObject({ paidMicros: 1_000 - spent, spentMicros: spent });
          expect([...writer.receipts().keys()].toSorted()).toEqual([...acknowledged.keys()].toSorted());
        },
      ),
      { numRuns: 100 },
    );
  });

  it('stops when the store refuses a row, after answering for the others', async () => {
    const { ledger, failures } = await setUp();
    const [first, repeated, other] = [
      hold(ledger, 'req_same', 10),
      hold(ledger, 'req_same', 10),
      hold(ledger, 'req_other', 10),
    ];
    const outcomes = await Promise.all([first, repeated, other].map((open) => settle(ledger, open, 10)));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['settled', 'ledger-unavailable', 'settled']);
    expect(ledger.healthy()).toBe(false);
    expect(failures).toHaveLength(1);
  });
});

describe('group commit', () => {
  it('commits what came in one tick together, and what came during a commit as the next batch', async () => {
    const { ledger, writer } = await setUp();
    writer.holdBack();
    const settleMany = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => settle(ledger, hold(ledger, `req_${from + index}`, 1), 1));
    const first = settleMany(0, 3);
    await Promise.resolve();
    const second = settleMany(3, 5);
    writer.commit();
    await Promise.all(first);
    writer.commit();
    await Promise.all(second);
    expect(writer.batchSizes()).toEqual([1, 3, 5]);
  });

  it('writes at most 1 000 items at a time', async () => {
    const { ledger, writer } = await setUp(10_000);
    await Promise.all(
      Array.from({ length: 2_500 }, (_, index) => settle(ledger, hold(ledger, `req_${index}`, 1), 1)),
    );
    expect(writer.batchSizes()).toEqual([1, 1_000, 1_000, 500]);
  });

  it('writes all that is under way before it closes, and nothing after', async () => {
    const { ledger, writer } = await setUp();
    const late = hold(ledger, 'req_2', 10);
    const done = settle(ledger, hold(ledger, 'req_1', 10), 10);
    await Promise.all([ledger.close(), ledger.close()]);
    expect(await done).toMatchObject({ outcome: 'settled' });
    expect(ledger.healthy()).toBe(false);
    expect(await settle(ledger, late, 10)).toEqual({ outcome: 'ledger-unavailable' });
    expect([...writer.receipts().keys()]).toEqual(['req_1']);
  });
});

/** Commits until all is written. */
async function drain(writer: TestWriter, underWay: readonly Promise<void>[]): Promise<void> {
  const finished = Promise.all(underWay).then(() => true);
  const waiting = () => new Promise<false>((resolve) => setImmediate(resolve, false));
  while (!(await Promise.race([finished, waiting()]))) {
    try {
      writer.commit();
    } catch {
      // Nothing waits in this turn.
    }
  }
}
