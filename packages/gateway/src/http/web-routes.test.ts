import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestServer, type TestServer } from './testing-server.ts';
import { loadWebApp } from './web-app.ts';
import type { Person } from '../people/person.ts';
import { webRoutes } from './web-routes.ts';

const HTML = '<!doctype html>\n<html lang="en"><head><title>Switchyard</title></head></html>';
const SCRIPT = 'console.log("app")';
let folder = '';
let server: TestServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-web-'));
  mkdirSync(join(folder, 'static'));
  for (const name of ['tokens.css', 'site.css', 'handbook.css', 'mark.svg'])
    writeFileSync(join(folder, 'static', name), name);
});
afterEach(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

/** By the cookie of the test. */
function personOf(cookie = ''): Person | undefined {
  const site = /site=(person|operator)/.exec(cookie)?.[1];
  if (site === undefined) return undefined;
  return {
    id: 'person_1',
    email: 'ann@example.com',
    name: 'Ann',
    emailVerified: true,
    site: site === 'operator' ? 'operator' : 'person',
    twoFactor: false,
    wallets: [],
    memberships: [],
    signedInAtMs: 0,
  };
}

function build(): void {
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'index.html'), HTML);
  writeFileSync(join(folder, 'dist', 'operator.html'), HTML.replace('<head>', '<head><!-- operators -->'));
  writeFileSync(join(folder, 'dist', 'assets', 'app-1a2b.js'), SCRIPT);
  writeFileSync(join(folder, 'dist', 'assets', 'app-1a2b.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(folder, 'dist', 'assets', 'notes.txt'), 'no');
}

async function start(): Promise<TestServer> {
  const sessions = { read: ({ cookie }: IncomingHttpHeaders) => Promise.resolve(personOf(cookie)) };
  server = await openTestServer(webRoutes(loadWebApp(folder), 'Yard & <Sons>', sessions));
  return server;
}

it.each(['/app', '/app/keys', '/app/nodes/nd_1', '/create', '/sign-in', '/sign-up', '/operator-setup'])(
  'serves the app at %s, under a strict policy, never kept',
  async (path) => {
    build();
    const { origin } = await start();
    const reply = await fetch(origin + path);
    expect(reply.status).toBe(200);
    expect(await reply.text()).toContain('<title>Yard &#38; &#60;Sons&#62;</title>');
    expect(reply.headers.get('cache-control')).toBe('no-store');
    const policy = reply.headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toContain('unsafe');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
  },
);

it.each(['/operator', '/operator/accounts?search=a%2Fb'])('serves %s to operators only', async (path) => {
  build();
  const { origin } = await start();
  const ask = (cookie: string) => fetch(origin + path, { headers: { cookie }, redirect: 'manual' });
  const operators = await ask('site=operator');
  expect([operators.status, await operators.text()]).toEqual([200, expect.stringContaining('operators')]);
  const persons = await ask('site=person');
  expect([persons.status, await persons.text()]).toEqual([404, expect.not.stringContaining('operators')]);
  const nobodys = await ask('');
  expect([nobodys.status, nobodys.headers.get('location'), nobodys.headers.get('cache-control')]).toEqual([
    302,
    `/sign-in?next=${encodeURIComponent(path)}`,
    'no-store',
  ]);
});

it.each([
  ['theme=dark', '<html lang="en" data-theme="dark">'],
  ['a=b; theme=light', '<html lang="en" data-theme="light">'],
  ['theme="><script>', '<html lang="en">'],
  ['mytheme=dark', '<html lang="en">'],
  ['', '<html lang="en">'],
])('writes the theme of the cookie %j into the page', async (cookie, expected) => {
  build();
  const { origin } = await start();
  const reply = await fetch(`${origin}/app`, { headers: { cookie } });
  expect(await reply.text()).toContain(expected);
});

it.each([
  ['gzip, br', 'gzip'],
  ['identity', null],
])('keeps a hashed file for ever and sends it to one who accepts %j as %j', async (accepted, encoding) => {
  build();
  const { origin } = await start();
  const reply = await fetch(`${origin}/assets/app-1a2b.js`, { headers: { 'accept-encoding': accepted } });
  expect(reply.headers.get('content-encoding')).toBe(encoding);
  expect(reply.headers.get('cache-control')).toContain('immutable');
  expect(reply.headers.get('content-type')).toContain('javascript');
  expect(await reply.text()).toBe(SCRIPT);
});

it.each([
  '/assets/nothing.js',
  '/assets/notes.txt',
  '/assets/',
  '/assets/../index.html',
  '/assets/..%2findex.html',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/assets/..\\index.html',
  '/assets//etc/passwd',
  '/assets/app-1a2b.js.gz',
  '/assets/__proto__',
])('gives nothing for %s', async (path) => {
  build();
  const { port } = await start();
  expect(await rawStatus(port, path)).toBe(404);
});

it('says what to run when the pages are not built', async () => {
  const { origin } = await start();
  const reply = await fetch(`${origin}/app/keys`);
  expect(reply.status).toBe(503);
  const html = await reply.text();
  expect(html).toContain('node tools/web.mjs');
  expect(html).not.toContain('<script');
  expect((await fetch(`${origin}/site.css`)).status).toBe(200);
});

/** `fetch` would tidy the path before it is sent. */
function rawStatus(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n`);
    });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(text.split(' ')[1])));
  });
}

it.each([
  ['/nowhere', 'text/html,*/*', 'text/html; charset=utf-8'],
  ['/nowhere', 'application/json', 'application/json; charset=utf-8'],
  ['/v1/nowhere', 'text/html', 'application/json; charset=utf-8'],
  ['/api/console/nowhere', 'text/html', 'application/json; charset=utf-8'],
])('says to %s with %s that it is not there, as %s', async (path, accept, type) => {
  build();
  const { origin } = await start();
  const reply = await fetch(origin + path, { headers: { accept } });
  expect([reply.status, reply.headers.get('content-type')]).toEqual([404, type]);
  expect(await reply.text()).not.toContain('nowhere');
});
