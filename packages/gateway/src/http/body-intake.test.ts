import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RouteRow } from './routes.ts';
import { openTestServer, type TestServer } from './testing-server.ts';

const LARGEST = 1024 * 1024;
const LARGE = 900 * 1024;

let server: TestServer;
let sockets: Socket[] = [];

const rows: RouteRow[] = [
  {
    method: 'POST',
    path: '/v1/chat',
    bodyMaxBytes: LARGEST,
    sender: ({ headers }) => headers.authorization,
    handler: ({ headers, body }, reply) => {
      const bytes = Buffer.isBuffer(body) ? body.length : 0;
      void reply.code(headers.authorization === undefined ? 401 : 200).send({ bytes });
    },
  },
  { method: 'POST', path: '/v1/small', handler: (_request, reply) => void reply.send({}) },
];

beforeEach(async () => {
  server = await openTestServer(rows, { config: { chatBodyMaxBytes: LARGEST } });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server.close();
});

/** Sends headers, and as much of the body as is given; what comes back before the rest of it was ever sent. */
function begin(path: string, { length, headers = '', body = '' }: Sent): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  const size = length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`;
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${headers}${size}\r\n\r\n${body}`,
  );
  return new Promise((resolve, reject) => {
    socket.once('data', (bytes) => resolve(bytes.toString('latin1')));
    socket.once('error', reject);
  });
}
type Sent = { length: number | 'chunked'; headers?: string; body?: string };

const status = async (reply: Promise<string>) => Number((await reply).slice(9, 12));
const of = (sender: string) => `authorization: ${sender}\r\n`;

describe('a large body', () => {
  it.each([LARGE, 'chunked'] as const)('of nobody that is known is not waited for (%s)', async (length) => {
    expect(await status(begin('/v1/chat', { length }))).toBe(401);
  });

  it('of nobody that is known does not break the connection of a client that sends it nevertheless', async () => {
    const body = new Uint8Array(8 * LARGEST);
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${server.origin}/v1/chat`, { method: 'POST', headers, body });
    expect([reply.status, await reply.json()]).toEqual([401, { bytes: 0 }]);
  });

  it.each(['/v1/small', '/v1/nowhere'])('is refused at %s before it is read', async (path) => {
    expect(await status(begin(path, { length: LARGE }))).toBe(413);
  });

  it('of a known sender comes in whole', async () => {
    const reply = begin('/v1/chat', { length: LARGE, headers: of('ann'), body: 'x'.repeat(LARGE) });
    expect(await reply).toContain(`{"bytes":${LARGE}}`);
  });

  it('is one of few of its sender, and of all senders', async () => {
    const names = ['ann', 'ben', 'cleo', 'dora'];
    const open = names.flatMap((name) => Array.from({ length: 4 }, () => name));
    const waiting = open.map((name) => begin('/v1/chat', { length: LARGEST, headers: of(name) }));
    // Connections are taken in order, so this one comes after all of those.
    expect(await status(begin('/v1/chat', { length: LARGE, headers: of('ann') }))).toBe(503);
    expect(await status(begin('/v1/chat', { length: LARGE, headers: of('eve') }))).toBe(503);
    expect(await status(begin('/v1/chat', { length: 2, headers: of('eve'), body: '{}' }))).toBe(200);
    sockets[0]?.write('x'.repeat(LARGEST));
    await waiting[0];
    const again = begin('/v1/chat', { length: LARGE, headers: of('ann'), body: 'x'.repeat(LARGE) });
    expect(await status(again)).toBe(200);
    for (const reply of waiting) reply.catch(() => undefined);
  });

  it('in chunks counts with what has come of it', async () => {
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const inChunks = (text: string) => begin('/v1/chat', { ...CHUNKED, body: chunk(text) });
    const small = Array.from({ length: 6 }, () => inChunks('{'));
    const waiting = Array.from({ length: 4 }, () =>
      begin('/v1/chat', { length: LARGEST, headers: of('ann') }),
    );
    expect(await status(inChunks('x'.repeat(LARGE)))).toBe(503);
    for (const socket of sockets.slice(0, small.length)) socket.write(`${chunk('}')}0\r\n\r\n`);
    expect(await Promise.all(small.map(status))).toEqual([200, 200, 200, 200, 200, 200]);
    sockets[small.length]?.write('x'.repeat(LARGEST));
    await waiting[0];
    const body = `${chunk('x'.repeat(LARGE))}0\r\n\r\n`;
    expect(await begin('/v1/chat', { ...CHUNKED, body })).toContain(`{"bytes":${LARGE}}`);
    for (const reply of waiting) reply.catch(() => undefined);
  });
});

const CHUNKED: Sent = { length: 'chunked', headers: of('ann') };
