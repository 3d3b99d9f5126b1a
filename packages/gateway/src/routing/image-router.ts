import type { Model } from '../catalog/model.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { StartImage } from '../core/image-attempt.ts';

/** A node that was chosen for one try. Either `start` or `release` is called, once. */
export type ImageTarget = {
  pool: string;
  nodeId: string;
  recipe: string;
  start: StartImage;
  release(): void;
};

export type ImageAsk = {
  model: Model;
  accountId: string;
  /** Width times height. */
  pixels: number;
  nsfw: boolean;
  /** Nodes that were tried. */
  tried: ReadonlySet<string>;
};

/** Port: the nodes. */
export type ImageNodes = {
  acquireImage(want: {
    pool: string;
    accountId: string;
    recipe: string;
    pixels: number;
    nsfw: boolean;
    excludedNodes: ReadonlySet<string>;
  }): { nodeId: string; start: StartImage; release(): void } | 'busy' | 'none';
};

export type AcquireImage = (ask: ImageAsk) => ImageTarget | 'busy' | 'none';

/** Finds a node for a picture by the model's routes, in the operator's order. Pictures go to pools only. */
export function createImageRouter(nodes: ImageNodes): AcquireImage {
  return ({ model, accountId, pixels, nsfw, tried }) => {
    let isBusy = false;
    for (const route of model.routes) {
      if (route.kind !== 'pool') continue;
      const { pool, remoteModel: recipe } = route;
      const slot = nodes.acquireImage({ pool, accountId, recipe, pixels, nsfw, excludedNodes: tried });
      if (slot === 'busy') isBusy = true;
      else if (slot !== 'none') return { pool, recipe, ...slot };
    }
    return isBusy ? 'busy' : 'none';
  };
}

/** Requests for pictures that wait for a free node, first come, first served, bounded in number and time. */
export type ImageQueue = {
  /** `settle` is called once, never within this call, unless the waiter leaves. */
  enter(ask: ImageAsk, settle: (outcome: ImageTarget | 'timeout' | 'none') => void): 'full' | ImageTicket;
  capacityChanged(): void;
};

export type ImageTicket = {
  /** From 1. */
  position(): number;
  leave(): void;
};

type Waiter = {
  ask: ImageAsk;
  deadlineMs: number;
  settle: (outcome: ImageTarget | 'timeout' | 'none') => void;
};

const GRAIN_MS = 250;

export function createImageQueue(
  clock: Clock,
  acquire: AcquireImage,
  bounds: { waitMs: number; depthPerModel: number },
): ImageQueue {
  const waiters = new Set<Waiter>();
  let timer: Timer | undefined;

  function ofModel(model: Model): Waiter[] {
    return [...waiters].filter(({ ask }) => ask.model.id === model.id);
  }

  function stopWhenEmpty(): void {
    if (waiters.size > 0) return;
    timer?.cancel();
    timer = undefined;
  }

  function serve(): void {
    const nowMs = clock.monotonicMs();
    const settled: (() => void)[] = [];
    for (const waiter of waiters) {
      const outcome = acquire(waiter.ask);
      if (outcome === 'busy' && nowMs < waiter.deadlineMs) continue;
      waiters.delete(waiter);
      settled.push(() => waiter.settle(outcome === 'busy' ? 'timeout' : outcome));
    }
    stopWhenEmpty();
    for (const run of settled) run();
  }

  return {
    enter(ask, settle) {
      if (ofModel(ask.model).length >= bounds.depthPerModel) return 'full';
      const waiter: Waiter = { ask, settle, deadlineMs: clock.monotonicMs() + bounds.waitMs };
      waiters.add(waiter);
      timer ??= clock.every(GRAIN_MS, serve);
      return {
        position: () => ofModel(ask.model).indexOf(waiter) + 1,
        leave() {
          waiters.delete(waiter);
          stopWhenEmpty();
        },
      };
    },
    capacityChanged() {
      if (waiters.size > 0) serve();
    },
  };
}
