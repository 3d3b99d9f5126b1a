import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { receiptFor, reservation } from '../ledger/testing-receipt.ts';
import type { EarningsReport } from '../receipts/earnings-report.ts';
import { openLedgerStore } from '../store/sqlite/ledger/open.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createTestCommandLine, TEST_CONFIG } from './test-gateway.ts';

const commands = createTestCommandLine(
  TEST_CONFIG.replace('id: small\n', 'id: small\n    node_share_bps: 6500\n'),
);
const { run } = commands;
afterAll(commands.dispose);

const HOUR_MS = 3_600_000;
const SPAN = ['--from', '2026-11-01', '--to', '2026-11-30'];
const ids = { payer: '', owner: '', first: '', second: '' };

beforeAll(async () => {
  await run('account', 'create', 'ops', '--role', 'operator');
  const account = async (name: string) =>
    (JSON.parse(await run('account', 'create', name, '--json')) as { id: string }).id;
  const node = async (name: string) => {
    const words = ['node', 'add', name, '--pool', 'main', '--account', 'owner', '--json'];
    return (JSON.parse(await run(...words)) as { node: { id: string } }).node.id;
  };
  ids.payer = await account('payer');
  ids.owner = await account('owner');
  ids.first = await node('gpu-1');
  ids.second = await node('gpu-2');
  const clock = createVirtualClock(Date.UTC(2026, 10, 3, 12));
  const { ledger } = await openLedgerStore({ path: join(commands.data, 'ledger.sqlite'), clock });
  const serve = async (requestId: string, nodeId: string, hours: number) => {
    const held = ledger.reserve(reservation(requestId, ids.payer, 100_000));
    if (!held.ok) throw new Error(held.error);
    const receipt = { ...receiptFor(held.value), nodeId, modelId: 'small' };
    const earner = { accountId: ids.owner, shareBps: 6_500, maturityMs: hours * HOUR_MS };
    await ledger.settle(held.value, { amountMicros: micros(100_000), receipt, earner });
  };
  await serve('req_1', ids.first, 24);
  await serve('req_2', ids.second, 24 * 365 * 100);
  clock.advance(25 * HOUR_MS);
  await serve('req_3', ids.first, 24 * 365 * 100);
  ledger.sweep();
  // Written behind what the sweep asked for.
  const payOut = { id: 'payout:1', accountId: ids.owner, reason: '' };
  expect(await ledger.payOut({ ...payOut, amountMicros: micros(15_000) })).toEqual({ outcome: 'applied' });
  await ledger.close();
});

async function report(...words: string[]): Promise<EarningsReport> {
  return JSON.parse(await run('earnings', ...words, ...SPAN, '--json')) as EarningsReport;
}

const money = (credits: string) => expect.objectContaining({ credits }) as object;

describe('the report of earnings', () => {
  it('tells by day and node what was earned, is pending and has matured, and what is payable', async () => {
    const entry = (day: string, name: string, pending: string, matured: string) => ({
      day,
      node_name: name,
      jobs: 1,
      earned: money('6.5'),
      taken_back: money('0'),
      pending: money(pending),
      matured: money(matured),
    });
    const { data, ...rest } = await report('owner');
    const byName = data.toSorted((a, b) =>
      `${a.day} ${a.node_name}`.localeCompare(`${b.day} ${b.node_name}`),
    );
    expect(byName).toMatchObject([
      entry('2026-11-03', 'gpu-1', '0', '6.5'),
      entry('2026-11-03', 'gpu-2', '6.5', '0'),
      entry('2026-11-04', 'gpu-1', '6.5', '0'),
    ]);
    expect(rest).toMatchObject({
      object: 'earnings',
      from: '2026-11-01',
      to: '2026-11-30',
      total: { jobs: 3, earned: money('19.5'), pending: money('13'), matured: money('6.5') },
      balance: { pending: money('13'), payable: money('5'), paid: money('1.5') },
    });
    expect(rest.balance.next).toMatchObject({ amount: money('6.5') });
  });

  it('tells of one node, of all owners, and of models with their shares', async () => {
    expect(await report('gpu-2', '--by', 'node')).toMatchObject({
      data: [{ node: ids.second, jobs: 1 }],
      balance: { payable: money('5') },
    });
    expect((await report('--by', 'account,model')).data).toMatchObject([
      { account: ids.owner, account_name: 'owner', model: 'small', share_bps: 6_500, jobs: 3 },
    ]);
    const nothing = await report('payer');
    expect(nothing).toMatchObject({
      data: [],
      total: { jobs: 0 },
      balance: { payable: money('0'), next: null },
    });
  });

  it('is a table for people, and CSV for spreadsheets', async () => {
    const text = await run('earnings', 'owner', ...SPAN, '--by', 'model');
    for (const word of ['SHARE', '65 %', 'PENDING', '19.5', 'payable from', 'paid out'])
      expect(text).toContain(word);
    const csv = (await run('earnings', 'owner', ...SPAN, '--by', 'node,model', '--csv'))
      .trimEnd()
      .split('\r\n');
    expect(csv[0]).toMatch(/^node,node_name,model,share_bps,jobs,earned_micros,earned_usd,earned_credits,/);
    expect(
      csv
        .slice(1)
        .map((line) => line.split(',').slice(1, 6).join(' '))
        .toSorted(),
    ).toEqual(['gpu-1 small 6500 2 130000', 'gpu-2 small 6500 1 65000']);
    expect(await run('earnings', 'payer', ...SPAN)).toContain('Nothing was earned');
  });

  it.each([
    [['nobody'], 'no account and no node'],
    [['owner', '--from', 'monday'], '"from" must be a day'],
    [['owner', '--by', 'key'], '"by" must name some of day, node, model, account'],
    [['owner', '--csv', '--json'], 'exclude each other'],
  ])('refuses %j', async (words, message) => {
    await expect(run('earnings', ...words)).rejects.toThrow(message);
  });

  it('needs the id where an account and a node share a name', async () => {
    await run('account', 'create', 'gpu-1');
    await expect(run('earnings', 'gpu-1')).rejects.toThrow('give the id');
    expect((await report(ids.first)).data).toHaveLength(2);
  });
});
