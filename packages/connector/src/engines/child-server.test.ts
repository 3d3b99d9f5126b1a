import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const PARENT = fileURLToPath(new URL('../testing/server-parent.ts', import.meta.url));
const canEndWithParent = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;

it.skipIf(!canEndWithParent)('ends with a connector that is killed', async () => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const parent = spawn(process.execPath, [PARENT, String(port), process.env['PATH'] ?? ''], {
    stdio: 'ignore',
  });
  const [socket] = (await once(listener, 'connection')) as [Socket];
  const gone = new Promise<boolean>((resolve) => socket.on('close', () => resolve(true)));
  socket.on('error', () => undefined).resume();
  parent.kill('SIGKILL');
  expect(await gone).toBe(true);
  listener.close();
});
