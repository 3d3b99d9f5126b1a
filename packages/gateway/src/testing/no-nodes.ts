import type { NodePools } from '../routing/target.ts';

/** A fleet that nobody has joined. */
export const NO_NODES: NodePools = {
  acquire: () => 'none',
  waitMs: () => 0,
  availability: () => ({ nodesOnline: 0, slots: 0, freeSlots: 0 }),
  facts: () => undefined,
  jobsPerSecond: () => 0,
};
