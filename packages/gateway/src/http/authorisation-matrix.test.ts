import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount } from '../admin/accounts.ts';
import { createKey } from '../admin/keys.ts';
import { TEST_CONFIG } from '../cli/test-gateway.ts';
import { loadConfigText } from '../config/load.ts';
import { ERRORS } from '../core/errors.ts';
import { type RunningGateway, startGateway } from '../main.ts';
import { makeOperator } from '../people/operator-link.ts';

/**
 * Every route of the whole gateway against everyone who may come. The expected words are written by hand; a route that is
 * not in the table fails, and so does a row whose route is gone.
 *
 * The callers, in the order of the columns: anonymous; the owner of the account in the address; a person with another account;
 * an operator; and API keys of the account with the scopes `inference`, `read` and `admin`.
 * `in`: let in (whatever becomes of the request then). `401`, `403`, `404`: refused as such.
 */
const CALLERS = ['anonymous', 'owner', 'stranger', 'operator', 'inference', 'read', 'admin'] as const;
type Caller = (typeof CALLERS)[number];

const EVERYONE = 'in in in in in in in';
const OWNER = '401 in 404 404 401 401 401';
const OPERATOR = '401 404 404 in 401 401 401';
const SIGNED_IN = '401 in in in 401 401 401';
const INFERENCE = '401 401 401 401 in 403 403';
const READ = '401 401 401 401 403 in in';

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  [INFERENCE]: [
    'POST /v1/chat/completions',
    'POST /v1/messages',
    'POST /v1/messages/count_tokens',
    'POST /v1/responses',
    'POST /v1/images/generations',
    'POST /api/images/create',
  ],
  [READ]: [
    'GET /v1/models',
    'GET /v1/models/*',
    'GET /v1/balance',
    'GET /v1/requests',
    'GET /v1/requests/:id',
    'GET /v1/usage',
    'GET /v1/earnings',
    'GET /v1/earnings.csv',
  ],
  [EVERYONE]: [
    // Nothing is stored, so there is nothing to protect: the answer is the same for all.
    'GET /v1/responses/*',
    'DELETE /v1/responses/*',
    'POST /v1/responses/*',
    'GET /',
    'GET /status',
    'GET /healthz',
    'GET /readyz',
    // From this machine without a proxy, as here.
    'GET /metrics',
    'GET /openapi.json',
    'GET /docs',
    'GET /docs/guide/*',
    'GET /docs/api',
    'GET /docs/search',
    'GET /.well-known/switchyard-receipts',
    'GET /api/auth/*',
    'POST /api/auth/*',
    'GET /app',
    'GET /app/*',
    'GET /create',
    'GET /sign-in',
    'GET /sign-in/*',
    'GET /sign-up',
    'GET /verify-email',
    'GET /confirm-email',
    'GET /reset-password',
    'GET /invitation',
    'GET /operator-setup',
    'GET /operator',
    'GET /operator/*',
    'GET /favicon.ico',
    'GET /mark.svg',
    'GET /site.css',
    'GET /api/console/session',
    'GET /api/console/models',
  ],
  [SIGNED_IN]: [
    'POST /api/console/invitations/accept',
    'GET /api/console/person/export',
    'POST /api/console/person/email',
    'POST /api/console/person/email/confirm',
    'DELETE /api/console/person',
  ],
  [OWNER]: [
    'GET overview',
    'GET usage',
    'GET usage.csv',
    'GET requests',
    'GET requests.csv',
    'GET requests/:request',
    'GET ledger',
    'GET ledger.csv',
    'GET keys',
    'POST keys',
    'PATCH keys/:key',
    'POST keys/:key/rotate',
    'DELETE keys/:key',
    'POST browser-key',
    'GET nodes',
    'POST nodes',
    'GET nodes/:node',
    'PATCH nodes/:node',
    'POST nodes/:node/drain',
    'POST nodes/:node/resume',
    'DELETE nodes/:node',
    'GET earnings',
    'GET earnings.csv',
    'GET deployments',
    'POST deployments',
    'PATCH deployments/:deployment',
    'DELETE deployments/:deployment',
    'GET members',
    'PATCH members/:person',
    'PATCH members/:person/limits',
    'DELETE members/:person',
    'GET invitations',
    'POST invitations',
    'DELETE invitations/:invitation',
    'GET export',
    'DELETE ',
    'GET events',
  ].map((row) => row.replace(/ (.*)/, ' /api/console/accounts/:account/$1').replace(/\/$/, '')),
  [OPERATOR]: [
    'GET overview',
    'GET accounts',
    'GET accounts/:account',
    'GET accounts/:account/keys',
    'GET accounts/:account/members',
    'GET accounts/:account/requests',
    'POST accounts/:account/suspend',
    'POST accounts/:account/resume',
    'POST accounts/:account/adjust',
    'GET models',
    'POST models/:model/price/preview',
    'PUT models/:model/price',
    'GET nodes',
    'POST nodes/:node/drain',
    'POST nodes/:node/resume',
    'DELETE nodes/:node',
    'POST nodes/:node/sanction',
    'POST nodes/:node/pardon',
    'POST nodes/:node/tier',
    'GET upstreams',
    'GET content-rules',
    'GET config',
    'GET audit',
    'GET maintenance',
    'PUT maintenance',
  ].map((row) => row.replace(' ', ' /api/console/operator/')),
};

/** Not there is what these say to everybody who asks for a file that no build has made. */
const FILES = new Set(['GET /assets/*']);

let gateway: RunningGateway;
let folder: string;
let origin: string;
const headers = new Map<Caller, Record<string, string>>();
let account: string;
let ownerId: string;
let invitation: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-matrix-'));
  const loaded = loadConfigText(`${TEST_CONFIG}\nserver: { port: 0 }\npeople: { sign_up: open }\n`, {
    name: 'matrix.yaml',
    environment: {},
    overrides: { dataDir: folder, logLevel: 'silent' },
    workingFolder: folder,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  gateway = await startGateway(loaded.value.config);
  origin = `http://localhost:${gateway.port}`;
  headers.set('anonymous', {});
  for (const caller of ['owner', 'stranger', 'operator'] as const) headers.set(caller, await signUp(caller));
  const owner = await session('owner');
  account = owner.accounts[0]?.id ?? '';
  ownerId = owner.person.id;
  const made = await makeOperator(gateway.people.deps, (await session('operator')).person.id, 'test');
  if (!made.ok) throw new Error(made.error.code);
  for (const scope of ['inference', 'read'] as const) await newKey(scope, account);
  const site = await createAccount(gateway.admin, { name: 'Site', role: 'operator' });
  if (!site.ok) throw new Error(site.error.code);
  await newKey('admin', site.value.id);
  const invited = await ask('owner', 'POST', `/api/console/accounts/${account}/invitations`, {
    email: 'guest@example.com',
    role: 'viewer',
  });
  invitation = ((await invited.json()) as { invitation: { id: string } }).invitation.id;
}, 60_000);

afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function signUp(name: string): Promise<Record<string, string>> {
  const fields = { email: `${name}@example.com`, password: 'correct horse battery 9' };
  await post('/api/auth/sign-up/email', { ...fields, name });
  const signedIn = await post('/api/auth/sign-in/email', fields);
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  return { cookie: cookie.join('; ') };
}

async function post(path: string, body: object): Promise<Response> {
  const response = await ask('anonymous', 'POST', path, body);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response;
}

type SessionAnswer = { person: { id: string }; accounts: { id: string }[] };
async function session(caller: Caller): Promise<SessionAnswer> {
  return (await (await ask(caller, 'GET', '/api/console/session')).json()) as SessionAnswer;
}

async function newKey(scope: 'inference' | 'read' | 'admin', owner: string): Promise<void> {
  const scopes = scope === 'admin' ? (['admin', 'read'] as const) : ([scope] as const);
  const made = await createKey(gateway.admin, { account: owner, name: scope, scopes: [...scopes] });
  if (!made.ok) throw new Error(made.error.code);
  headers.set(scope, { authorization: `Bearer ${made.value.secret}` });
}

function ask(caller: Caller, method: string, path: string, body: unknown = {}): Promise<Response> {
  return fetch(origin + path, {
    method,
    headers: {
      ...headers.get(caller),
      ...(method === 'GET' ? {} : { origin, 'content-type': 'application/json' }),
    },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
}

/** Values that exist where a route would else say "not found" to everybody, and that do no harm. */
function addressOf(method: string, path: string): string {
  const isOperators = path.startsWith('/api/console/operator/');
  return path
    .replace(
      '/api/auth/*',
      method === 'GET' ? '/api/auth/passkey/generate-authenticate-options' : '/api/auth/sign-in/email',
    )
    .replace('/docs/guide/*', '/docs/guide/money')
    .replace(':account', isOperators ? 'acc_none' : account)
    .replace(':person', ownerId)
    .replace(':invitation', invitation)
    .replace(/:\w+|\*/g, 'none');
}

/** What a refusal is by, not only its status: "there is no such key" is said to those who were let in. */
async function outcome(caller: Caller, method: string, path: string): Promise<string> {
  const response = await ask(caller, method, addressOf(method, path));
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    await response.body?.cancel();
    return 'in';
  }
  const text = await response.text();
  if (response.status < 400) return 'in';
  let error: { code?: unknown; message?: unknown } | undefined;
  try {
    ({ error } = JSON.parse(text) as { error?: typeof error });
  } catch {
    return 'in';
  }
  const { status } = response;
  if (status === 401 && /auth/.test(path)) return 'in';
  if (status === 401 || status === 403) return String(status);
  return status === 404 && error?.message === ERRORS.not_found.publicMessage ? '404' : 'in';
}

describe('every route of the gateway', () => {
  it('stands in the table, and the table has no others', () => {
    const known = [...Object.values(EXPECTED).flat(), ...FILES];
    const served = gateway.routes.map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(served)].toSorted()).toEqual([...new Set(known)].toSorted());
  });

  it.each(Object.entries(EXPECTED).flatMap(([words, rows]) => rows.map((row) => [row, words] as const)))(
    '%s: %s',
    async (row, words) => {
      const [method = '', path = ''] = row.split(' ');
      const found: string[] = [];
      // The owner comes last: what they delete must be there for the others.
      const order = [...CALLERS].sort((a, b) => Number(a === 'owner') - Number(b === 'owner'));
      const byCaller = new Map<Caller, string>();
      for (const caller of order) byCaller.set(caller, await outcome(caller, method, path));
      for (const caller of CALLERS) found.push(byCaller.get(caller) ?? '');
      expect(found.join(' ')).toBe(words);
    },
    30_000,
  );
});
