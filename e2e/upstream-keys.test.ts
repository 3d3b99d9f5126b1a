import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, temporaryFolder } from './support/processes.ts';

/** A provider with two keys whose behaviour the test sets, behind a whole gateway. */
const KEYS = ['zq8-first-provider-key', 'zq8-second-provider-key'] as const;
type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;
let behave: Behaviour = answer;
let asked: string[] = [];
const provider = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    asked.push(String(request.headers.authorization).replace('Bearer ', ''));
    behave(response, request);
  });
});

function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'provider-model',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 },
    }),
  );
}

function fail(status: number, headers: Record<string, string> = {}): Behaviour {
  return (response) => response.writeHead(status, headers).end('{}');
}

/** The provider's list is 2 and 10 dollars; it charges 10 % less, and the client pays half of the list. */
const config = (port: number): string => `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000 }
routing:
  retry: { attempts: 3 }
  breaker: { failures: 3, open_ms: 3000, max_open_ms: 3000 }
upstreams:
  provider:
    kind: openai-compatible
    base_url: http://127.0.0.1:${port}/v1
    allow_private_addresses: true
    api_keys_file: [first.key, second.key]
    price_list: { provider-model: { input: 2, output: 10 } }
    price_list_discount_percent: 10
models:
  - id: resold
    context_tokens: 8192
    max_output_tokens: 1024
    price: { list_of: provider, list_discount_percent: 50 }
    routes: [{ upstream: provider, model: provider-model }]
`;

let gateway: Gateway;
let key: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const dataDir = temporaryFolder();
  writeFileSync(join(dataDir, 'first.key'), KEYS[0]);
  writeFileSync(join(dataDir, 'second.key'), `${KEYS[1]}\n`);
  gateway = await startGateway({ config: config(address.port), dataDir });
  ({ key } = await gateway.customer('10'));
});
afterAll(async () => {
  provider.closeAllConnections();
  provider.close();
  await cleanUp();
});

function ask(): Promise<Response> {
  asked = [];
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'resold', messages: [{ role: 'user', content: 'Hi'.repeat(1_000) }] }),
  });
}

async function metrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
}

async function isAvailable(): Promise<boolean> {
  const reply = await fetch(`${gateway.baseUrl}/models/resold`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return ((await reply.json()) as { available: boolean }).available;
}

it('uses both keys in turn, and counts what the provider charges beside what the client pays', async () => {
  const used: string[] = [];
  for (let request = 0; request < 4; request += 1) {
    const reply = await ask();
    expect(reply.status).toBe(200);
    // 1000 x 1 + 100 x 5 dollars per million.
    expect(await reply.json()).toMatchObject({ usage: { cost: 0.0015 } });
    used.push(...asked);
  }
  expect(used).toEqual([KEYS[0], KEYS[1], KEYS[0], KEYS[1]]);
  const text = await metrics();
  expect(text).toContain(
    'switchyard_upstream_cost_micro_usd_total{upstream="provider",model="resold"} 10800',
  );
  expect(text).toContain(
    'switchyard_upstream_charged_micro_usd_total{upstream="provider",model="resold"} 6000',
  );
  expect(text).toContain('switchyard_upstream_tries_total{upstream="provider",outcome="ok"} 4');
  await gateway.child.line((line) => (line.includes('"costMicros":2700') ? true : undefined));
});

it('sets a refused key aside, tells the operator once which one, and never what it is', async () => {
  behave = (response, request) =>
    String(request.headers.authorization).includes(KEYS[0]) ? fail(401)(response, request) : answer(response);
  for (let request = 0; request < 5; request += 1) expect((await ask()).status).toBe(200);
  expect(asked).toEqual([KEYS[1]]);
  const text = await metrics();
  expect(text).toContain(
    'switchyard_upstream_keys_set_aside_total{upstream="provider",key="1",cause="auth"} 1',
  );
  expect(text).toContain('switchyard_upstream_keys{upstream="provider",state="set-aside"} 1');
  await gateway.child.line((line) => (line.includes('upstream_key_set_aside') ? true : undefined));
  const lines = gateway.child
    .output()
    .split('\n')
    .filter((line) => line.includes('upstream_key_set_aside'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 50,
    routeName: 'provider',
    upstreamKey: '1:first.key',
    cause: 'auth',
  });
  for (const secret of KEYS) expect(gateway.child.output() + text).not.toContain(secret);
});

it('tells a client how long to wait, and leaves the provider alone meanwhile', async () => {
  behave = fail(429, { 'retry-after': '5' });
  const first = await ask();
  expect([first.status, first.headers.get('retry-after'), asked.length]).toEqual([503, '5', 1]);
  const second = await ask();
  expect([second.status, asked.length]).toEqual([503, 0]);
  expect(second.headers.get('retry-after')).toMatch(/^[1-5]$/);
  expect(await isAvailable()).toBe(false);
  behave = answer;
  await expect.poll(isAvailable, { timeout: 10_000 }).toBe(true);
  expect((await ask()).status).toBe(200);
});

it('leaves a failing provider out, answers at once meanwhile, and comes back to it by itself', async () => {
  behave = fail(504);
  for (let request = 0; request < 3; request += 1) expect((await ask()).status).toBe(504);
  const refused = await ask();
  expect([refused.status, asked.length]).toEqual([503, 0]);
  expect(refused.headers.get('retry-after')).toMatch(/^[1-3]$/);
  expect(await metrics()).toContain(
    'switchyard_upstream_breaker_state{upstream="provider",model="provider-model"} 2',
  );
  behave = answer;
  await expect.poll(isAvailable, { timeout: 10_000 }).toBe(true);
  expect((await ask()).status).toBe(200);
  expect(await metrics()).toContain(
    'switchyard_upstream_breaker_state{upstream="provider",model="provider-model"} 0',
  );
  expect(await gateway.cli('reconcile')).toMatchObject({ ok: true });
});
