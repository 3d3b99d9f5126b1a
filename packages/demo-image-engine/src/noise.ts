/** The random picture that every rendering begins with. */

/** Generators of this many bits: seeds above are folded into them. */
const SEEDS = 2 ** 32;

/**
 * `count` normally distributed numbers that depend on the seed alone: mulberry32 (a public domain generator by
 * Tommy Ettinger) and the Box-Muller transform, as in `models/training/sample_image.py`. `seed` is a whole number
 * from 0 to 2^53 - 1; those from 2^32 on, which the reference does not tell apart, are mixed with their upper part.
 */
export function normalNoise(count: number, seed: number): Float32Array {
  const random = mulberry32(seed ^ Math.imul(Math.floor(seed / SEEDS), 0x9e3779b1));
  const noise = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    noise[i] = radius * Math.cos(2 * Math.PI * random());
  }
  return noise;
}

/** Numbers from 0 up to, but not including, 1. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / SEEDS;
  };
}
