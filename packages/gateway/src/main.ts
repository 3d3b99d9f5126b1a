import { join } from 'node:path';
import { CONNECTOR_VERSION } from '@switchyard/connector/version.ts';
import { openRegistry } from './accounts/registry.ts';
import { storedSecret } from './accounts/stored-secret.ts';
import { suspendAccount } from './admin/accounts.ts';
import { openAdminServer } from './admin/admin-server.ts';
import type { AdminContext } from './admin/context.ts';
import { openAvailability } from './admin/open-availability.ts';
import { earningsNames } from './admin/earnings.ts';
import { openMaintenance } from './admin/maintenance.ts';
import { openPricePlan } from './admin/price-plan.ts';
import { openTrust } from './admin/open-trust.ts';
import { gatewayUrl, siteUrl } from './admin/gateway-url.ts';
import { createCatalog, type Catalog } from './catalog/catalog.ts';
import { deploymentPrices } from './catalog/deployment.ts';
import type { Config } from './config/config.ts';
import type { PrintedValue } from './config/print.ts';
import { createPeopleMembers } from './console/people-members.ts';
import { openConsole } from './console/open-console.ts';
import { systemClock as clock, systemRandom } from './core/clock.ts';
import { errorFields, type Log } from './core/log.ts';
import { createFleet } from './fleet/create-fleet.ts';
import { createCanaryRunner } from './fleet/trust/canary-runner.ts';
import { type RouteRow, routeTable } from './http/routes.ts';
import { VERSION } from './core/version.ts';
import { createHttpServer } from './http/server.ts';
import { loadWebApp } from './http/web-app.ts';
import type { InferenceDeps } from './inference/deps.ts';
import { observeRequests } from './inference/observe-requests.ts';
import { createIdempotency } from './inference/idempotency.ts';
import { createModelDirectory } from './inference/model-directory.ts';
import { createNodeWork } from './inference/node-work.ts';
import type { ImageDeps } from './inference/image-deps.ts';
import { createShutdown } from './inference/shutdown.ts';
import { startPulse } from './inference/serve-text.ts';
import { createAddressGuard } from './limits/address-guard.ts';
import { createKeyLimits } from './limits/key-limits.ts';
import { createLog } from './observe/log.ts';
import { createMetrics, type KnownNames } from './observe/metrics.ts';
import { createUpstreamFaults } from './observe/upstream-faults.ts';
import { createUpstreamObserver, type UpstreamStatus } from './observe/upstreams.ts';
import { openMailer } from './people/open-mailer.ts';
import { openPeople, type People } from './people/open-people.ts';
import { openPriceBook } from './receipts/price-book.ts';
import { createReceiptSigner, newReceiptKeyPem } from './receipts/signing.ts';
import { createImageQueue, createImageRouter } from './routing/image-router.ts';
import { createWaitingQueue } from './routing/queue.ts';
import { createRouter } from './routing/router.ts';
import { createBlockCount } from './safety/block-count.ts';
import { createClassifier } from './safety/create-classifier.ts';
import { loadReceiptKey } from './store/receipt-key-file.ts';
import { openLedgerStore } from './store/sqlite/ledger/open.ts';
import { startRollupJob } from './store/sqlite/ledger/rollup-job.ts';
import { startReconcileJob } from './store/sqlite/ledger/reconcile-job.ts';
import { openReceiptStore } from './store/sqlite/ledger/read.ts';
import { openRecordReader } from './store/sqlite/ledger/usage-reader.ts';
import { openSqliteAccountStore } from './store/sqlite/main/account-store.ts';
import {
  LEDGER_DATABASE_FILE,
  makeDataFolder,
  USAGE_DATABASE_FILE,
} from './store/sqlite/main/data-folder.ts';
import { acquireDataLock } from './store/sqlite/main/data-lock.ts';
import { openPeopleStore } from './store/sqlite/people/open.ts';
import { chatCompletionsSurface } from './surfaces/chat-completions/surface.ts';
import { messagesCountSurface, messagesSurface } from './surfaces/messages/surface.ts';
import { responsesSurface } from './surfaces/responses/surface.ts';
import { openUpstreams, type OpenedUpstream } from './upstreams/open-upstreams.ts';

/** The text dialects that clients may speak, and where. */
const TEXT_SURFACES = [
  { path: '/v1/chat/completions', surface: chatCompletionsSurface },
  { path: '/v1/messages', surface: messagesSurface },
  { path: '/v1/responses', surface: responsesSurface },
];
const TOKEN_COUNTERS = [{ path: '/v1/messages/count_tokens', surface: messagesCountSurface }];

/** Another process may just be ending on the same data folder. */
const DATA_LOCK_WAIT_MS = 5_000;

/** Pictures take long, so a wait is worth more than for text. */
const IMAGE_WAIT_MS = 120_000;

export type RunningGateway = {
  host: string;
  /** The port in use: the configured one, or what the system chose for 0. */
  port: number;
  /** The operator's use cases act on the live parts through this. */
  admin: AdminContext;
  people: People;
  /** Everything that is answered over HTTP. */
  routes: readonly Pick<RouteRow, 'method' | 'path'>[];
  /** Stops taking requests, lets running ones end (at most the configured time), settles all, closes all. Idempotent. */
  stop(): Promise<void>;
};

/** The data folder is in use by another process. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
}

/**
 * The composition root: builds every part from the configuration and starts it. The only place that knows all of them.
 * `effective`: the configuration as operators may read it.
 * Throws `DataFolderInUseError`, or what the system says when a file or the port cannot be used.
 */
export async function startGateway(
  config: Config,
  effective: readonly PrintedValue[] = [],
  log: Log = createLog(config.logging.level, clock),
): Promise<RunningGateway> {
  const directory = config.data.dir;
  makeDataFolder(directory);
  const lock = acquireDataLock(directory, DATA_LOCK_WAIT_MS);
  if (lock === undefined) throw new DataFolderInUseError('another process uses this data folder');

  // What was opened is closed in the opposite order, also when a later step of the start fails.
  const closers: (() => Promise<void> | void)[] = [() => lock.release()];
  const closeAll = async () => {
    for (const close of closers.toReversed()) {
      await Promise.resolve(close()).catch((error: unknown) => log.error('close_failed', errorFields(error)));
    }
  };
  try {
    return await startParts(config, log, { closers, closeAll, effective });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

type Closing = {
  closers: (() => Promise<void> | void)[];
  closeAll: () => Promise<void>;
  effective: readonly PrintedValue[];
};

async function startParts(config: Config, log: Log, closing: Closing): Promise<RunningGateway> {
  const { closers, effective } = closing;
  const directory = config.data.dir;
  let boundPort: number | undefined;

  const accountStore = openSqliteAccountStore(directory, clock);
  closers.push(() => accountStore.close());
  const registry = await openRegistry({ store: accountStore, clock, brand: config.brand.keyPrefix });
  closers.push(() => registry.close());

  const ledgerPath = join(directory, LEDGER_DATABASE_FILE);
  const { ledger, orphanedHolds, upkeep } = await openLedgerStore({
    path: ledgerPath,
    clock,
    onFailure: (cause) => log.error('ledger_failed', { cause }),
  });
  closers.push(() => ledger.close());
  if (orphanedHolds > 0) log.warn('orphaned_holds_voided', { count: orphanedHolds });
  const receipts = openReceiptStore(ledgerPath);
  closers.push(() => receipts.close());

  const records = openRecordReader({ ledgerPath, usagePath: join(directory, USAGE_DATABASE_FILE) });
  closers.push(() => records.close());

  const peopleStore = openPeopleStore(directory, clock);
  closers.push(() => peopleStore.store.close());
  const people = await openPeople({
    clock,
    ...peopleStore,
    registry,
    ledger,
    config,
    mailer: openMailer(config, log),
    siteUrl: () => siteUrl(config, boundPort),
    disconnectNode: (nodeId) => fleet.disconnect(nodeId, 'revoked'),
    receipts: (accountId, limit) => receipts.recent(accountId, limit),
    onFailure: (error) => log.error('people_failed', errorFields(error)),
  });
  closers.push(() => people.close());

  const trust = await openTrust({
    clock,
    log,
    store: accountStore.trust,
    directory: registry.directory,
    ledger,
    promotion: config.trust.promotion,
    maturityMs: config.earnings.maturityMs,
    contact: config.trust.contact,
    disconnect: (nodeId, because) => fleet.disconnect(nodeId, 'suspended', because),
    tellReduced: (nodeId, reduced) => fleet.tell(nodeId, { reduced }),
  });
  closers.push(() => trust.close());

  const catalog = createCatalog(config, clock);
  const pricePlan = await openPricePlan(registry, catalog);
  const maintenance = await openMaintenance(registry);
  const ownPrices = { prices: deploymentPrices(config) };
  const prices = await openPriceBook(registry, [...catalog.allModels(), ownPrices]);
  const receiptKey = loadReceiptKey(directory, newReceiptKeyPem);
  const signer = createReceiptSigner(receiptKey.pem);
  if (receiptKey.wasOpen) log.warn('receipt_key_was_readable_by_others');
  const fleet = createFleet({
    clock,
    random: systemRandom,
    authenticateNode(token) {
      const owner = registry.directory.authenticateNode(token);
      if (typeof owner !== 'object') return owner;
      const suspendedBecause = trust.banNotice(owner.nodeId);
      return suspendedBecause === undefined ? owner : { suspendedBecause };
    },
    weightOf: (nodeId) => trust.book.standing(nodeId).weight,
    noticeFor(nodeId) {
      const reduced = trust.reducedNotice(nodeId);
      return reduced === undefined ? undefined : { reduced };
    },
    newestAgent: CONNECTOR_VERSION,
    config: config.nodes,
    log,
  });
  closers.push(() => fleet.close());
  // Hears of free slots before the queue does, so that a node with a full queue is tested, too.
  const canaries = config.trust.canaries
    ? createCanaryRunner({ clock, random: systemRandom, fleet, book: trust.book })
    : undefined;
  closers.push(() => canaries?.close());
  const running: InferenceDeps['running'] = new Set();
  const shutdown = createShutdown({
    clock,
    log,
    running,
    delayMs: config.server.drainDelayMs,
    drainMs: config.server.drainMs,
    onDraining() {
      http.stopAccepting();
      fleet.drain({ retryAfterMs: 2_000, graceMs: config.server.drainMs });
    },
    closeAll: closing.closeAll,
  });
  const metrics = createMetrics(
    {
      running: () => running.size,
      waiting: () => queue.length(),
      nodesOnline: () => fleet.nodes().length,
      ledgerHealthy: () => ledger.healthy(),
    },
    knownNames(config, catalog),
  );
  const upstreamFaults = createUpstreamFaults(clock);
  const observeUpstream = createUpstreamObserver(log, metrics.registry, () => upstreamStatuses(upstreams));
  const upstreams = openUpstreams(config, {
    clock,
    random: systemRandom,
    observerOf: (name) => upstreamFaults.noting(name, observeUpstream(name)),
  });
  closers.push(
    async () => void (await Promise.all([...upstreams.values()].map((upstream) => upstream.close()))),
  );

  const router = createRouter(fleet, upstreams);
  const queue = createWaitingQueue(clock, router, {
    waitMs: config.limits.queueWaitMs,
    depthPerModel: config.limits.queueDepth,
  });
  fleet.onCapacity(() => queue.capacityChanged());

  const models = createModelDirectory({
    catalog,
    deployments: registry.directory.deployments,
    nodes: fleet,
    ...ownPrices,
  });

  const keyLimits = createKeyLimits(clock);
  const observer = observeRequests(log, metrics);
  const inference: InferenceDeps = {
    clock,
    authenticate: registry.directory.authenticate,
    resolveModel: models.resolveModel,
    defaultLimits: config.limits,
    lowBalanceMicros: config.accounts.lowBalanceMicros,
    addressGuard: createAddressGuard(clock),
    keyLimits,
    ledger,
    idempotency: createIdempotency({
      secret: await storedSecret(registry, 'idempotency'),
      receiptOf: (accountId, requestId) => receipts.byId(accountId, requestId),
    }),
    router,
    queue,
    nodeWork: createNodeWork({ ...trust, maturity: config.earnings, canaries }),
    retry: config.routing.retry,
    running,
    accepting: shutdown.isAccepting,
    paused: maintenance.refusal,
    observer: {
      ...observer,
      ended(receipt, costMicros) {
        observer.ended(receipt, costMicros);
        consoleApi.requestEnded(receipt);
      },
    },
  };
  const acquireImage = createImageRouter(fleet);
  const imageQueue = createImageQueue(clock, acquireImage, {
    waitMs: IMAGE_WAIT_MS,
    depthPerModel: config.limits.queueDepth,
  });
  fleet.onCapacity(() => imageQueue.capacityChanged());
  const reconcileJob = startReconcileJob({
    clock,
    path: ledgerPath,
    log,
    onResult: (outcome) => metrics.reconciled(outcome),
  });
  closers.push(() => reconcileJob.stop());
  const rollupJob = startRollupJob({
    clock,
    upkeep,
    afterDays: config.ledger.rollupAfterDays,
    isSound: async () => (await reconcileJob.runNow()).state === 'sound',
    sign: (row) => signer.sign({ object: 'daily_sum', v: 1, ...row }).signature.value,
    log,
  });
  closers.push(() => rollupJob.stop());
  const pulse = startPulse(clock, running);
  closers.push(() => pulse.cancel());

  const availability = openAvailability({
    clock,
    catalog,
    directory: registry.directory,
    fleet,
    router,
    queue,
  });
  closers.push(() => availability.close());

  const admin: AdminContext = {
    clock,
    registry,
    ledger,
    receipts,
    earnings: records,
    models: {
      all: () => catalog.allModels(),
      find: (name) => {
        const model = catalog.resolveModel({ models: undefined }, name);
        return model.ok ? model.value : undefined;
      },
      availability: (model) => availability.modelState(model),
    },
    deployments: {
      ...ownPrices,
      state(deployment) {
        const model = models.modelOf(deployment);
        return { ...availability.modelState(model, deployment.accountId), model };
      },
    },
    history: availability.history,
    trust: { book: trust.book, contact: config.trust.contact },
    people,
    gatewayUrl: () => gatewayUrl(config, boundPort),
    pools: config.pools.map((pool) => pool.name),
    fleet,
    brand: config.brand.keyPrefix,
    welcomeMicros: config.accounts.welcomeMicros,
    actor: 'cli',
  };
  const consoleApi = openConsole({
    config,
    admin,
    people: { sessions: people.sessions, members: createPeopleMembers(people.deps) },
    operator: {
      plan: pricePlan,
      maintenance,
      upstreams: () => upstreamStatuses(upstreams),
      lastFault: upstreamFaults.last,
      load: () => ({ running: running.size, waiting: queue.length() }),
      ledgerCheck: () => reconcileJob.last(),
      blocksPerDay: () => blocks.perDay(),
      configValues: [...effective],
    },
    records,
    keyLimits,
    port: () => boundPort,
    log,
  });
  closers.push(() => consoleApi.close());
  const blocks = createBlockCount({
    clock,
    suspendAfter: config.safety.suspendAfterBlocks,
    suspend: (account) => {
      log.warn('account_suspended_by_hard_line', { accountId: account });
      suspendAccount({ ...admin, actor: 'hard-line' }, { account }).catch((error: unknown) =>
        log.error('admin_failed', { reason: 'account.suspend', ...errorFields(error) }),
      );
    },
  });
  const classifier = createClassifier(config.safety.classifier, {
    clock,
    onFailure: (error) => log.error('classifier_failed', errorFields(error)),
  });
  closers.push(() => classifier.close());
  const images: ImageDeps = {
    inference,
    defaultModel: ({ key }) => catalog.listModels(key).find((model) => model.kind === 'image'),
    acquire: acquireImage,
    queue: imageQueue,
    expectedWaitSeconds: router.expectedWaitSeconds,
    classifier: classifier.classifier,
    onBlocked: (accountId) => blocks.blocked(accountId),
  };
  const adminServer = await openAdminServer({
    dataDirectory: directory,
    context: admin,
    onFailure: (operation, error) => log.error('admin_failed', { reason: operation, ...errorFields(error) }),
  });
  closers.push(() => adminServer.close());

  const routes = [
    ...routeTable({
      version: VERSION,
      isReady: shutdown.isReady,
      config,
      catalog,
      models,
      inference,
      images,
      metrics,
      gate: people.gate,
      textSurfaces: TEXT_SURFACES,
      tokenCounters: TOKEN_COUNTERS,
      earnings: { earnings: records, names: earningsNames(admin) },
      receipts: {
        receiptOf: (accountId, requestId) => receipts.byId(accountId, requestId),
        records,
        prices,
        signer,
        keyName: (keyId) => registry.directory.key(keyId)?.identity.key.name,
      },
      web: loadWebApp(),
      sessions: people.sessions,
    }),
    ...consoleApi.rows,
  ];
  const http = createHttpServer({
    config: config.server,
    routes,
    handleUpgrade: fleet.handleUpgrade,
    log,
  });
  closers.push(() => http.close());
  const address = await http.listen();
  boundPort = address.port;
  log.info('listening', { host: address.host, port: address.port });
  people.warmUp();

  return { ...address, admin, people, routes, stop: shutdown.stop };
}

/** What metrics may name: whatever else a receipt says was chosen by an account. */
function knownNames(config: Config, catalog: Catalog): KnownNames {
  const models = new Set(catalog.allModels().map((model) => model.id));
  const routes = new Set([...config.pools, ...config.upstreams].map(({ name }) => name));
  return { isModel: (id) => models.has(id), isRoute: (name) => routes.has(name) };
}

function* upstreamStatuses(upstreams: Map<string, OpenedUpstream>): Iterable<UpstreamStatus> {
  for (const [name, upstream] of upstreams) yield { name, ...upstream.status() };
}
