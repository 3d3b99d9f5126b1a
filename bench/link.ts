/**
 * The benchmark of the node link: records that one link carries, what a stream costs from a node to its client, a thousand
 * idle nodes, and the choice among them. Prints a table and writes the figures to `bench/results/`. Nothing here
 * asserts a time.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { callGateway } from '../packages/gateway/src/admin/admin-client.ts';
import type { NewNodeView } from '../packages/gateway/src/admin/nodes.ts';
import { chatBody } from './behaviours.ts';
import { postBytes } from './client.ts';
import { runGateway, type RunningGateway } from './gateway.ts';
import { measureDispatch } from './link-dispatch.ts';
import { holdStreams, sumFailures } from './load.ts';
import { cpuMicros, residentBytes } from './measure.ts';
import { getJson } from './mock.ts';
import { pinThisProcess, startProcess, stopAll, waitUntil, type Running } from './processes.ts';

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
const resultsFolder = join(repositoryRoot, 'bench', 'results');
const mib = 1024 * 1024;
const groups = ['records', 'dispatch', 'idle', 'streams'] as const;
type Group = (typeof groups)[number];

const configuration = `logging: { level: info }
limits: { account_concurrency: 100000, requests_per_minute: 1000000, concurrency: 100000 }
trust: { canaries: false }
pools: { main: {} }
models:
  - id: bench
    context_tokens: 131072
    max_output_tokens: 8192
    price: { per_million_usd: { input: 0.10, output: 0.40 } }
    routes: [{ pool: main, model: small }]
`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    only: { type: 'string', default: groups.join(',') },
    help: { type: 'boolean', default: false },
  },
});
const seconds = options.quick ? 3 : 10;
const figures: Record<string, number> = {};

if (options.help) {
  console.log(`npm run bench:link -- [--quick] [--profile] [--only ${groups.join(',')}]`);
} else {
  await run();
}

async function run(): Promise<void> {
  pinThisProcess();
  mkdirSync(join(repositoryRoot, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(repositoryRoot, '.tmp', 'bench-link-'));
  const wanted = new Set(options.only.split(','));
  const scenarios: Record<Group, (folder: string) => Promise<void>> = { records, dispatch, idle, streams };
  try {
    for (const group of groups) {
      if (!wanted.has(group)) continue;
      const own = join(folder, group);
      mkdirSync(own);
      await scenarios[group](own);
      await stopAll();
    }
  } finally {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  }
  writeResults();
}

function note(name: string, value: number, unit: string, target = ''): void {
  figures[`${name}, ${unit}`] = value;
  const digits = value < 100 ? 2 : 0;
  console.log(`${name.padEnd(52)} ${value.toFixed(digits).padStart(9)} ${unit.padEnd(10)} ${target}`);
}

/** One link, eight answers at once, as fast as it goes: the receiving side has a core for itself. */
async function records(): Promise<void> {
  const profile = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${resultsFolder}`] : [];
  const receiver = startProcess({
    command: process.execPath,
    args: [...profile, scriptPath('link-receiver.ts')],
    place: 'target',
  });
  const listening = /listening (\d+)/;
  await waitUntil(receiver, 'receiver', async () => listening.test(receiver.output()));
  const port = Number(listening.exec(receiver.output())?.[1]);
  const sender = startNodes(port, ['nk_bench'], { everyMs: 0, slots: 8 });
  const parts = async (): Promise<number> => ((await getJson(port, '/')) as { parts: number }).parts;
  await wait(2_000);
  const before = {
    parts: await parts(),
    micros: cpuMicros(receiver.processId),
    own: cpuMicros(sender.processId),
  };
  const startedMs = performance.now();
  await wait(seconds * 1_000);
  const count = (await parts()) - before.parts;
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  const micros = cpuMicros(receiver.processId) - before.micros;
  note('records received on one link', count / tookSeconds, '/s');
  note('CPU of the gateway for each', micros / count, 'µs');
  note('so one core receives', (1e6 * count) / micros, '/s', 'at least 150 000');
  note('CPU of the node for each', (cpuMicros(sender.processId) - before.own) / count, 'µs');
}

async function dispatch(): Promise<void> {
  for (const modelsPerNode of [1, 5, 50]) {
    const { nodesPerModel, microsPerPick } = await measureDispatch(modelsPerNode);
    note(`choice of one of ${nodesPerModel} nodes, 1 000 in all`, microsPerPick, 'µs', 'at most 50');
  }
}

async function idle(folder: string): Promise<void> {
  const gateway = await runGateway(folder, configuration);
  const before = residentBytes(gateway.processId);
  startNodes(gateway.port, await addNodes(gateway, 1_000), { everyMs: 0, slots: 1 });
  await waitForNodes(gateway, 1_000);
  await wait(seconds * 1_000);
  const cpuBefore = cpuMicros(gateway.processId);
  await wait(seconds * 1_000);
  note('memory of the gateway without nodes', before / mib, 'MiB');
  note(
    'memory of the gateway with 1 000 idle nodes',
    residentBytes(gateway.processId) / mib,
    'MiB',
    'below 300',
  );
  note('share of a core that they take', (cpuMicros(gateway.processId) - cpuBefore) / seconds / 10_000, '%');
}

/** Ten nodes with a hundred open streams each, ten events a second. Memory counts from when a quarter is open. */
async function streams(folder: string): Promise<void> {
  const gateway = await runGateway(folder, configuration, options.profile ? resultsFolder : undefined);
  startNodes(gateway.port, await addNodes(gateway, 10), { everyMs: 100, slots: 100 });
  await waitForNodes(gateway, 10);
  const requests = gateway.keys.map((key) =>
    postBytes('/v1/chat/completions', { authorization: `Bearer ${key}` }, chatBody('bench', true)),
  );
  const load = { port: gateway.port, requests };
  const first = await holdStreams(load, 250);
  await wait(2_000);
  const before = residentBytes(gateway.processId);
  const others = await holdStreams(load, 750);
  await wait(3_000);
  const seen = (): number => first.events() + others.events();
  const start = { micros: cpuMicros(gateway.processId), events: seen() };
  await wait(seconds * 1_000);
  const events = seen() - start.events;
  note('events of 1 000 streams from nodes to clients', events / seconds, '/s');
  note(
    'CPU of the gateway for each',
    (cpuMicros(gateway.processId) - start.micros) / events,
    'µs',
    'at most 60',
  );
  note('memory of each open stream', (residentBytes(gateway.processId) - before) / 1024 / 750, 'KiB');
  const failures = Object.entries(sumFailures([first.failures(), others.failures()]));
  const list = failures.map(([reason, count]) => `${count} ${reason}`);
  console.log(`failures: ${list.length === 0 ? 'none' : list.join(', ')}`);
  first.close();
  others.close();
}

async function addNodes(gateway: RunningGateway, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const added = await callGateway(gateway.dataFolder, 'node.add', { name: `node-${at}`, pool: 'main' });
    if (!added.ok) throw new Error(`no node: ${JSON.stringify(added.error)}`);
    tokens.push((added.value as NewNodeView).token);
  }
  return tokens;
}

function startNodes(
  port: number,
  tokens: readonly string[],
  plan: { everyMs: number; slots: number },
): Running {
  const nodes = startProcess({
    command: process.execPath,
    args: [scriptPath('link-nodes.ts'), String(port), String(plan.everyMs), String(plan.slots)],
    place: 'helper',
  });
  nodes.write(`${tokens.join('\n')}\n`);
  return nodes;
}

async function waitForNodes({ port }: RunningGateway, count: number): Promise<void> {
  for (;;) {
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`);
    if ((await reply.text()).includes(`switchyard_nodes_online ${count}\n`)) return;
    await wait(100);
  }
}

function scriptPath(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}

function writeResults(): void {
  const startedAt = new Date().toISOString();
  mkdirSync(resultsFolder, { recursive: true });
  const file = join(resultsFolder, `link-${startedAt.replaceAll(/[:.]/g, '-')}.json`);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  writeFileSync(file, `${JSON.stringify({ startedAt, machine, seconds, figures }, null, 2)}\n`);
  console.log(`Figures: ${file.slice(repositoryRoot.length)}`);
}
