import { parseArgs } from 'node:util';
import { runSimulation } from './world.ts';

/**
 * Runs simulated worlds from the command line.
 * `node run.ts --seeds 1000 --from 1` runs many; `--seed 17 --trace` tells the story of one. Exits 1 on a problem.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  });
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const from = Number(values.seed ?? values.from);
  const count = values.seed === undefined ? Number(values.seeds) : 1;
  const sums = new Map<string, number>();
  let bad = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSimulation(seed, values.trace ? { print } : {});
    for (const [name, value] of Object.entries(result.stats)) sums.set(name, (sums.get(name) ?? 0) + value);
    if (result.ok) continue;
    bad += 1;
    print(`seed ${seed}: ${result.problems.join('; ')}`);
  }
  print(
    `${count} worlds, ${bad} with problems. ${[...sums].map(([name, sum]) => `${name} ${sum}`).join(', ')}`,
  );
  process.exitCode = bad > 0 ? 1 : 0;
}

await main();
