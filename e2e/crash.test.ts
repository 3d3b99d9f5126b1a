import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { TRANSFER_CODE } from '../packages/gateway/src/store/sqlite/ledger/migrations.ts';
import { DEMO_CONFIG } from './support/configs.ts';
import { startGateway, startDemoConnector, type Gateway } from './support/gateway.ts';
import { cleanUp, temporaryFolder, type Child } from './support/processes.ts';

afterAll(cleanUp);

const ROUNDS = 20;
const PRICE_CREDITS = 8;

/** A whole answer that the client has got: its charge was acknowledged. */
type Acknowledged = { requestId: string };

/** Asks again and again until the gateway is gone. What it got whole is acknowledged. */
async function askUntilDead(gateway: Gateway, key: string, acknowledged: Acknowledged[]): Promise<void> {
  for (let count = 0; count < 10_000; count++) {
    try {
      const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'demo',
          stream: count % 2 === 0,
          max_tokens: 8,
          messages: [{ role: 'user', content: 'Hello!' }],
        }),
      });
      const text = await reply.text();
      if (reply.status !== 200) {
        if (reply.status === 503) await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      const whole = count % 2 === 0 ? text.includes('data: [DONE]') : text.endsWith('}');
      if (whole) acknowledged.push({ requestId: reply.headers.get('x-request-id') ?? '' });
    } catch {
      return;
    }
  }
}

async function get(gateway: Gateway, key: string, route: string): Promise<string> {
  const reply = await fetch(`${gateway.baseUrl}/${route}`, { headers: { authorization: `Bearer ${key}` } });
  return reply.text();
}

it(`survives ${ROUNDS} SIGKILLs under load: no acknowledged charge lost or doubled, nothing held, sums exact`, async () => {
  const dataDir = temporaryFolder();
  let gateway = await startGateway({ config: DEMO_CONFIG, dataDir });
  const port = gateway.port;
  const { key, accountId } = await gateway.customer('10000');
  const { token } = await gateway.node('demo');
  let connector: Child = await startDemoConnector(gateway, token, { slots: 8 });
  const acknowledged: Acknowledged[] = [];

  for (let round = 0; round < ROUNDS; round++) {
    const target = acknowledged.length + 5 + ((round * 7) % 20);
    const askers = Array.from({ length: 12 }, () => askUntilDead(gateway, key, acknowledged));
    await expect.poll(() => acknowledged.length, { timeout: 60_000, interval: 1 }).toBeGreaterThan(target);
    await gateway.child.stop('SIGKILL');
    await Promise.all(askers);
    gateway = await startGateway({ config: DEMO_CONFIG, dataDir, port });
    // A fresh connector: an old one backs off longer after each loss, as it should, and would only cost time here.
    await connector.stop('SIGKILL');
    connector = await startDemoConnector(gateway, token, { slots: 8 });
    await expect
      .poll(() => get(gateway, key, 'models'), { timeout: 60_000, interval: 50 })
      .toContain('"available":true');
    expect(JSON.parse(await get(gateway, key, 'balance'))).toMatchObject({ held: 0 });
  }

  const ids = acknowledged.map(({ requestId }) => requestId);
  expect(new Set(ids).size).toBe(ids.length);
  const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  const balance = (await reply.json()) as { credits: number; total_spent: number; total_deposited: number };
  expect(balance.credits).toBeGreaterThanOrEqual(0);
  expect(balance.credits + balance.total_spent).toBe(balance.total_deposited);
  await gateway.child.stop('SIGTERM');

  const { default: Database } = await import('better-sqlite3');
  const database = new Database(join(dataDir, 'ledger.sqlite'), { readonly: true });
  const postings = database.prepare<[number], { id: string; amount: number }>(
    'SELECT r.request_id AS id, t.amount FROM transfer t JOIN receipt r ON r.seq = t.receipt WHERE t.code = ?',
  );
  const charged = postings.all(TRANSFER_CODE.charge);
  const earned = postings.all(TRANSFER_CODE.earning);
  database.close();
  const chargedRequests = charged.map((row) => row.id);
  expect(new Set(chargedRequests).size).toBe(chargedRequests.length);
  // What the owner of the node earns is booked with the charge, so each has its own once.
  expect(earned.map((row) => row.id).toSorted()).toEqual(chargedRequests.toSorted());
  const missing = ids.filter((id) => !new Set(chargedRequests).has(id));
  expect(missing).toEqual([]);
  expect(charged.every((row) => row.amount === PRICE_CREDITS * 10_000)).toBe(true);
  expect(charged.length * PRICE_CREDITS).toBe(balance.total_spent);
  console.log(`${ids.length} acknowledged answers, ${charged.length} charges, account ${accountId}`);

  const report = await gateway.cli('reconcile');
  expect(report).toMatchObject({ ok: true });
}, 600_000);
