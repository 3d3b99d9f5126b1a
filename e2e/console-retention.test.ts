import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, type Child } from './support/processes.ts';

/** A string that occurs nowhere else. Names and reasons are kept by design: no marker is in them. */
const MARKER = 'zq8marker';
const marks = (name: string) => `${MARKER}-${name}-${'x'.repeat(8)}`;
const PASSWORD = `${marks('password')} horse`;

let gateway: Gateway;
let connector: Child;
let site: string;
let cookie = '';
beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  connector = await startDemoConnector(gateway, (await gateway.node('demo')).token);
  site = `http://localhost:${gateway.port}`;
});
afterAll(cleanUp);

type Fields = Record<string, unknown>;
async function ask(method: string, path: string, body?: Fields, headers: Record<string, string> = {}) {
  const response = await fetch(`${site}${path}`, {
    method,
    headers: {
      cookie,
      ...(method === 'GET' ? {} : { origin: site, 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const cookies = response.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  const text = await response.text();
  return {
    status: response.status,
    text,
    cookie: cookies.join('; '),
    json: () => JSON.parse(text) as Fields,
  };
}

async function done(method: string, path: string, body?: Fields, headers?: Record<string, string>) {
  const answer = await ask(method, path, body, headers);
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer;
}

/** Every way a text gets to a route: wrong fields, wrong values, queries, parts of the address, headers. */
async function spoil(method: string, path: string): Promise<number> {
  const tries =
    method === 'GET'
      ? [await ask('GET', `${path}?${marks('field')}=${marks('value')}&limit=${marks('limit')}`)]
      : [
          await ask(method, path, { [marks('field')]: marks('value') }),
          await ask(method, path, {
            name: [marks('name')],
            token: marks('token'),
            confirm: marks('confirm'),
          }),
          await ask(method, path, {
            reason: { a: marks('reason') },
            email: `${marks('email')} @x`,
            role: marks('role'),
          }),
        ];
  const foreign = await ask(method, path, method === 'GET' ? undefined : {}, {
    'user-agent': marks('agent'),
    origin: `https://${marks('origin')}.example`,
    'x-request-id': marks('id'),
  });
  return Math.max(foreign.status, ...tries.map(({ status }) => status));
}

const ACCOUNT_ROUTES = [
  'GET overview',
  'GET usage',
  'GET usage.csv',
  'GET requests',
  'GET requests.csv',
  'GET ledger',
  'GET ledger.csv',
  'GET keys',
  'POST keys',
  'PATCH keys/:id',
  'POST keys/:id/rotate',
  'GET nodes',
  'POST nodes',
  'GET nodes/:id',
  'PATCH nodes/:id',
  'GET earnings',
  'GET earnings.csv',
  'GET deployments',
  'POST deployments',
  'PATCH deployments/:id',
  'GET members',
  'PATCH members/:id',
  'GET invitations',
  'POST invitations',
  'DELETE invitations/:id',
  'GET export',
  'DELETE ',
];
const OTHER_ROUTES = [
  'GET session',
  'GET models',
  'GET person/export',
  'DELETE person',
  'POST invitations/accept',
  'GET operator/overview',
  'GET operator/accounts',
  'GET operator/audit',
  'GET operator/nodes',
  'GET operator/models',
  'POST operator/accounts/:id/adjust',
  'POST operator/models/:id/price/preview',
  'PUT operator/models/:id/price',
  'POST operator/nodes/:id/sanction',
  'POST operator/nodes/:id/tier',
  'PUT operator/maintenance',
];

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

it('keeps no password, secret, token, wrong field or content of one who is signed in', async () => {
  const { link } = (await gateway.cli('operator', 'link')) as { link: string };
  const ticket = new URL(link).searchParams.get('token') ?? '';
  const ann = { name: 'Ann', email: 'ann@example.com', password: PASSWORD };
  await done('POST', '/api/auth/sign-up/email', { ...ann, ticket });
  ({ cookie } = await done('POST', '/api/auth/sign-in/email', ann));
  await done('POST', '/api/auth/operator/claim', { token: ticket });
  const session = (await done('GET', '/api/console/session')).json() as {
    person: { site: string };
    accounts: { id: string; role: string }[];
  };
  expect(session.person.site).toBe('operator');
  const account = `/api/console/accounts/${session.accounts.find(({ role }) => role === 'owner')?.id ?? ''}`;

  // Each is made by the site, shown once, and kept as a digest at most.
  // Of a session the name is kept; the cookie is worth nothing without the signature behind the dot.
  const signature = decodeURIComponent(cookie).split('.').at(-1) ?? '?';
  const secrets = [ticket, signature, encodeURIComponent(signature)];
  const made = (await done('POST', `${account}/keys`, { name: 'app' })).json() as {
    secret: string;
    key: { id: string };
  };
  const rotated = await done('POST', `${account}/keys/${made.key.id}/rotate`, { overlapHours: 1 });
  const page = (await done('POST', `${account}/browser-key`, {})).json() as { secret: string };
  const node = (await done('POST', `${account}/nodes`, { name: 'desk', pool: 'demo' })).json() as {
    token: string;
  };
  const invited = (
    await done('POST', `${account}/invitations`, { email: 'ben@example.com', role: 'viewer' })
  ).json() as { link: string };
  secrets.push(made.secret, (rotated.json() as { secret: string }).secret, page.secret, node.token);
  const invitation = new URL(invited.link).searchParams.get('token') ?? '?';
  for (const secret of [...secrets, invitation]) expect(secret.length).toBeGreaterThan(20);

  // What the playground does, with the key of the page.
  const content = { max_tokens: 8, messages: [{ role: 'user', content: marks('prompt') }] };
  const key = { authorization: `Bearer ${page.secret}`, cookie: '' };
  expect((await ask('POST', '/v1/chat/completions', { model: 'demo', ...content }, key)).status).toBeLessThan(
    500,
  );
  await ask('POST', '/v1/chat/completions', { model: marks('model'), ...content, stream: true }, key);

  for (const row of ACCOUNT_ROUTES) {
    const [method = '', path = ''] = row.split(' ');
    const address = path === '' ? account : `${account}/${path.replace(':id', marks('id'))}`;
    expect([row, (await spoil(method, address)) < 500]).toEqual([row, true]);
  }
  for (const row of OTHER_ROUTES) {
    const [method = '', path = ''] = row.split(' ');
    const status = await spoil(method, `/api/console/${path.replace(':id', marks('id'))}`);
    expect([row, status < 500]).toEqual([row, true]);
  }
  const next = { currentPassword: PASSWORD, newPassword: `${PASSWORD} 2`, revokeOtherSessions: true };
  ({ cookie } = await done('POST', '/api/auth/change-password', next));
  await ask('POST', '/api/auth/two-factor/enable', { password: marks('wrong') });
  await ask('POST', '/api/auth/two-factor/verify-totp', { code: marks('code') });
  await ask('POST', '/api/auth/passkey/verify-registration', {
    response: { id: marks('passkey') },
    name: 'x',
  });
  await ask('GET', `/api/auth/callback/none?code=${marks('code')}&state=${marks('state')}`);
  await ask('POST', '/api/auth/reset-password', { newPassword: marks('new'), token: marks('token') });
  await ask('GET', '/api/auth/verify-email?token=' + marks('verify'));

  const wrong = (): string[] =>
    files(gateway.dataDir).flatMap((path) => {
      const text = readFileSync(path).toString('latin1');
      const found = [MARKER, ...secrets, invitation].findIndex((secret) => text.includes(secret));
      return found < 0 ? [] : [`${path} holds secret ${found}`];
    });
  expect(wrong()).toEqual([]);
  await gateway.child.stop();
  await connector.stop();
  expect(wrong()).toEqual([]);
  // The link of an invitation is mail: without a mail server, and on this machine only, mail is a line of the terminal.
  const output = `${gateway.child.output()}${connector.output()}`;
  for (const secret of [MARKER, ...secrets]) expect(output).not.toContain(secret);
});
