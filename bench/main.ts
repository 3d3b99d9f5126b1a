/**
 * The benchmark. Starts the mock upstream, nginx when it is installed, two bare relays, and the gateway; runs every scenario against
 * each in turn; prints one table and writes the figures to `bench/results/`. Nothing here asserts a time.
 * See README.md for the options and how to read the table.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Target } from './behaviours.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { startMock, type Mock } from './mock.ts';
import { nginxVersion, startNginx } from './nginx.ts';
import { isPinned, pinThisProcess, stopAll } from './processes.ts';
import { startRelay } from './relay.ts';
import { combineRounds, renderTable, type Row } from './report.ts';
import {
  dialectScenarios,
  fullSize,
  quickSize,
  scenarios,
  warmUpOnce,
  type Figures,
  type Scenario,
} from './scenarios.ts';

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
const resultsFolder = join(repositoryRoot, 'bench', 'results');
const targetNames = ['direct', 'nginx', 'relay', 'durable', 'gateway'];
const groups = [...new Set([...scenarios, ...dialectScenarios].map(({ group }) => group))];
const roundsMax = 20;
/** A run that hangs must not keep the machine: everything is ended when one turn of one target takes this long. */
const turnMaxMs = 5 * 60_000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '1' },
    targets: { type: 'string', default: targetNames.join(',') },
    only: { type: 'string', default: groups.join(',') },
    help: { type: 'boolean', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}

if (options.help) {
  console.log(
    `npm run bench -- [--quick] [--profile] [--rounds N] [--targets ${targetNames.join(',')}] [--only ${groups.join(',')}]`,
  );
} else {
  const watchdog = setTimeout(() => {
    console.error('A turn of the benchmark took too long: everything was ended.');
    void stopAll().finally(() => process.exit(1));
  }, turnMaxMs);
  // A database must lie on a real disk: folders for temporary files are often in memory, where a sync costs nothing.
  mkdirSync(join(repositoryRoot, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(repositoryRoot, '.tmp', 'bench-'));
  try {
    await runAll(folder, () => watchdog.refresh());
  } finally {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
    clearTimeout(watchdog);
  }
}

/** `onTurn` is called before each turn of a target. */
async function runAll(folder: string, onTurn: () => void): Promise<void> {
  const wantedTargets = readList(options.targets, targetNames);
  const wantedGroups = readList(options.only, groups);
  const rounds = Math.min(roundsMax, Math.max(1, Number(options.rounds) || 1));
  pinThisProcess();
  if (!isPinned) console.log('No taskset or only one core: target and load share cores, figures are rough.');
  const mock = await startMock();
  const targets: Target[] = [];
  let gateway: Gateway | undefined;
  if (wantedTargets.includes('direct')) targets.push(mock.target);
  if (wantedTargets.includes('nginx')) {
    if (nginxVersion() === undefined) console.log('nginx is not installed: no ratios to it.');
    else targets.push(await startNginx(folder, mock.target));
  }
  if (wantedTargets.includes('relay')) targets.push(await startRelay(mock.target));
  if (wantedTargets.includes('durable')) {
    targets.push(await startRelay(mock.target, join(folder, 'durable.sqlite')));
  }
  if (wantedTargets.includes('gateway')) {
    gateway = await startGateway(folder, mock.target.port, options.profile ? resultsFolder : undefined);
    targets.push(gateway.target);
    console.log(
      `gateway: ready after ${gateway.readyMs.toFixed(0)} ms, ${(gateway.idleBytes / 2 ** 20).toFixed(0)} MiB idle`,
    );
  }
  const rows = await measure({
    targets,
    mock,
    rounds,
    onTurn,
    chosen: scenarios.filter(({ group }) => wantedGroups.includes(group)),
  });
  if (gateway !== undefined) {
    const chosen = dialectScenarios.filter(({ group }) => wantedGroups.includes(group));
    rows.push(...(await measure({ targets: gateway.dialectTargets, mock, rounds, onTurn, chosen })));
  }
  console.log(`\n${renderTable(rows)}\n`);
  writeResults(rows, { rounds, readyMs: gateway?.readyMs, idleBytes: gateway?.idleBytes });
}

type Plan = {
  targets: readonly Target[];
  mock: Mock;
  rounds: number;
  onTurn: () => void;
  chosen: readonly Scenario[];
};

/** Targets take turns within a round, so that a change of the machine's mood meets all of them. */
async function measure({ targets, mock, rounds, onTurn, chosen }: Plan): Promise<Row[]> {
  const size = options.quick ? quickSize : fullSize;
  const rows: Row[] = [];
  let areWarm = false;
  for (const scenario of chosen) {
    const figures = new Map<string, Figures[]>(targets.map(({ name }) => [name, []]));
    if (scenario.wantsWarm === true && !areWarm) {
      areWarm = true;
      for (const target of targets) {
        onTurn();
        await warmUpOnce(target, size);
      }
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const target of targets) {
        onTurn();
        process.stderr.write(`${scenario.name}: ${target.name}, round ${round} of ${rounds}\n`);
        figures.get(target.name)?.push(await scenario.run(target, size, mock.openStreams));
      }
    }
    for (const [target, perRound] of figures) {
      rows.push({ scenario: scenario.name, target, figures: combineRounds(perRound) });
    }
  }
  return rows;
}

function writeResults(rows: readonly Row[], start: object): void {
  const startedAt = new Date().toISOString();
  const file = join(resultsFolder, `${startedAt.replaceAll(/[:.]/g, '-')}.json`);
  mkdirSync(resultsFolder, { recursive: true });
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    nginx: nginxVersion(),
    pinned: isPinned,
    commit: currentCommit(),
  };
  writeFileSync(
    file,
    `${JSON.stringify({ startedAt, quick: options.quick, machine, ...start, rows }, null, 2)}\n`,
  );
  console.log(`Figures: ${file.slice(repositoryRoot.length)}`);
}

function currentCommit(): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
}

function readList(text: string, known: readonly string[]): string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown} is not one of ${known.join(', ')}`);
  return names;
}
