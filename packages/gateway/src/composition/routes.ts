import { earningsNames } from '../admin/earnings.ts';
import type { AdminContext } from '../admin/context.ts';
import type { MaintenanceSwitch } from '../admin/maintenance.ts';
import { shownModels } from '../console/models.ts';
import type { Console } from '../console/open-console.ts';
import { VERSION } from '../core/version.ts';
import { type AnyRow, routeTable } from '../http/routes.ts';
import { loadWebApp } from '../http/web-app.ts';
import type { ImageDeps } from '../inference/image-deps.ts';
import type { Shutdown } from '../inference/shutdown.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { People } from '../people/open-people.ts';
import { chatCompletionsSurface } from '../surfaces/chat-completions/surface.ts';
import { messagesCountSurface, messagesSurface } from '../surfaces/messages/surface.ts';
import { responsesSurface } from '../surfaces/responses/surface.ts';
import type { Base } from './base.ts';
import type { Catalogue } from './catalogue.ts';
import type { Stores } from './stores.ts';
import type { Work } from './work.ts';

/** The text dialects that clients may speak, and where. */
const TEXT_SURFACES = [
  { path: '/v1/chat/completions', surface: chatCompletionsSurface },
  { path: '/v1/messages', surface: messagesSurface },
  { path: '/v1/responses', surface: responsesSurface },
];
const TOKEN_COUNTERS = [{ path: '/v1/messages/count_tokens', surface: messagesCountSurface }];

export type RouteParts = {
  stores: Stores;
  catalogue: Catalogue;
  work: Work;
  images: ImageDeps;
  people: People;
  admin: AdminContext;
  consoleApi: Console;
  maintenance: MaintenanceSwitch;
  metrics: Metrics;
  isReady: Shutdown['isReady'];
};

/** Everything that is answered over HTTP. */
export function routesOf({ config, clock }: Base, parts: RouteParts): AnyRow[] {
  const { registry, receipts, records, signer } = parts.stores;
  const { inference, models } = parts.work;
  const table = routeTable({
    version: VERSION,
    isReady: parts.isReady,
    config,
    catalog: parts.catalogue.catalog,
    models,
    inference,
    images: parts.images,
    metrics: parts.metrics,
    gate: parts.people.gate,
    textSurfaces: TEXT_SURFACES,
    tokenCounters: TOKEN_COUNTERS,
    earnings: { earnings: records, names: earningsNames(parts.admin) },
    receipts: {
      receiptOf: (accountId, requestId) => receipts.byId(accountId, requestId),
      records,
      prices: parts.catalogue.book,
      signer,
      keyName: (keyId) => registry.directory.key(keyId)?.identity.key.name,
    },
    status: {
      models: () => shownModels(parts.admin),
      maintenance: () => parts.maintenance.state(),
      startedAtMs: clock.nowMs(),
    },
    web: loadWebApp(),
    sessions: parts.people.sessions,
  });
  return [...table, ...parts.consoleApi.rows];
}
