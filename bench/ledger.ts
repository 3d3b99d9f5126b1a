/**
 * The benchmark of the ledger alone: how long a request waits for its money to be on disk. Runs the real ledger with
 * its writer's thread on a new file, offers requests at fixed rates whether or not it keeps up, and counts latency from
 * the intended start. Prints a table and writes the figures to `bench/results/`. Nothing here asserts a time.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../packages/gateway/src/core/clock.ts';
import { newId } from '../packages/gateway/src/core/ids.ts';
import { micros } from '../packages/gateway/src/core/money.ts';
import type { OperatorLedger, Receipt } from '../packages/gateway/src/ledger/ledger.ts';
import { openLedgerStore } from '../packages/gateway/src/store/sqlite/ledger/open.ts';
import { reconcile } from '../packages/gateway/src/store/sqlite/ledger/reconcile.ts';
import { createLatencies, type Latencies } from './latency.ts';
import { measureGrowth } from './ledger-growth.ts';
import { monotonicMs, type Pace } from './pacer.ts';

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
const resultsFolder = join(repositoryRoot, 'bench', 'results');
const accountCount = 1_000;
const rates = [1_000, 5_000, 10_000, 20_000];
const modes = ['charge only', 'reserve and post durable'] as const;
/** Requests that are due are started in bursts, as an event loop brings them, at most this far apart. */
const burstMs = 0.2;
const warmUpMs = 2_000;

const sampleReceipt: Omit<Receipt, 'requestId' | 'accountId' | 'keyId' | 'startedAtMs'> = {
  modelId: 'bench-model',
  surface: 'chat-completions',
  routeKind: 'upstream',
  routeName: 'provider',
  nodeId: '',
  streamed: true,
  firstPartMs: 180,
  durationMs: 2_400,
  usage: {
    inputTokens: 400,
    imageInputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 200,
    reasoningTokens: 0,
  },
  usageSource: 'reported',
  end: 'stop',
  errorCode: '',
  heldMicros: micros(900),
  chargedMicros: micros(700),
  priceVersion: '0123456789ab',
  attempts: 1,
  policy: 'reported',
  cutAtHold: false,
};

type Mode = (typeof modes)[number];
type Row = {
  mode: Mode;
  offered: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** From one call of the ledger to its word that it is on disk. A durable request has two of them. */
  commitP99Ms: number;
  /** All threads, the one that keeps the pace included. */
  cpuMicrosEach: number;
  loopDelayP99Ms: number;
  refused: number;
};

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rates: { type: 'string', default: rates.join(',') },
    grow: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  console.log('npm run bench:ledger -- [--quick] [--rates 1000,20000] [--grow POSTINGS]');
  console.log('--grow measures a file with that many postings instead: start, balances, questions.');
} else {
  // On a real disk: folders for temporary files are often in memory, where a sync costs nothing.
  mkdirSync(join(repositoryRoot, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(repositoryRoot, '.tmp', 'bench-ledger-'));
  try {
    if (options.grow === undefined) await measureRates(folder);
    else writeResults(await measureGrowth(folder, Number(options.grow)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureRates(folder: string): Promise<void> {
  const seconds = options.quick ? 3 : 10;
  const rows: Row[] = [];
  for (const mode of modes) {
    for (const rate of options.rates.split(',').map(Number)) {
      const path = join(folder, `${mode.replaceAll(' ', '-')}-${rate}.sqlite`);
      const row = await measure(path, { mode, rate, seconds });
      rows.push(row);
      printRow(row, rows.length === 1);
    }
  }
  writeResults({ seconds, rows });
}

async function measure(path: string, plan: { mode: Mode; rate: number; seconds: number }): Promise<Row> {
  const { ledger } = await openLedgerStore({ path, clock: systemClock });
  await Promise.all(Array.from({ length: accountCount }, (_, index) => fund(ledger, `acc_${index}`)));
  await offer(ledger, { ...plan, seconds: warmUpMs / 1_000 });
  const row = await offer(ledger, plan);
  await ledger.close();
  const report = reconcile(path);
  if (!report.ok) throw new Error(`the ledger does not add up: ${JSON.stringify(report.problems)}`);
  return row;
}

async function fund(ledger: OperatorLedger, accountId: string): Promise<void> {
  const request = {
    id: `dep:${accountId}`,
    accountId,
    kind: 'deposit',
    balance: 'paid',
    reason: '',
  } as const;
  await ledger.transfer({ ...request, amountMicros: micros(1_000_000_000) });
}

/** Offers requests at a rate and resolves when the last one is on disk. */
function offer(ledger: OperatorLedger, plan: { mode: Mode; rate: number; seconds: number }): Promise<Row> {
  const { mode, rate, seconds } = plan;
  const count = rate * seconds;
  const latencies = createLatencies();
  const commits = createLatencies();
  const loopDelay = monitorEventLoopDelay({ resolution: 1 });
  let started = 0;
  let ended = 0;
  let refused = 0;
  const intervalMs = Math.max(1_000 / rate, burstMs);
  const startMs = monotonicMs() + 50;
  const pace: Pace = { startMs, intervalMs, count: Math.ceil((count * 1_000) / rate / intervalMs) + 1 };
  const pacer = new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace, execArgv: [] });
  const cpuBefore = process.cpuUsage();
  loopDelay.enable();

  return new Promise((resolve, reject) => {
    pacer.once('error', reject);
    const finish = (): void => {
      loopDelay.disable();
      const { user, system } = process.cpuUsage(cpuBefore);
      const { p50Ms, p99Ms, maxMs } = latencies.summary();
      const perSecond = (ended - refused) / ((monotonicMs() - startMs) / 1_000);
      const commitP99Ms = commits.summary().p99Ms;
      const figures = { perSecond, p50Ms, p99Ms, maxMs, commitP99Ms, refused };
      const cpuMicrosEach = (user + system) / count;
      const loopDelayP99Ms = loopDelay.percentile(99) / 1e6;
      void pacer.terminate();
      resolve({ mode, offered: rate, ...figures, cpuMicrosEach, loopDelayP99Ms });
    };
    const one = async (intendedMs: number, index: number): Promise<void> => {
      if (await request(ledger, { mode, index, commits })) latencies.add(monotonicMs() - intendedMs);
      else refused += 1;
      ended += 1;
      if (ended === count) finish();
    };
    pacer.on('message', () => {
      const due = Math.min(count, Math.floor(((monotonicMs() - startMs) / 1_000) * rate) + 1);
      for (; started < due; started += 1) {
        one(startMs + (started * 1_000) / rate, started).catch(reject);
      }
    });
  });
}

/** One request: its hold, its charge and its receipt. False: refused. */
async function request(
  ledger: OperatorLedger,
  { mode, index, commits }: { mode: Mode; index: number; commits: Latencies },
): Promise<boolean> {
  const durable = mode === 'reserve and post durable';
  const requestId = newId('req');
  const accountId = `acc_${index % accountCount}`;
  const keyId = `key_${index % accountCount}`;
  const reservedMs = monotonicMs();
  const held = ledger.reserve({
    requestId,
    accountId,
    keyId,
    amountMicros: micros(900),
    spendLimits: {},
    durable,
  });
  if (!held.ok) return false;
  if (durable) {
    if (!(await ledger.journaled(held.value))) return false;
    commits.add(monotonicMs() - reservedMs);
  }
  const receipt: Receipt = { ...sampleReceipt, requestId, accountId, keyId, startedAtMs: Date.now() };
  const settledMs = monotonicMs();
  const resolution = await ledger.settle(held.value, { amountMicros: micros(700), receipt });
  commits.add(monotonicMs() - settledMs);
  return resolution.outcome === 'settled';
}

function printRow(row: Row, withTitle: boolean): void {
  const line = (cells: readonly string[]): string =>
    `${(cells[0] ?? '').padEnd(26)}${cells
      .slice(1)
      .map((cell) => cell.padStart(11))
      .join('')}`;
  if (withTitle) {
    console.log(
      line([
        '',
        'offered/s',
        'done/s',
        'p50 ms',
        'p99 ms',
        'max ms',
        'commit p99',
        'CPU µs',
        'loop p99',
        'refused',
      ]),
    );
  }
  const {
    mode,
    offered,
    perSecond,
    p50Ms,
    p99Ms,
    maxMs,
    commitP99Ms,
    cpuMicrosEach,
    loopDelayP99Ms,
    refused,
  } = row;
  const decimals = [p50Ms, p99Ms, maxMs, commitP99Ms, cpuMicrosEach, loopDelayP99Ms].map((value) =>
    value.toFixed(2),
  );
  console.log(line([mode, String(offered), perSecond.toFixed(0), ...decimals, String(refused)]));
}

function writeResults(figures: object): void {
  const startedAt = new Date().toISOString();
  mkdirSync(resultsFolder, { recursive: true });
  const file = join(resultsFolder, `ledger-${startedAt.replaceAll(/[:.]/g, '-')}.json`);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  writeFileSync(file, `${JSON.stringify({ startedAt, machine, ...figures }, null, 2)}\n`);
  console.log(`Figures: ${file.slice(repositoryRoot.length)}`);
}
