import type { AdminContext } from './admin/context.ts';
import { openMaintenance } from './admin/maintenance.ts';
import { createClosers, type Base } from './composition/base.ts';
import { knownNames, openCatalogue } from './composition/catalogue.ts';
import { openNodes } from './composition/nodes.ts';
import { openOperation, openPeopleOf } from './composition/operation.ts';
import { routesOf } from './composition/routes.ts';
import { collectStartGarbage } from './composition/start-garbage.ts';
import { openStores, startLedgerJobs } from './composition/stores.ts';
import { openTargets } from './composition/targets.ts';
import { openPictures, openWork } from './composition/work.ts';
import type { Config } from './config/config.ts';
import type { PrintedValue } from './config/print.ts';
import { systemClock as clock } from './core/clock.ts';
import type { Log } from './core/log.ts';
import { Roster } from './core/roster.ts';
import type { AnyRow } from './http/routes.ts';
import { createHttpServer } from './http/server.ts';
import type { InferenceDeps } from './inference/deps.ts';
import { createShutdown } from './inference/shutdown.ts';
import { createLog } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import type { People } from './people/open-people.ts';
import { makeDataFolder } from './store/sqlite/main/data-folder.ts';
import { acquireDataLock } from './store/sqlite/main/data-lock.ts';

/** Another process may just be ending on the same data folder. */
const DATA_LOCK_WAIT_MS = 5_000;
/** Nodes of a gateway that ends come back to the one that follows it. */
const NODES_RETRY_MS = 2_000;

export type RunningGateway = {
  host: string;
  /** The port in use: the configured one, or what the system chose for 0. */
  port: number;
  /** The operator's use cases act on the live parts through this. */
  admin: AdminContext;
  people: People;
  /** Everything that is answered over HTTP. */
  routes: readonly Pick<AnyRow, 'method' | 'path'>[];
  /** Stops taking requests, lets running ones end (at most the configured time), settles all, closes all. Idempotent. */
  stop(): Promise<void>;
};

/** The data folder is in use by another process. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
}

/**
 * The composition root: builds every part from the configuration and starts it. Only this file and `composition/` know
 * all of them. `effective`: the configuration as operators may read it.
 * Throws `DataFolderInUseError`, or what the system says when a file or the port cannot be used.
 */
export async function startGateway(
  config: Config,
  effective: readonly PrintedValue[] = [],
  log: Log = createLog(config.logging.level, clock),
): Promise<RunningGateway> {
  makeDataFolder(config.data.dir);
  const lock = acquireDataLock(config.data.dir, DATA_LOCK_WAIT_MS);
  if (lock === undefined) throw new DataFolderInUseError('another process uses this data folder');

  // What was opened is closed again, also when a later step of the start fails.
  const closers = createClosers(log);
  closers.add(() => lock.release());
  try {
    return await startParts({ config, clock, log, closers }, effective);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function startParts(
  start: Omit<Base, 'port'>,
  effective: readonly PrintedValue[],
): Promise<RunningGateway> {
  let boundPort: number | undefined;
  const base: Base = { ...start, port: () => boundPort };
  const { config, log, closers } = base;

  const stores = await openStores(base);
  const catalogue = await openCatalogue(base, stores.registry);
  const maintenance = await openMaintenance(stores.registry);
  const nodes = await openNodes(base, stores);
  const people = await openPeopleOf(base, stores, nodes.fleet);

  const running: InferenceDeps['running'] = new Roster();
  const shutdown = createShutdown({
    clock,
    log,
    running,
    delayMs: config.server.drainDelayMs,
    drainMs: config.server.drainMs,
    onDraining() {
      http.stopAccepting();
      nodes.fleet.drain({ retryAfterMs: NODES_RETRY_MS, graceMs: config.server.drainMs });
    },
    closeAll: closers.closeAll,
  });
  const metrics = createMetrics(
    {
      running: () => running.size,
      waiting: () => targets.queue.length(),
      nodesOnline: () => nodes.fleet.nodes().length,
      ledgerHealthy: () => stores.ledger.healthy(),
    },
    knownNames(base, catalogue),
  );
  const ledgerJobs = startLedgerJobs(base, stores, metrics);

  const targets = openTargets(base, nodes.fleet, metrics);
  const work = await openWork(base, {
    stores,
    catalogue,
    nodes,
    targets,
    metrics,
    maintenance,
    running,
    accepting: shutdown.isAccepting,
    onEnded: (receipt) => operation.requestEnded(receipt),
  });
  const operation = await openOperation(base, {
    stores,
    catalogue,
    nodes,
    people,
    targets,
    work,
    maintenance,
    ledgerJobs,
    effective,
  });
  const images = openPictures(base, work, { catalogue, targets, onBlocked: operation.blocks.blocked });

  const { admin, consoleApi } = operation;
  const { isReady, stop } = shutdown;
  const parts = { stores, catalogue, work, images, people, admin, consoleApi, maintenance, metrics, isReady };
  const routes = routesOf(base, parts);
  const { handleUpgrade } = nodes.fleet;
  const http = createHttpServer({
    config: config.server,
    routes,
    handleUpgrade,
    log,
    brand: config.brand.name,
  });
  closers.add(() => http.close());
  collectStartGarbage();
  const address = await http.listen();
  boundPort = address.port;
  log.info('listening', { host: address.host, port: address.port });
  people.warmUp();

  return { ...address, admin, people, routes, stop };
}
