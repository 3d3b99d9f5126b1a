import { systemRandom } from '../core/clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Metrics } from '../observe/metrics.ts';
import { createUpstreamFaults } from '../observe/upstream-faults.ts';
import { createUpstreamObserver, type UpstreamStatus } from '../observe/upstreams.ts';
import { createImageQueue, createImageRouter } from '../routing/image-router.ts';
import { createWaitingQueue } from '../routing/queue.ts';
import { createRouter } from '../routing/router.ts';
import { openUpstreams, type OpenedUpstream } from '../upstreams/open-upstreams.ts';
import type { Base } from './base.ts';

export type Targets = ReturnType<typeof openTargets>;

/** Pictures take long, so a wait is worth more than for text. */
const IMAGE_WAIT_MS = 120_000;

/** Where requests can go: nodes and upstreams, the choice among them, and who waits for one. */
export function openTargets({ config, clock, log, closers }: Base, fleet: Fleet, metrics: Metrics) {
  const upstreamFaults = createUpstreamFaults(clock);
  const observeUpstream = createUpstreamObserver(log, metrics.registry, () => statusesOf(upstreams));
  const upstreams = openUpstreams(config, {
    clock,
    random: systemRandom,
    observerOf: (name) => upstreamFaults.noting(name, observeUpstream(name)),
  });
  closers.add(
    async () => void (await Promise.all([...upstreams.values()].map((upstream) => upstream.close()))),
  );

  const depthPerModel = config.limits.queueDepth;
  const router = createRouter(fleet, upstreams);
  const queue = createWaitingQueue(clock, router, { waitMs: config.limits.queueWaitMs, depthPerModel });
  fleet.onCapacity(() => queue.capacityChanged());
  const acquireImage = createImageRouter(fleet);
  const imageQueue = createImageQueue(clock, acquireImage, { waitMs: IMAGE_WAIT_MS, depthPerModel });
  fleet.onCapacity(() => imageQueue.capacityChanged());
  return {
    router,
    queue,
    acquireImage,
    imageQueue,
    upstreamStatuses: () => statusesOf(upstreams),
    lastUpstreamFault: upstreamFaults.last,
  };
}

function* statusesOf(upstreams: ReadonlyMap<string, OpenedUpstream>): Iterable<UpstreamStatus> {
  for (const [name, upstream] of upstreams) yield { name, ...upstream.status() };
}
