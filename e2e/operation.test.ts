import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { upstreamConfig } from './support/configs.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** Streams that the provider holds open until the test says how they go on. */
const open: ServerResponse[] = [];
const closedByGateway: ServerResponse[] = [];
let waiting: ((response: ServerResponse) => void) | undefined;
const provider = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk({ delta: { role: 'assistant', content: 'Hel' }, finish_reason: null }));
  response.on('close', () => {
    if (!response.writableFinished) closedByGateway.push(response);
  });
  open.push(response);
  waiting?.(response);
});

function chunk(choice: object, usage?: object): string {
  const body = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'provider-model' };
  return `data: ${JSON.stringify({ ...body, choices: [{ index: 0, ...choice }], ...(usage && { usage }) })}\n\n`;
}

function finish(response: ServerResponse): void {
  response.write(chunk({ delta: { content: 'lo' }, finish_reason: null }));
  response.write(chunk({ delta: {}, finish_reason: 'stop' }));
  response.write(
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'provider-model', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })}\n\n`,
  );
  response.end('data: [DONE]\n\n');
}

let gateway: Gateway;
let key: string;
let config: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  config = upstreamConfig(address.port);
  gateway = await startGateway({ config });
  ({ key } = await gateway.customer('10'));
});
afterAll(async () => {
  provider.closeAllConnections();
  provider.close();
  await cleanUp();
});

async function ask(signal?: AbortSignal): Promise<{ reply: Response; upstream: ServerResponse }> {
  const upstream = new Promise<ServerResponse>((resolve) => {
    waiting = resolve;
  });
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'resold', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { reply, upstream: await upstream };
}

const get = (path: string) => fetch(`http://127.0.0.1:${gateway.port}${path}`);

it('relays a provider, with its own model name and the price in the usage', async () => {
  const { reply, upstream } = await ask();
  finish(upstream);
  const text = await reply.text();
  expect(text).toContain('"Hel"');
  expect(text).toContain('"model":"resold"');
  expect(text).not.toContain('provider-model');
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
});

it('stops the provider when the client leaves, and takes the price of the answer that was begun', async () => {
  const before = closedByGateway.length;
  const leave = new AbortController();
  const { reply } = await ask(leave.signal);
  await reply.body?.getReader().read();
  leave.abort();
  await expect.poll(() => closedByGateway.length, { timeout: 2_000 }).toBe(before + 1);
  const balance = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  expect(await balance.json()).toMatchObject({ held: 0, total_spent: 16 });
});

it('answers health, readiness and metrics', async () => {
  expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await get('/readyz')).status).toBe(200);
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toContain(
    'switchyard_requests_total{surface="chat-completions",model="resold",route="upstream",end="stop"} 1',
  );
  expect(metrics).toContain('switchyard_charged_micro_usd_total{model="resold"} 160000');
  const proxied = await fetch(`http://127.0.0.1:${gateway.port}/metrics`, {
    headers: { 'x-forwarded-for': '1.2.3.4' },
  });
  expect(proxied.status).toBe(404);
});

it('on SIGTERM says at once that it is not ready, and serves who still comes until the delay is over', async () => {
  const other = await startGateway({ config: `${config}\nserver: { drain_delay_ms: 3000 }\n` });
  const { key: otherKey } = await other.customer('10');
  const ready = async () => (await fetch(`http://127.0.0.1:${other.port}/readyz`)).status;
  expect(await ready()).toBe(200);
  const ended = other.child.stop('SIGTERM');
  while ((await ready()) !== 503);
  const models = await fetch(`${other.baseUrl}/models`, { headers: { authorization: `Bearer ${otherKey}` } });
  expect(models.status).toBe(200);
  const upstream = new Promise<ServerResponse>((resolve) => {
    waiting = resolve;
  });
  const reply = await fetch(`${other.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${otherKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'resold', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  });
  expect(reply.status).toBe(200);
  finish(await upstream);
  expect(await reply.text()).toContain('data: [DONE]');
  expect(await ended).toBe(0);
});

it('ends on SIGTERM when nobody reads its log any more', async () => {
  const other = await startGateway({ config });
  const log = other.child.process.stdout;
  log?.pause();
  // More lines than a pipe holds: some are on their way when the reader goes.
  for (let round = 0; round < 40; round += 1) {
    const refused = Array.from({ length: 50 }, () =>
      fetch(`${other.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      }).then((reply) => reply.arrayBuffer()),
    );
    await Promise.all(refused);
  }
  log?.destroy();
  expect(await other.child.stop('SIGTERM')).toBe(0);
});

it('on SIGTERM lets the running stream finish and settle, takes nothing new, and ends cleanly', async () => {
  const { reply, upstream } = await ask();
  const ended = gateway.child.stop('SIGTERM');
  await gateway.child.line((line) => (line.includes('"draining"') ? true : undefined));
  await expect(get('/v1/models')).rejects.toThrow();
  finish(upstream);
  const text = await reply.text();
  expect(text).toContain('"lo"');
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  expect(await ended).toBe(0);
  gateway = await startGateway({ config, dataDir: gateway.dataDir });
  const balance = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  expect(await balance.json()).toMatchObject({ held: 0, total_spent: 24 });
});
