import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** What the owner of a node sees of its earnings, while others pay for its work. */

const CONFIG = DEMO_CONFIG.replace('- id: demo\n', '- id: demo\n    node_share_bps: 6500\n');

type Report = { data: object[]; total: object; balance: object };

let gateway: Gateway;
let owner: { accountId: string; key: string };
let payer: { accountId: string; key: string };

beforeAll(async () => {
  gateway = await startGateway({ config: CONFIG });
  owner = await gateway.customer('1');
  payer = await gateway.customer('10');
  const words = ['node', 'add', '--name', 'gpu-1', '--pool', 'demo', '--account', owner.accountId];
  await startDemoConnector(gateway, ((await gateway.cli(...words)) as { token: string }).token);
});
afterAll(cleanUp);

async function ask(key: string): Promise<void> {
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', max_tokens: 6, messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  await reply.text();
  expect(reply.status).toBe(200);
}

async function get(path: string, key: string): Promise<string> {
  const reply = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect(reply.status).toBe(200);
  return reply.text();
}

it('shows the share of each charge to the owner and the operator, and nothing to who paid', async () => {
  await ask(payer.key);
  await ask(payer.key);
  // Who pays never earns on it.
  await ask(owner.key);

  const share = { micros: 104_000, usd: '0.104', credits: '10.4' };
  const none = { micros: 0, usd: '0', credits: '0' };
  const sums = { jobs: 2, earned: share, taken_back: none, pending: share, matured: none };
  const report = JSON.parse(await get('/earnings?by=node,model', owner.key)) as Report;
  expect(report).toMatchObject({
    data: [{ node_name: 'gpu-1', model: 'demo', share_bps: 6_500, ...sums }],
    total: sums,
    balance: { pending: share, payable: none, paid: none, next: { amount: share } },
  });
  expect(await get('/earnings.csv?by=model', owner.key)).toContain('\r\ndemo,6500,2,104000,0.104,10.4,');
  expect(JSON.parse(await get('/earnings', payer.key))).toMatchObject({
    data: [],
    balance: { pending: none },
  });
  expect(await gateway.cli('earnings', 'gpu-1', '--by', 'node,model')).toEqual(report);
});
