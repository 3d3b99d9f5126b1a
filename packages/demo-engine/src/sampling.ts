/**
 * Chooses the next token. The order of the steps is that of vLLM: penalties, temperature, top-k, top-p, min-p.
 */

import type { DemoJob } from './types.ts';

export type SamplingSettings = Pick<
  DemoJob,
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'seed'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'repetitionPenalty'
>;

export type Sampler = {
  /** Picks a token; changes `logits` in place. */
  pick(logits: Float32Array): number;
  /** Tells the sampler of a token that became part of the answer, so that later picks are penalised for it. */
  note(token: number): void;
};

export function createSampler(
  settings: SamplingSettings,
  prompt: readonly number[],
  vocabulary: number,
): Sampler {
  const { frequencyPenalty, presencePenalty } = settings;
  const repetitionPenalty = settings.repetitionPenalty ?? 1;
  const random = createRandom(settings.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
  const answerCounts = new Map<number, number>();
  const seen = new Set(repetitionPenalty === 1 ? [] : prompt);
  const weights = new Float64Array(vocabulary);
  const sorted = new Float64Array(vocabulary);

  function applyPenalties(logits: Float32Array): void {
    for (const token of seen) {
      const logit = logits[token] ?? 0;
      logits[token] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    }
    for (const [token, count] of answerCounts) {
      logits[token] = (logits[token] ?? 0) - frequencyPenalty * count - presencePenalty;
    }
  }

  return {
    pick(logits) {
      applyPenalties(logits);
      const best = indexOfHighest(logits);
      if (settings.temperature === 0) return best;
      const highest = logits[best] ?? 0;
      for (let i = 0; i < vocabulary; i++)
        weights[i] = Math.exp(((logits[i] ?? 0) - highest) / settings.temperature);
      const floor = lowestKeptWeight(weights, sorted, settings);
      return draw(weights, floor, random());
    },
    note(token) {
      if (repetitionPenalty !== 1) seen.add(token);
      if (frequencyPenalty !== 0 || presencePenalty !== 0) {
        answerCounts.set(token, (answerCounts.get(token) ?? 0) + 1);
      }
    },
  };
}

/** The first of the highest. */
function indexOfHighest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if ((logits[i] ?? 0) > (logits[best] ?? 0)) best = i;
  return best;
}

/**
 * The weight below which tokens are left out. Weights are relative to the best token, which has 1 and always
 * stays. Tokens with exactly equal weights stay or go together, so top-k may keep more than k of them.
 */
function lowestKeptWeight(
  weights: Float64Array,
  sorted: Float64Array,
  { topK, topP, minP }: Pick<SamplingSettings, 'topK' | 'topP' | 'minP'>,
): number {
  if (topK === 0 && topP >= 1) return minP;
  sorted.set(weights);
  sorted.sort();
  const end = sorted.length;
  const kept = topK === 0 ? end : Math.min(topK, end);
  let sum = 0;
  for (let i = end - kept; i < end; i++) sum += sorted[i] ?? 0;
  let taken = 0;
  let floor = 1;
  for (let i = end - 1; i >= end - kept; i--) {
    floor = sorted[i] ?? 0;
    taken += floor;
    if (taken >= topP * sum) break;
  }
  return Math.max(floor, minP);
}

/** `position` is in [0, 1): where on the line of all kept weights the choice falls. */
function draw(weights: Float64Array, floor: number, position: number): number {
  let sum = 0;
  for (const weight of weights) if (weight >= floor) sum += weight;
  let left = position * sum;
  let last = 0;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] ?? 0;
    if (weight < floor || weight === 0) continue;
    last = token;
    left -= weight;
    if (left < 0) return token;
  }
  return last;
}

/**
 * Numbers in [0, 1) that follow from the seed (Tommy Ettinger's Mulberry32, public domain). All 53 bits of an
 * integer seed count.
 */
export function createRandom(seed: number): () => number {
  const high = Math.floor(seed / 4_294_967_296);
  let state = (Math.imul(high, 0x9e3779b1) ^ seed) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
