import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { priceAt } from '../catalog/price-schedule.ts';
import { micros } from '../core/money.ts';
import { keptReceipt } from '../receipts/testing-receipts.ts';
import { type ConsoleWorld, openConsoleWorld } from './testing-console.ts';

let world: ConsoleWorld;
let lab: string;

beforeEach(async () => {
  world = await openConsoleWorld();
  lab = await world.newAccount('Lab');
  world.join('Dana', lab, 'owner');
  const site = await world.newAccount('Site');
  world.join('Opal', site, 'owner', { site: 'operator', twoFactor: true });
});
afterEach(() => world.close());

const api = (path: string) => `/api/console/operator/${path}`;
async function sharedNode(): Promise<string> {
  const added = await world.call('Dana', 'POST', `/api/console/accounts/${lab}/nodes`, {
    name: 'gpu',
    kind: 'shared',
    pool: world.admin.pools[0],
  });
  return (added.json as { node: { id: string } }).node.id;
}

const ask = (method: string, path: string, body?: unknown) => world.call('Opal', method, api(path), body);

describe('accounts', () => {
  it('are found by name, and suspended and resumed', async () => {
    expect((await ask('GET', 'accounts?search=la')).json).toMatchObject({
      accounts: [{ id: lab, name: 'Lab', state: 'active' }],
      total: 1,
    });
    expect((await ask('POST', `accounts/${lab}/suspend`, {})).json).toMatchObject({ state: 'suspended' });
    expect((await ask('POST', `accounts/${lab}/resume`, {})).json).toMatchObject({ state: 'active' });
    expect((await ask('GET', 'accounts/acc_none')).status).toBe(404);
  });

  it('come in pages, each once', async () => {
    type Page = { accounts: { id: string }[]; total: number; nextCursor: string | null };
    const whole = (await ask('GET', 'accounts')).json as Page;
    expect([whole.accounts.length, whole.nextCursor]).toEqual([whole.total, null]);
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null && ids.length < 100) {
      const path: string = `accounts?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = (await ask('GET', path)).json as Page;
      ids.push(...page.accounts.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(ids).toEqual(whole.accounts.map(({ id }) => id));
    expect((await ask('GET', 'accounts?cursor=acc_none')).status).toBe(400);
  });

  it('get credit adjusted once, with a reason, and never below zero', async () => {
    const body = { amountMicros: 5_000, reason: 'Sorry.', requestId: 'abcdefghijklmnop' };
    const first = await ask('POST', `accounts/${lab}/adjust`, body);
    const second = await ask('POST', `accounts/${lab}/adjust`, body);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.json).toMatchObject({ balance: { available: { micros: 1_005_000 } } });
    const ledger = await world.call('Dana', 'GET', `/api/console/accounts/${lab}/ledger`);
    expect(ledger.json).toMatchObject({ postings: [{ kind: 'adjustment', reason: 'Sorry.' }, {}] });
    const tooMuch = { ...body, amountMicros: -9_000_000, requestId: 'ponmlkjihgfedcba' };
    expect((await ask('POST', `accounts/${lab}/adjust`, tooMuch)).status).toBe(402);
    expect((await ask('POST', `accounts/${lab}/adjust`, { ...body, reason: '' })).status).toBe(400);
  });
});

describe('one account', () => {
  it('shows its keys without secrets, its members and its receipts', async () => {
    const made = await world.call('Dana', 'POST', `/api/console/accounts/${lab}/keys`, { name: 'ci' });
    const { secret } = made.json as { secret: string };
    const keys = await ask('GET', `accounts/${lab}/keys`);
    expect(keys.json).toMatchObject({ keys: [{ name: 'ci', last4: secret.slice(-4) }] });
    expect(keys.text).not.toContain(secret);
    expect((await ask('GET', `accounts/${lab}/members`)).json).toMatchObject({
      members: [{ name: 'Dana', role: 'owner' }],
    });
    expect((await ask('GET', `accounts/${lab}/requests?limit=5`)).json).toEqual({
      requests: [],
      nextCursor: null,
    });
    for (const what of ['keys', 'members', 'requests']) {
      expect((await ask('GET', `accounts/acc_none/${what}`)).status).toBe(404);
    }
  });
});

describe('prices', () => {
  const flat = (amountMicros: number) => ({ type: 'flat', amountMicros });
  const priceNow = () => {
    const model = world.admin.models.find('small');
    return model && priceAt(model, world.clock.nowMs()).price;
  };

  it('change at once or at a date, without a restart, and stay after one', async () => {
    const set = await ask('PUT', 'models/small/price', { price: flat(20_000), from: null });
    expect(set.json).toMatchObject({
      id: 'small',
      price: { type: 'flat', perRequest: { micros: 20_000 } },
      prices: [{ from: null, source: 'configuration' }, { source: 'console' }],
    });
    expect(priceNow()).toEqual(flat(20_000));
    const later = new Date(world.clock.nowMs() + 3_600_000).toISOString();
    await ask('PUT', 'models/small/price', { price: flat(30_000), from: later });
    expect(priceNow()).toEqual(flat(20_000));
    world.clock.advance(3_600_000);
    expect(priceNow()).toEqual(flat(30_000));
    const [newest] = await world.admin.registry.auditTrail(1);
    expect(newest).toMatchObject({ actor: 'person:person_Opal', action: 'price.set', subject: 'small' });
    expect(newest?.detail).toContain('20000');
    const reopened = await world.gateway.reopen();
    const model = reopened.models.find('tiny');
    expect(model?.prices.map(({ price }) => price)).toEqual([flat(10_000), flat(20_000), flat(30_000)]);
  });

  it.each([
    ['in the past', { price: flat(1), from: '2020-01-01T00:00:00Z' }, 400],
    ['in 2999', { price: flat(1), from: '2999-01-01T00:00:00Z' }, 400],
    ['below zero', { price: flat(-1), from: null }, 400],
    ['with a fraction', { price: flat(1.5), from: null }, 400],
    ['of an unknown kind', { price: { type: 'free' }, from: null }, 400],
  ])('are refused %s', async (_name, body, status) => {
    expect((await ask('PUT', 'models/small/price', body)).status).toBe(status);
    expect((await ask('PUT', 'models/nothing/price', body)).status).toBeGreaterThanOrEqual(400);
    expect(priceNow()).toEqual(flat(10_000));
  });

  it('are tried on yesterday first', async () => {
    const { ledger, clock } = world.admin;
    const held = ledger.reserve({
      requestId: 'req_0000000000000000000001',
      accountId: lab,
      keyId: 'key_1',
      amountMicros: micros(10_000),
      spendLimits: {},
      durable: false,
    });
    if (!held.ok) throw new Error(held.error);
    const receipt = keptReceipt({ modelId: 'small', startedAtMs: clock.nowMs() });
    await ledger.settle(held.value, { amountMicros: micros(10_000), receipt });
    world.clock.advance(86_400_000);
    world.join('Opal', lab, 'viewer', {
      site: 'operator',
      twoFactor: true,
      signedInAtMs: world.clock.nowMs(),
    });
    expect((await ask('POST', 'models/small/price/preview', { price: flat(12_000) })).json).toEqual({
      day: '2026-11-20',
      requests: 1,
      chargedMicros: 10_000,
      wouldChargeMicros: 12_000,
    });
  });
});

describe('nodes', () => {
  it('of all accounts are listed, put out with a reason, and let in again', async () => {
    const added = await world.call('Dana', 'POST', `/api/console/accounts/${lab}/nodes`, {
      name: 'gpu',
      kind: 'private',
    });
    const { node } = added.json as { node: { id: string } };
    const reason = 'wrong answers';
    expect((await ask('POST', `nodes/${node.id}/sanction`, { reason })).json).toMatchObject({
      state: 'suspended',
      suspendedReason: reason,
      account: { name: 'Lab' },
      tier: 'probation',
    });
    expect((await ask('POST', `nodes/${node.id}/pardon`, { reason: 'mended' })).json).toMatchObject({
      sanctions: [],
    });
    expect((await ask('POST', `nodes/${node.id}/resume`, {})).json).toMatchObject({ suspendedReason: null });
    expect((await ask('GET', 'nodes')).json).toMatchObject({ nodes: [{ id: node.id }], total: 1 });
  });

  it('are banned until a day, with a reason that stays in the trail', async () => {
    const id = await sharedNode();
    const until = new Date(world.clock.nowMs() + 86_400_000).toISOString();
    const body = { reason: 'resold answers', until };
    expect((await ask('POST', `nodes/${id}/sanction`, body)).json).toMatchObject({
      state: 'banned',
      suspendedReason: null,
      banned: { because: expect.stringContaining('resold answers'), until },
      sanctions: [
        { kind: 'ban', active: true, expiresAt: until, because: expect.stringContaining('resold') },
      ],
    });
    expect(world.admin.trust.book.standing(id).isBanned).toBe(true);
    const [newest] = await world.admin.registry.auditTrail(1);
    expect(newest).toMatchObject({ actor: 'person:person_Opal', action: 'node.ban', subject: id });
    expect((await ask('POST', `nodes/${id}/pardon`, { reason: 'a mistake' })).json).toMatchObject({
      state: 'offline',
      banned: null,
    });
    expect(world.admin.trust.book.standing(id).isBanned).toBe(false);
    await ask('POST', `nodes/${id}/sanction`, body);
    world.clock.advance(86_400_000);
    expect(world.admin.trust.book.standing(id).isBanned).toBe(false);
  });

  it.each(['2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 'tomorrow'])(
    'are not banned until %s',
    async (until) => {
      const id = await sharedNode();
      const answer = await ask('POST', `nodes/${id}/sanction`, { reason: 'x', until });
      expect([answer.status, world.admin.trust.book.sanctions(id)]).toEqual([400, []]);
    },
  );

  it('are trusted by an operator at once, and made to prove themselves anew', async () => {
    const id = await sharedNode();
    const verified = { tier: 'verified', reason: 'known to us' };
    expect((await ask('POST', `nodes/${id}/tier`, verified)).json).toMatchObject({
      tier: 'verified',
      workShare: 1,
      record: { approvedAt: expect.any(String), tests: { passed: 0, failed: 0 } },
    });
    const [newest] = await world.admin.registry.auditTrail(1);
    expect(newest).toMatchObject({ action: 'node.tier', detail: 'probation -> verified: known to us' });
    const reopened = await world.gateway.reopen();
    expect(reopened.trust.book.standing(id).tier).toBe('verified');
  });

  it('of the operator and private ones have no tier to be changed', async () => {
    const added = await world.call('Dana', 'POST', `/api/console/accounts/${lab}/nodes`, {
      name: 'own',
      kind: 'private',
    });
    const { node } = added.json as { node: { id: string } };
    const answer = await ask('POST', `nodes/${node.id}/tier`, { tier: 'verified', reason: 'x' });
    expect(answer).toMatchObject({ status: 400, json: { error: { param: 'tier' } } });
    expect((await ask('POST', 'nodes/node_none/tier', { tier: 'verified', reason: 'x' })).status).toBe(404);
  });
});

describe('the site', () => {
  it('is paused for maintenance, and everyone hears of it', async () => {
    expect(world.maintenance.refusal()).toBeUndefined();
    await ask('PUT', 'maintenance', { on: true, message: 'New disks until noon.' });
    expect(world.maintenance.refusal()).toMatchObject({
      code: 'maintenance',
      message: 'New disks until noon.',
    });
    const session = await world.call(undefined, 'GET', '/api/console/session');
    expect(session.json).toMatchObject({ site: { maintenance: { on: true } } });
    await ask('PUT', 'maintenance', { on: false });
    expect(world.maintenance.refusal()).toBeUndefined();
  });

  it('shows rates, configuration, rules, providers and the trail in pages', async () => {
    world.requestEnded(keptReceipt({ end: 'failed' }));
    for (let count = 0; count < 3; count += 1) world.requestEnded(keptReceipt());
    expect((await ask('GET', 'overview')).json).toMatchObject({
      errorRate: 0.25,
      ledger: { healthy: true, check: { state: 'sound', sum: { micros: 0, transfers: 7 } } },
    });
    expect((await ask('GET', 'config')).json).toMatchObject({ values: [{ path: 'server.port' }] });
    expect((await ask('GET', 'content-rules')).json).toEqual({
      classifier: false,
      suspendAfterBlocks: null,
      termsVersion: expect.stringMatching(/^[0-9a-f]{12}$/),
      blocks: [{ day: '2026-11-20', blocks: 2 }],
    });
    expect((await ask('GET', 'upstreams')).json).toEqual({
      upstreams: [
        {
          name: 'provider',
          keys: { ready: 1, resting: 0, setAside: 1 },
          breakers: [{ model: 'big', phase: 'open' }],
          lastFault: { at: '1970-01-01T00:00:00.000Z', cause: 'timeout' },
        },
      ],
    });
    type Page = { entries: { action: string }[]; nextCursor: string | null };
    const first = (await ask('GET', 'audit?limit=1')).json as Page;
    const rest = (await ask('GET', `audit?cursor=${first.nextCursor}`)).json as Page;
    const actions = [...first.entries, ...rest.entries].map(({ action }) => action);
    expect(actions.filter((action) => action === 'account.create')).toHaveLength(2);
  });

  it('finds lines of the trail by parts of who did what to what, page by page', async () => {
    await ask('POST', `accounts/${lab}/suspend`, {});
    await ask('POST', `accounts/${lab}/resume`, {});
    type Page = { entries: { action: string; subject: string }[]; nextCursor: string | null };
    const first = (await ask('GET', `audit?actor=OPAL&subject=${lab}&limit=1`)).json as Page;
    expect(first).toMatchObject({ entries: [{ action: 'account.resume', subject: lab }], nextCursor: '1' });
    const second = (await ask('GET', `audit?actor=OPAL&subject=${lab}&limit=1&cursor=1`)).json as Page;
    expect(second).toMatchObject({ entries: [{ action: 'account.suspend' }], nextCursor: null });
    expect((await ask('GET', 'audit?action=nothing')).json).toEqual({ entries: [], nextCursor: null });
  });
});
