import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** What a stranger, another site and a neighbour's account try over HTTP. What is listed in docs/security.md. */

const PASSWORD = 'correct horse battery';

let gateway: Gateway;
let site: string;
let ann: Person;
let eve: Person;
beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  site = `http://localhost:${gateway.port}`;
  ann = await join('ann@example.com');
  eve = await join('eve@example.com');
});
afterAll(async () => {
  expect(gateway.child.process.exitCode).toBe(null);
  await cleanUp();
});

type Person = { id: string; account: string; cookie: string };
type Ask = { cookie?: string; body?: unknown; headers?: Record<string, string> };

/** As a page of this site sends it. */
async function ask(method: string, path: string, { cookie, body, headers = {} }: Ask = {}) {
  const reply = await fetch(site + path, {
    method,
    redirect: 'manual',
    headers: {
      origin: site,
      'sec-fetch-site': 'same-origin',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === undefined ? {} : { cookie }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, body: text === '' ? {} : JSON.parse(text) };
}

async function join(email: string): Promise<Person> {
  const fields = { name: email.split('@')[0], email, password: PASSWORD };
  await ask('POST', '/api/auth/sign-up/email', { body: fields });
  const signedIn = await ask('POST', '/api/auth/sign-in/email', { body: { email, password: PASSWORD } });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const { body } = await ask('GET', '/api/console/session', { cookie });
  return { id: body.person.id, account: body.accounts[0].id, cookie };
}

/** Sends an address as it is; `fetch` would tidy it up. The first line of the answer. */
function raw(request: string, headers = `host: localhost:${gateway.port}\r\n`): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.port, '127.0.0.1', () =>
      socket.write(`${request} HTTP/1.1\r\n${headers}connection: close\r\n\r\n`),
    );
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text.split('\r\n', 1)[0] ?? ''));
    socket.on('error', reject);
  });
}

it.each([
  ['GET /assets/../index.html', 404],
  ['GET /assets/..%2f..%2fpackage.json', 404],
  ['GET /assets/%2e%2e/%2e%2e/package.json', 404],
  ['GET /assets/__proto__', 404],
  ['GET /assets/%00', 404],
  ['GET /docs/guide/..%2f..%2fpackage', 404],
  ['GET /docs/guide/%2e%2e/%2e%2e/README', 404],
  ['GET //etc/passwd', 404],
  ['GET /api/console//session', 404],
  ['GET /API/console/session', 404],
  ['GET /api/auth/..%2fconsole/session', 404],
  ['GET /%ff', 404],
  ['TRACE /', 405],
  ['OPTIONS /v1/chat/completions', 405],
  ['POST /api/console/session', 405],
] as const)('%s is answered with %i', async (request, status) => {
  expect(await raw(request)).toContain(` ${status} `);
});

describe('a page of another site', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'null' },
    { origin: 'http://localhost' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
  ];
  it.each(foreign)('changes and reads nothing with %j', async (headers) => {
    const { cookie } = ann;
    const path = `/api/console/accounts/${ann.account}`;
    const change = await ask('POST', `${path}/browser-key`, { cookie, headers, body: {} });
    expect([change.status, change.body.error.code]).toEqual([403, 'cross_site_request']);
    expect((await ask('GET', `${path}/overview`, { cookie, headers })).status).toBe(403);
    expect((await ask('POST', '/api/auth/sign-out', { cookie, headers, body: {} })).status).toBe(403);
    expect((await ask('GET', '/v1/models', { headers })).headers.get('access-control-allow-origin')).toBe(
      null,
    );
    expect((await ask('GET', `${path}/overview`, { cookie })).status).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'cannot send %s, which a form could',
    async (type) => {
      const path = `/api/console/accounts/${ann.account}/browser-key`;
      const headers = { 'content-type': type };
      expect((await ask('POST', path, { cookie: ann.cookie, headers, body: '{}' })).status).toBe(415);
    },
  );
});

describe("a neighbour's account", () => {
  it('shows nothing of itself and takes nothing, whatever ids are known', async () => {
    const { cookie } = ann;
    const at = (person: Person, path: string) => `/api/console/accounts/${person.account}/${path}`;
    const key = await ask('POST', at(ann, 'keys'), { cookie, body: { name: 'app' } });
    const node = await ask('POST', at(ann, 'nodes'), { cookie, body: { name: 'desk', kind: 'private' } });
    const deployment = await ask('POST', at(ann, 'deployments'), { cookie, body: { name: 'own' } });
    const invited = { email: 'ben@example.com', role: 'admin' };
    const invitation = await ask('POST', at(ann, 'invitations'), { cookie, body: invited });
    const token = new URL(invitation.body.link).searchParams.get('token');
    const ids = {
      key: key.body.key.id,
      node: node.body.node.id,
      deployment: deployment.body.id,
      invitation: invitation.body.invitation.id,
    };
    const tries: [method: string, path: string, body?: unknown][] = [
      ['GET', at(ann, 'overview')],
      ['GET', at(ann, 'export')],
      ['GET', at(ann, 'events')],
      ['POST', at(ann, 'browser-key'), {}],
      ['PATCH', at(eve, `keys/${ids.key}`), { name: 'mine' }],
      ['POST', at(eve, `keys/${ids.key}/rotate`), { overlapHours: 1 }],
      ['DELETE', at(eve, `keys/${ids.key}`)],
      ['GET', at(eve, `nodes/${ids.node}`)],
      ['PATCH', at(eve, `nodes/${ids.node}`), { name: 'mine' }],
      ['POST', at(eve, `nodes/${ids.node}/drain`), {}],
      ['DELETE', at(eve, `nodes/${ids.node}`)],
      ['POST', at(eve, 'deployments'), { name: 'theirs', nodes: [ids.node] }],
      ['PATCH', at(eve, `deployments/${ids.deployment}`), { model: 'mine' }],
      ['DELETE', at(eve, `deployments/${ids.deployment}`)],
      ['DELETE', at(eve, `invitations/${ids.invitation}`)],
      ['DELETE', at(eve, `members/${ann.id}`)],
      ['PATCH', at(eve, `members/${ann.id}`), { role: 'viewer' }],
      ['GET', '/api/console/operator/overview'],
      ['PUT', '/api/console/operator/maintenance', { on: true }],
    ];
    for (const [method, path, body] of tries) {
      const answer = await ask(method, path, { cookie: eve.cookie, ...(body === undefined ? {} : { body }) });
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    const accept = { cookie: eve.cookie, body: { token } };
    expect((await ask('POST', '/api/console/invitations/accept', accept)).status).toBe(400);
  });

  it.each([
    { name: 'x', scopes: ['admin'] },
    { name: 'x', account: 'acc_other' },
    '{"name":"x","__proto__":{"scopes":["admin"]}}',
    `{"name":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  ])('makes no key with more than a key may have: %j', async (body) => {
    const path = `/api/console/accounts/${eve.account}/keys`;
    expect((await ask('POST', path, { cookie: eve.cookie, body })).status).toBe(400);
  });
});

it('lets the key of an open page pay no more once its person has signed out', async () => {
  const cleo = await join('cleo@example.com');
  const path = `/api/console/accounts/${cleo.account}/browser-key`;
  const { secret } = (await ask('POST', path, { cookie: cleo.cookie, body: {} })).body;
  const models = () => ask('GET', '/v1/models', { headers: { authorization: `Bearer ${secret}` } });
  expect((await models()).status).toBe(200);
  expect((await ask('POST', '/api/auth/sign-out', { cookie: cleo.cookie, body: {} })).status).toBe(200);
  expect((await models()).status).toBe(401);
  expect((await ask('POST', path, { cookie: cleo.cookie, body: {} })).status).toBe(401);
});

it('shows its counts to programs of this machine only, not to a page whose name was made to lead here', async () => {
  const scrape = async (host: string, more = '') =>
    (await raw('GET /metrics', `host: ${host}\r\n${more}`)).slice(9, 12);
  expect(await scrape('localhost')).toBe('200');
  expect(await scrape('evil.example')).toBe('404');
  expect(await scrape('localhost', 'x-forwarded-for: 192.0.2.1\r\n')).toBe('404');
});
