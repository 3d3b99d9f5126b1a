import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testAccount, testKey, TEST_BRAND } from '../accounts/fixtures.ts';
import { createKeyDirectory } from '../accounts/key-directory.ts';
import { failed, ok } from '../core/result.ts';
import { createAddressGuard } from '../limits/address-guard.ts';
import type { ReceiptQuestion, RecordReader } from '../receipts/reader.ts';
import { createReceiptSigner, newReceiptKeyPem, verifyReceipt } from '../receipts/signing.ts';
import { keptReceipt } from '../receipts/testing-receipts.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { receiptRoutes } from './receipt-routes.ts';
import { openTestServer, type TestServer } from './testing-server.ts';

const clock = createVirtualClock();
const nowMs = clock.nowMs();
const keys = {
  own: testKey(),
  other: testKey({ id: 'key_2', accountId: 'acc_2' }),
  operator: testKey({ id: 'key_3', accountId: 'acc_3' }),
  inferenceOnly: testKey({ id: 'key_4', scopes: ['inference'] }),
  readOnly: testKey({ id: 'key_5', scopes: ['read'] }),
  expired: testKey({ id: 'key_6', expiresAtMs: nowMs }),
  revoked: testKey({ id: 'key_7', revokedAtMs: nowMs - 1 }),
  suspended: testKey({ id: 'key_8', accountId: 'acc_4' }),
};
const directory = createKeyDirectory({
  clock,
  brand: TEST_BRAND,
  snapshot: {
    accounts: [
      testAccount(),
      testAccount({ id: 'acc_2' }),
      testAccount({ id: 'acc_3', role: 'operator' }),
      testAccount({ id: 'acc_4', suspended: true }),
    ],
    keys: Object.values(keys).map(({ key, digest }) => ({ key, digest, lastUsedAtMs: undefined })),
    nodes: [],
    deployments: [],
    memberLimits: [],
  },
});
const signer = createReceiptSigner(newReceiptKeyPem());
const receipt = keptReceipt();
const operators = keptReceipt({ requestId: `req_${'o'.repeat(22)}`, accountId: 'acc_3' });

let server: TestServer;
/** What the reader was asked, and what it says. */
let asked: ReceiptQuestion[];
let records: Pick<RecordReader, 'list' | 'usage'>;

beforeEach(async () => {
  asked = [];
  records = {
    async list(question) {
      asked.push(question);
      return ok({ receipts: [receipt], nextBefore: receipt.requestId });
    },
    usage: async () =>
      ok([
        {
          day: 20_000,
          key: 'key_1',
          requests: 1,
          usage: receipt.usage,
          chargedMicros: receipt.chargedMicros,
        },
      ]),
  };
  server = await openTestServer(
    receiptRoutes({
      inference: {
        clock,
        authenticate: directory.authenticate,
        addressGuard: createAddressGuard(clock),
      },
      catalog: {
        resolveModel: (_key, name) =>
          name === 'alias' ? ok({ id: 'demo' } as never) : failed('model_not_found'),
      },
      receiptOf: (accountId, id) =>
        [receipt, operators].find((one) => one.accountId === accountId && one.requestId === id),
      records: { list: (question) => records.list(question), usage: (question) => records.usage(question) },
      prices: { priceOf: async () => undefined },
      signer,
      keyName: (id) => directory.key(id)?.identity.key.name,
    }),
  );
});
afterEach(() => server.close());

async function get(path: string, key?: keyof typeof keys, headers: Record<string, string> = {}) {
  const reply = await fetch(server.origin + path, {
    headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${keys[key].secret}` }) },
  });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, text, json: () => JSON.parse(text) as unknown };
}

const PATHS = [
  `/v1/requests/${receipt.requestId}`,
  '/v1/requests',
  '/v1/usage',
  '/api/v1/requests',
  '/api/v1/usage',
];

describe.each(PATHS)('GET %s', (path) => {
  it.each<[keyof typeof keys | undefined, number, string | undefined]>([
    [undefined, 401, 'invalid_api_key'],
    ['expired', 401, 'invalid_api_key'],
    ['revoked', 401, 'invalid_api_key'],
    ['suspended', 403, 'account_suspended'],
    ['inferenceOnly', 403, 'permission_denied'],
    ['readOnly', 200, undefined],
    ['own', 200, undefined],
  ])('with the key %s: %d %s', async (key, status, code) => {
    const reply = await get(path, key);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
    if (code !== undefined) expect(reply.json()).toMatchObject({ error: { code } });
    else expect(reply.headers.get('cache-control')).toBe('no-store');
  });
});

describe('one receipt', () => {
  it('is signed, and the published keys prove it', async () => {
    const reply = await get(`/api/v1/requests/${receipt.requestId}`, 'own');
    const published = await get('/.well-known/switchyard-receipts');
    expect(published.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(verifyReceipt(reply.json(), published.json())).toMatchObject({ ok: true });
    expect(reply.json()).toMatchObject({ id: receipt.requestId, route: { kind: 'pool' } });
    expect(reply.text).not.toMatch(/node_7|main/);
  });

  it('is not there for another account, in the same words as an unknown id', async () => {
    const foreign = await get(`/v1/requests/${receipt.requestId}`, 'other');
    const unknown = await get(`/v1/requests/req_${'x'.repeat(22)}`, 'other');
    expect(foreign.status).toBe(404);
    expect(foreign.text).toBe(unknown.text);
    expect((await get(`/v1/requests/${receipt.requestId}`, 'operator')).status).toBe(404);
  });

  it('shows operators their own routes by name', async () => {
    const reply = await get(`/v1/requests/${operators.requestId}`, 'operator');
    expect(reply.json()).toMatchObject({ route: { kind: 'pool', name: 'main', node: 'node_7' } });
  });

  it.each([
    '%00',
    '%',
    '%2e%2e%2f',
    '%FF%FE',
    "'%20OR%201=1--",
    `${receipt.requestId}%0a`,
    `${receipt.requestId}/`,
    `${receipt.requestId}%2f..`,
    receipt.requestId.toLowerCase(),
    'x'.repeat(5_000),
    '__proto__',
    'constructor',
  ])('is not found under the id %s', async (id) => {
    const reply = await get(`/v1/requests/${id}`, 'own');
    expect(reply.status).toBe(404);
    expect(reply.json()).toMatchObject({ error: { code: 'not_found' } });
    expect(reply.text).not.toContain(receipt.requestId);
  });
});

describe('the list', () => {
  it('asks for the account of the key only, with models by their id, and leaves signatures to single receipts', async () => {
    const reply = await get('/v1/requests?limit=5&model=alias&key=key_1&end=stop', 'own');
    expect(asked).toEqual([{ accountId: 'acc_1', limit: 5, model: 'demo', key: 'key_1', end: 'stop' }]);
    expect(reply.json()).toMatchObject({
      object: 'list',
      data: [{ id: receipt.requestId }],
      has_more: true,
      next_before: receipt.requestId,
    });
    expect(reply.text).not.toContain('signature');
    await get('/v1/requests?model=gone', 'own');
    expect(asked.at(-1)).toMatchObject({ model: 'gone' });
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=5&limit=6', 'limit'],
    ['before=%00', 'before'],
    ['end[]=stop', null],
    ['account_id=acc_2', null],
    ['%=%', null],
    [`x=${'y'.repeat(10_000)}`, null],
  ])('refuses ?%s', async (query, param) => {
    const reply = await get(`/v1/requests?${query}`, 'own');
    expect(reply.status).toBe(400);
    expect(reply.json()).toMatchObject({ error: { code: 'invalid_request', param } });
    expect(asked).toEqual([]);
  });

  it('answers a foreign cursor, a busy reader and a broken one', async () => {
    records.list = async () => failed('unknown-cursor');
    expect((await get('/v1/requests', 'own')).json()).toMatchObject({ error: { param: 'before' } });
    records.list = async () => failed('busy');
    const busy = await get('/v1/requests', 'own');
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1']);
    records.list = () => Promise.reject(new Error('secret words'));
    const broken = await get('/v1/requests', 'own');
    expect(broken.status).toBe(500);
    expect(broken.text).not.toContain('secret');
  });
});

describe('the usage', () => {
  it('is JSON, or CSV by format or by Accept', async () => {
    const path = '/v1/usage?from=2024-10-01&to=2024-10-31&group_by=day,key';
    expect((await get(path, 'own')).json()).toMatchObject({
      object: 'usage',
      from: '2024-10-01',
      to: '2024-10-31',
      group_by: ['day', 'key'],
      data: [{ day: '2024-10-04', key: 'key_1', key_name: 'laptop', charged: { usd: '0.080001' } }],
    });
    for (const reply of [
      await get(`${path}&format=csv`, 'own'),
      await get(path, 'own', { accept: 'text/csv' }),
    ]) {
      expect(reply.headers.get('content-type')).toMatch(/^text\/csv/);
      expect(reply.headers.get('content-disposition')).toBe(
        'attachment; filename="usage-2024-10-01-2024-10-31.csv"',
      );
      expect(reply.text).toMatch(/^day,key,key_name,requests,.*\r\n2024-10-04,key_1,laptop,1,/);
    }
  });

  it('answers too many rows, a busy reader and a broken one', async () => {
    records.usage = async () => failed('too-many-rows');
    const many = await get('/v1/usage?group_by=day,model,key', 'own');
    expect([many.status, many.json()]).toMatchObject([400, { error: { param: 'group_by' } }]);
    records.usage = async () => failed('busy');
    expect((await get('/v1/usage', 'own')).status).toBe(429);
    records.usage = () => Promise.reject(new Error('secret words'));
    expect((await get('/v1/usage', 'own')).status).toBe(500);
  });
});
