import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startGateway, startImageConnector, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** A classifier of the operator, as docs/images.md describes it. Its answer is set by each test. */
let classifier: Server;
let answer = { status: 200, text: '' };
const seen: { type: string | undefined; token: string | undefined; isPng: boolean }[] = [];
let gateway: Gateway;
let key: string;
let accountId: string;

beforeAll(async () => {
  classifier = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isPng = Buffer.concat(chunks).subarray(1, 4).toString('latin1') === 'PNG';
      seen.push({ type: request.headers['content-type'], token: request.headers.authorization, isPng });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
    });
  });
  await new Promise<void>((resolve) => classifier.listen(0, '127.0.0.1', resolve));
  const address = classifier.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  gateway = await startGateway({
    config: `
pools: { demo: {} }
safety:
  suspend_after_blocks: 3
  classifier: { url: "http://127.0.0.1:${address.port}/classify", token_env: CLASSIFIER_TOKEN }
models:
  - id: watched
    kind: image
    price: { credits: 18 }
    routes: [{ pool: demo, model: demo-image@1 }]
`,
    env: { CLASSIFIER_TOKEN: 'token-of-the-classifier' },
  });
  await startImageConnector(gateway, (await gateway.node('demo')).token);
  ({ key, accountId } = await gateway.customer('100'));
});
afterAll(async () => {
  await cleanUp();
  await new Promise((resolve) => classifier.close(resolve));
});
beforeEach(() => seen.splice(0));

async function create(body: object): Promise<{ status: number; text: string }> {
  const reply = await fetch(new URL('/api/images/create', gateway.baseUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a red circle', width: 512, height: 512, steps: 10, ...body }),
  });
  return { status: reply.status, text: await reply.text() };
}

async function credits(): Promise<number> {
  const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { 'x-api-key': key } });
  const { credits: left } = (await reply.json()) as { credits: number };
  return left;
}

it.each<[string, typeof answer, number, number]>([
  ['handed out and charged', { status: 200, text: '{"adult":0.02}' }, 200, 18],
  ['kept back, uncharged, when it is adult', { status: 200, text: '{"adult":0.97}' }, 400, 0],
  ['kept back, uncharged, when the classifier fails', { status: 500, text: '{"adult":0}' }, 503, 0],
  ['kept back, uncharged, when it says nothing usable', { status: 200, text: 'ok' }, 503, 0],
])('a picture is %s', async (_what, says, status, cost) => {
  answer = says;
  const before = await credits();
  const reply = await create({});
  expect(reply.status).toBe(status);
  expect(before - (await credits())).toBe(cost);
  expect(seen).toEqual([{ type: 'image/png', token: 'Bearer token-of-the-classifier', isPng: true }]);
});

it('with adult content allowed nothing is looked at', async () => {
  expect((await create({ nsfw: true })).status).toBe(200);
  expect(seen).toEqual([]);
});

it('prompts over the hard line are refused unseen, and the third suspends the account', async () => {
  const before = await credits();
  for (let time = 0; time < 3; time += 1) {
    const reply = await create({ prompt: 'a naked child' });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('content_policy_violation');
  }
  while ((await create({})).status !== 403) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(seen.length).toBeLessThanOrEqual(1);
  expect(await gateway.cli('account', 'show', accountId)).toMatchObject({ state: 'suspended' });
  await gateway.cli('account', 'resume', accountId);
  expect(await credits()).toBe(before);
});
