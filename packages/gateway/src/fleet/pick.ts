import type { CapabilityModel } from '@switchyard/protocol/link/messages.ts';
import type { RandomSource } from '../core/clock.ts';
import type { NodeWant } from './fleet.ts';

/** A node that could take the job now. */
export type Candidate = {
  nodeId: string;
  busySlots: number;
  slots: number;
  roundTripMs: number;
  /** Output tokens per second, measured or declared. Undefined: nothing is known. */
  outputTokensPerSecond: number | undefined;
  /** Input tokens per second, as declared. Undefined: nothing is known. */
  promptTokensPerSecond: number | undefined;
  /** Whether the model is in memory. */
  isLoaded: boolean;
  /** Share of recent jobs that the node failed, 0 to 1. */
  failureRate: number;
  /** Share of the prompt that the node has probably still in its cache, 0 to 1. */
  cachedShare: number;
  /** Share of its usual work that the node gets, above 0 to 1: by its tier and its record. */
  weight: number;
};

/** Taken for a node whose speed nobody knows yet, so that it gets jobs to be measured by. */
const UNKNOWN_OUTPUT_PER_SECOND = 20;
const UNKNOWN_PROMPT_PER_SECOND = 400;
/** Length of an answer in the middle. It only weighs reading against writing. */
const USUAL_OUTPUT_TOKENS = 200;
const LOAD_MS = 30_000;
/** Nodes that would take longer than this many times the best are left alone while the best are free. */
const SLOWEST_SHARE = 1.5;

/** Whether a node's model can serve what the request needs. */
export function fitsNeeds(model: CapabilityModel, needs: NodeWant['needs']): boolean {
  if (needs.tools && !model.tools) return false;
  if (needs.vision && !model.vision) return false;
  if (needs.thinking && !model.thinking) return false;
  if (needs.jsonSchema && !model.jsonSchema) return false;
  const { continues } = needs;
  if (continues !== undefined && !(model.prefill === true && model.digest === continues.digest)) return false;
  return needs.contextTokens <= model.contextTokens;
}

/**
 * The time that a node will probably take, in ms: round trip, reading what its cache does not hold, writing, and a
 * load; longer with each slot in use and with each failure of late.
 */
export function expectedMs(node: Candidate, inputTokens: number): number {
  const reading =
    (inputTokens * (1 - node.cachedShare)) / (node.promptTokensPerSecond ?? UNKNOWN_PROMPT_PER_SECOND);
  const writing =
    USUAL_OUTPUT_TOKENS / Math.max(node.outputTokensPerSecond ?? UNKNOWN_OUTPUT_PER_SECOND, 0.1);
  const share = node.slots === 0 ? 0 : node.busySlots / node.slots;
  const work = (reading + writing) * 1_000 * (1 + share);
  return (node.roundTripMs + work + (node.isLoaded ? 0 : LOAD_MS)) * (1 + 2 * node.failureRate);
}

/**
 * Chooses among nodes with a free slot: those within one and a half times of the best expected time, at random,
 * weighted by trust and against the square of their time. At random and not the best: earnings spread, and a herd of requests does
 * not run to one node. Load alone never decides, since a node that fails at once is always the least loaded.
 */
export function pickNode<Node extends Candidate>(
  free: readonly Node[],
  inputTokens: number,
  random: RandomSource,
): Node | undefined {
  const times = free.map((node) => expectedMs(node, inputTokens));
  const slowest = Math.min(...times) * SLOWEST_SHARE;
  const weights = free.map(({ weight }, index) => {
    const timeMs = times[index] ?? Infinity;
    return timeMs <= slowest ? weight / timeMs ** 2 : 0;
  });
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, node] of free.entries()) {
    rest -= weights[index] ?? 0;
    if (rest < 0) return node;
  }
  return free[times.indexOf(Math.min(...times))];
}
