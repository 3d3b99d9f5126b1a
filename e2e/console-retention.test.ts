import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, type Child } from './support/processes.ts';
import { documentedRoutes } from '../packages/gateway/src/console/testing-reference.ts';

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
    requestId: response.headers.get('x-request-id') ?? '',
    json: () => JSON.parse(text) as Fields,
  };
}

async function done(method: string, path: string, body?: Fields, headers?: Record<string, string>) {
  const answer = await ask(method, path, body, headers);
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer;
}

type Route = { row: string; method: string; path: string };

/** All that the console answers, but the stream of events: it has no end, and takes nothing from who asks. */
const STREAM = 'GET accounts/:account/events';
const ROUTES: readonly Route[] = documentedRoutes()
  .map((line): Route => {
    const [method = '', path = ''] = line.split(/ +/);
    return { row: `${method} ${path}`, method, path };
  })
  .filter(({ row }) => row !== STREAM);

/** Right in form and wrong in content: these get past the check of the fields. */
const WELL_FORMED: Readonly<Record<string, Record<string, string>>> = {
  'GET accounts/:account/requests': { model: marks('model'), key: marks('key') },
  'GET accounts/:account/requests.csv': { model: marks('model') },
  'DELETE accounts/:account': { confirm: marks('confirm') },
  'POST invitations/accept': { token: marks('token') },
  'POST person/email': { email: `${marks('email')}@example.com` },
  'POST person/email/confirm': { token: marks('token') },
  'DELETE person': { confirm: marks('confirm') },
  'GET operator/accounts': { search: marks('search') },
  'GET operator/audit': { actor: marks('actor'), action: marks('action'), subject: marks('subject') },
};

/** No route takes these fields. */
const WRONG_BODIES: readonly Fields[] = [
  { [marks('field')]: marks('value') },
  { name: [marks('name')], token: marks('token'), confirm: marks('confirm') },
  { reason: { a: marks('reason') }, email: `${marks('email')} @x`, role: marks('role') },
];
const WRONG_QUERY = { [marks('field')]: marks('value'), limit: marks('limit') };
const HEADERS = { 'user-agent': marks('agent'), 'x-request-id': marks('id'), referer: marks('referer') };

/** `parts`: what the address names that is there. A part without a value is a marker. */
function addressOf(path: string, parts: Record<string, string>): string {
  return `/api/console/${path.replace(/:(\w+)/g, (_part, name: string) => parts[name] ?? marks(name))}`;
}

/** Asks a route with fields: a GET in its query, any other in its body. */
async function statusOf(method: string, address: string, fields: Fields): Promise<number> {
  const query = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  const answer =
    method === 'GET'
      ? await ask(method, `${address}?${query.toString()}`)
      : await ask(method, address, fields);
  return answer.status;
}

/**
 * Sends a route every text that can get to it, in fields, values, parts of the address and headers, and says where an
 * answer was not that of this route: empty when it was reached each time.
 */
async function spoil({ row, method, path }: Route, parts: Record<string, string>): Promise<string[]> {
  const address = addressOf(path, parts);
  const strange: string[] = [];
  const note = (way: string, status: number, expected: readonly number[]) => {
    if (!expected.includes(status)) strange.push(`${row}: ${way} is answered with ${status}`);
  };
  for (const fields of method === 'GET' ? [WRONG_QUERY] : WRONG_BODIES)
    note('a wrong field', await statusOf(method, address, fields), [400]);
  const wellFormed = WELL_FORMED[row];
  if (wellFormed !== undefined)
    note('a wrong value', await statusOf(method, address, wellFormed), [200, 400, 404, 409]);
  if (path.includes(':')) {
    const elsewhere = addressOf(path.replace(/:\w+(?=[^:]*$)/, marks('elsewhere')), parts);
    note('a wrong address', await statusOf(method, elsewhere, {}), [400, 404]);
  }
  if (method === 'GET') note('a read', (await ask(method, address, undefined, HEADERS)).status, [200]);
  const foreign = { ...HEADERS, origin: `https://${marks('origin')}.example` };
  const body = method === 'GET' ? undefined : {};
  note('a foreign page', (await ask(method, address, body, foreign)).status, [403]);
  return strange;
}

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
  const accountId = session.accounts.find(({ role }) => role === 'owner')?.id ?? '';
  const account = `/api/console/accounts/${accountId}`;
  await gateway.cli('credit', 'add', accountId, '--usd', '1', '--reason', 'test');

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
    node: { id: string };
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
  const answered = await done('POST', '/v1/chat/completions', { model: 'demo', ...content }, key);
  await ask('POST', '/v1/chat/completions', { model: marks('model'), ...content, stream: true }, key);

  expect(ROUTES.map(({ row }) => row)).toEqual(expect.arrayContaining(Object.keys(WELL_FORMED)));
  const parts = { account: accountId, node: node.node.id, request: answered.requestId };
  for (const route of ROUTES) expect(await spoil(route, parts)).toEqual([]);
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
