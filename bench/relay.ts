import { fileURLToPath } from 'node:url';
import type { Target } from './behaviours.ts';
import { v8Flags } from '../packages/gateway/bin/v8-flags.mjs';
import { acceptsConnections, freePort, startProcess, waitUntil } from './processes.ts';

/**
 * Starts the bare relay of `relay-server.ts` in front of `upstream`, with the flags that the gateway has. With
 * `databasePath`, each reply waits for a row in that new file: the durable relay.
 */
export async function startRelay(upstream: Target, databasePath?: string): Promise<Target> {
  const name = databasePath === undefined ? 'relay' : 'durable';
  const port = await freePort();
  const server = fileURLToPath(new URL('relay-server.ts', import.meta.url));
  const running = startProcess({
    command: process.execPath,
    args: [
      ...v8Flags,
      server,
      String(port),
      String(upstream.port),
      ...(databasePath === undefined ? [] : [databasePath]),
    ],
    place: 'target',
  });
  await waitUntil(running, name, () => acceptsConnections(port));
  return { name, port, processId: running.processId, requests: upstream.requests };
}
