import { join } from 'node:path';
import { openRegistry } from '../accounts/registry.ts';
import type { AdminContext, ModelReader } from '../admin/context.ts';
import { gatewayUrl, siteUrl } from '../admin/gateway-url.ts';
import { openTrust } from '../admin/open-trust.ts';
import { runOperation } from '../admin/operations.ts';
import type { OperationName } from '../admin/operations.ts';
import { openPricePlan, type PricePlan } from '../admin/price-plan.ts';
import { type Catalog, createCatalog } from '../catalog/catalog.ts';
import { deploymentPrices } from '../catalog/deployment.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import type { Fault } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import { openPeople } from '../people/open-people.ts';
import { openLedgerStore } from '../store/sqlite/ledger/open.ts';
import { openReceiptStore } from '../store/sqlite/ledger/read.ts';
import { openRecordReader } from '../store/sqlite/ledger/usage-reader.ts';
import { openSqliteAccountStore } from '../store/sqlite/main/account-store.ts';
import {
  LEDGER_DATABASE_FILE,
  makeDataFolder,
  USAGE_DATABASE_FILE,
} from '../store/sqlite/main/data-folder.ts';
import { acquireDataLock } from '../store/sqlite/main/data-lock.ts';
import { openPeopleStore } from '../store/sqlite/people/open.ts';
import { CommandFailure } from './failure.ts';

/** Another command may be at work on the same folder: it needs a moment only. */
const LOCK_WAIT_MS = 5_000;

/** The operator's use cases over the stores of a data folder, while no gateway runs on it. */
export type LocalGateway = {
  run(name: OperationName, input: unknown): Promise<Result<unknown, Fault>>;
  close(): Promise<void>;
};

/**
 * Opens the stores in this process. Undefined when another process uses the folder.
 * Throws `CommandFailure` when the folder or a file in it cannot be used.
 */
export async function openLocalGateway(config: Config): Promise<LocalGateway | undefined> {
  try {
    const opened = await openAdminContext({ config, clock: systemClock, lockWaitMs: LOCK_WAIT_MS });
    if (opened === undefined) return undefined;
    return { run: (name, input) => runOperation(opened.context, name, input), close: opened.close };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new CommandFailure(`The data folder cannot be used: ${reason}`, {
      code: 'data_folder_unusable',
      hint: `It is ${config.data.dir}; name another one with --data DIR.`,
    });
  }
}

export type OpenedContext = { context: AdminContext; plan: PricePlan; close(): Promise<void> };

/** What the use cases work with, over the stores alone: no gateway, no nodes. Undefined when the folder is in use. */
export async function openAdminContext(options: {
  config: Config;
  clock: Clock;
  /** How long to wait for another process to leave the folder. */
  lockWaitMs: number;
}): Promise<OpenedContext | undefined> {
  const { config, clock } = options;
  const directory = config.data.dir;
  makeDataFolder(directory);
  const lock = acquireDataLock(directory, options.lockWaitMs);
  if (lock === undefined) return undefined;
  // Closed in the opposite order, also when a later step fails.
  const closers: (() => Promise<void> | void)[] = [() => lock.release()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    const store = openSqliteAccountStore(directory, clock);
    closers.push(() => store.close());
    const registry = await openRegistry({ store, clock, brand: config.brand.keyPrefix });
    closers.push(() => registry.close());
    const path = join(directory, LEDGER_DATABASE_FILE);
    const { ledger } = await openLedgerStore({ path, clock });
    closers.push(() => ledger.close());
    const trust = await openTrust({
      clock,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      store: store.trust,
      directory: registry.directory,
      ledger,
      promotion: config.trust.promotion,
      maturityMs: config.earnings.maturityMs,
      contact: config.trust.contact,
      disconnect: () => undefined,
    });
    closers.push(() => trust.close());
    const receipts = openReceiptStore(path);
    closers.push(() => receipts.close());
    const records = openRecordReader({ ledgerPath: path, usagePath: join(directory, USAGE_DATABASE_FILE) });
    closers.push(() => records.close());
    const peopleStore = openPeopleStore(directory, clock);
    closers.push(() => peopleStore.store.close());
    const people = await openPeople({
      clock,
      ...peopleStore,
      registry,
      ledger,
      config,
      mailer: { send: () => undefined },
      siteUrl: () => siteUrl(config),
      disconnectNode: () => undefined,
      receipts: (accountId, limit) => receipts.recent(accountId, limit),
      onFailure: () => undefined,
    });
    closers.push(() => people.close());
    const catalog = createCatalog(config, clock);
    const plan = await openPricePlan(registry, catalog);
    const context: AdminContext = {
      clock,
      registry,
      ledger,
      receipts,
      earnings: records,
      models: modelsOf(catalog),
      deployments: { prices: deploymentPrices(config), state: () => undefined },
      history: undefined,
      firstContent: undefined,
      trust: { book: trust.book, contact: config.trust.contact },
      people,
      gatewayUrl: () => gatewayUrl(config),
      pools: config.pools.map((pool) => pool.name),
      fleet: undefined,
      brand: config.brand.keyPrefix,
      welcomeMicros: config.accounts.welcomeMicros,
      actor: 'cli',
    };
    return { context, plan, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function modelsOf(catalog: Catalog): ModelReader {
  return {
    all: () => catalog.allModels(),
    find(name) {
      const found = catalog.resolveModel({ models: undefined }, name);
      return found.ok ? found.value : undefined;
    },
    availability: () => undefined,
  };
}
