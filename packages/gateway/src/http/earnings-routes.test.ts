import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testAccount, testKey, TEST_BRAND } from '../accounts/fixtures.ts';
import { createKeyDirectory } from '../accounts/key-directory.ts';
import { micros, ZERO_MICROS } from '../core/money.ts';
import { failed, ok } from '../core/result.ts';
import { createAddressGuard } from '../limits/address-guard.ts';
import type { EarningsQuestion, EarningsReader } from '../receipts/earnings.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { earningsRoutes } from './earnings-routes.ts';
import { openTestServer, type TestServer } from './testing-server.ts';

const clock = createVirtualClock(Date.UTC(2026, 10, 20, 9));
const keys = {
  own: testKey(),
  operator: testKey({ id: 'key_3', accountId: 'acc_3' }),
  inferenceOnly: testKey({ id: 'key_4', scopes: ['inference'] }),
  revoked: testKey({ id: 'key_7', revokedAtMs: 1 }),
  suspended: testKey({ id: 'key_8', accountId: 'acc_4' }),
};
const directory = createKeyDirectory({
  clock,
  brand: TEST_BRAND,
  snapshot: {
    accounts: [
      testAccount(),
      testAccount({ id: 'acc_3', role: 'operator' }),
      testAccount({ id: 'acc_4', suspended: true }),
    ],
    keys: Object.values(keys).map(({ key, digest }) => ({ key, digest, lastUsedAtMs: undefined })),
    nodes: [],
    deployments: [],
    memberLimits: [],
  },
});

let server: TestServer;
let asked: EarningsQuestion[];
let earnings: EarningsReader['earnings'];

beforeEach(async () => {
  asked = [];
  earnings = async (question) => {
    asked.push(question);
    return ok({
      rows: [
        {
          day: question.toDay,
          model: '=1+1',
          jobs: 2,
          earnedMicros: micros(70_001),
          reversedMicros: micros(1),
          pendingMicros: micros(50_000),
        },
      ],
      balance: {
        pendingMicros: micros(50_000),
        payableMicros: micros(20_000),
        paidMicros: ZERO_MICROS,
        next: { atMs: Date.UTC(2026, 10, 21), amountMicros: micros(50_000) },
      },
    });
  };
  server = await openTestServer(
    earningsRoutes({
      inference: { clock, authenticate: directory.authenticate, addressGuard: createAddressGuard(clock) },
      earnings: { earnings: (question) => earnings(question) },
      names: { node: () => undefined, account: () => undefined, shareBps: () => 7_000 },
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

describe.each(['/v1/earnings', '/api/v1/earnings', '/v1/earnings.csv', '/api/v1/earnings.csv'])(
  'GET %s',
  (path) => {
    it.each<[keyof typeof keys | undefined, number]>([
      [undefined, 401],
      ['revoked', 401],
      ['suspended', 403],
      ['inferenceOnly', 403],
      ['own', 200],
    ])('with the key %s: %d', async (key, status) => {
      const reply = await get(path, key);
      expect(reply.status).toBe(status);
      expect(asked).toHaveLength(status === 200 ? 1 : 0);
      if (status === 200) expect(reply.headers.get('cache-control')).toBe('no-store');
    });

    it('asks for the account of the key only, also for operators', async () => {
      await get(path, 'operator');
      expect(asked).toMatchObject([{ accountId: 'acc_3', groupBy: ['day', 'node'] }]);
    });

    it.each([
      'by=account',
      'by=',
      'account=acc_1',
      'node=node_1',
      'from=2026-13-01',
      'by=day&by=node',
      'to=%00',
    ])('refuses ?%s', async (query) => {
      const reply = await get(`${path}?${query}`, 'own');
      expect([reply.status, asked.length]).toEqual([400, 0]);
      expect(reply.json()).toMatchObject({ error: { code: 'invalid_request' } });
    });

    it('answers too many rows, a busy reader and a broken one', async () => {
      earnings = async () => failed('too-many-rows');
      expect((await get(path, 'own')).json()).toMatchObject({ error: { param: 'by' } });
      earnings = async () => failed('busy');
      const busy = await get(path, 'own');
      expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1']);
      earnings = () => Promise.reject(new Error('secret words'));
      const broken = await get(path, 'own');
      expect(broken.status).toBe(500);
      expect(broken.text).not.toContain('secret');
    });
  },
);

describe('the report', () => {
  const path = '/v1/earnings?from=2026-11-01&to=2026-11-20&by=day,model';

  it('is JSON with what is pending, what has matured, and the share of each model', async () => {
    expect((await get(path, 'own')).json()).toEqual({
      object: 'earnings',
      from: '2026-11-01',
      to: '2026-11-20',
      group_by: ['day', 'model'],
      data: [
        {
          day: '2026-11-20',
          model: '=1+1',
          share_bps: 7_000,
          jobs: 2,
          earned: { micros: 70_001, usd: '0.070001', credits: '7.0001' },
          taken_back: { micros: 1, usd: '0.000001', credits: '0.0001' },
          pending: { micros: 50_000, usd: '0.05', credits: '5' },
          matured: { micros: 20_000, usd: '0.02', credits: '2' },
        },
      ],
      total: expect.objectContaining({ jobs: 2 }) as unknown,
      balance: {
        pending: { micros: 50_000, usd: '0.05', credits: '5' },
        payable: { micros: 20_000, usd: '0.02', credits: '2' },
        paid: { micros: 0, usd: '0', credits: '0' },
        next: { at: '2026-11-21T00:00:00.000Z', amount: { micros: 50_000, usd: '0.05', credits: '5' } },
      },
    });
  });

  it.each([
    [path, { accept: 'text/csv' }],
    [`${path}&format=csv`, {}],
    [path.replace('earnings', 'earnings.csv'), {}],
  ])('is CSV at %s with %j', async (csvPath, headers) => {
    const reply = await get(csvPath, 'own', headers);
    expect(reply.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(reply.headers.get('content-disposition')).toBe(
      'attachment; filename="earnings-2026-11-01-2026-11-20.csv"',
    );
    expect(reply.text).toMatch(
      /^day,model,share_bps,jobs,.*\r\n2026-11-20,'=1\+1,7000,2,70001,0.070001,7.0001,/,
    );
  });
});
