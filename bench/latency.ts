/** Latencies of one run, milliseconds. Keeps at most `maxSamples`; later ones are counted and not kept. */
export type Latencies = {
  add(milliseconds: number): void;
  summary(): LatencySummary;
};

export type LatencySummary = { count: number; p50Ms: number; p99Ms: number; maxMs: number };

const maxSamples = 2_000_000;

export function createLatencies(): Latencies {
  const samples: number[] = [];
  let count = 0;
  return {
    add(milliseconds) {
      count += 1;
      if (samples.length < maxSamples) samples.push(milliseconds);
    },
    summary() {
      const sorted = Float64Array.from(samples).sort();
      const at = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
    },
  };
}
