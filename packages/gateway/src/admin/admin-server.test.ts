import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestGateway } from '../cli/test-gateway.ts';
import type { TestGateway } from '../cli/test-gateway.ts';
import { systemClock } from '../core/clock.ts';
import { callGateway } from './admin-client.ts';
import { openAdminServer } from './admin-server.ts';
import type { AdminServer } from './admin-server.ts';
import type { OperationName } from './operations.ts';
import { findSocket } from './socket-path.ts';

let gateway: TestGateway;
let server: AdminServer;
let failures: OperationName[];

beforeEach(async () => {
  gateway = await openTestGateway(systemClock);
  failures = [];
  server = await open(gateway.directory);
});
afterEach(async () => {
  await server.close();
  await gateway.dispose();
});

const open = (dataDirectory: string): Promise<AdminServer> =>
  openAdminServer({
    dataDirectory,
    context: gateway.context,
    onFailure: (operation) => failures.push(operation),
  });
const call = (name: OperationName, input: unknown) => callGateway(gateway.directory, name, input);

type Raw = { method?: string; path?: string; body?: string | Buffer; headers?: Record<string, string> };
type Reply = { status: number; body: unknown };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A request as a hostile or broken client would write it. */
function raw(options: Raw): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath: server.socketPath,
      method: options.method ?? 'POST',
      path: options.path ?? '/v1/accounts/create',
      headers: { 'content-type': 'application/json', ...options.headers },
      agent: false,
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: parseJson(Buffer.concat(chunks).toString()),
        }),
      );
    });
    request.end(options.body ?? '');
  });
}

describe('admin socket', () => {
  it('is open to its owner only', () => {
    expect(server.socketPath).toBe(join(gateway.directory, 'admin.sock'));
    expect(statSync(server.socketPath).mode & 0o777).toBe(0o600);
  });

  it('runs use cases in this very process', async () => {
    const made = await call('account.create', { name: 'alice' });
    expect(made).toMatchObject({ ok: true, value: { name: 'alice' } });
    const key = await call('key.create', { account: 'alice', name: 'laptop' });
    const { secret } = (key as { value: { secret: string } }).value;
    const identify = () => gateway.context.registry.directory.identify(secret).ok;
    expect(identify()).toBe(true);
    expect(await call('key.revoke', { key: 'laptop' })).toMatchObject({ ok: true });
    expect(identify()).toBe(false);
    expect(await call('server.status', {})).toMatchObject({ ok: true, value: { accounts: 1, keys: 0 } });
  });

  it('says no in the words of the catalogue', async () => {
    expect(await call('account.show', { account: 'nobody' })).toEqual({
      ok: false,
      error: {
        kind: 'refused',
        fault: { code: 'not_found', message: 'There is no account of this id or name.', param: 'account' },
      },
    });
  });

  it.each<[string, Raw, number, string]>([
    ['no JSON', { body: '{"name":' }, 400, 'invalid_json'],
    ['bytes that are no text', { body: Buffer.from([0xff, 0xfe, 0x00, 0x80]) }, 400, 'invalid_json'],
    ['brackets without end', { body: '['.repeat(60_000) }, 400, 'invalid_json'],
    ['deep nesting', { body: '['.repeat(30_000) + ']'.repeat(30_000) }, 400, 'invalid_request'],
    ['an inherited name', { body: '{"__proto__":{"name":"x"},"constructor":1}' }, 400, 'invalid_request'],
    ['the wrong type', { body: '{"name":["alice"]}' }, 400, 'invalid_request'],
    [
      'another media type',
      { body: 'name=alice', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported_media_type',
    ],
    [
      'a media type that only begins alike',
      { body: '{}', headers: { 'content-type': 'application/jsonp' } },
      415,
      'unsupported_media_type',
    ],
    ['an empty body', { body: '' }, 400, 'invalid_request'],
    ['a body beyond the bound', { body: `{"name":"${'a'.repeat(70_000)}"}` }, 413, 'body_too_large'],
    ['an unknown route', { path: '/v1/accounts/delete' }, 404, 'not_found'],
    ['a route of an inherited name', { path: '/constructor' }, 404, 'not_found'],
    ['a route with a query', { path: '/v1/accounts/list?limit=1' }, 404, 'not_found'],
    ['a route with dots', { path: '/v1/../v1/accounts/list' }, 404, 'not_found'],
    ['another method', { method: 'DELETE' }, 405, 'method_not_allowed'],
    [
      'a body on a route without one',
      { method: 'GET', path: '/v1/status', body: '{"a":1}', headers: { 'content-length': '7' } },
      400,
      'invalid_request',
    ],
  ])('refuses %s, and goes on', async (_what, request, status, code) => {
    expect(await raw(request)).toMatchObject({ status, body: { error: { code } } });
    expect(await call('account.list', {})).toEqual({ ok: true, value: { accounts: [], total: 0 } });
    expect(failures).toEqual([]);
  });

  it('lives through clients that leave in the middle', async () => {
    for (const text of [
      '',
      'GET',
      'POST /v1/accounts/create HTTP/1.1\r\ncontent-length: 50\r\n\r\n{"na',
      '\0\0\0\r\n\r\n',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(server.socketPath, () => {
          socket.write(text, () => socket.destroy());
        });
        socket.once('close', () => resolve());
      });
    }
    expect(await call('account.list', {})).toMatchObject({ ok: true });
  });

  it('hears no more from a client whose body it refused', async () => {
    const heard = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(server.socketPath);
      const head = 'POST /v1/accounts/create HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999\r\n\r\n';
      socket.write(head + 'x'.repeat(70_000));
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('body_too_large')) socket.destroy();
      });
      socket.once('close', () => resolve(text));
    });
    expect(heard).toMatch(/^HTTP\/1\.1 413 /);
    expect(heard).toContain('connection: close');
  });

  it('answers internal_error when a store fails, without the reason', async () => {
    const { registry } = gateway.context;
    const broken = { ...registry, change: () => Promise.reject(new Error('disk: secret details')) };
    await server.close();
    server = await openAdminServer({
      dataDirectory: gateway.directory,
      context: { ...gateway.context, registry: broken },
      onFailure: (operation) => failures.push(operation),
    });
    const reply = await raw({ body: '{"name":"alice"}' });
    expect(reply).toMatchObject({ status: 500, body: { error: { code: 'internal_error' } } });
    expect(JSON.stringify(reply)).not.toContain('secret details');
    expect(failures).toEqual(['account.create']);
  });
});

describe('the place of the socket', () => {
  it('is free again after closing', async () => {
    await server.close();
    expect(() => statSync(server.socketPath)).toThrow('ENOENT');
    expect(await call('account.list', {})).toEqual({ ok: false, error: { kind: 'unreachable' } });
    server = await open(gateway.directory);
    expect(await call('account.list', {})).toMatchObject({ ok: true });
  });

  it('is taken over from a dead process, not from a living one', async () => {
    await expect(open(gateway.directory)).rejects.toThrow('another gateway already uses this data folder');
    expect(await call('account.list', {})).toMatchObject({ ok: true });

    const stale = join(gateway.directory, 'stale');
    mkdirSync(stale);
    await leaveStaleSocket(join(stale, 'admin.sock'));
    const second = await open(stale);
    expect(await callGateway(stale, 'account.list', {})).toMatchObject({ ok: true });
    await second.close();
  });

  it('is elsewhere when the name of the data folder is too long for a socket', async () => {
    const long = join(gateway.directory, 'x'.repeat(120));
    mkdirSync(long);
    expect(findSocket(long)).toBeUndefined();
    const second = await open(long);
    expect(second.socketPath.startsWith(long)).toBe(false);
    expect(readFileSync(join(long, 'admin.sock.path'), 'utf8')).toBe(second.socketPath);
    expect(statSync(join(second.socketPath, '..')).mode & 0o777).toBe(0o700);
    expect(await callGateway(long, 'account.list', {})).toMatchObject({ ok: true });
    await second.close();
    expect(() => statSync(join(second.socketPath, '..'))).toThrow('ENOENT');
    expect(findSocket(long)).toBeUndefined();
  });

  it.each([
    ['a relative path', 'admin.sock'],
    ['a path in a folder that others may enter', '/admin.sock'],
    ['a path that is too long', `/${'y'.repeat(200)}`],
    ['nothing', ''],
  ])('is not looked for at %s that a pointer names', (_what, text) => {
    const folder = join(gateway.directory, 'pointed');
    mkdirSync(folder);
    writeFileSync(join(folder, 'admin.sock.path'), text);
    expect([undefined, join(folder, 'admin.sock')]).toContain(findSocket(folder));
  });
});

/** A socket file with nobody behind it, as a killed process leaves it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { renameSync } = await import('node:fs');
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(`${path}.x`, resolve));
  renameSync(`${path}.x`, path);
  await new Promise<void>((resolve) => dead.close(() => resolve()));
  expect(statSync(path).isSocket()).toBe(true);
}
