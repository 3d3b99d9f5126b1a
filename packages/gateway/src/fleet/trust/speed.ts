/**
 * Output tokens per second that nobody can reach with a model of a size. A node that is faster answers with a smaller
 * model, or sends what it had ready. Learned from trusted nodes; speeds are from the offer of a job to its end, in
 * tokens of our own count, so that neither a node's numbers nor its frames enter.
 */
export const SIZE_CLASSES = ['tiny', 'small', 'medium', 'large', 'huge', 'unknown'] as const;
export type SizeClass = (typeof SIZE_CLASSES)[number];

/** Upper bounds of the classes, in billions of parameters. */
const BOUNDS: readonly [SizeClass, number][] = [
  ['tiny', 4],
  ['small', 10],
  ['medium', 20],
  ['large', 50],
];

/** By the size that a model's name says: `qwen3-8b`, `Llama-3.3-70B-Instruct`. The largest number counts. */
export function sizeClassOf(...names: readonly string[]): SizeClass {
  const sizes = names.flatMap((name) =>
    [...name.matchAll(/(?<![a-z0-9.])(\d+(?:\.\d+)?)b(?![a-z0-9])/gi)].map((match) => Number(match[1])),
  );
  if (sizes.length === 0) return 'unknown';
  const billions = Math.max(...sizes);
  return BOUNDS.find(([, bound]) => billions < bound)?.[0] ?? 'huge';
}

/**
 * The ceiling is never below these: about three times what the fastest cards do in one stream (8B: 300 tokens/s on an
 * H100, believed), so that a fleet whose trusted nodes are slow machines does not accuse fast ones.
 */
const FLOORS: Record<SizeClass, number> = {
  tiny: 2_000,
  small: 900,
  medium: 600,
  large: 400,
  huge: 200,
  unknown: 2_000,
};

const BUCKETS_PER_OCTAVE = 4;
const BUCKETS = 64;
/** From so many on the measured speeds count. */
const SAMPLES_MIN = 50;
/** Then all are halved, so that old ones fade. */
const SAMPLES_MAX = 4_000;
const HEADROOM = 2;

/** Measured speeds of one class, counted in buckets that grow by a fifth. */
export type SpeedCounts = readonly number[];

export const NO_SPEEDS: SpeedCounts = Object.freeze(Array.from({ length: BUCKETS }, () => 0));

export function noteSpeed(counts: SpeedCounts, perSecond: number): SpeedCounts {
  if (!(perSecond > 0)) return counts;
  const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(Math.log2(perSecond) * BUCKETS_PER_OCTAVE)));
  const next = counts.map((count, index) => (index === bucket ? count + 1 : count));
  return total(next) < SAMPLES_MAX ? next : next.map((count) => Math.floor(count / 2));
}

/** Twice the speed that 99 % of the jobs of trusted nodes stay below, or the floor of the class. */
export function speedCeiling(size: SizeClass, counts: SpeedCounts): number {
  const samples = total(counts);
  if (samples < SAMPLES_MIN) return FLOORS[size];
  let rest = samples * 0.01;
  for (let bucket = BUCKETS - 1; bucket >= 0; bucket -= 1) {
    rest -= counts[bucket] ?? 0;
    if (rest < 0) return Math.max(FLOORS[size], HEADROOM * 2 ** ((bucket + 1) / BUCKETS_PER_OCTAVE));
  }
  return FLOORS[size];
}

function total(counts: SpeedCounts): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
