import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { createFleet } from '../fleet/create-fleet.ts';
import type { FleetConfig } from '../fleet/fleet-config.ts';
import type { Fleet, NodeIdentity, SuspendedNode } from '../fleet/fleet.ts';
import { createMemoryLog, IDENTITY } from './session-setup.ts';

export const TOKEN = 'nk_test_token';

export type LoopbackFleet = {
  fleet: Fleet;
  url: string;
  port: number;
  log: ReturnType<typeof createMemoryLog>;
  refused: number[];
  /** Who may come, by token. */
  identities: Map<string, NodeIdentity | 'suspended' | SuspendedNode>;
  /** Resolves when `isTrue` holds, looked at after each change of capacity and each few milliseconds. */
  until(isTrue: () => boolean): Promise<void>;
  close(): Promise<void>;
};

export type LoopbackOptions = {
  clock?: Clock;
  config?: Partial<FleetConfig>;
  identities?: Record<string, NodeIdentity | 'suspended' | SuspendedNode>;
  /** 0 or absent: any free port. */
  port?: number;
};

/** A fleet behind a real HTTP server on 127.0.0.1. */
export async function startLoopbackFleet(options: LoopbackOptions = {}): Promise<LoopbackFleet> {
  const log = createMemoryLog();
  const identities = new Map(Object.entries(options.identities ?? { [TOKEN]: IDENTITY }));
  const refused: number[] = [];
  const fleet = createFleet({
    clock: options.clock ?? systemClock,
    random: () => 0.5,
    authenticateNode: (token) => identities.get(token),
    log,
    metrics: {
      sessionOpened: () => undefined,
      sessionClosed: () => undefined,
      upgradeRefused: (status) => refused.push(status),
      jobEnded: () => undefined,
    },
    ...(options.config !== undefined && { config: options.config }),
  });
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => fleet.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    fleet,
    url: `http://127.0.0.1:${port}`,
    port,
    log,
    refused,
    identities,
    until,
    close: () => {
      fleet.close();
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** Waits for something that no event tells of, such as a line that was cut elsewhere. The test's own timeout ends it. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
