import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../core/money.ts';
import { earningOf } from '../../../ledger/earnings.ts';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import { type VirtualClock, createVirtualClock } from '../../../testing/virtual-clock.ts';
import { openForReading } from './connection.ts';
import { createEarningsBalance, createEarningsSums } from './earnings-read.ts';
import { type LedgerStore, openLedgerStore } from './open.ts';
import { reconcile } from './reconcile.ts';
import { createEarningsReference } from './testing-earnings-reference.ts';
import { temporaryLedgers } from './testing-folder.ts';

const newPath = temporaryLedgers();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OWNERS = ['acc_0', 'acc_1', 'acc_2'];

type Step =
  | { do: 'serve'; payer: number; owner: number; node: number; charge: number; bps: number; hours: number }
  | { do: 'reward'; owner: number; node: number; amount: number; hours: number }
  | { do: 'refund'; pick: number; amount: number }
  | { do: 'forfeit'; id: number; owner: number; node: number }
  | { do: 'restore'; id: number; hours: number }
  | { do: 'pay-out'; owner: number; amount: number }
  | { do: 'wait'; minutes: number }
  | { do: 'roll-up' }
  | { do: 'restart' };

const name = <Name extends Step['do']>(value: Name) => fc.constant(value);
const owner = fc.nat(2);
const node = fc.nat(1);
const hours = fc.constantFrom(0, 1, 24, 100);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: name('serve'),
      payer: owner,
      owner,
      node,
      charge: fc.nat(500),
      bps: fc.constantFrom(0, 1, 5_000, 7_000, 10_000),
      hours,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: name('reward'), owner, node, amount: fc.nat({ max: 50 }), hours }),
  },
  { weight: 4, arbitrary: fc.record({ do: name('refund'), pick: fc.nat(), amount: fc.nat(300) }) },
  { weight: 2, arbitrary: fc.record({ do: name('forfeit'), id: fc.nat(3), owner, node }) },
  { weight: 2, arbitrary: fc.record({ do: name('restore'), id: fc.nat(3), hours }) },
  { weight: 2, arbitrary: fc.record({ do: name('pay-out'), owner, amount: fc.nat(400) }) },
  { weight: 4, arbitrary: fc.record({ do: name('wait'), minutes: fc.nat(1_500) }) },
  { weight: 1, arbitrary: fc.record({ do: name('roll-up') }) },
  { weight: 1, arbitrary: fc.record({ do: name('restart') }) },
);

/** A clock without timers: days go by without a sweep for each second of them. */
function sweptByHand(clock: VirtualClock): VirtualClock {
  return { ...clock, every: () => ({ cancel: () => undefined }) };
}

async function run(steps: readonly Step[]): Promise<void> {
  const path = newPath();
  const clock = sweptByHand(createVirtualClock());
  const reference = createEarningsReference();
  const served: { id: string; payer: string; charged: number; refunded: number; isGone: boolean }[] = [];
  let store: LedgerStore = await openLedgerStore({ path, clock });
  let count = 0;
  const reader = openForReading(path);
  const balanceOf = createEarningsBalance(reader);
  const mature = () => reference.mature(Math.floor(clock.nowMs() / HOUR_MS));
  for (const accountId of OWNERS) {
    const words = { kind: 'deposit', balance: 'paid', reason: '' } as const;
    await store.ledger.transfer({ ...words, id: `dep:${accountId}`, accountId, amountMicros: micros(1e6) });
  }
  const nodeOf = (step: { owner: number; node: number }) => `node_${step.owner}${step.node}`;
  const ownerOf = (step: { owner: number }) => OWNERS[step.owner] ?? '';

  for (const step of steps) {
    const { ledger } = store;
    count += 1;
    switch (step.do) {
      case 'serve': {
        const payer = OWNERS[step.payer] ?? '';
        const requestId = `req_${count}`;
        const held = ledger.reserve(reservation(requestId, payer, step.charge, { durable: count % 3 === 0 }));
        if (!held.ok) throw new Error(held.error);
        const earner = { accountId: ownerOf(step), shareBps: step.bps, maturityMs: step.hours * HOUR_MS };
        const receipt = { ...receiptFor(held.value), nodeId: nodeOf(step), startedAtMs: clock.nowMs() };
        const atMs = clock.nowMs();
        await ledger.settle(held.value, { amountMicros: micros(step.charge), receipt, earner });
        const earning = earningOf({ payerId: payer, chargedMicros: micros(step.charge), atMs }, earner);
        served.push({ id: requestId, payer, charged: step.charge, refunded: 0, isGone: false });
        reference.earn({
          owner: earner.accountId,
          node: nodeOf(step),
          request: requestId,
          charged: step.charge,
          earned: earning?.amountMicros ?? 0,
          dueHour: earning?.dueHour ?? 0,
        });
        break;
      }
      case 'reward': {
        const accountId = ownerOf(step);
        const amountMicros = micros(step.amount);
        const about = {
          id: `canary:${count}`,
          accountId,
          nodeId: nodeOf(step),
          modelId: 'model',
          amountMicros,
        };
        const request = { ...about, maturityMs: step.hours * HOUR_MS };
        const dueHour = Math.ceil((clock.nowMs() + step.hours * HOUR_MS) / HOUR_MS);
        const first = await ledger.reward(request);
        expect(first.outcome).toBe(step.amount === 0 ? 'invalid-amount' : 'applied');
        if (step.amount > 0) expect((await ledger.reward(request)).outcome).toBe('exists');
        const words = { request: undefined, charged: 0, earned: step.amount, dueHour };
        reference.earn({ owner: accountId, node: nodeOf(step), ...words });
        break;
      }
      case 'refund': {
        const request = served[step.pick % Math.max(served.length, 1)];
        if (request === undefined || step.amount === 0) break;
        const words = { balance: 'paid', reason: '', amountMicros: micros(step.amount) } as const;
        const { outcome } = await ledger.refund({
          ...words,
          id: `refund:${count}`,
          requestId: request.id,
          accountId: request.payer,
        });
        const fits = !request.isGone && request.refunded + step.amount <= request.charged;
        expect(outcome).toBe(fits ? 'applied' : 'exceeds-charge');
        if (!fits) break;
        request.refunded += step.amount;
        reference.refund(request.id, step.amount);
        break;
      }
      case 'forfeit': {
        const about = { id: `ban_${step.id}`, nodeId: nodeOf(step), reason: 'test' };
        expect((await ledger.forfeit(about)).outcome).toBe(reference.forfeit(about.id, about.nodeId));
        break;
      }
      case 'restore': {
        const forfeitId = `ban_${step.id}`;
        const dueHour = Math.ceil((clock.nowMs() + step.hours * HOUR_MS) / HOUR_MS);
        await ledger.restore({ forfeitId, maturityMs: step.hours * HOUR_MS });
        reference.restore(forfeitId, dueHour);
        break;
      }
      case 'pay-out': {
        if (step.amount === 0) break;
        const about = { id: `payout:${count}`, accountId: ownerOf(step), reason: '' };
        const { outcome } = await ledger.payOut({ ...about, amountMicros: micros(step.amount) });
        expect(outcome).toBe(reference.payOut(ownerOf(step), step.amount));
        break;
      }
      case 'wait':
        clock.advance(step.minutes * 60_000);
        break;
      case 'roll-up': {
        const beforeMs = Math.floor(clock.nowMs() / DAY_MS) * DAY_MS - DAY_MS;
        await store.upkeep.rollUp({ beforeMs, nowMs: clock.nowMs(), afterSeq: 0, receiptsMax: 1_000 });
        const kept = new Set(reader.prepare('SELECT request_id FROM receipt').pluck().all());
        for (const request of served) request.isGone = !kept.has(request.id);
        break;
      }
      case 'restart':
        await ledger.close();
        store = await openLedgerStore({ path, clock });
        break;
    }
    store.ledger.sweep();
    mature();
    // Whatever is written later is written after what the sweep has asked for.
    const nothing = { id: 'none', accountId: 'acc_0', amountMicros: micros(1e9), reason: '' };
    await store.ledger.payOut(nothing);
    for (const accountId of OWNERS) expect(balanceOf(accountId)).toMatchObject(reference.balance(accountId));
  }
  reader.close();
  await store.ledger.close();
  expect(reconcile(path, clock).problems).toEqual([]);
}

describe('earnings on the disk', () => {
  it('are what a plain list says, through refunds, forfeits, payouts, rollups and restarts', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 40, size: 'max' }), run), {
      numRuns: 15,
    });
  });

  it('are told by day, node and model before they are counted in, and after', async () => {
    const path = newPath();
    const clock = sweptByHand(createVirtualClock(Date.UTC(2026, 10, 20, 23)));
    const { ledger } = await openLedgerStore({ path, clock });
    const words = { kind: 'deposit', balance: 'paid', reason: '' } as const;
    await ledger.transfer({ ...words, id: 'dep:1', accountId: 'acc_0', amountMicros: micros(10_000) });
    const serve = async (requestId: string, nodeId: string) => {
      const held = ledger.reserve(reservation(requestId, 'acc_0', 100));
      if (!held.ok) throw new Error(held.error);
      const earner = { accountId: 'acc_1', shareBps: 7_000, maturityMs: DAY_MS };
      const receipt = { ...receiptFor(held.value), nodeId };
      await ledger.settle(held.value, { amountMicros: micros(100), receipt, earner });
    };
    await serve('req_1', 'node_a');
    await serve('req_2', 'node_b');
    clock.advance(2 * HOUR_MS);
    await serve('req_3', 'node_a');

    const reader = openForReading(path);
    const sums = createEarningsSums(reader, 10);
    const fromDay = Math.floor(Date.UTC(2026, 10, 20) / DAY_MS);
    const ask = { accountId: 'acc_1', fromDay, toDay: fromDay + 1, groupBy: ['day', 'node'] as const };
    const row = (day: number, nodeId: string) => ({
      day,
      node: nodeId,
      jobs: 1,
      earnedMicros: 70,
      reversedMicros: 0,
      pendingMicros: 70,
    });
    const expected = [row(fromDay, 'node_a'), row(fromDay, 'node_b'), row(fromDay + 1, 'node_a')];
    expect(sums(ask)).toEqual({ ok: true, value: expected });
    ledger.sweep();
    await ledger.payOut({ id: 'none', accountId: 'acc_1', amountMicros: micros(1), reason: '' });
    expect(reader.prepare('SELECT count(*) FROM earning').pluck().get()).toBe(3);
    expect(sums(ask)).toEqual({ ok: true, value: expected });
    expect(sums({ ...ask, accountId: 'acc_0' })).toEqual({ ok: true, value: [] });
    expect(sums({ ...ask, nodeId: 'node_b', groupBy: ['model'] })).toMatchObject({
      value: [{ model: 'model', jobs: 1, earnedMicros: 70 }],
    });
    expect(createEarningsSums(reader, 2)(ask)).toEqual({ ok: false, error: 'too-many-rows' });
    expect(createEarningsBalance(reader)('acc_1')).toEqual({
      pendingMicros: 210,
      payableMicros: 0,
      paidMicros: 0,
      next: { atMs: Date.UTC(2026, 10, 21, 23), amountMicros: 140 },
    });
    reader.close();
    await ledger.close();
  });
});
