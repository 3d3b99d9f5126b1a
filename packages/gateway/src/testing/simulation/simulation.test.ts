import { describe, expect, it } from 'vitest';
import { PLANTED_BUGS } from './planted-bugs.ts';
import type { Stats } from './stage.ts';
import { runSimulation } from './world.ts';

const SEEDS = 10_000;
/** Each planted bug must show itself in one of the first worlds. */
const SEEDS_TO_CATCH = 60;
const TIMEOUT_MS = 600_000;

describe('the money of a simulated gateway', () => {
  it(`is right in ${SEEDS} worlds`, { timeout: TIMEOUT_MS }, async () => {
    const sums = new Map<string, number>();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { ok, problems, stats } = await runSimulation(seed);
      const story = `node packages/gateway/src/testing/simulation/run.ts --seed ${seed} --trace`;
      if (!ok) expect.fail(`seed ${seed}: ${problems.join('; ')}\n${story}`);
      for (const [name, count] of Object.entries(stats)) sums.set(name, (sums.get(name) ?? 0) + count);
    }
    console.log(`${SEEDS} worlds: ${[...sums].map(([name, sum]) => `${name} ${sum}`).join(', ')}`);
    expectVariety(sums);
  });

  it('is the same story for the same seed', async () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 100; seed += 1) {
      const { traceHash } = await runSimulation(seed);
      expect((await runSimulation(seed)).traceHash).toBe(traceHash);
      hashes.add(traceHash);
    }
    expect(hashes.size).toBe(100);
  });
});

/** Worlds in which nothing goes wrong would prove nothing. */
function expectVariety(sums: ReadonlyMap<string, number>): void {
  const least: Partial<Stats> = {
    requests: 30 * SEEDS,
    whole: 10 * SEEDS,
    charged: 10 * SEEDS,
    failed: SEEDS,
    left: SEEDS,
    retried: SEEDS,
    triedAgain: SEEDS,
    crashes: SEEDS,
    diskFailures: SEEDS / 10,
    stops: SEEDS / 10,
    transfers: 10 * SEEDS,
    refunds: SEEDS / 5,
    earned: 2 * SEEDS,
    durableHolds: SEEDS,
  };
  for (const [name, count] of Object.entries(least)) expect(sums.get(name), name).toBeGreaterThan(count);
}

describe('a planted bug is found', () => {
  it.each(PLANTED_BUGS.map((planted) => [planted.name, planted] as const))('%s', async (name, planted) => {
    for (let seed = 1; seed <= SEEDS_TO_CATCH; seed += 1) {
      const { ok, problems } = await runSimulation(seed, { planted });
      if (ok) continue;
      console.log(`"${name}" is found with seed ${seed}: ${problems[0]}`);
      return;
    }
    expect.fail(`${SEEDS_TO_CATCH} worlds do not show it`);
  });
});
