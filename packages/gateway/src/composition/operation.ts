import { suspendAccount } from '../admin/accounts.ts';
import { openAdminServer } from '../admin/admin-server.ts';
import type { AdminContext } from '../admin/context.ts';
import { gatewayUrl, siteUrl } from '../admin/gateway-url.ts';
import type { MaintenanceSwitch } from '../admin/maintenance.ts';
import { openAvailability } from '../admin/open-availability.ts';
import type { PrintedValue } from '../config/print.ts';
import { openConsole } from '../console/open-console.ts';
import { createPeopleMembers } from '../console/people-members.ts';
import { errorFields } from '../core/log.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { createFirstContent, type FirstContent } from '../observe/first-content.ts';
import { openMailer } from '../people/open-mailer.ts';
import { openPeople, type People } from '../people/open-people.ts';
import { createBlockCount } from '../safety/block-count.ts';
import type { Base } from './base.ts';
import type { Catalogue } from './catalogue.ts';
import type { Nodes } from './nodes.ts';
import type { startLedgerJobs, Stores } from './stores.ts';
import type { Targets } from './targets.ts';
import type { Work } from './work.ts';

export type OperationParts = {
  stores: Stores;
  catalogue: Catalogue;
  nodes: Nodes;
  people: People;
  targets: Targets;
  work: Work;
  maintenance: MaintenanceSwitch;
  ledgerJobs: ReturnType<typeof startLedgerJobs>;
  /** The configuration as operators may read it. */
  effective: readonly PrintedValue[];
};

/** People's accounts: sign-up, sign-in, and what they may do with the accounts of money. */
export async function openPeopleOf(base: Base, stores: Stores, fleet: Fleet): Promise<People> {
  const { config, clock, log, closers, port } = base;
  const people = await openPeople({
    clock,
    ...stores.people,
    registry: stores.registry,
    ledger: stores.ledger,
    config,
    mailer: openMailer(config, log, clock),
    siteUrl: () => siteUrl(config, port()),
    disconnectNode: (nodeId) => fleet.disconnect(nodeId, 'revoked'),
    receipts: (accountId, limit) => stores.receipts.recent(accountId, limit),
    onFailure: (error) => log.error('people_failed', errorFields(error)),
  });
  closers.add(() => people.close());
  return people;
}

/** What operators and the web app do: the use cases, the console API, the socket of the command line. */
export async function openOperation(base: Base, parts: OperationParts) {
  const { config, clock, log, closers, port } = base;
  const { people, targets, work } = parts;
  const shown = new Set(parts.catalogue.catalog.listModels(undefined).map(({ id }) => id));
  const firstContent = createFirstContent(clock, (id) => shown.has(id));
  const admin = adminContext(base, parts, firstContent);
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
  const consoleApi = openConsole({
    config,
    admin,
    people: {
      sessions: people.sessions,
      members: createPeopleMembers(people.deps),
      onSessionEnd: people.onSessionEnd,
    },
    operator: {
      plan: parts.catalogue.plan,
      maintenance: parts.maintenance,
      upstreams: targets.upstreamStatuses,
      lastFault: targets.lastUpstreamFault,
      load: () => ({ running: work.inference.running.size, waiting: targets.queue.length() }),
      ledgerCheck: parts.ledgerJobs.lastCheck,
      blocksPerDay: () => blocks.perDay(),
      configValues: [...parts.effective],
    },
    records: parts.stores.records,
    receipts: {
      receiptOf: (accountId, requestId) => parts.stores.receipts.byId(accountId, requestId),
      prices: parts.catalogue.book,
      signer: parts.stores.signer,
    },
    keyLimits: work.keyLimits,
    port,
    log,
  });
  closers.add(() => consoleApi.close());
  const adminServer = await openAdminServer({
    dataDirectory: config.data.dir,
    context: admin,
    onFailure: (operation, error) => log.error('admin_failed', { reason: operation, ...errorFields(error) }),
  });
  closers.add(() => adminServer.close());
  return {
    admin,
    blocks,
    consoleApi,
    /** Told of each request that has ended. */
    requestEnded(receipt: Receipt): void {
      firstContent.ended(receipt);
      consoleApi.requestEnded(receipt);
    },
  };
}

function adminContext(base: Base, parts: OperationParts, firstContent: FirstContent): AdminContext {
  const { config, clock, closers, port } = base;
  const { stores, targets, work, nodes } = parts;
  const { catalog, ownPrices } = parts.catalogue;
  const { registry } = stores;
  const { router, queue } = targets;
  const { fleet, trust } = nodes;
  const availability = openAvailability({
    clock,
    catalog,
    directory: registry.directory,
    fleet,
    router,
    queue,
  });
  closers.add(() => availability.close());
  return {
    clock,
    registry,
    ledger: stores.ledger,
    receipts: stores.receipts,
    earnings: stores.records,
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
        const model = work.models.modelOf(deployment);
        return { ...availability.modelState(model, deployment.accountId), model };
      },
    },
    history: availability.history,
    firstContent,
    trust: { book: trust.book, contact: config.trust.contact },
    people: parts.people,
    gatewayUrl: () => gatewayUrl(config, port()),
    pools: config.pools.map((pool) => pool.name),
    fleet,
    brand: config.brand.keyPrefix,
    welcomeMicros: config.accounts.welcomeMicros,
    actor: 'cli',
  };
}
