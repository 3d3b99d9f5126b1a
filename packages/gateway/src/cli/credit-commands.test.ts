import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { micros } from '../core/money.ts';
import { receiptFor, reservation } from '../ledger/testing-receipt.ts';
import { openLedgerStore } from '../store/sqlite/ledger/open.ts';
import { createTestCommandLine } from './test-gateway.ts';
import { readExpiry } from './values.ts';

const commands = createTestCommandLine();
const { run } = commands;
afterAll(commands.dispose);

/** A request of the account that was charged. */
async function charge(accountId: string, requestId: string): Promise<void> {
  const path = join(commands.data, 'ledger.sqlite');
  const { ledger } = await openLedgerStore({ path, clock: systemClock });
  const held = ledger.reserve(reservation(requestId, accountId, 2_000_000));
  if (!held.ok) throw new Error(held.error);
  await ledger.settle(held.value, { amountMicros: micros(1_500_000), receipt: receiptFor(held.value) });
  await ledger.close();
}

describe('the commands about credit', () => {
  it('move money, give it back, and write down what happened as CSV', async () => {
    const { id } = JSON.parse(await run('account', 'create', 'alice', '--json')) as { id: string };
    await run('account', 'create', 'bob');
    await run('credit', 'add', 'alice', '--usd', '5', '--reason', '=SUM(A1), "x"', '--id', 'one');
    await charge(id, 'req_7');
    expect(await run('credit', 'refund', 'req_7', '--usd', '0.5', '--reason', 'slow')).toContain(
      '50 credits',
    );
    expect(await run('credit', 'transfer', 'alice', 'bob', '--usd', '1', '--reason', 'y')).toContain(
      'from alice to bob',
    );
    expect(await run('credit', 'allowance', 'alice', '--credits', '9', '--reason', 'free')).toContain(
      'next to end',
    );
    await run('credit', 'add', 'alice', '--credits', '3', '--gift', '--expires', '30d', '--reason', 'z');

    const lines = (await run('credit', 'history', 'alice', '--csv', '--all')).trimEnd().split('\n');
    expect(lines).toHaveLength(9);
    expect(lines[0]).toBe('time,kind,balance,micro_usd,credits,other_account,request,id,reason');
    expect(lines.map((line) => line.split(',').slice(1, 4).join(' ')).slice(1)).toEqual([
      'gift promo 30000',
      'allowance allowance 90000',
      'transfer paid -1000000',
      'refund paid 500000',
      'charge paid -500000',
      'charge promo -1000000',
      'deposit paid 5000000',
      'gift promo 1000000',
    ]);
    expect(lines[7]).toContain(`,operator:one,"'=SUM(A1), ""x"""`);
    expect(lines[5]).toContain(',req_7,charge:req_7:paid,');
    const page = JSON.parse(await run('credit', 'history', 'alice', '--limit', '2', '--json')) as {
      next: number;
    };
    const rest = await run('credit', 'history', 'alice', '--before', String(page.next));
    expect(rest).toContain('transfer acc_');
    expect(rest).not.toContain('allowance');
  });
});

describe('a command about what is not there', () => {
  it.each([
    [['credit', 'balance', 'nobody'], 'switchyard account list'],
    [['receipt', 'list', 'nobody'], 'switchyard account list'],
    [['credit', 'refund', 'req_9', '--reason', 'x'], 'switchyard receipt list ACCOUNT'],
    [['key', 'show', 'none'], 'switchyard key list'],
    [['key', 'create', 'bob', '--deployments', 'none'], 'switchyard deployment list'],
    [['earnings', 'nobody'], 'switchyard account list'],
  ])('%j says which list to look at', async (words, list) => {
    await expect(run(...words)).rejects.toThrow(`"${list}"`);
  });
});

describe('an end', () => {
  const noonMs = Date.UTC(2026, 10, 20, 12);
  it.each([
    ['30d', '2026-12-21T00:00:00.000Z'],
    ['1h', '2026-11-21T00:00:00.000Z'],
    ['2026-12-31', '2027-01-01T00:00:00.000Z'],
  ])('%s is the end of its UTC day', (text, end) => {
    expect(new Date(readExpiry(text, '--expires', noonMs)).toISOString()).toBe(end);
  });
  it.each(['soon', '2026-02-31x', '2026-99-01', '2027-02-30', '31.12.2026', ''])('%s is refused', (text) => {
    expect(() => readExpiry(text, '--expires', noonMs)).toThrow('--expires is no');
  });
});
