import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { AdminContext } from '../admin/context.ts';
import { ok } from '../core/result.ts';
import { openTestServer, type TestServer } from '../http/testing-server.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createCallRate } from './call-rate.ts';
import { openRow } from './row.ts';
import { serveRows } from './serve.ts';

let server: TestServer | undefined;
afterEach(() => server?.close());

it('takes it for no fault of its own when somebody is gone while it is looked who asks', async () => {
  const clock = createVirtualClock();
  const faults: string[] = [];
  const gone = Promise.withResolvers<void>();
  const served = Promise.withResolvers<void>();
  const [row] = serveRows([openRow({ method: 'GET', path: '/asked', run: () => ok({}) })], {
    admin: { clock } as unknown as AdminContext,
    sessions: { read: () => gone.promise.then(() => undefined) },
    log: { error: (event) => void faults.push(event) },
    ownOrigins: () => [],
    operatorsNeedTwoFactor: false,
    rate: createCallRate(clock),
  });
  if (row === undefined) throw new Error('no row');
  server = await openTestServer([
    {
      ...row,
      async handler(request, reply) {
        void once(reply.raw, 'close').then(() => gone.resolve());
        await row.handler(request, reply);
        served.resolve();
      },
    },
  ]);
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET /asked HTTP/1.1\r\nhost: localhost\r\n\r\n', () => socket.destroy());
  await served.promise;
  expect(faults).toEqual([]);
});
