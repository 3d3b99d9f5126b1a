import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
});
afterAll(cleanUp);

function ask(key: string, extra: object = {}): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo',
      max_tokens: 6,
      messages: [{ role: 'user', content: 'Hello!' }],
      ...extra,
    }),
  });
}

async function balance(key: string): Promise<unknown> {
  const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  return reply.json();
}

it('lets exactly 7 of 200 parallel requests through on a balance that pays for 7', async () => {
  const { key } = await gateway.customer('0.56');
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, index) => ask(key, { stream: index % 2 === 0 })),
  );
  const statuses = replies.map((reply) => reply.status);
  await Promise.all(replies.map((reply) => reply.text()));
  expect(statuses.filter((status) => status === 200)).toHaveLength(7);
  expect(statuses.filter((status) => status === 402)).toHaveLength(193);
  expect(await balance(key)).toEqual({
    object: 'balance',
    credits: 0,
    usd: 0,
    held: 0,
    low: true,
    kinds: { paid: 0, promo: 0, allowance: 0 },
    next_expiry: null,
    total_deposited: 56,
    total_spent: 56,
  });
});

it('never lets a per-token balance go below zero, and caps the output by what it buys', async () => {
  const { key } = await gateway.customer('0.0003');
  const statuses: number[] = [];
  for (let round = 0; round < 40 && !statuses.includes(402); round++) {
    const replies = await Promise.all(
      [1, 2, 3].map(() => ask(key, { model: 'demo-metered', max_tokens: undefined })),
    );
    for (const reply of replies) {
      statuses.push(reply.status);
      await reply.text();
    }
  }
  expect(statuses).toContain(402);
  const state = (await balance(key)) as { credits: number; held: number };
  expect(state.credits).toBeGreaterThanOrEqual(0);
  expect(state.held).toBe(0);
});

it('holds a key to its rate, its concurrency and its spend limit, with the headers to see it', async () => {
  const { accountId } = await gateway.customer('10');
  const newKey = async (...options: string[]) => {
    const key = (await gateway.cli('key', 'create', accountId, '--name', 'k', ...options)) as {
      secret: string;
    };
    return key.secret;
  };
  const slow = await newKey('--rpm', '2');
  const first = await ask(slow);
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
  await first.text();
  await (await ask(slow)).text();
  const refused = await ask(slow);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after-ms'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({
    error: { code: 'rate_limit_exceeded', type: 'rate_limit_error' },
  });

  const single = await newKey('--concurrency', '1');
  const both = await Promise.all([ask(single, { max_tokens: 200 }), ask(single, { max_tokens: 200 })]);
  expect(both.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([200, 429]);
  await Promise.all(both.map((reply) => reply.text()));

  const thrifty = await newKey('--day-limit', '0.10usd');
  await (await ask(thrifty)).text();
  const spent = await ask(thrifty);
  expect(spent.status).toBe(402);
  const refusal = JSON.stringify(await spent.json());
  expect(refusal).toContain('spend_limit_reached');
  expect(refusal).toMatch(/for the day .*at \d{4}-\d\d-\d\dT00:00:00\.000Z/);
});

it('keeps balances, keys and receipts over a restart, and the books add up', async () => {
  const { key } = await gateway.customer('1');
  await (await ask(key)).text();
  const before = await balance(key);
  await gateway.child.stop('SIGTERM');
  gateway = await startGateway({ config: DEMO_CONFIG, dataDir: gateway.dataDir, port: gateway.port });
  expect(await balance(key)).toEqual(before);
  expect(await gateway.cli('reconcile')).toMatchObject({ ok: true });
});
