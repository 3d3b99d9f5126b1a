import type { CapabilityModel } from '@switchyard/protocol/link/messages.ts';
import type { RandomSource } from '../core/clock.ts';
import type { NodeWant } from './fleet.ts';

/** A node that could take the job now or later. */
export type Candidate = {
  nodeId: string;
  freeSlots: number;
  /** Output tokens per second, measured or declared. Undefined: nothing is known. */
  tokensPerSecond: number | undefined;
  /** Share of recent jobs that the node failed, 0 to 1. */
  failureRate: number;
};

/** Taken for a node whose speed nobody knows yet, so that it gets jobs to be measured by. */
const UNKNOWN_TOKENS_PER_SECOND = 20;

/** Whether a node's model can serve what the request needs. */
export function fitsNeeds(model: CapabilityModel, needs: NodeWant['needs']): boolean {
  if (needs.tools && !model.tools) return false;
  if (needs.vision && !model.vision) return false;
  if (needs.thinking && !model.thinking) return false;
  if (needs.jsonSchema && !model.jsonSchema) return false;
  return needs.contextTokens <= model.contextTokens;
}

/**
 * Chooses among nodes with a free slot, at random, weighted by free slots and speed and against failures. Random and
 * not the best: earnings spread, and a herd of requests does not run to one node. Load alone never decides, since a
 * node that fails at once is always the least loaded.
 */
export function pickNode<Node extends Candidate>(
  candidates: readonly Node[],
  random: RandomSource,
): Node | undefined {
  const free = candidates.filter((candidate) => candidate.freeSlots > 0);
  const weights = free.map(weightOf);
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, candidate] of free.entries()) {
    rest -= weights[index] ?? 0;
    if (rest < 0) return candidate;
  }
  return free.at(-1);
}

function weightOf(candidate: Candidate): number {
  const speed = Math.max(candidate.tokensPerSecond ?? UNKNOWN_TOKENS_PER_SECOND, 0.1);
  const penalty = (1 + 2 * candidate.failureRate) ** 2;
  return (candidate.freeSlots * speed) / penalty;
}
