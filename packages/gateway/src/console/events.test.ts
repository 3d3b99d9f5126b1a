import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openTestServer, type TestServer } from '../http/testing-server.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEventHub } from './event-hub.ts';
import { eventsRow } from './events.ts';
import type { AccountCall } from './row.ts';

let server: TestServer | undefined;
afterEach(() => server?.close());

it('counts no reader who went away while it was looked who asks', async () => {
  const hub = createEventHub({
    clock: createVirtualClock(),
    balance: () => ({}) as never,
    models: () => [],
    nodes: () => [],
    request: () => ({}) as never,
  });
  const row = eventsRow(hub, { read: () => Promise.resolve(undefined) });
  const opened = Promise.withResolvers<void>();
  server = await openTestServer([
    {
      method: 'GET',
      path: '/events',
      async handler(request, reply) {
        await once(reply.raw, 'close');
        const call = { account: { id: 'acc_1' }, person: { id: 'per_1' }, request };
        row.stream?.(call as unknown as AccountCall, reply);
        opened.resolve();
      },
    },
  ]);
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n', () => socket.destroy());
  await opened.promise;
  expect(hub.readers()).toBe(0);
});
