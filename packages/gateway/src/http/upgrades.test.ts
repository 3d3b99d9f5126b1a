import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { InferenceRow } from './inference-row.ts';
import { openTestServer, type TestServer } from './testing-server.ts';

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Sends a request that offers an upgrade, to a server that gives the body back, and resolves to all of the answer. */
async function offer(upgrade: string): Promise<string> {
  const echo: InferenceRow['serve'] = ({ response, body }) => response.end(body);
  server = await openTestServer([{ method: 'POST', path: '/v1/responses', serve: echo }]);
  const { port } = server;
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `POST /v1/responses HTTP/1.1\r\nhost: x\r\nconnection: close, Upgrade, HTTP2-Settings\r\n` +
          `http2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nupgrade: ${upgrade}\r\n` +
          `content-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}`,
      );
    });
    let reply = '';
    socket.on('data', (data) => (reply += data.toString()));
    socket.on('end', () => resolve(reply));
    socket.on('error', reject);
  });
}

it('answers a request that offers to go on with HTTP/2 as any other', async () => {
  const reply = await offer('h2c');
  expect(reply).toMatch(/^HTTP\/1.1 200 /);
  expect(reply).toContain('{"a":1}');
});

it.each(['websocket', 'WebSocket', 'h2c, websocket'])(
  'refuses an upgrade to %s with 426',
  async (upgrade) => {
    expect(await offer(upgrade)).toMatch(/^HTTP\/1.1 426 /);
  },
);

/** Asks for another protocol, and does `then` as soon as there is an answer. Resolves to its first line when all is over. */
function ask(port: number, then: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.off('error', reject).on('error', () => undefined);
      socket.once('close', () => resolve(data.toString().split('\r\n', 1)[0] ?? ''));
      then(socket);
    });
    socket.write(
      'GET /chat HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
  });
}

it('outlives whoever asks for another protocol and is gone with the refusal', async () => {
  const ok = { method: 'GET', path: '/ok' } as const;
  server = await openTestServer([{ ...ok, handler: (_request, reply) => void reply.send('fine') }]);
  expect(await ask(server.port, (socket) => socket.resetAndDestroy())).toBe('HTTP/1.1 426 Upgrade Required');
  // What the system says of the broken connection has reached the server by then.
  expect((await fetch(`${server.origin}/ok`)).status).toBe(200);
});

it('keeps no line of somebody who was refused and does not hang up', async () => {
  server = await openTestServer([]);
  const writeOn = (socket: Socket): void => {
    if (!socket.destroyed) socket.write('x', () => setImmediate(writeOn, socket));
  };
  // Whoever writes to a line that is closed is told so by the system, and by nothing else.
  expect(await ask(server.port, writeOn)).toBe('HTTP/1.1 426 Upgrade Required');
});
