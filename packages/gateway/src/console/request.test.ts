import type { RequestDetail } from '@switchyard/protocol/console/requests.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addNode } from '../admin/nodes.ts';
import { refundRequest } from '../admin/credit-moves.ts';
import { micros } from '../core/money.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { keptReceipt } from '../receipts/testing-receipts.ts';
import { verifyReceipt } from '../receipts/signing.ts';
import { type ConsoleWorld, openConsoleWorld } from './testing-console.ts';

let world: ConsoleWorld;
let lab: string;
let rival: string;

beforeEach(async () => {
  world = await openConsoleWorld();
  lab = await world.newAccount('Lab');
  rival = await world.newAccount('Rival');
  world.join('Vic', lab, 'viewer');
  world.join('Rita', rival, 'owner');
});
afterEach(() => world.close());

const ID = `req_${'7'.repeat(22)}`;
const address = (id: string, account = lab) => `/api/console/accounts/${account}/requests/${id}`;

/** A request of the account Lab: 1 000 µ$ held, and so much charged. */
async function settle(chargedMicros: number, change: Partial<Receipt> = {}): Promise<void> {
  const held = world.admin.ledger.reserve({
    requestId: ID,
    accountId: lab,
    keyId: 'key_1',
    amountMicros: micros(1_000),
    spendLimits: {},
    durable: false,
  });
  if (!held.ok) throw new Error(held.error);
  const receipt = keptReceipt({ requestId: ID, accountId: lab, ...change });
  await world.admin.ledger.settle(held.value, { amountMicros: micros(chargedMicros), receipt });
}

/** The version under which the price of a model of the configuration is known. */
const versionOf = (model: string) => world.admin.models.find(model)?.prices[0]?.version ?? '';

async function detail(): Promise<RequestDetail> {
  const answer = await world.call('Vic', 'GET', address(ID));
  expect(answer.status).toBe(200);
  return answer.json as RequestDetail;
}

describe('a single request', () => {
  it('shows tokens by kind with their price, and where the money came from', async () => {
    await settle(97, { modelId: 'metered', priceVersion: versionOf('metered') });
    const shown = await detail();
    expect(shown).toMatchObject({
      id: ID,
      model: 'metered',
      status: 'stop',
      target: { kind: 'pool', name: null, node: null, tier: null },
      policy: { name: 'reported', means: expect.stringContaining('Its usage is charged') as string },
      money: {
        held: { micros: 1_000 },
        charged: { micros: 97 },
        charges: [{ balance: 'given', amount: { micros: 97 } }],
        refunds: [],
      },
    });
    expect(shown.price).toMatchObject({
      type: 'per-token',
      worth: { micros: 119 },
      lines: [
        { kind: 'input', tokens: 10, perMillion: { usd: 1 }, usd: '0.00001' },
        { kind: 'image input', tokens: 4 },
        { kind: 'cache read', tokens: 3 },
        { kind: 'cache write', tokens: 2 },
        { kind: 'output', tokens: 20, perMillion: { usd: 4 }, usd: '0.00008' },
        { kind: 'reasoning', tokens: 5 },
      ],
    });
  });

  it('has the receipt that can be checked without the gateway', async () => {
    await settle(100, { modelId: 'small', priceVersion: versionOf('small') });
    const { receipt, price } = await detail();
    expect(price).toMatchObject({ type: 'flat', amount: { credits: 1 } });
    expect(receipt).toMatchObject({ id: ID, account: lab, route: { kind: 'pool' } });
    expect(JSON.stringify(receipt)).not.toContain('node_7');
    expect(verifyReceipt(receipt, world.receiptKeys)).toMatchObject({ ok: true });
    expect(verifyReceipt({ ...receipt, model: 'other' }, world.receiptKeys)).toMatchObject({ ok: false });
  });

  it('shows what was given back', async () => {
    await settle(600);
    const refunded = await refundRequest(world.admin, { request: ID, reason: 'our fault' });
    expect(refunded.ok).toBe(true);
    expect((await detail()).money.refunds).toMatchObject([{ balance: 'given', amount: { micros: 600 } }]);
  });

  it('that failed cost nothing, of a price that nobody knows any more', async () => {
    await settle(0, { end: 'failed', errorCode: 'server_is_overloaded', policy: 'failed' });
    expect(await detail()).toMatchObject({
      error: 'server_is_overloaded',
      price: { type: 'unknown' },
      policy: { means: 'The target failed and the client got no answer. Free.' },
      money: { charges: [] },
    });
  });

  it.each(['own', 'foreign'])('by a node of the pool, %s: its owner alone reads its name', async (whose) => {
    const added = async (account: string) => {
      const made = await addNode(world.admin, { account, name: 'gpu', kind: 'shared', pool: 'main' });
      if (!made.ok) throw new Error(made.error.code);
      return made.value.node.id;
    };
    const nodeId = await added(whose === 'own' ? lab : rival);
    await settle(10, { nodeId });
    const node = whose === 'own' ? { id: nodeId, name: 'gpu' } : null;
    expect((await detail()).target).toEqual({ kind: 'pool', name: null, node, tier: 'probation' });
  });

  it.each([
    ['of another account', 'Rita', () => address(ID, rival), 'This account has no request of this id.'],
    ['in a foreign account', 'Rita', () => address(ID), undefined],
    [
      'of no account',
      'Vic',
      () => address(`req_${'8'.repeat(22)}`),
      'This account has no request of this id.',
    ],
    ['that is no id', 'Vic', () => address('%2e%2e'), undefined],
  ])('%s is not there', async (_name, who, path, message) => {
    await settle(10);
    const answer = await world.call(who, 'GET', path());
    expect(answer.status).toBe(404);
    if (message !== undefined) expect(answer.json).toMatchObject({ error: { code: 'not_found', message } });
  });
});
