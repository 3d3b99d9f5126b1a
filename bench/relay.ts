import { fileURLToPath } from 'node:url';
import type { Target } from './behaviours.ts';
import { v8Flags } from '../packages/gateway/bin/v8-flags.mjs';
import { acceptsConnections, freePort, startProcess, waitUntil } from './processes.ts';

/** Starts the bare relay of `relay-server.ts` in front of `upstream`, with the flags that the gateway has. */
export async function startRelay(upstream: Target): Promise<Target> {
  const port = await freePort();
  const server = fileURLToPath(new URL('relay-server.ts', import.meta.url));
  const running = startProcess({
    command: process.execPath,
    args: [...v8Flags, server, String(port), String(upstream.port)],
    place: 'target',
  });
  await waitUntil(running, 'relay', () => acceptsConnections(port));
  return { name: 'relay', port, processId: running.processId, requests: upstream.requests };
}
