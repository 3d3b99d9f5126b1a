import type { Registry } from '../accounts/registry.ts';
import { openPricePlan } from '../admin/price-plan.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { deploymentPrices } from '../catalog/deployment.ts';
import type { KnownNames } from '../observe/metrics.ts';
import { openPriceBook } from '../receipts/price-book.ts';
import type { Base } from './base.ts';

export type Catalogue = Awaited<ReturnType<typeof openCatalogue>>;

/** What can be asked for and what it costs, now and in the past. */
export async function openCatalogue({ config, clock }: Base, registry: Registry) {
  const catalog = createCatalog(config, clock);
  const plan = await openPricePlan(registry, catalog);
  /** Of the deployments that accounts make themselves. */
  const ownPrices = { prices: deploymentPrices(config) };
  const book = await openPriceBook(registry, [...catalog.allModels(), ownPrices]);
  return { catalog, plan, ownPrices, book };
}

/** What metrics may name: whatever else a receipt says was chosen by an account. */
export function knownNames({ config }: Base, { catalog }: Catalogue): KnownNames {
  const models = new Set(catalog.allModels().map((model) => model.id));
  const routes = new Set([...config.pools, ...config.upstreams].map(({ name }) => name));
  return { isModel: (id) => models.has(id), isRoute: (name) => routes.has(name) };
}
