import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, type Child } from './support/processes.ts';

/** An owner, a developer with a limit for five requests over all their keys, and what becomes of both. */

const PRICE_MICROS = 80_000;
const FITTING = 5;

let gateway: Gateway;
let connector: Child;
let token: string;
let account: string;
let dana: { cookie: string; id: string };
let mara: { cookie: string; id: string };
let accountKey: string;
const danasKeys: string[] = [];

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  ({ token } = await gateway.node('demo'));
  connector = await startDemoConnector(gateway, token);
  mara = await signUp('Mara');
  dana = await signUp('Dana');
  account = await homeOf(mara.cookie);
  await gateway.cli('credit', 'add', account, '--usd', '20', '--reason', 'test');
  const invited = await asks(mara, 'POST', own('invitations'), {
    email: 'dana@example.com',
    role: 'developer',
  });
  const link = new URL((invited.body as { link: string }).link);
  const accepted = await asks(dana, 'POST', '/api/console/invitations/accept', {
    token: link.searchParams.get('token'),
  });
  expect(accepted.status).toBe(200);
  accountKey = await newKey(mara);
  for (const _ of [1, 2]) danasKeys.push(await newKey(dana));
});
afterAll(cleanUp);

const own = (path: string) => `/api/console/accounts/${account}/${path}`;
const site = () => `http://localhost:${gateway.port}`;

async function signUp(name: string): Promise<{ cookie: string; id: string }> {
  const fields = { name, email: `${name.toLowerCase()}@example.com`, password: 'correct horse battery 9' };
  await send('', 'POST', '/api/auth/sign-up/email', fields);
  const signedIn = await send('', 'POST', '/api/auth/sign-in/email', fields);
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  const person = (await signedIn.json()) as { user: { id: string } };
  return { cookie: cookie.join('; '), id: person.user.id };
}

async function homeOf(cookie: string): Promise<string> {
  const session = await (await send(cookie, 'GET', '/api/console/session')).json();
  return (session as { accounts: { id: string }[] }).accounts[0]?.id ?? '';
}

function send(cookie: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${site()}${path}`, {
    method,
    headers: {
      cookie,
      ...(method === 'GET' ? {} : { origin: site(), 'sec-fetch-site': 'same-origin' }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

type Answer = { status: number; body: unknown };
async function asks(who: { cookie: string }, method: string, path: string, body?: object): Promise<Answer> {
  const reply = await send(who.cookie, method, path, body);
  return { status: reply.status, body: await reply.json() };
}

async function newKey(who: { cookie: string }): Promise<string> {
  const made = await asks(who, 'POST', own('keys'), { name: 'app' });
  expect(made.status).toBe(200);
  return (made.body as { secret: string }).secret;
}

type Reply = { status: number; code: string; message: string };
async function chat(key: string): Promise<Reply> {
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', max_tokens: 2, messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  const body = (await reply.json()) as { error?: { code: string; message: string } };
  const { code = '', message = '' } = body.error ?? {};
  return { status: reply.status, code, message };
}

const REFUSED = {
  status: 402,
  code: 'spend_limit_reached',
  message: expect.stringMatching(
    /spend limit for the month of the person .* It counts from 0 again at \d{4}-/,
  ) as string,
};

it('lets exactly as many of 50 parallel requests over both keys through as the limit of the person pays for', async () => {
  const limits = { monthLimitMicros: FITTING * PRICE_MICROS + PRICE_MICROS - 1 };
  expect((await asks(mara, 'PATCH', own(`members/${dana.id}/limits`), limits)).status).toBe(200);
  const replies = await Promise.all(Array.from({ length: 50 }, (_, at) => chat(danasKeys[at % 2] ?? '')));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(FITTING);
  for (const reply of replies.filter(({ status }) => status !== 200)) expect(reply).toEqual(REFUSED);

  const page = await asks(dana, 'POST', own('browser-key'), {});
  expect(await chat((page.body as { secret: string }).secret)).toEqual(REFUSED);
  expect((await chat(accountKey)).status).toBe(200);
  const { body } = await asks(dana, 'GET', own('members'));
  expect(body).toMatchObject({
    members: expect.arrayContaining([
      expect.objectContaining({ name: 'Mara', share: null }),
      expect.objectContaining({
        name: 'Dana',
        share: expect.objectContaining({
          keys: 3,
          spend: expect.objectContaining({
            month: expect.objectContaining({ spent: expect.objectContaining({ credits: 8 * FITTING }) }),
          }),
        }),
      }),
    ]),
  });
  const usage = await asks(mara, 'GET', own('usage?by=member'));
  expect(usage.body).toMatchObject({
    rows: expect.arrayContaining([expect.objectContaining({ groupName: 'Dana', requests: FITTING })]),
  });
});

it('counts on after a kill, and obeys a higher limit at once', async () => {
  await connector.stop();
  await gateway.child.stop('SIGKILL');
  gateway = await startGateway({ config: DEMO_CONFIG, dataDir: gateway.dataDir });
  connector = await startDemoConnector(gateway, token);
  expect(await chat(danasKeys[0] ?? '')).toEqual(REFUSED);
  await gateway.cli(
    'member',
    'limit',
    account,
    'dana@example.com',
    '--month-limit',
    String(8 * (FITTING + 2)),
  );
  const replies = await Promise.all(Array.from({ length: 10 }, (_, at) => chat(danasKeys[at % 2] ?? '')));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(2);
});

it('refuses the keys of a person who was taken out from the next request on, not those of the account', async () => {
  await gateway.cli('member', 'limit', account, dana.id, '--month-limit', 'none');
  expect((await chat(danasKeys[1] ?? '')).status).toBe(200);
  expect((await asks(mara, 'DELETE', own(`members/${dana.id}`))).status).toBe(200);
  for (const key of danasKeys)
    expect(await chat(key)).toMatchObject({ status: 401, code: 'invalid_api_key' });
  expect((await chat(accountKey)).status).toBe(200);
});
