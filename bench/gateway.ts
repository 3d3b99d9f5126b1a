import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { v8Flags } from '../packages/gateway/bin/v8-flags.mjs';
import {
  behaviours,
  dialectPaths,
  dialects,
  requestBody,
  upstreamPath,
  type BehaviourName,
  type DialectName,
  type Target,
} from './behaviours.ts';
import { postBytes } from './client.ts';
import { residentBytes } from './measure.ts';
import { getJson } from './mock.ts';
import { freePort, startProcess, waitUntil } from './processes.ts';

const commandLine = fileURLToPath(new URL('../packages/gateway/src/cli/main.ts', import.meta.url));
/** The kept results of type stripping, as packages/gateway/bin/switchyard.mjs sets them. */
export const compileCache = fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url));
const behaviourNames = Object.keys(behaviours) as BehaviourName[];
/** More than one, so that a run stays below the most requests per minute that one key may have. */
const keyCount = 4;
const settleMs = 1_000;

export type Gateway = {
  target: Target;
  /** The gateway as clients of each dialect see it, in front of the same upstream. */
  dialectTargets: readonly Target[];
  /** From the start of the process to a good answer of `/readyz`. */
  readyMs: number;
  /** Memory before the first request. */
  idleBytes: number;
};

/** A gateway's process with what clients need. */
export type RunningGateway = {
  port: number;
  processId: number;
  /** Secrets of keys of an account with plenty of credit. */
  keys: readonly string[];
  dataFolder: string;
  /** From the start of the process to a good answer of `/readyz`. */
  readyMs: number;
};

/**
 * Starts the gateway as an operator would: a configuration file, an account with credit and keys through the command
 * line, then `switchyard start`. Keys, limits, prices and durable settlement are all on. With a `profileFolder`, Node
 * writes a CPU profile of each thread there when the gateway ends; figures are then too high.
 */
export async function runGateway(
  folder: string,
  configuration: string,
  profileFolder?: string,
): Promise<RunningGateway> {
  const dataFolder = join(folder, 'data');
  const configFile = join(folder, 'switchyard.yaml');
  mkdirSync(dataFolder);
  writeFileSync(configFile, configuration);
  const common = ['--config', configFile, '--data', dataFolder];
  const keys = createKeys(common);
  const port = await freePort();
  const profileArguments =
    profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const startedMs = performance.now();
  const running = startProcess({
    command: process.execPath,
    args: [...v8Flags, ...profileArguments, commandLine, 'start', ...common, '--port', String(port)],
    place: 'target',
    environment: { NODE_COMPILE_CACHE: compileCache },
  });
  await waitUntil(running, 'gateway', () =>
    getJson(port, '/readyz').then(
      () => true,
      () => false,
    ),
  );
  const readyMs = performance.now() - startedMs;
  await wait(settleMs);
  return { port, processId: running.processId, keys, dataFolder, readyMs };
}

/** The gateway in front of the mock upstream, with a model for each of its behaviours. */
export async function startGateway(
  folder: string,
  upstreamPort: number,
  profileFolder: string | undefined,
): Promise<Gateway> {
  const { port, processId, keys, readyMs } = await runGateway(
    folder,
    configuration(upstreamPort),
    profileFolder,
  );
  const targetFor = (name: string, dialect: DialectName): Target => ({
    name,
    port,
    processId,
    requests: (behaviour, isStream) =>
      keys.map((key) =>
        postBytes(
          dialectPaths[dialect],
          { authorization: `Bearer ${key}` },
          requestBody(dialect, `bench-${behaviour}`, isStream),
        ),
      ),
  });
  return {
    target: targetFor('gateway', 'chat'),
    dialectTargets: dialects.map((dialect) => targetFor(dialect, dialect)),
    readyMs,
    idleBytes: residentBytes(processId),
  };
}

/** One upstream and one model per behaviour of the mock. */
function configuration(upstreamPort: number): string {
  const upstreams = behaviourNames.map(
    (name) => `  ${name}:
    kind: openai-compatible
    base_url: http://127.0.0.1:${upstreamPort}${upstreamPath(name)}
    allow_private_addresses: true
`,
  );
  const models = behaviourNames.map(
    (name) => `  - id: bench-${name}
    context_tokens: 131072
    max_output_tokens: 8192
    price: { per_million_usd: { input: 0.10, output: 0.40 } }
    routes: [{ upstream: ${name}, model: bench }]
`,
  );
  return `logging: { level: info }
limits: { account_concurrency: 100000, requests_per_minute: 1000000, concurrency: 100000 }
upstreams:
${upstreams.join('')}models:
${models.join('')}`;
}

/** An account with plenty of credit and `keyCount` keys. Returns the secrets. */
function createKeys(common: readonly string[]): string[] {
  run(['account', 'create', 'bench', '--json', ...common]);
  run(['credit', 'add', 'bench', '--usd', '100000', '--reason', 'benchmark', '--json', ...common]);
  return Array.from({ length: keyCount }, (_, index) => {
    const made = run(['key', 'create', 'bench', '--name', `bench-${index}`, '--json', ...common]);
    return (JSON.parse(made) as { secret: string }).secret;
  });
}

function run(args: readonly string[]): string {
  return execFileSync(process.execPath, [commandLine, ...args], { encoding: 'utf8', timeout: 30_000 });
}
