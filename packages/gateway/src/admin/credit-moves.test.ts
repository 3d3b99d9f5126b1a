import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestGateway } from '../cli/test-gateway.ts';
import type { TestGateway } from '../cli/test-gateway.ts';
import { micros } from '../core/money.ts';
import { receiptFor, reservation } from '../ledger/testing-receipt.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { VirtualClock } from '../testing/virtual-clock.ts';
import type { AdminContext } from './context.ts';
import { runOperation } from './operations.ts';
import type { OperationInput, OperationName, OperationOutput } from './operations.ts';

const DAY_MS = 86_400_000;

let clock: VirtualClock;
let gateway: TestGateway;
let context: AdminContext;
let alice: string;
beforeEach(async () => {
  clock = createVirtualClock(Date.UTC(2026, 10, 20, 12));
  gateway = await openTestGateway(clock);
  context = gateway.context;
  alice = (await run('account.create', { name: 'alice' })).id;
  await run('account.create', { name: 'bob' });
});
afterEach(() => gateway.dispose());

async function run<Name extends OperationName>(
  name: Name,
  input: OperationInput<Name>,
): Promise<OperationOutput<Name>> {
  const outcome = await runOperation(context, name, input);
  if (!outcome.ok) throw new Error(`${name}: ${outcome.error.code} ${outcome.error.message ?? ''}`);
  return outcome.value as OperationOutput<Name>;
}

async function refusal(name: OperationName, input: unknown) {
  const outcome = await runOperation(context, name, input);
  return outcome.ok ? 'accepted' : outcome.error;
}

const addPaid = (amountMicros: number) =>
  run('credit.add', { account: 'alice', reason: 'test', amountMicros });
const balance = async (account = 'alice') => (await run('credit.balance', { account })).balance;

async function charge(requestId: string, amountMicros: number): Promise<void> {
  const held = context.ledger.reserve(reservation(requestId, alice, amountMicros));
  if (!held.ok) throw new Error(held.error);
  const receipt = receiptFor(held.value);
  await context.ledger.settle(held.value, { amountMicros: micros(amountMicros), receipt });
}

describe('a transfer between accounts', () => {
  const transfer = { from: 'alice', to: 'bob', amountMicros: 3_000_000, reason: 'shared', id: 'split-1' };

  it('moves paid credit once, and both sides show it', async () => {
    await addPaid(5_000_000);
    expect(await run('credit.transfer', transfer)).toMatchObject({
      applied: true,
      account: { name: 'alice' },
      to: { name: 'bob' },
      balance: { paid: { usd: 2 }, promo: { usd: 1 } },
    });
    expect(await run('credit.transfer', transfer)).toMatchObject({ applied: false });
    expect((await balance('bob')).paid.usd).toBe(3);
    const { postings } = await run('credit.history', { account: 'bob' });
    expect(postings[0]).toMatchObject({ kind: 'transfer', otherAccount: alice, amount: { usd: 3 } });
    const { entries } = await run('audit.list', { limit: 1 });
    expect(entries[0]).toMatchObject({ action: 'credit.transfer', subject: alice });
  });

  it.each([
    ['more than is paid', { amountMicros: 5_000_001 }, 'insufficient_credits'],
    ['to itself', { to: 'alice' }, 'invalid_request'],
    ['to nobody', { to: 'nobody' }, 'not_found'],
    ['nothing', { amountMicros: 0 }, 'invalid_request'],
    ['backwards', { amountMicros: -5 }, 'invalid_request'],
    ['without a reason', { reason: ' ' }, 'invalid_request'],
  ])('is refused: %s', async (_name, change, code) => {
    await addPaid(5_000_000);
    expect(await refusal('credit.transfer', { ...transfer, ...change })).toMatchObject({ code });
    expect((await balance()).paid.usd).toBe(5);
  });
});

describe('a refund of a request', () => {
  const refund = { request: 'req_1', reason: 'slow' };

  it('gives back each part to where it came from, at most the charge in all', async () => {
    await addPaid(5_000_000);
    await charge('req_1', 3_000_000);
    expect(await balance()).toMatchObject({ paid: { usd: 3 }, promo: { usd: 0 } });
    const part = { ...refund, id: 'r-1', amountMicros: 2_500_000 };
    expect(await run('credit.refund', part)).toMatchObject({
      applied: true,
      amount: { usd: 2.5 },
      balance: { paid: { usd: 5 }, promo: { usd: 0.5 } },
    });
    expect(await run('credit.refund', part)).toMatchObject({ applied: false });
    expect(await refusal('credit.refund', { ...refund, amountMicros: 500_001 })).toMatchObject({
      code: 'invalid_request',
      param: 'amountMicros',
    });
    expect(await run('credit.refund', { ...refund, id: 'r-2' })).toMatchObject({ amount: { usd: 0.5 } });
    expect(await run('credit.refund', { ...refund, id: 'r-2' })).toMatchObject({ applied: false });
    expect(await refusal('credit.refund', refund)).toMatchObject({ code: 'invalid_request' });
    expect(await balance()).toMatchObject({ paid: { usd: 5 }, promo: { usd: 1 }, spent: { usd: 3 } });
  });

  it('never gives back more, however many come at once', async () => {
    await addPaid(5_000_000);
    await charge('req_1', 3_000_000);
    const outcomes = await Promise.all(
      Array.from({ length: 9 }, () =>
        runOperation(context, 'credit.refund', { ...refund, amountMicros: 700_000 }),
      ),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2);
    expect((await balance()).paid.usd).toBe(4.4);
  });

  it('is refused for a request that was free, or is unknown', async () => {
    expect(await refusal('credit.refund', refund)).toMatchObject({ code: 'not_found', param: 'request' });
  });
});

describe('credit that ends', () => {
  it('is a gift with an end, or the allowance of a day, once for each day', async () => {
    const allowance = { account: 'alice', amountMicros: 500_000, reason: 'free tier' };
    expect(await run('credit.allowance', allowance)).toMatchObject({
      applied: true,
      day: '2026-11-20',
      expiresAt: '2026-11-21T00:00:00.000Z',
      id: `allow:${alice}:20261120`,
      balance: { allowance: { usd: 0.5 }, nextExpiry: { at: '2026-11-21T00:00:00.000Z' } },
    });
    expect(await run('credit.allowance', allowance)).toMatchObject({ applied: false });
    expect(await refusal('credit.allowance', { ...allowance, amountMicros: 1 })).toMatchObject({
      code: 'idempotency_mismatch',
    });
    expect(await refusal('credit.allowance', { ...allowance, day: '2026-11-19' })).toMatchObject({
      code: 'invalid_request',
    });
    const expiresAtMs = clock.nowMs() + 2 * DAY_MS;
    const gift = {
      account: 'alice',
      reason: 'hello',
      kind: 'gift',
      amountMicros: 250_000,
      expiresAtMs,
    } as const;
    expect(await run('credit.add', gift)).toMatchObject({ balance: { promo: { usd: 1.25 } } });

    clock.advance(DAY_MS);
    expect(await balance()).toMatchObject({ allowance: { usd: 0 }, available: { usd: 1.25 } });
    clock.advance(DAY_MS);
    expect(await balance()).toMatchObject({ promo: { usd: 1 }, available: { usd: 1 }, nextExpiry: null });
    context = await gateway.reopen();
    expect(await balance()).toMatchObject({ promo: { usd: 1 }, available: { usd: 1 } });
  });

  it.each([
    ['a deposit', { kind: 'deposit' }],
    ['a gift to paid', { kind: 'gift', balance: 'paid' }],
    ['a gift that has ended', { kind: 'gift', expiresAtMs: 1 }],
  ])('cannot be %s', async (_name, change) => {
    const input = {
      account: 'alice',
      reason: 'x',
      amountMicros: 5,
      expiresAtMs: clock.nowMs() + DAY_MS,
      ...change,
    };
    expect(await refusal('credit.add', input)).toMatchObject({
      code: 'invalid_request',
      param: 'expiresAtMs',
    });
  });
});

describe('the history of an account', () => {
  it('lists every movement once, in pages, newest first', async () => {
    await addPaid(5_000_000);
    for (let index = 0; index < 5; index += 1) await charge(`req_${index}`, 400_000);
    await run('credit.refund', { request: 'req_4', reason: 'slow' });
    await run('credit.transfer', { from: 'alice', to: 'bob', amountMicros: 7, reason: 'x' });
    const all = (await run('credit.history', { account: 'alice' })).postings;
    expect(all.map(({ kind }) => kind)).toEqual([
      'transfer',
      'refund',
      'charge',
      'charge',
      'charge',
      'charge',
      'charge',
      'charge',
      'deposit',
      'gift',
    ]);
    const sum = all.reduce((total, { amount }) => total + amount.micros, 0);
    expect(sum).toBe((await balance()).available.micros);

    const paged: typeof all = [];
    let next: number | null = Number.MAX_SAFE_INTEGER;
    while (next !== null) {
      const page: OperationOutput<'credit.history'> = await run('credit.history', {
        account: 'alice',
        limit: 3,
        before: next,
      });
      paged.push(...page.postings);
      next = page.next;
    }
    expect(paged).toEqual(all);
    expect(await run('credit.history', { account: 'bob' })).toMatchObject({ postings: [{}, {}], next: null });
  });
});
