import { storedSecret } from '../accounts/stored-secret.ts';
import type { MaintenanceSwitch } from '../admin/maintenance.ts';
import { errorFields } from '../core/log.ts';
import type { InferenceDeps } from '../inference/deps.ts';
import { createIdempotency } from '../inference/idempotency.ts';
import type { ImageDeps } from '../inference/image-deps.ts';
import { createModelDirectory } from '../inference/model-directory.ts';
import { createNodeWork } from '../inference/node-work.ts';
import { observeRequests } from '../inference/observe-requests.ts';
import { startPulse } from '../inference/serve-text.ts';
import type { Shutdown } from '../inference/shutdown.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { byNetwork, createAddressGuard } from '../limits/address-guard.ts';
import { createKeyLimits } from '../limits/key-limits.ts';
import type { Metrics } from '../observe/metrics.ts';
import { createClassifier } from '../safety/create-classifier.ts';
import type { Base } from './base.ts';
import type { Catalogue } from './catalogue.ts';
import type { Nodes } from './nodes.ts';
import type { Stores } from './stores.ts';
import type { Targets } from './targets.ts';

export type Work = Awaited<ReturnType<typeof openWork>>;

export type WorkParts = {
  stores: Stores;
  catalogue: Catalogue;
  nodes: Nodes;
  targets: Targets;
  metrics: Metrics;
  maintenance: MaintenanceSwitch;
  running: InferenceDeps['running'];
  accepting: Shutdown['isAccepting'];
  /** Told of each request that has ended, beside logs and metrics. */
  onEnded(receipt: Receipt): void;
};

/** What the life of a request needs. */
export async function openWork({ config, clock, log, closers }: Base, parts: WorkParts) {
  const { registry, ledger, receipts } = parts.stores;
  const { trust, fleet, canaries } = parts.nodes;
  const models = createModelDirectory({
    catalog: parts.catalogue.catalog,
    deployments: registry.directory.deployments,
    nodes: fleet,
    ...parts.catalogue.ownPrices,
  });
  const keyLimits = createKeyLimits(clock);
  const observer = observeRequests(log, parts.metrics);
  const inference: InferenceDeps = {
    clock,
    authenticate: registry.directory.authenticate,
    resolveModel: models.resolveModel,
    defaultLimits: config.limits,
    lowBalanceMicros: config.accounts.lowBalanceMicros,
    addressGuard: byNetwork(createAddressGuard(clock)),
    keyLimits,
    ledger,
    idempotency: createIdempotency({
      secret: await storedSecret(registry, 'idempotency'),
      receiptOf: (accountId, requestId) => receipts.byId(accountId, requestId),
    }),
    router: parts.targets.router,
    queue: parts.targets.queue,
    nodeWork: createNodeWork({ ...trust, maturity: config.earnings, canaries }),
    retry: config.routing.retry,
    running: parts.running,
    accepting: parts.accepting,
    paused: parts.maintenance.refusal,
    observer: {
      ...observer,
      ended(receipt, costMicros) {
        observer.ended(receipt, costMicros);
        parts.onEnded(receipt);
      },
    },
  };
  const pulse = startPulse(clock, parts.running);
  closers.add(() => pulse.cancel());
  return { inference, models, keyLimits };
}

/** What the life of a picture needs beside that. `onBlocked`: a prompt of the account crossed the hard line. */
export function openPictures(
  { config, clock, log, closers }: Base,
  { inference }: Work,
  parts: { catalogue: Catalogue; targets: Targets; onBlocked(accountId: string): void },
): ImageDeps {
  const classifier = createClassifier(config.safety.classifier, {
    clock,
    onFailure: (error) => log.error('classifier_failed', errorFields(error)),
  });
  closers.add(() => classifier.close());
  const { catalog } = parts.catalogue;
  const { acquireImage, imageQueue, router } = parts.targets;
  return {
    inference,
    defaultModel: ({ key }) => catalog.listModels(key).find((model) => model.kind === 'image'),
    acquire: acquireImage,
    queue: imageQueue,
    expectedWaitSeconds: router.expectedWaitSeconds,
    classifier: classifier.classifier,
    onBlocked: parts.onBlocked,
  };
}
