import type { KeyDirectory } from '../accounts/key-directory.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Model } from '../catalog/model.ts';
import type { Clock } from '../core/clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { createAvailabilityHistory, startAvailabilityLooks } from '../observe/availability-history.ts';
import type { AvailabilityHistory } from '../observe/availability-history.ts';
import type { WaitingQueue } from '../routing/queue.ts';
import type { Router } from '../routing/router.ts';
import { historyOfModel, sampleOfModel, sampleOfNode } from './availability.ts';
import type { ModelState } from './context.ts';

export type AvailabilityParts = {
  clock: Clock;
  catalog: Pick<Catalog, 'allModels'>;
  directory: Pick<KeyDirectory, 'nodes'>;
  fleet: Pick<Fleet, 'nodes'>;
  router: Pick<Router, 'availability' | 'expectedWaitSeconds'>;
  queue: Pick<WaitingQueue, 'waiting'>;
};

export type OpenedAvailability = {
  /** `accountId`: as this account sees it, its private nodes included. */
  modelState(model: Model, accountId?: string): ModelState;
  history: Pick<AvailabilityHistory, 'of' | 'now'>;
  close(): void;
};

/** How available models and nodes are now, and were in the last 24 hours: looks at all of them once a minute. */
export function openAvailability(parts: AvailabilityParts): OpenedAvailability {
  const { clock, catalog, directory, fleet, router, queue } = parts;

  function modelState(model: Model, accountId?: string): ModelState {
    const waiting = queue.waiting(model);
    const expectedWaitSeconds = router.expectedWaitSeconds(model, waiting, accountId) ?? null;
    return { ...router.availability(model, accountId), waiting, expectedWaitSeconds };
  }

  const history = createAvailabilityHistory(clock);
  const looks = startAvailabilityLooks(clock, history, function* () {
    const live = new Map(fleet.nodes().map((status) => [status.nodeId, status]));
    for (const { node } of directory.nodes()) {
      if (node.revokedAtMs === undefined) yield [node.id, sampleOfNode(live.get(node.id))];
    }
    for (const model of catalog.allModels()) yield [historyOfModel(model), sampleOfModel(modelState(model))];
  });
  return { modelState, history, close: () => looks.cancel() };
}
