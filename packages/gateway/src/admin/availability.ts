import type { Model } from '../catalog/model.ts';
import type { NodeStatus } from '../fleet/fleet.ts';
import type { AvailabilityBucket, AvailabilitySample } from '../observe/availability-history.ts';
import type { ModelState } from './context.ts';

/** The last 24 hours, as far as this gateway has seen them. */
export type HistoryView = {
  /** Share of the time at which it was available, 0 to 1. null: nothing is known. */
  available: number | null;
  /** Quarters of an hour, the oldest first; those before the gateway began are not there. */
  quarters: { from: string; available: number; busy: number; waitingMax: number }[];
};

export function historyView(buckets: readonly AvailabilityBucket[]): HistoryView {
  const sum = buckets.reduce((total, { available }) => total + available, 0);
  return {
    available: buckets.length === 0 ? null : round(sum / buckets.length),
    quarters: buckets.map(({ fromMs, available, busy, waitingMax }) => ({
      from: new Date(fromMs).toISOString(),
      available: round(available),
      busy: round(busy),
      waitingMax,
    })),
  };
}

function round(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}

/** The name that a model's history is kept under; a node's is its id. */
export function historyOfModel({ id }: Pick<Model, 'id'>): string {
  return `model ${id}`;
}

/** What a look at a node notes. Undefined: it is not connected. */
export function sampleOfNode(status: NodeStatus | undefined): AvailabilitySample {
  const models = status?.models ?? [];
  const slots = Math.max(0, ...models.map((model) => model.slots));
  const busySlots = models.reduce((sum, model) => sum + model.busySlots, 0);
  return { available: status?.state === 'ready', slots, busySlots, waiting: 0 };
}

export function sampleOfModel({ available, slots, freeSlots, waiting }: ModelState): AvailabilitySample {
  return { available, slots, busySlots: slots - freeSlots, waiting };
}
