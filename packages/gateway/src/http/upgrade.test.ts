import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openTestServer, type TestServer } from './testing-server.ts';

let server: TestServer | undefined;
afterEach(() => server?.close());

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
