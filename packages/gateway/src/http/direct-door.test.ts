import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { garbageCollector } from '../testing/collect-garbage.ts';
import { plainBodyLength } from './direct-door.ts';
import type { Arrival, InferenceRow } from './inference-row.ts';
import { openTestServer, type TestServer } from './testing-server.ts';

const BODY_MAX = 1_000;
let server: TestServer | undefined;
let arrivals: Arrival[] = [];
let logged: string[] = [];

afterEach(async () => {
  await server?.close();
  server = undefined;
  arrivals = [];
  logged = [];
});

/** A server whose inference answers with what arrived. A body of `"fail"` makes it throw. */
async function start(trustedProxies: readonly string[] = []): Promise<number> {
  const serve = (arrival: Arrival): void => {
    arrivals.push(arrival);
    if (arrival.body.toString() === '"fail"') throw new Error('broken');
    arrival.response.setHeader('x-request-id', arrival.requestId);
    arrival.response.end(arrival.body);
  };
  const rows: InferenceRow[] = [
    { method: 'POST', path: '/v1/chat/completions', bodyMaxBytes: BODY_MAX, serve },
    { method: 'POST', path: '/v1/images/generations', bodyMaxBytes: 10, serve },
  ];
  server = await openTestServer(rows, {
    config: { trustedProxies, chatBodyMaxBytes: BODY_MAX },
    onError: (event) => void logged.push(event),
  });
  return server.port;
}

/** Sends the bytes as they are, and resolves to everything that came until the server ended the connection. */
function sendRaw(port: number, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let reply = '';
    let sent = 0;
    const sendNext = (): void => {
      const piece = pieces[sent];
      sent += 1;
      if (piece !== undefined) socket.write(piece, () => setImmediate(sendNext));
    };
    socket.on('data', (data) => (reply += data.toString()));
    socket.on('end', () => resolve(reply));
    socket.on('error', reject);
    socket.on('connect', sendNext);
  });
}

type Sent = { path?: string; headers?: readonly string[]; body?: string };

const JSON_HEADER = 'content-type: application/json';

function requestText({
  path = '/v1/chat/completions',
  headers = [JSON_HEADER],
  body = '{"a":1}',
}: Sent): string {
  const length = headers.some((header) => /^(content-length|transfer-encoding)/i.test(header))
    ? []
    : [`content-length: ${Buffer.byteLength(body)}`];
  return `${[`POST ${path} HTTP/1.1`, 'host: x', 'connection: close', ...headers, ...length].join('\r\n')}\r\n\r\n${body}`;
}

const CHUNKED = '7\r\n{"a":1}\r\n0\r\n\r\n';

// Which way a request takes must not be seen from outside: with and without the framework the answers are the same.
it.each<[string, Sent, number]>([
  ['a plain request', {}, 200],
  ['the prefix of some clients', { path: '/api/v1/chat/completions' }, 200],
  ['a charset', { headers: ['content-type: application/json; charset=utf-8'] }, 200],
  ['capital letters', { headers: ['Content-Type: Application/JSON'] }, 200],
  ['another charset', { headers: ['content-type: application/json; charset=iso-8859-1'] }, 200],
  ['a query', { path: '/v1/chat/completions?beta=true' }, 200],
  ['chunks', { headers: [JSON_HEADER, 'transfer-encoding: chunked'], body: CHUNKED }, 200],
  ['a body of just the limit', { body: `"${'x'.repeat(BODY_MAX - 2)}"` }, 200],
  ['a body over the limit', { body: `"${'x'.repeat(BODY_MAX - 1)}"` }, 413],
  ["a body over its route's own limit", { path: '/v1/images/generations', body: '"123456789"' }, 413],
  ['no content type', { headers: [] }, 415],
  ['another content type', { headers: ['content-type: text/plain'] }, 415],
  ['a compressed body', { headers: [JSON_HEADER, 'content-encoding: gzip'] }, 415],
  ['a body called uncompressed', { headers: [JSON_HEADER, 'content-encoding: identity'] }, 200],
  ['an empty body', { body: '' }, 200],
  ['two lengths', { headers: [JSON_HEADER, 'content-length: 7', 'content-length: 8'] }, 400],
  ['a length that is no number', { headers: [JSON_HEADER, 'content-length: 7x'] }, 400],
  ['a length and chunks', { headers: [JSON_HEADER, 'content-length: 7', 'transfer-encoding: chunked'] }, 400],
  ['an unknown path', { path: '/v1/chat/completion' }, 404],
])('answers %s as the framework does', async (_name, sent, status) => {
  const port = await start();
  const reply = await sendRaw(port, requestText(sent));
  expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(reply).toMatch(/x-request-id: req_/);
  expect(arrivals).toHaveLength(status === 200 ? 1 : 0);
});

it('joins a body that comes in pieces, byte for byte', async () => {
  const port = await start();
  const body = JSON.stringify({ text: 'ä€😀'.repeat(40) });
  const whole = requestText({ body });
  const cuts = [whole.length - 250, whole.length - 100, whole.length - 1];
  const pieces = [0, ...cuts].map((from, index) => whole.slice(from, cuts[index] ?? whole.length));
  await sendRaw(port, ...pieces);
  expect(arrivals[0]?.body.toString()).toBe(body);
});

it('forgets a request that is broken off in its body', async () => {
  const port = await start();
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(requestText({ headers: [JSON_HEADER, 'content-length: 100'] }), () => socket.destroy());
    });
    socket.on('close', () => resolve());
  });
  await sendRaw(port, requestText({}));
  expect(arrivals.map(({ body }) => body.toString())).toEqual(['{"a":1}']);
});

it.each(['/v1/chat/completions', '/v1/chat/completions?framework=1'])(
  'answers 500 and logs when the route of %s throws',
  async (path) => {
    const port = await start();
    const reply = await sendRaw(port, requestText({ path, body: '"fail"' }));
    expect(logged).toEqual(['route_failed']);
    expect(reply).toMatch(/^HTTP\/1.1 500 /);
    expect(reply).toContain('"code":"internal_error"');
    expect(reply).not.toContain('broken');
  },
);

it.each(['/v1/chat/completions', '/v1/chat/completions?framework=1'])(
  'keeps no body of %s for as long as its answer takes',
  async (path) => {
    const collect = garbageCollector();
    const arrived = Promise.withResolvers<{ body: WeakRef<Buffer>; response: ServerResponse }>();
    const serve = ({ body, response }: Arrival) => arrived.resolve({ body: new WeakRef(body), response });
    server = await openTestServer([{ method: 'POST', path: '/v1/chat/completions', serve }]);
    const reply = sendRaw(server.port, requestText({ path }));
    const { body, response } = await arrived.promise;
    for (let turn = 0; turn < 50 && body.deref() !== undefined; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      collect?.();
    }
    expect(body.deref()).toBeUndefined();
    response.end('{}');
    expect(await reply).toMatch(/^HTTP\/1.1 200 /);
  },
);

it.each([
  ['nobody is trusted', [], '127.0.0.1'],
  ['the proxy is trusted', ['127.0.0.1'], '203.0.113.9'],
  ['another proxy is trusted', ['198.51.100.0/24'], '127.0.0.1'],
])("reads the client's address both ways alike where %s", async (_name, trusted, address) => {
  const port = await start(trusted);
  const headers = [JSON_HEADER, 'x-forwarded-for: 192.0.2.1, 203.0.113.9'];
  await sendRaw(port, requestText({ headers }));
  await sendRaw(port, requestText({ headers, path: '/v1/chat/completions?framework=1' }));
  expect(arrivals.map(({ remoteAddress }) => remoteAddress)).toEqual([address, address]);
});

it.each([
  ['203.0.113.9:40001', '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9:40001', '203.0.113.9'],
  ['203.0.113.9:40001, 127.0.0.1:80', '203.0.113.9'],
  ['[2001:db8::9]:40001', '2001:db8::9'],
  ['[2001:db8::9]', '2001:db8::9'],
  ['2001:db8::9', '2001:db8::9'],
  ['unknown', 'unknown'],
])('takes no port for a part of the address where a proxy says %s', async (said, address) => {
  const port = await start(['127.0.0.1']);
  const headers = [JSON_HEADER, `x-forwarded-for: ${said}`];
  await sendRaw(port, requestText({ headers }));
  await sendRaw(port, requestText({ headers, path: '/v1/chat/completions?framework=1' }));
  expect(arrivals.map(({ remoteAddress }) => remoteAddress)).toEqual([address, address]);
});

it.each<[string, readonly string[], number | undefined]>([
  ['plain JSON', ['Content-Type', 'application/json', 'Content-Length', '12'], 12],
  [
    'two content types',
    ['content-type', 'application/json', 'content-type', 'application/json', 'content-length', '1'],
    undefined,
  ],
  ['no length', ['content-type', 'application/json'], undefined],
  ['length 0', ['content-type', 'application/json', 'content-length', '0'], undefined],
  ['a signed length', ['content-type', 'application/json', 'content-length', '+1'], undefined],
  [
    'chunks',
    ['content-type', 'application/json', 'content-length', '1', 'transfer-encoding', 'chunked'],
    undefined,
  ],
  [
    'compressed',
    ['content-type', 'application/json', 'content-length', '1', 'content-encoding', 'br'],
    undefined,
  ],
])('knows whether a body is plain: %s', (_name, headers, length) => {
  expect(plainBodyLength(headers)).toBe(length);
});
