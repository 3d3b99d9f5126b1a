import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, run, temporaryFolder } from './support/processes.ts';

type Json = Record<string, unknown>;

let gateway: Gateway;
let key: string;
let accountId: string;
/** Ids of the requests that `beforeAll` makes, in order. */
const made: string[] = [];

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  ({ key, accountId } = await gateway.customer('10'));
  made.push(await ask('demo', false), await ask('demo-metered', true), await ask('demo-think', false));
});
afterAll(cleanUp);

/** Asks, and gives the request's id as the body has it. */
async function ask(model: string, stream: boolean): Promise<string> {
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      max_tokens: 24,
      messages: [{ role: 'user', content: 'Hello!' }],
    }),
  });
  const text = await reply.text();
  const last = stream ? text.trim().split('\n\n').at(-2)?.slice('data: '.length) : text;
  const body = JSON.parse(last ?? '') as { usage: { request_id: string } };
  expect(body.usage.request_id).toBe(reply.headers.get('x-request-id'));
  return body.usage.request_id;
}

async function get(path: string, as: string | undefined = key, headers: Record<string, string> = {}) {
  const reply = await fetch(`${gateway.baseUrl}${path}`, {
    headers: { ...headers, ...(as === '' ? {} : { authorization: `Bearer ${as}` }) },
  });
  return { status: reply.status, text: await reply.text() };
}

const getJson = async (path: string, as?: string) => JSON.parse((await get(path, as)).text) as Json;

/** Receipt and public keys as files. */
async function saved(id: string | undefined): Promise<{ receipt: string; keys: string; folder: string }> {
  const folder = temporaryFolder();
  const [receipt, keys] = [join(folder, 'receipt.json'), join(folder, 'keys.json')];
  writeFileSync(receipt, (await get(`/requests/${id}`)).text);
  const published = await fetch(`http://127.0.0.1:${gateway.port}/.well-known/switchyard-receipts`);
  writeFileSync(keys, await published.text());
  return { receipt, keys, folder };
}

describe('a receipt', () => {
  it('is found by the id in the answer and says what it cost', async () => {
    expect(await getJson(`/requests/${made[0]}`)).toMatchObject({
      object: 'receipt',
      v: 1,
      id: made[0],
      account: accountId,
      model: 'demo',
      streamed: false,
      route: { kind: 'pool' },
      error: null,
      usage_source: 'reported',
      price: { type: 'per_request', amount_micros: 80_000 },
      held: { micros: 80_000, usd: '0.08', credits: '8' },
      charged: { micros: 80_000, usd: '0.08', credits: '8' },
      attempts: 1,
    });
    const metered = await getJson(`/requests/${made[1]}`);
    const usage = metered['usage'] as Record<string, number>;
    expect(metered).toMatchObject({
      model: 'demo-metered',
      streamed: true,
      price: { type: 'per_token', input_micros_per_million: 1_000_000, output_micros_per_million: 4_000_000 },
      charged: {
        micros: Math.ceil(
          (usage['input_tokens'] ?? 0) +
            0.1 * (usage['cache_read_tokens'] ?? 0) +
            (usage['cache_write_tokens'] ?? 0) +
            4 * ((usage['output_tokens'] ?? 0) + (usage['reasoning_tokens'] ?? 0)),
        ),
      },
    });
    expect(JSON.stringify(metered)).not.toMatch(/node_|mote/);
  });

  it('is proven by the command line, and by the program in the documentation', async () => {
    const { receipt, keys, folder } = await saved(made[0]);
    const verify = (file: string) =>
      run(['packages/gateway/src/cli/main.ts', 'receipt', 'verify', file, '--keys', keys]);
    expect(await verify(receipt)).toMatchObject({ code: 0 });

    const program = /```js\n([^`]*(?:`[^`]+)*?)```/.exec(readFileSync('docs/receipts.md', 'utf8'))?.[1];
    const check = join(folder, 'check.mjs');
    writeFileSync(check, program ?? '');
    expect((await run([check, receipt, keys])).output).toBe(`proven: ${made[0]} cost $0.08\n`);

    const forged = join(folder, 'forged.json');
    writeFileSync(forged, readFileSync(receipt, 'utf8').replace('"usd":"0.08"', '"usd":"0.07"'));
    expect(await verify(forged)).toMatchObject({ code: 1 });
    expect((await run([check, forged, keys])).output).toBe('NOT PROVEN\n');
  });

  it('stays as it is over a restart with another price', async () => {
    const before = await getJson(`/requests/${made[0]}`);
    await gateway.child.stop();
    gateway = await startGateway({
      config: DEMO_CONFIG.replaceAll('credits: 8 ', 'credits: 9 '),
      dataDir: gateway.dataDir,
      port: gateway.port,
    });
    expect(await getJson(`/requests/${made[0]}`)).toEqual(before);
    expect(statSync(join(gateway.dataDir, 'receipt-key.pem')).mode & 0o777).toBe(0o600);
  });
});

describe('the sums', () => {
  it('equal what the balance says was spent, in JSON and in CSV', async () => {
    const { total_spent: spentCredits } = await getJson('/balance');
    const report = await getJson('/usage?group_by=day,model,key');
    const data = report['data'] as { charged: { micros: number }; model: string }[];
    expect(data.map((entry) => entry.model)).toEqual(['demo', 'demo-metered', 'demo-think']);
    const total = report['total'] as { requests: number; charged: { micros: number } };
    expect(total.requests).toBe(3);
    expect(total.charged.micros).toBe(Math.round((spentCredits as number) * 10_000));

    const csv = await get('/usage?group_by=day,model,key', key, { accept: 'text/csv' });
    const [titles = [], ...rows] = csv.text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','));
    expect(rows.every((row) => row.length === titles.length)).toBe(true);
    const sum = rows.reduce((before, row) => before + Number(row[titles.indexOf('charged_micros')]), 0);
    expect(sum).toBe(total.charged.micros);
    expect(rows.map((row) => row[titles.indexOf('key_name')])).toEqual(['test', 'test', 'test']);
  });

  it('are of the days that were asked for', async () => {
    expect(await getJson('/usage?from=2020-01-01&to=2020-12-31')).toMatchObject({
      data: [],
      total: { requests: 0 },
    });
    expect((await get('/usage?from=2020-01-01')).status).toBe(400);
  });
});

it('the list gives all requests, newest first, by pages and filters', async () => {
  const seen: string[] = [];
  let path = '/requests?limit=2';
  for (;;) {
    const page = await getJson(path);
    seen.push(...(page['data'] as { id: string }[]).map((receipt) => receipt.id));
    if (page['has_more'] !== true) break;
    path = `/requests?limit=2&before=${String(page['next_before'])}`;
  }
  expect(seen).toEqual(made.toReversed());
  const filtered = await getJson('/requests?model=mote&end=length,stop');
  expect(filtered).toMatchObject({ error: { param: 'end' } });
  const byAlias = await getJson('/requests?model=mote');
  expect(byAlias['data']).toMatchObject([{ id: made[0] }]);
});

it('only the account itself reads them, with a key that may', async () => {
  const stranger = (await gateway.customer('0')).key;
  expect((await get(`/requests/${made[0]}`, stranger)).status).toBe(404);
  expect(await getJson('/requests', stranger)).toMatchObject({ data: [], has_more: false });
  expect(await getJson('/usage', stranger)).toMatchObject({ total: { requests: 0 } });
  expect((await get(`/requests?before=${made[0]}`, stranger)).status).toBe(400);
  const mute = (await gateway.cli('key', 'create', accountId, '--name', 'mute', '--scopes', 'inference')) as {
    secret: string;
  };
  for (const path of [`/requests/${made[0]}`, '/requests', '/usage', '/models', '/models/demo', '/balance']) {
    expect([path, (await get(path, mute.secret)).status]).toEqual([path, 403]);
    expect([path, (await get(path, '')).status]).toEqual([path, 401]);
  }
});
