import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

const PASSWORD = 'zq7marker horse battery';
const CONFIG = DEMO_CONFIG.replace('welcome_usd: 0', 'welcome_usd: 1');

let gateway: Gateway;
let site: string;
beforeAll(async () => {
  gateway = await startGateway({ config: CONFIG });
  site = `http://localhost:${gateway.port}`;
});
afterAll(cleanUp);

async function post(path: string, fields: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${site}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: site,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
    body: JSON.stringify(fields),
  });
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  return {
    status: response.status,
    cookie,
    lines: response.headers.getSetCookie(),
    body: await response.text(),
  };
}

async function session(cookie: string): Promise<unknown> {
  const response = await fetch(`${site}/api/console/session`, { headers: { cookie } });
  return response.json();
}

it('takes the operator from the link to a site of their own, and a person to credit', async () => {
  const made = await gateway.cli('operator', 'link');
  const { link } = made as { link: string };
  expect(link).toMatch(/^http:\/\/localhost:\d+\/operator-setup\?token=[0-9A-Za-z]{40}$/);
  const token = new URL(link).searchParams.get('token') ?? '';

  const ann = { name: 'Ann', email: 'ann@example.com', password: PASSWORD };
  expect((await post('/api/auth/sign-up/email', { ...ann, ticket: token })).status).toBe(200);
  const signedIn = await post('/api/auth/sign-in/email', ann);
  expect(signedIn.status).toBe(200);
  expect(signedIn.lines[0]).toMatch(/^switchyard\.session_token=[^;]+; .*HttpOnly; SameSite=Lax$/);
  const { cookie } = signedIn;
  expect(await session(cookie)).toMatchObject({ person: { email: 'ann@example.com', site: 'person' } });
  expect((await post('/api/auth/operator/claim', { token }, { cookie })).status).toBe(200);
  expect(await session(cookie)).toMatchObject({ person: { site: 'operator', emailVerified: true } });
  expect((await post('/api/auth/operator/claim', { token }, { cookie })).status).toBe(400);

  const shown = await gateway.cli('person', 'show', 'ann@example.com');
  expect(shown).toMatchObject({ site: 'operator', methods: ['credential'] });
  const { memberships } = shown as { memberships: { account: string; accountName: string }[] };
  const home = memberships.find(({ accountName }) => accountName === 'Ann')?.account ?? '';
  expect(await gateway.cli('account', 'show', home)).toMatchObject({ balance: { promo: { credits: 100 } } });

  const { link: resetLink } = (await gateway.cli('person', 'reset-link', 'ann@example.com')) as {
    link: string;
  };
  const reset = { token: new URL(resetLink).searchParams.get('token'), newPassword: `${PASSWORD} 2` };
  expect((await post('/api/auth/reset-password', reset)).status).toBe(200);
  expect(await session(cookie)).toMatchObject({ person: null });

  // Neither a password nor a token, in whatever file or line.
  const secrets = ['zq7marker', token, reset.token ?? '?'];
  const places: [string, string][] = readdirSync(gateway.dataDir)
    .filter((name) => !name.endsWith('.sock'))
    .map((name) => [name, readFileSync(join(gateway.dataDir, name)).toString('latin1')]);
  places.push(['output', gateway.child.output()]);
  const leaks = places.flatMap(([name, text]) =>
    secrets.flatMap((secret, index) => (text.includes(secret) ? [`${name} holds secret ${index}`] : [])),
  );
  expect(leaks).toEqual([]);
});

it('refuses other sites, unknown paths, large bodies and bodies that are no JSON', async () => {
  const fields = { email: 'ann@example.com', password: PASSWORD };
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  expect((await post('/api/auth/sign-in/email', fields, evil)).status).toBe(403);
  expect((await post('/api/auth/get-access-token', {})).status).toBe(404);
  expect((await post('/api/auth/sign-in/email', { ...fields, rest: 'x'.repeat(20_000) })).status).toBe(413);
  expect((await post('/api/auth/sign-in/email', fields, { 'content-type': 'text/plain' })).status).toBe(415);
  const list = await post('/api/auth/sign-in/email', []);
  expect([list.status, JSON.parse(list.body).error.code]).toEqual([400, 'invalid_json']);
});
