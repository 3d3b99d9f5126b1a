import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { keptReceipt } from '../receipts/testing-receipts.ts';
import { type ConsoleWorld, openConsoleWorld } from './testing-console.ts';

let world: ConsoleWorld;
let lab: string;
let rival: string;

beforeEach(async () => {
  world = await openConsoleWorld();
  lab = await world.newAccount('Lab');
  rival = await world.newAccount('Rival');
  world.join('Dana', lab, 'developer');
  world.join('Vic', lab, 'viewer');
  world.join('Olga', lab, 'owner');
  world.join('Rita', rival, 'owner');
});
afterEach(() => world.close());

const own = (path: string) => `/api/console/accounts/${lab}/${path}`;

type Created = { key: { id: string; name: string; scopes: string[] }; secret: string };
async function newKey(body: object = { name: 'app' }): Promise<Created> {
  const made = await world.call('Dana', 'POST', own('keys'), body);
  expect(made.status).toBe(200);
  return made.json as Created;
}
const opens = (secret: string) => {
  const found = world.admin.registry.directory.identify(secret);
  return found.ok ? 'opens' : found.error.code;
};

async function charge(accountId: string, requestId: string, change: Partial<Receipt> = {}): Promise<void> {
  const { ledger, clock } = world.admin;
  const held = ledger.reserve({
    requestId,
    accountId,
    keyId: change.keyId ?? 'key_1',
    amountMicros: micros(1_000),
    spendLimits: {},
    durable: false,
  });
  if (!held.ok) throw new Error(held.error);
  const receipt = keptReceipt({ requestId, accountId, startedAtMs: clock.nowMs(), ...change });
  await ledger.settle(held.value, { amountMicros: micros(700), receipt });
}
const id = (number: number) => `req_${String(number).padStart(22, '0')}`;

describe('the session', () => {
  it('tells everyone about the site, and a person about their accounts', async () => {
    const nobody = await world.call(undefined, 'GET', '/api/console/session');
    expect(nobody.json).toMatchObject({
      person: null,
      accounts: [],
      site: { brand: 'Acme', publicUrl: world.origin.replace('127.0.0.1', 'localhost'), keyPrefix: 'acme' },
    });
    const dana = await world.call('Dana', 'GET', '/api/console/session');
    expect(dana.json).toMatchObject({
      person: { name: 'Dana', twoFactor: false },
      accounts: [{ id: lab, name: 'Lab', role: 'developer', suspended: false }],
    });
    expect(dana.headers.get('cache-control')).toBe('no-store');
  });
});

describe('keys', () => {
  it('are made once, shown without the secret, changed, and revoked', async () => {
    const { key, secret } = await newKey({ name: 'app', models: ['tiny'], dayLimitMicros: 5_000_000 });
    expect(opens(secret)).toBe('opens');
    const listed = await world.call('Olga', 'GET', own('keys'));
    expect(listed.json).toMatchObject({
      keys: [{ id: key.id, name: 'app', models: ['small'], spend: { day: { limit: { usd: 5 } } } }],
    });
    expect(listed.text).not.toContain(secret);
    const changed = await world.call('Dana', 'PATCH', own(`keys/${key.id}`), { name: 'app 2', models: null });
    expect(changed.json).toMatchObject({ name: 'app 2', models: null });
    expect((await world.call('Dana', 'DELETE', own(`keys/${key.id}`))).json).toMatchObject({
      state: 'revoked',
    });
    expect(opens(secret)).toBe('invalid_api_key');
  });

  it('of others do not exist', async () => {
    const { key } = await newKey();
    const theirs = `/api/console/accounts/${rival}/keys/${key.id}`;
    for (const [method, path, body] of [
      ['PATCH', theirs, { name: 'mine' }],
      ['DELETE', theirs, undefined],
      ['POST', `${theirs}/rotate`, { overlapHours: 0 }],
    ] as const)
      expect((await world.call('Rita', method, path, body)).status).toBe(404);
    expect((await world.call('Rita', 'DELETE', own(`keys/${key.id}`))).status).toBe(404);
    expect((await world.call('Vic', 'DELETE', own(`keys/${key.id}`))).json).toMatchObject({
      error: { code: 'permission_denied' },
    });
  });

  it('rotate: both are good for the overlap, and the trail says who did it', async () => {
    const { key, secret } = await newKey({ name: 'app', concurrency: 3 });
    const rotated = await world.call('Dana', 'POST', own(`keys/${key.id}/rotate`), { overlapHours: 2 });
    const fresh = rotated.json as Created;
    expect(fresh.key).toMatchObject({ name: 'app', concurrency: 3, expiresAt: null });
    expect([opens(secret), opens(fresh.secret)]).toEqual(['opens', 'opens']);
    world.clock.advance(2 * 3_600_000);
    expect([opens(secret), opens(fresh.secret)]).toEqual(['invalid_api_key', 'opens']);
    const [newest] = await world.admin.registry.auditTrail(1);
    expect(newest).toMatchObject({ actor: 'person:person_Dana', action: 'key.rotate', subject: key.id });
  });

  it('rotate without overlap: the same key with another secret', async () => {
    const { key, secret } = await newKey();
    const rotated = await world.call('Dana', 'POST', own(`keys/${key.id}/rotate`), { overlapHours: 0 });
    expect((rotated.json as Created).key.id).toBe(key.id);
    expect(opens(secret)).toBe('invalid_api_key');
  });

  it('never have more rights than people can give', async () => {
    const asked = await world.call('Dana', 'POST', own('keys'), { name: 'x', scopes: ['admin'] });
    expect(asked.json).toMatchObject({ error: { code: 'invalid_request', param: 'scopes.0' } });
  });

  it('of a page: one for each person and account, apart from the others', async () => {
    const first = await world.call('Dana', 'POST', own('browser-key'), {});
    const second = await world.call('Dana', 'POST', own('browser-key'), {});
    const secretOf = (answer: { json: unknown }) => (answer.json as { secret: string }).secret;
    expect([opens(secretOf(first)), opens(secretOf(second))]).toEqual(['invalid_api_key', 'opens']);
    const listed = (await world.call('Dana', 'GET', own('keys'))).json as Record<string, unknown[]>;
    expect(listed['keys']).toEqual([]);
    expect(listed['browserKeys']).toHaveLength(1);
    const [{ id: pagesKey } = { id: '' }] = listed['browserKeys'] as { id: string }[];
    for (const [method, path, body] of [
      ['PATCH', `keys/${pagesKey}`, { expiresInMs: null }],
      ['POST', `keys/${pagesKey}/rotate`, { overlapHours: 700 }],
    ] as const)
      expect((await world.call('Olga', method, own(path), body)).status).toBe(403);
    // A member who leaves takes no open page along.
    expect((await world.call('Dana', 'DELETE', own('members/person_Dana'))).json).toEqual({ done: true });
    expect(opens(secretOf(second))).toBe('invalid_api_key');
  });

  it('need a fresh sign-in', async () => {
    world.clock.advance(10 * 60_000 + 1);
    const asked = await world.call('Dana', 'POST', own('keys'), { name: 'x' });
    expect([asked.status, asked.json]).toMatchObject([403, { error: { code: 'recent_sign_in_required' } }]);
  });
});

describe('keys of people', () => {
  const make = async (who: string, body: object = {}) =>
    world.call(who, 'POST', own('keys'), { name: `of ${who}`, ...body });
  const idOf = ({ json }: { json: unknown }) => (json as Created).key.id;
  type Listed = { keys: { name: string; person: { id: string; name: string } | null }[] };
  const listedTo = async (who: string) =>
    ((await world.call(who, 'GET', own('keys'))).json as Listed).keys.map(({ name }) => name).toSorted();

  beforeEach(() => {
    world.join('Dora', lab, 'developer');
    world.join('Adam', lab, 'admin');
  });

  it('are their own: to other developers they do not exist, to admins and owners they do', async () => {
    const danas = idOf(await make('Dana'));
    const doras = idOf(await make('Dora'));
    const common = idOf(await make('Adam'));
    expect(await listedTo('Dana')).toEqual(['of Dana']);
    expect(await listedTo('Dora')).toEqual(['of Dora']);
    for (const who of ['Adam', 'Olga'])
      expect(await listedTo(who)).toEqual(['of Adam', 'of Dana', 'of Dora']);
    expect((await world.call('Vic', 'GET', own('keys'))).status).toBe(403);
    const tries = async (who: string, key: string) => {
      const answers = [
        await world.call(who, 'PATCH', own(`keys/${key}`), { name: 'mine' }),
        await world.call(who, 'POST', own(`keys/${key}/rotate`), { overlapHours: 1 }),
        await world.call(who, 'DELETE', own(`keys/${key}`)),
      ];
      return answers.map(({ status }) => status);
    };
    for (const key of [danas, common, 'of Dana', 'key_none'])
      expect(await tries('Dora', key)).toEqual([404, 404, 404]);
    expect(await tries('Vic', danas)).toEqual([403, 403, 403]);
    expect(await tries('Dora', doras)).toEqual([200, 200, 200]);
    expect(await tries('Adam', danas)).toEqual([200, 200, 200]);
    expect(await tries('Olga', common)).toEqual([200, 200, 200]);
  });

  it('belong to whom the maker may say, and stay with them when they get another secret', async () => {
    const personOf = ({ json }: { json: unknown }) => (json as { key: { person: object | null } }).key.person;
    const dana = { id: 'person_Dana', name: 'Dana' };
    expect(personOf(await make('Dana'))).toEqual(dana);
    expect(personOf(await make('Adam'))).toBeNull();
    expect(personOf(await make('Adam', { personId: 'person_Adam' }))).toMatchObject({ name: 'Adam' });
    const given = await make('Olga', { personId: 'person_Dana' });
    expect(personOf(given)).toEqual(dana);
    const rotated = await world.call('Dana', 'POST', own(`keys/${idOf(given)}/rotate`), { overlapHours: 5 });
    expect(personOf(rotated)).toEqual(dana);
    const moved = await world.call('Olga', 'PATCH', own(`keys/${idOf(given)}`), { personId: 'person_Dora' });
    expect(moved.status).toBe(400);
    for (const [who, personId, status] of [
      ['Dana', null, 403],
      ['Dana', 'person_Dora', 403],
      ['Vic', 'person_Vic', 403],
      ['Olga', 'person_Vic', 400],
      ['Olga', 'person_Rita', 404],
      ['Olga', 'person_none', 404],
    ] as const)
      expect((await make(who, { personId })).status, `${who} for ${personId}`).toBe(status);
  });

  it('end with their membership or role, those of the account stay', async () => {
    const danas = (await make('Dana')).json as Created;
    const page = (await world.call('Dana', 'POST', own('browser-key'), {})).json as { secret: string };
    const common = (await make('Olga')).json as Created;
    const doras = (await make('Dora')).json as Created;
    const secrets = [danas, page, common, doras].map(({ secret }) => secret);
    expect(secrets.map(opens)).toEqual(['opens', 'opens', 'opens', 'opens']);
    await world.call('Olga', 'DELETE', own('members/person_Dana'));
    expect(secrets.map(opens)).toEqual(['invalid_api_key', 'invalid_api_key', 'opens', 'opens']);
    await world.call('Olga', 'PATCH', own('members/person_Dora'), { role: 'viewer' });
    expect(secrets.map(opens).slice(2)).toEqual(['opens', 'invalid_api_key']);
    expect((await world.call('Dora', 'POST', own('browser-key'), {})).status).toBe(403);
  });
});

describe('limits of members', () => {
  type Shares = { members: { name: string; share: unknown }[] };
  const shareFor = async (who: string, of: string) =>
    ((await world.call(who, 'GET', own('members'))).json as Shares).members.find(({ name }) => name === of)
      ?.share;
  const set = (who: string, of: string, body: object) =>
    world.call(who, 'PATCH', own(`members/person_${of}/limits`), body);

  it('are for admins and owners to set, and for the member to see', async () => {
    world.join('Dora', lab, 'developer');
    world.join('Adam', lab, 'admin');
    const answer = await set('Adam', 'Dana', { dayLimitMicros: 5_000_000, concurrency: 3 });
    expect([answer.status, answer.json]).toMatchObject([
      200,
      { name: 'Dana', role: 'developer', share: { concurrency: 3, requestsPerMinute: null } },
    ]);
    for (const who of ['Dana', 'Adam', 'Olga'])
      expect(await shareFor(who, 'Dana')).toMatchObject({ keys: 0, spend: { day: { limit: { usd: 5 } } } });
    for (const who of ['Dora', 'Vic']) expect(await shareFor(who, 'Dana')).toBeNull();
    for (const [who, of, status] of [
      ['Dana', 'Dana', 403],
      ['Vic', 'Dana', 403],
      ['Rita', 'Dana', 404],
      ['Adam', 'Adam', 403],
      ['Adam', 'Olga', 403],
      ['Olga', 'Adam', 200],
      ['Olga', 'Rita', 404],
    ] as const)
      expect((await set(who, of, { dayLimitMicros: 1 })).status, `${who} for ${of}`).toBe(status);
    expect((await set('Olga', 'Dana', { dayLimitMicros: -1 })).status).toBe(400);
    const [newest] = await world.admin.registry.auditTrail(1);
    expect(newest).toMatchObject({ actor: 'person:person_Olga', action: 'member.limits', subject: lab });
  });

  it('hold for the key of an open page, too', async () => {
    await set('Olga', 'Dana', { requestsPerMinute: 2 });
    const made = await newKey();
    const { secret } = (await world.call('Dana', 'POST', own('browser-key'), {})).json as { secret: string };
    const { directory } = world.admin.registry;
    const memberOf = (one: string) => {
      const found = directory.identify(one);
      return found.ok ? found.value.member : undefined;
    };
    expect(memberOf(secret)).toMatchObject({ requestsPerMinute: 2 });
    expect(memberOf(secret)).toBe(memberOf(made.secret));
    await set('Olga', 'Dana', { requestsPerMinute: null });
    expect(memberOf(secret)).toBeUndefined();
  });

  it('go with usage by member, which is for admins', async () => {
    const { key } = await newKey();
    const second = await newKey();
    await charge(lab, id(1), { keyId: key.id });
    await charge(lab, id(2), { keyId: second.key.id });
    await charge(lab, id(3), {});
    for (const bucket of ['day', 'hour']) {
      const { json } = await world.call('Olga', 'GET', own(`usage?bucket=${bucket}&by=member`));
      expect((json as { rows: unknown[] }).rows).toHaveLength(2);
      expect(json).toMatchObject({
        by: 'member',
        rows: expect.arrayContaining([
          expect.objectContaining({
            group: 'person_Dana',
            groupName: 'Dana',
            requests: 2,
            chargedMicros: 1_400,
          }),
          expect.objectContaining({ group: 'account', requests: 1, chargedMicros: 700 }),
        ]),
        total: { requests: 3 },
      });
    }
    expect((await world.call('Dana', 'GET', own('usage?by=member'))).status).toBe(403);
  });
});

describe('the books of an account', () => {
  beforeEach(async () => {
    for (let number = 1; number <= 3; number += 1)
      await charge(lab, id(number), { modelId: `m${number % 2}` });
    await charge(rival, id(9));
  });

  it('overview: balance, sums, and what to do first', async () => {
    const { json } = await world.call('Vic', 'GET', own('overview'));
    expect(json).toMatchObject({
      account: { name: 'Lab' },
      balance: { available: { micros: 997_900 }, low: false, lowBelowMicros: 500_000, runningRequests: 0 },
      today: { requests: 3, chargedMicros: 2_100 },
      last30Days: { requests: 3 },
      checklist: { keyMade: false, credit: true, firstRequest: true },
    });
  });

  it.each(['day', 'hour'])('usage by the %s, by model', async (bucket) => {
    const { json } = await world.call('Vic', 'GET', own(`usage?bucket=${bucket}&by=model`));
    expect(json).toMatchObject({
      bucket,
      by: 'model',
      rows: [
        { group: 'm0', groupName: 'm0', requests: 1, chargedMicros: 700 },
        { group: 'm1', requests: 2, chargedMicros: 1_400 },
      ],
      total: { requests: 3, chargedMicros: 2_100 },
    });
    const file = await world.call('Vic', 'GET', own(`usage.csv?bucket=${bucket}&by=model`));
    expect(file.headers.get('content-disposition')).toMatch(/^attachment; filename="usage-/);
    expect(file.text.split('\r\n')).toHaveLength(4);
  });

  it.each([
    'from=2026-13-01',
    'from=2026-02-02&to=2026-01-01',
    'bucket=week',
    'color=red',
    'from=2020-01-01&bucket=hour',
  ])('usage refuses %s', async (query) => {
    expect((await world.call('Vic', 'GET', own(`usage?${query}`))).status).toBe(400);
  });

  it('requests: pages of the own ones, newest first, and as a file', async () => {
    type Page = { requests: { id: string }[]; nextCursor: string | null };
    const first = (await world.call('Vic', 'GET', own('requests?limit=2'))).json as Page;
    const second = (await world.call('Vic', 'GET', own(`requests?cursor=${first.nextCursor}`))).json as Page;
    expect([...first.requests, ...second.requests].map((one) => one.id)).toEqual([id(3), id(2), id(1)]);
    expect(second.nextCursor).toBeNull();
    const filtered = (await world.call('Vic', 'GET', own('requests?model=m0'))).json as Page;
    expect(filtered.requests.map((one) => one.id)).toEqual([id(2)]);
    expect((await world.call('Vic', 'GET', own(`requests?cursor=${id(9)}`))).status).toBe(400);
    const file = await world.call('Vic', 'GET', own('requests.csv'));
    expect(file.text.split('\r\n')).toHaveLength(5);
    expect(file.text).not.toContain(id(9));
  });

  it('ledger: every movement, in pages, and as a file', async () => {
    type Page = { postings: { kind: string; amount: { micros: number } }[]; nextCursor: string | null };
    const first = (await world.call('Vic', 'GET', own('ledger?limit=3'))).json as Page;
    const rest = (await world.call('Vic', 'GET', own(`ledger?cursor=${first.nextCursor}`))).json as Page;
    const sum = [...first.postings, ...rest.postings].reduce((total, { amount }) => total + amount.micros, 0);
    expect(sum).toBe(1_000_000 - 3 * 700);
    expect((await world.call('Vic', 'GET', own('ledger.csv'))).text.split('\r\n')).toHaveLength(6);
    expect((await world.call('Vic', 'GET', own('ledger?cursor=-1'))).status).toBe(400);
  });

  it('ledger: of one kind, in pages, and as a file', async () => {
    type Page = { postings: { id: string; kind: string }[]; nextCursor: string | null };
    const page = async (query: string) =>
      (await world.call('Vic', 'GET', own(`ledger?${query}`))).json as Page;
    const all = (await page('limit=100')).postings.filter(({ kind }) => kind === 'charge');
    const first = await page('kind=charge&limit=2');
    const second = await page(`kind=charge&limit=2&cursor=${first.nextCursor}`);
    expect([...first.postings, ...second.postings]).toEqual(all);
    expect(all).toHaveLength(3);
    expect(second.nextCursor).toBeNull();
    expect(await page('kind=expiry')).toEqual({ postings: [], nextCursor: null });
    expect((await world.call('Vic', 'GET', own('ledger.csv?kind=charge'))).text.split('\r\n')).toHaveLength(
      5,
    );
    expect((await world.call('Vic', 'GET', own('ledger?kind=theft'))).status).toBe(400);
  });
});

describe('machines and models of an account', () => {
  type Node = { node: { id: string; state: string }; token: string; connect: string };
  const addNode = async () =>
    (await world.call('Dana', 'POST', own('nodes'), { name: 'gpu', kind: 'private' })).json as Node;

  it('are registered, renamed, drained, resumed and removed by their own people only', async () => {
    const { node, token, connect } = await addNode();
    expect(connect).toContain(token);
    expect(
      (await world.call('Dana', 'PATCH', own(`nodes/${node.id}`), { name: 'gpu 2' })).json,
    ).toMatchObject({ name: 'gpu 2' });
    const drained = await world.call('Dana', 'POST', own(`nodes/${node.id}/drain`), {});
    expect(drained.json).toMatchObject({ state: 'suspended', suspendedReason: 'drained by its owner' });
    expect(world.gateway.fleet.disconnected).toEqual([`${node.id} drained`]);
    expect((await world.call('Dana', 'POST', own(`nodes/${node.id}/resume`), {})).json).toMatchObject({
      suspendedReason: null,
    });
    const theirs = `/api/console/accounts/${rival}/nodes/${node.id}`;
    expect((await world.call('Rita', 'GET', theirs)).status).toBe(404);
    expect((await world.call('Rita', 'DELETE', theirs)).status).toBe(404);
    expect((await world.call('Rita', 'GET', `/api/console/accounts/${rival}/nodes`)).json).toMatchObject({
      nodes: [],
    });
    expect((await world.call('Dana', 'DELETE', own(`nodes/${node.id}`))).json).toMatchObject({
      state: 'removed',
    });
  });

  it('stay away while the operator says so', async () => {
    const { node } = await addNode();
    const { suspendNode } = await import('../admin/nodes.ts');
    await suspendNode(world.admin, { node: node.id, reason: 'broken answers' });
    await world.call('Dana', 'POST', own(`nodes/${node.id}/drain`), {});
    expect((await world.call('Dana', 'POST', own(`nodes/${node.id}/resume`), {})).status).toBe(403);
  });

  it('deployments are added, changed and removed', async () => {
    const made = await world.call('Dana', 'POST', own('deployments'), { name: 'mine', model: 'llama' });
    const { id: deployment } = made.json as { id: string };
    const changed = await world.call('Dana', 'PATCH', own(`deployments/${deployment}`), { model: 'qwen' });
    expect(changed.json).toMatchObject({ name: 'mine', model: 'qwen', nodes: null });
    const theirs = `/api/console/accounts/${rival}/deployments/${deployment}`;
    expect((await world.call('Rita', 'DELETE', theirs)).status).toBe(404);
    expect((await world.call('Dana', 'DELETE', own(`deployments/${deployment}`))).status).toBe(200);
    expect((await world.call('Dana', 'GET', own('deployments'))).json).toMatchObject({ deployments: [] });
  });
});

describe('events', () => {
  it('come as a stream, from the balance on, and stop with the page', async () => {
    const page = new AbortController();
    const response = await fetch(`${world.origin}${own('events')}`, {
      headers: { cookie: 'person=Vic' },
      signal: page.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (word: string) => {
      while (!text.includes(word)) text += (await reader?.read())?.value ?? '';
    };
    await until('event: nodes');
    expect(text).toContain('event: balance');
    world.requestEnded(keptReceipt({ accountId: rival, requestId: id(8) }));
    world.requestEnded(keptReceipt({ accountId: lab, requestId: id(7) }));
    await until('event: request');
    expect(text).toContain(id(7));
    expect(text).not.toContain(id(8));
    page.abort();
    expect((await world.call('Rita', 'GET', own('events'))).status).toBe(404);
  });
});

describe('a person', () => {
  const path = '/api/console/person';

  it('exports and ends themselves after a fresh sign-in, and by their address', async () => {
    expect((await world.call('Dana', 'GET', `${path}/export`)).json).toMatchObject({
      person: { email: 'Dana@example.com' },
      memberships: [{ accountId: lab, role: 'developer' }],
    });
    const wrong = await world.call('Dana', 'DELETE', path, { confirm: 'Olga@example.com' });
    expect(wrong.json).toMatchObject({ error: { code: 'invalid_request', param: 'confirm' } });
    const right = { confirm: 'dana@example.com' };
    world.clock.advance(11 * 60_000);
    expect((await world.call('Dana', 'GET', `${path}/export`)).json).toMatchObject({
      error: { code: 'recent_sign_in_required' },
    });
    expect((await world.call('Dana', 'DELETE', path, right)).status).toBe(403);
    world.join('Dana', lab, 'developer');
    expect((await world.call('Dana', 'DELETE', path, right)).json).toEqual({ done: true });
  });

  it('without an address asks for one after a fresh sign-in, and ends themselves by their wallet', async () => {
    const wallet = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
    const none = { email: `${wallet.toLowerCase()}@siwe.placeholder.invalid`, wallets: [wallet] };
    world.join('Wanda', rival, 'owner', { ...none, emailVerified: false });
    expect((await world.call('Wanda', 'GET', '/api/console/session')).json).toMatchObject({
      person: { email: null, wallets: [wallet] },
    });
    const wanted = { email: 'wanda@example.com' };
    expect((await world.call('Wanda', 'POST', `${path}/email`, wanted)).json).toEqual({ done: true });
    expect((await world.call(undefined, 'POST', `${path}/email`, wanted)).status).toBe(401);
    world.clock.advance(11 * 60_000);
    expect((await world.call('Wanda', 'POST', `${path}/email`, wanted)).json).toMatchObject({
      error: { code: 'recent_sign_in_required' },
    });
    const token = { token: 'x'.repeat(40) };
    expect((await world.call(undefined, 'POST', `${path}/email/confirm`, token)).status).toBe(401);
    world.join('Wanda', rival, 'owner', none);
    expect((await world.call('Wanda', 'DELETE', path, { confirm: none.email })).status).toBe(400);
    const right = { confirm: wallet.toLowerCase() };
    expect((await world.call('Wanda', 'DELETE', path, right)).json).toEqual({ done: true });
  });

  it('does not lose what the nodes of an account have earned', async () => {
    world.join('Olga', rival, 'viewer', { memberships: [] });
    world.join('Olga', lab, 'owner', { memberships: [{ accountId: lab, role: 'owner' }] });
    for (const name of ['Dana', 'Vic', 'Rita']) world.drop(name);
    await world.admin.ledger.reward({
      id: 'canary:1',
      accountId: lab,
      nodeId: 'node_1',
      modelId: 'small',
      amountMicros: micros(5),
      maturityMs: 86_400_000,
    });
    const account = `/api/console/accounts/${lab}`;
    for (const [target, confirm] of [
      [path, 'Olga@example.com'],
      [account, 'Lab'],
    ] as const) {
      const refused = await world.call('Olga', 'DELETE', target, { confirm });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('earned money that is not paid yet');
    }
  });

  it('is told to wait after too many questions', async () => {
    const answers = await Promise.all(
      Array.from({ length: 620 }, () => world.call('Dana', 'GET', '/api/console/models')),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(20);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(refused[0]?.json).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    expect((await world.call('Vic', 'GET', '/api/console/models')).status).toBe(200);
  });
});

describe('what is wrong', () => {
  it('is said in one shape, without the input', async () => {
    const broken = await fetch(`${world.origin}${own('keys')}`, {
      method: 'POST',
      headers: { cookie: 'person=Dana', origin: world.origin, 'content-type': 'application/json' },
      body: '{"name": "secret-marker',
    });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toEqual({
      error: { code: 'invalid_json', message: 'The body is not valid JSON.' },
    });
    const unknown = await world.call('Dana', 'POST', own('keys'), { name: 'x', 'secret-marker': 1 });
    expect(unknown.status).toBe(400);
    expect(unknown.text).not.toContain('secret-marker');
    const long = await world.call('Dana', 'PATCH', own(`keys/${'x'.repeat(300)}`), { name: 'y' });
    expect(long.status).toBe(404);
  });

  it('is the account that an operator removed from under a page', async () => {
    world.join('Dana', 'acc_gone', 'owner');
    expect((await world.call('Dana', 'GET', '/api/console/accounts/acc_gone/overview')).status).toBe(404);
  });
});
