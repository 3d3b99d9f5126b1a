import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestGateway } from '../cli/test-gateway.ts';
import type { TestGateway } from '../cli/test-gateway.ts';
import type { Result } from '../core/result.ts';
import type { NodeStatus } from '../fleet/fleet.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { VirtualClock } from '../testing/virtual-clock.ts';
import type { AdminContext } from './context.ts';
import { demoNodeToken, firstRun } from './first-run.ts';
import { OPERATIONS, runOperation } from './operations.ts';
import type { OperationInput, OperationName, OperationOutput } from './operations.ts';
import { routeOf } from './admin-client.ts';

let clock: VirtualClock;
let gateway: TestGateway;
let context: AdminContext;
beforeEach(async () => {
  clock = createVirtualClock(Date.UTC(2026, 10, 20, 12));
  gateway = await openTestGateway(clock);
  context = gateway.context;
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
  const outcome: Result<unknown, unknown> = await runOperation(context, name, input);
  return outcome.ok ? 'accepted' : outcome.error;
}

const identify = (secret: string) => context.registry.directory.identify(secret);

/** Every byte that the data folder holds. */
function storedBytes(): Buffer[] {
  return readdirSync(gateway.directory)
    .filter((name) => !name.endsWith('.sock'))
    .map((name) => readFileSync(join(gateway.directory, name)));
}

describe('accounts', () => {
  it('are made with the welcome credit, once, as promotional credit', async () => {
    const made = await run('account.create', { name: 'alice' });
    expect(made).toMatchObject({
      name: 'alice',
      role: 'person',
      state: 'active',
      balance: {
        available: { micros: 1_000_000, credits: 100, usd: 1 },
        promo: { credits: 100 },
        paid: { micros: 0 },
      },
      createdAt: '2026-11-20T12:00:00.000Z',
    });
    expect(await run('account.show', { account: 'alice' })).toEqual(made);
    expect(await run('account.show', { account: made.id })).toEqual(made);
  });

  it('may share a name, and are then found by their ids only', async () => {
    const one = await run('account.create', { name: 'twin' });
    await run('account.create', { name: 'twin' });
    expect(await refusal('account.show', { account: 'twin' })).toMatchObject({ code: 'invalid_request' });
    expect(await run('account.show', { account: one.id })).toEqual(one);
    expect(await refusal('account.show', { account: 'nobody' })).toMatchObject({ code: 'not_found' });
  });

  it('lose all access at once when suspended, their nodes too, and get it back when resumed', async () => {
    await run('account.create', { name: 'alice' });
    const { secret } = await run('key.create', { account: 'alice', name: 'laptop' });
    const { node, token } = await run('node.add', { name: 'gpu', pool: 'main', account: 'alice' });
    expect(await run('account.suspend', { account: 'alice' })).toMatchObject({ state: 'suspended' });
    expect(identify(secret)).toMatchObject({ ok: false, error: { code: 'account_suspended' } });
    expect(context.registry.directory.authenticateNode(token)).toBe('suspended');
    expect(gateway.fleet.disconnected).toEqual([`${node.id} suspended`]);
    expect(await run('key.show', { key: 'laptop' })).toMatchObject({ state: 'account-suspended' });
    await run('account.resume', { account: 'alice' });
    expect(identify(secret).ok).toBe(true);
    expect(context.registry.directory.authenticateNode(token)).toMatchObject({ nodeId: node.id });
  });

  it('are listed oldest first, with what the limit leaves out', async () => {
    for (const name of ['a', 'b', 'c']) {
      await run('account.create', { name });
      clock.advance(1_000);
    }
    const list = await run('account.list', { limit: 2 });
    expect(list.total).toBe(3);
    expect(list.accounts.map((account) => account.name)).toEqual(['a', 'b']);
  });
});

describe('keys', () => {
  beforeEach(() => run('account.create', { name: 'alice' }));

  it('work from the moment they are made, and carry what was asked for', async () => {
    const made = await run('key.create', {
      account: 'alice',
      name: 'ci',
      scopes: ['inference'],
      models: ['tiny', 'small', 'metered'],
      requestsPerMinute: 5,
      concurrency: 2,
      dayLimitMicros: 0,
      monthLimitMicros: 7_000_000,
      expiresInMs: 60_000,
    });
    expect(made.secret).toMatch(/^sk-acme-[0-9A-Za-z]{46}$/);
    expect(made.key).toMatchObject({
      name: 'ci',
      state: 'active',
      last4: made.secret.slice(-4),
      models: ['small', 'metered'],
      requestsPerMinute: 5,
      concurrency: 2,
      spend: { day: { limit: { micros: 0 } }, week: { limit: null }, month: { limit: { credits: 700 } } },
      expiresAt: '2026-11-20T12:01:00.000Z',
      lastUsedAt: null,
    });
    expect(identify(made.secret)).toMatchObject({
      ok: true,
      value: { key: { id: made.key.id, models: ['small', 'metered'] } },
    });
    clock.advance(60_000);
    expect(identify(made.secret).ok).toBe(false);
    expect(await run('key.show', { key: 'ci' })).toMatchObject({
      state: 'expired',
      lastUsedAt: '2026-11-20T12:00:00.000Z',
    });
  });

  it('are refused from the moment they are revoked, for ever', async () => {
    const { secret, key } = await run('key.create', { account: 'alice', name: 'laptop' });
    const revoked = await run('key.revoke', { key: 'laptop' });
    expect(revoked).toMatchObject({ state: 'revoked', revokedAt: '2026-11-20T12:00:00.000Z' });
    expect(identify(secret).ok).toBe(false);
    clock.advance(5_000);
    expect(await run('key.revoke', { key: key.id })).toEqual(revoked);
    expect(await refusal('key.update', { key: key.id, concurrency: 1 })).toMatchObject({
      code: 'invalid_request',
    });
    expect(await refusal('key.rotate', { key: key.id })).toMatchObject({ code: 'invalid_request' });
    expect(await refusal('key.show', { key: 'laptop' })).toMatchObject({ code: 'not_found' });
    context = await gateway.reopen();
    expect(identify(secret).ok).toBe(false);
  });

  it('change only in what is named; null takes a limit away', async () => {
    const { key, secret } = await run('key.create', {
      account: 'alice',
      name: 'laptop',
      models: ['small'],
      dayLimitMicros: 5,
      weekLimitMicros: 6,
      expiresInMs: 60_000,
    });
    await run('key.update', { key: key.id, name: 'desk', concurrency: 3, dayLimitMicros: null });
    expect(identify(secret)).toMatchObject({
      value: { key: { name: 'desk', concurrency: 3, models: ['small'], spendLimits: { weekMicros: 6 } } },
    });
    const changed = await run('key.update', {
      key: key.id,
      models: null,
      weekLimitMicros: null,
      expiresInMs: null,
    });
    expect(changed).toMatchObject({
      models: null,
      expiresAt: null,
      concurrency: 3,
      spend: { week: { limit: null } },
    });
    context = await gateway.reopen();
    expect(await run('key.show', { key: key.id })).toEqual(changed);
  });

  it('take only their new secret after rotation', async () => {
    const { key, secret } = await run('key.create', { account: 'alice', name: 'laptop' });
    const rotated = await run('key.rotate', { key: 'laptop' });
    expect(rotated.key.id).toBe(key.id);
    expect(identify(secret).ok).toBe(false);
    expect(identify(rotated.secret).ok).toBe(true);
  });

  it('never get more rights than their account may give', async () => {
    await run('account.create', { name: 'ops', role: 'operator' });
    expect(await refusal('key.create', { account: 'alice', name: 'x', scopes: ['admin'] })).toMatchObject({
      code: 'permission_denied',
    });
    expect(
      await refusal('key.create', { account: 'ops', name: 'x', scopes: ['admin', 'inference'] }),
    ).toMatchObject({ code: 'invalid_request' });
    const { secret } = await run('key.create', {
      account: 'ops',
      name: 'deploy',
      scopes: ['admin', 'read', 'admin'],
    });
    expect(secret).toMatch(/^ak-acme-/);
    expect(identify(secret)).toMatchObject({ ok: true, value: { key: { scopes: ['admin', 'read'] } } });
  });

  it('cannot be limited to a model that is not there', async () => {
    const fault = await refusal('key.create', { account: 'alice', name: 'x', models: ['small', 'smal'] });
    expect(fault).toMatchObject({ code: 'model_not_found', param: 'models[1]' });
  });

  it('are listed newest first, of one account or of all', async () => {
    await run('account.create', { name: 'bob' });
    for (const [account, name] of [
      ['alice', 'one'],
      ['bob', 'two'],
      ['alice', 'three'],
    ] as const) {
      await run('key.create', { account, name });
      clock.advance(1);
    }
    const names = async (input: OperationInput<'key.list'>) =>
      (await run('key.list', input)).keys.map((key) => key.name);
    expect(await names({})).toEqual(['three', 'two', 'one']);
    expect(await names({ account: 'alice' })).toEqual(['three', 'one']);
    expect(await names({ limit: 1 })).toEqual(['three']);
  });
});

describe('credit', () => {
  const GIFT = { amountMicros: 5, kind: 'gift' } as const;
  beforeEach(() => run('account.create', { name: 'alice' }));
  const add = (input: Omit<OperationInput<'credit.add'>, 'account' | 'reason'>) =>
    run('credit.add', { account: 'alice', reason: 'test', ...input });

  it('is booked to the right balance', async () => {
    expect(await add({ amountMicros: 5_000_000 })).toMatchObject({
      applied: true,
      amount: { usd: 5 },
      balance: { paid: { usd: 5 }, promo: { usd: 1 } },
    });
    expect(await add({ amountMicros: 10_000, kind: 'gift' })).toMatchObject({
      balance: { promo: { micros: 1_010_000 } },
    });
    expect(await add({ amountMicros: -1_000_000, kind: 'adjustment' })).toMatchObject({
      balance: { paid: { usd: 4 } },
    });
    expect((await run('credit.balance', { account: 'alice' })).balance).toMatchObject({
      available: { micros: 5_010_000 },
    });
  });

  it('is booked once per id, however often it is sent, also after a restart', async () => {
    const first = await add({ amountMicros: 5_000_000, id: 'invoice-7' });
    expect(first.applied).toBe(true);
    context = await gateway.reopen();
    const again = await Promise.all([
      add({ amountMicros: 5_000_000, id: 'invoice-7' }),
      add({ amountMicros: 5_000_000, id: 'invoice-7' }),
    ]);
    expect(again.map((result) => result.applied)).toEqual([false, false]);
    expect(again[0]?.balance.paid.usd).toBe(5);
    expect(
      await refusal('credit.add', {
        account: 'alice',
        reason: 'test',
        amountMicros: 6_000_000,
        id: 'invoice-7',
      }),
    ).toMatchObject({ code: 'idempotency_mismatch' });
  });

  it.each([
    ['nothing', { amountMicros: 0 }, 'invalid_request'],
    ['a negative deposit', { amountMicros: -5 }, 'invalid_request'],
    ['a negative gift', { amountMicros: -5, kind: 'gift' }, 'invalid_request'],
    ['more than is there', { amountMicros: -5, kind: 'adjustment' }, 'insufficient_credits'],
    ['a part of a µ$', { amountMicros: 1.5 }, 'invalid_request'],
    ['more than numbers can hold', { amountMicros: 2 ** 60 }, 'invalid_request'],
    ['not a number', { amountMicros: '5' }, 'invalid_request'],
    ['an unknown balance', { amountMicros: 5, balance: 'gold' }, 'invalid_request'],
    ['a gift that ends later than a date can say', { ...GIFT, expiresAtMs: 8.7e15 }, 'invalid_request'],
    ['a gift that ends in a year of five digits', { ...GIFT, expiresAtMs: 2.6e14 }, 'invalid_request'],
  ])('refuses %s and changes nothing', async (_what, input, code) => {
    expect(await refusal('credit.add', { account: 'alice', reason: 'test', ...input })).toMatchObject({
      code,
    });
    expect((await run('credit.balance', { account: 'alice' })).balance).toMatchObject({
      available: { usd: 1 },
      paid: { micros: 0 },
    });
  });

  it('leaves a line in the audit trail that names the posting', async () => {
    await add({ amountMicros: 5_000_000, id: 'invoice-7' });
    const { entries } = await run('audit.list', { limit: 1 });
    expect(entries).toMatchObject([
      { actor: 'cli', action: 'credit.add', detail: 'deposit of 500 credits to paid, id invoice-7' },
    ]);
  });
});

describe('models', () => {
  it('are listed with hidden ones, prices and what is known of their availability', async () => {
    const { models } = await run('model.list', {});
    expect(models).toMatchObject([
      { id: 'small', hidden: false, price: { type: 'flat', perRequest: { credits: 1 } }, state: null },
      { id: 'metered', hidden: true, price: { type: 'per-token', perMillion: { output: { usd: 4 } } } },
    ]);
    expect(await run('model.show', { model: 'tiny' })).toMatchObject({ ...models[0], nodes: [] });
    expect(await refusal('model.show', { model: '__proto__' })).toMatchObject({ code: 'invalid_request' });
    expect(await refusal('model.show', { model: 'constructor' })).toMatchObject({ code: 'model_not_found' });
  });
});

describe('nodes', () => {
  beforeEach(() => run('account.create', { name: 'ops', role: 'operator' }));
  const authenticate = (token: string) => context.registry.directory.authenticateNode(token);

  it('show their live state', async () => {
    const { node, token } = await run('node.add', { name: 'gpu', pool: 'main' });
    expect(node).toMatchObject({
      account: { name: 'ops' },
      state: 'offline',
      session: null,
      kid: token.split('_')[1],
    });
    const status: NodeStatus = {
      nodeId: node.id,
      name: 'gpu',
      pool: 'main',
      sessionId: 's',
      connectedAtMs: clock.nowMs(),
      engine: 'llama.cpp',
      models: [
        {
          alias: 'remote-small',
          contextTokens: 1024,
          slots: 2,
          busySlots: 1,
          loaded: true,
          outputTokensPerSecond: undefined,
          failureRate: 0,
          breaker: 'closed',
          restsForMs: 1_500,
        },
      ],
      roundTripMs: 3,
      state: 'ready',
    };
    gateway.fleet.live.push(status);
    expect(await run('node.show', { node: 'gpu' })).toMatchObject({
      state: 'ready',
      session: {
        engine: 'llama.cpp',
        models: [{ alias: 'remote-small', outputTokensPerSecond: null, restsForSeconds: 2 }],
      },
    });
    expect((await run('node.list', {})).nodes).toMatchObject([{ state: 'ready' }]);
    context = { ...context, fleet: undefined };
    expect(await run('node.show', { node: 'gpu' })).toMatchObject({ state: 'unknown' });
  });

  it('are cut and refused when suspended, and let in again when resumed', async () => {
    const { node, token } = await run('node.add', { name: 'gpu', pool: 'main' });
    await run('node.suspend', { node: 'gpu', reason: 'wrong answers' });
    expect(authenticate(token)).toBe('suspended');
    expect(gateway.fleet.disconnected).toEqual([`${node.id} suspended`]);
    expect(await run('node.show', { node: 'gpu' })).toMatchObject({
      state: 'suspended',
      suspendedReason: 'wrong answers',
    });
    await run('node.resume', { node: 'gpu' });
    expect(authenticate(token)).toMatchObject({ nodeId: node.id });
  });

  it('are cut and refused for ever when removed', async () => {
    const { node, token } = await run('node.add', { name: 'gpu', pool: 'main' });
    await run('node.remove', { node: 'gpu' });
    expect(authenticate(token)).toBeUndefined();
    expect(gateway.fleet.disconnected).toEqual([`${node.id} revoked`]);
    for (const name of ['node.resume', 'node.remove', 'node.rotate'] as const) {
      expect(await refusal(name, { node: node.id })).toMatchObject({ code: 'invalid_request' });
    }
    expect((await run('node.list', {})).nodes).toEqual([]);
    expect((await run('node.list', { removed: true })).nodes).toMatchObject([{ state: 'removed' }]);
  });

  it('are cut when their token changes', async () => {
    const { node, token } = await run('node.add', { name: 'gpu', pool: 'main' });
    const rotated = await run('node.rotate', { node: 'gpu' });
    expect(gateway.fleet.disconnected).toEqual([`${node.id} revoked`]);
    expect(authenticate(token)).toBeUndefined();
    expect(authenticate(rotated.token)).toMatchObject({ nodeId: node.id });
  });

  it('need a pool of the configuration and an owner', async () => {
    expect(await refusal('node.add', { name: 'gpu', pool: 'mian' })).toMatchObject({
      code: 'invalid_request',
      param: 'pool',
    });
    await run('account.create', { name: 'ops-2', role: 'operator' });
    expect(await refusal('node.add', { name: 'gpu', pool: 'main' })).toMatchObject({
      code: 'invalid_request',
      param: 'account',
    });
    expect(
      await run('node.add', { name: 'gpu', pool: 'main', account: 'ops-2', kind: 'private' }),
    ).toMatchObject({ node: { kind: 'private' } });
  });
});

describe('inputs', () => {
  it.each<[string, OperationName, unknown, string | undefined]>([
    ['no object', 'account.create', 'alice', undefined],
    ['null', 'account.create', null, undefined],
    ['a missing field', 'account.create', {}, 'name'],
    ['an unknown field', 'account.create', { name: 'a', balance: 5 }, undefined],
    ['an empty name', 'account.create', { name: '  ' }, 'name'],
    ['a long name', 'account.create', { name: 'a'.repeat(101) }, 'name'],
    ['control characters', 'account.create', { name: 'a\u001b[2J' }, 'name'],
    ['a line break', 'account.create', { name: 'a\nb' }, 'name'],
    ['letters that turn the direction', 'account.create', { name: 'a\u202eb' }, 'name'],
    ['an unknown role', 'account.create', { name: 'a', role: 'root' }, 'role'],
    ['a nested fault', 'key.create', { account: 'a', name: 'b', models: ['ok', 5] }, 'models.1'],
    ['no scopes', 'key.create', { account: 'a', name: 'b', scopes: [] }, 'scopes'],
    [
      'a limit of nothing',
      'key.create',
      { account: 'a', name: 'b', requestsPerMinute: 0 },
      'requestsPerMinute',
    ],
    ['infinity', 'key.create', { account: 'a', name: 'b', concurrency: Infinity }, 'concurrency'],
    ['an endless life', 'key.create', { account: 'a', name: 'b', expiresInMs: 1e15 }, 'expiresInMs'],
    ['a list without end', 'audit.list', { limit: 1e9 }, 'limit'],
  ])('refuse %s, naming the field and no value', async (_what, name, input, param) => {
    const fault = await refusal(name, input);
    expect(fault).toMatchObject({ code: 'invalid_request', ...(param === undefined ? {} : { param }) });
    expect(JSON.stringify(fault)).not.toMatch(/balance|root|\[2J/);
  });
});

describe('first run', () => {
  it('makes a folder usable, once', async () => {
    const made = await firstRun(context, { demoPool: 'demo' });
    if (!made.ok || made.value === undefined) throw new Error('nothing was made');
    const { account, apiKey, node } = made.value;
    expect(identify(apiKey)).toMatchObject({ ok: true, value: { account: { id: account.id } } });
    expect(context.registry.directory.authenticateNode(node?.token ?? '')).toMatchObject({
      nodeId: node?.id,
      pool: 'demo',
    });
    expect(await run('credit.balance', { account: account.id })).toMatchObject({
      balance: { promo: { credits: 100 } },
    });
    const before = await run('server.status', {});
    expect(before).toEqual({ accounts: 2, keys: 1, nodes: 1, nodesOnline: 0, ledgerHealthy: true });
    for (let start = 0; start < 2; start += 1) {
      context = await gateway.reopen();
      expect(await firstRun(context, { demoPool: 'demo' })).toEqual({ ok: true, value: undefined });
    }
    expect(await run('server.status', {})).toEqual(before);
    expect(await run('credit.balance', { account: account.id })).toMatchObject({
      balance: { deposited: { credits: 100 } },
    });
    expect(identify(apiKey).ok).toBe(true);
  });

  it('leaves a folder alone that the operator has begun to use', async () => {
    await run('account.create', { name: 'alice' });
    expect(await firstRun(context, { demoPool: 'demo' })).toEqual({ ok: true, value: undefined });
    expect(await run('server.status', {})).toMatchObject({ accounts: 1, keys: 0 });
  });

  it('makes no node without a pool for it', async () => {
    const made = await firstRun(context, { demoPool: undefined });
    expect(made).toMatchObject({ ok: true, value: { node: undefined } });
    expect(await demoNodeToken(context)).toBeUndefined();
  });

  it('gives the demo node a new token at every start, unless the operator took it out', async () => {
    const made = await firstRun(context, { demoPool: 'demo' });
    const first = made.ok ? made.value?.node : undefined;
    context = await gateway.reopen();
    const token = await demoNodeToken(context);
    expect(token).not.toBe(first?.token);
    expect(context.registry.directory.authenticateNode(token ?? '')).toMatchObject({ nodeId: first?.id });
    expect(context.registry.directory.authenticateNode(first?.token ?? '')).toBeUndefined();
    await run('node.suspend', { node: 'demo', reason: 'quiet' });
    expect(await demoNodeToken(context)).toBeUndefined();
    await run('node.remove', { node: 'demo' });
    expect(await demoNodeToken(context)).toBeUndefined();
  });
});

it('stores no secret in clear, in no file of the data folder', async () => {
  const made = await firstRun(context, { demoPool: 'demo' });
  if (!made.ok || made.value === undefined) throw new Error('nothing was made');
  const { secret } = await run('key.create', { account: 'demo', name: 'visible-name' });
  const rotated = await run('key.rotate', { key: 'visible-name' });
  const { token } = await run('node.rotate', { node: 'demo' });
  const bytes = storedBytes();
  expect(bytes.some((content) => content.includes('visible-name'))).toBe(true);
  for (const text of [made.value.apiKey, made.value.node?.token ?? '', secret, rotated.secret, token]) {
    // The middle: neither the prefix nor the last four characters, which are kept on purpose.
    const middle = text.slice(12, -6);
    expect(middle.length).toBeGreaterThan(20);
    expect(bytes.some((content) => content.includes(middle))).toBe(false);
  }
});

it('gives every use case one route, and the client the same ones', () => {
  const routes = Object.values(OPERATIONS).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(routes.length);
  for (const [name, { method, path }] of Object.entries(OPERATIONS)) {
    expect(routeOf(name as OperationName)).toEqual({ method, path });
  }
});
