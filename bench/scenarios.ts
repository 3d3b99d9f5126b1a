import { setTimeout as wait } from 'node:timers/promises';
import type { BehaviourName, Target } from './behaviours.ts';
import {
  closedLoop,
  holdStreams,
  openLoop,
  sumFailures,
  type HeldStreams,
  type Load,
  type LoadResult,
} from './load.ts';
import { cpuMicros, median, residentBytes } from './measure.ts';

/**
 * How long and how many. `firstWarmUpMs`: once for each target, because Node compiles its busiest code during the first twenty
 * seconds of load, in threads whose CPU counts. `warmUpMs`: before each round, since the other targets' turns leave a program
 * cold.
 */
export type Size = { durationMs: number; warmUpMs: number; firstWarmUpMs: number; streams: number };

export const fullSize: Size = { durationMs: 5_000, warmUpMs: 1_000, firstWarmUpMs: 20_000, streams: 1_000 };
export const quickSize: Size = { durationMs: 1_000, warmUpMs: 500, firstWarmUpMs: 500, streams: 200 };

/** What one run against one target gave. Absent: it does not apply. */
export type Figures = {
  /** Replies, or events of streams, per second. */
  perSecond: number;
  /** CPU of the process under test per reply or event, microseconds. */
  cpuMicrosEach?: number;
  /** Share of one core that the process under test was busy. */
  coreShare?: number;
  p50Ms?: number;
  p99Ms?: number;
  /** The smallest of several rounds, each figure by itself. */
  least?: { cpuMicrosEach?: number; p99Ms?: number };
  /** Memory per open stream, KiB. */
  kibPerStream?: number;
  failures: Readonly<Record<string, number>>;
};

export type Scenario = {
  name: string;
  group: 'closed' | 'open' | 'first' | 'streams' | 'faults' | 'dialects';
  /** Counts whole answers of a program in its stride, so it wants `warmUpOnce` before it. */
  wantsWarm?: boolean;
  run(target: Target, size: Size, openStreams: () => Promise<number>): Promise<Figures>;
};

export const scenarios: readonly Scenario[] = [
  // First, because streams take what more work before has left free.
  {
    name: 'paced streams, 10 events/s each',
    group: 'streams',
    run: (target, size, openStreams) => runStreams(target, size, openStreams),
  },
  closed('closed loop, 32 connections', 32),
  closed('closed loop, 256 connections', 256),
  open('open loop, 500/s', 500),
  open('open loop, 1000/s', 1_000),
  {
    name: 'first event, 100 streams/s',
    group: 'first',
    run: (target, size) => paced(target, size, { behaviour: 'burst', ratePerSecond: 100 }),
  },
  {
    name: 'upstream answers 503',
    group: 'faults',
    run: (target, size) => runClosed(target, size, { connections: 32, behaviour: 'fault' }),
  },
];

/** Run against the gateway alone, once in each dialect. Short streams, so that most of the work is events. */
export const dialectScenarios: readonly Scenario[] = [
  { ...closed('whole answers by dialect, 32 connections', 32), group: 'dialects' },
  {
    name: 'streams by dialect, 50 of 100 events/s',
    group: 'dialects',
    run: (target, size, openStreams) => runStreams(target, { ...size, streams: 50 }, openStreams, 'fast'),
  },
];

function closed(name: string, connections: number): Scenario {
  const run: Scenario['run'] = (target, size) => runClosed(target, size, { connections, behaviour: 'plain' });
  return { name, group: 'closed', wantsWarm: true, run };
}

/** Gives the target so many requests that its busiest code is compiled. */
export async function warmUpOnce(target: Target, size: Size): Promise<void> {
  const load: Load = { port: target.port, requests: target.requests('plain', false) };
  await closedLoop(load, { connections: 32, durationMs: size.firstWarmUpMs });
}

function open(name: string, ratePerSecond: number): Scenario {
  const run: Scenario['run'] = (target, size) => paced(target, size, { behaviour: 'plain', ratePerSecond });
  return { name, group: 'open', wantsWarm: true, run };
}

async function runClosed(
  target: Target,
  size: Size,
  { connections, behaviour }: { connections: number; behaviour: BehaviourName },
): Promise<Figures> {
  const load: Load = {
    port: target.port,
    requests: target.requests(behaviour, false),
    ...(behaviour === 'fault' ? { expectsError: true } : {}),
  };
  await closedLoop(load, { connections, durationMs: size.warmUpMs });
  return withCpu(target, () => closedLoop(load, { connections, durationMs: size.durationMs }));
}

async function paced(
  target: Target,
  size: Size,
  { behaviour, ratePerSecond }: { behaviour: BehaviourName; ratePerSecond: number },
): Promise<Figures> {
  const isStream = behaviour === 'burst';
  const load = { port: target.port, requests: target.requests(behaviour, isStream) };
  const until = isStream ? ('first-byte' as const) : ('end' as const);
  await openLoop(load, { ratePerSecond, durationMs: size.warmUpMs, until });
  return withCpu(target, () => openLoop(load, { ratePerSecond, durationMs: size.durationMs, until }));
}

async function withCpu(target: Target, run: () => Promise<LoadResult>): Promise<Figures> {
  const before = cpuOf(target);
  const result = await run();
  const micros = cpuOf(target) - before;
  return {
    perSecond: result.succeeded / result.seconds,
    ...cpuFigures(target, { micros, count: result.succeeded, seconds: result.seconds }),
    p50Ms: result.latency.p50Ms,
    p99Ms: result.latency.p99Ms,
    failures: result.failures,
  };
}

/**
 * Opens all streams, lets them settle, measures a while, and leaves without a word, as clients do. Memory counts from
 * when a quarter of them is open: by then the program has compiled its code, made its pools, and grown V8's young heap,
 * which has nothing to do with their number.
 */
async function runStreams(
  target: Target,
  size: Size,
  openStreams: () => Promise<number>,
  behaviour: BehaviourName = 'paced',
): Promise<Figures> {
  const settleMs = 1_000;
  const memorySamples = 20;
  const load = { port: target.port, requests: target.requests(behaviour, true) };
  const firstCount = Math.floor(size.streams / 4);
  const held: HeldStreams[] = [];
  const events = (): number => held.reduce((sum, streams) => sum + streams.events(), 0);
  const closeAll = (): void => held.forEach((streams) => streams.close());
  try {
    if (behaviour === 'paced') await growYoungHeap(target, size);
    held.push(await holdStreams(load, firstCount));
    await wait(settleMs);
    const memoryBefore = memoryOf(target);
    held.push(await holdStreams(load, size.streams - firstCount));
    await wait(settleMs);
    const before = { micros: cpuOf(target), events: events(), atMs: performance.now() };
    const memory: number[] = [];
    for (let sample = 0; sample < memorySamples; sample += 1) {
      await wait(size.durationMs / memorySamples);
      memory.push(memoryOf(target));
    }
    const seconds = (performance.now() - before.atMs) / 1000;
    const count = events() - before.events;
    const micros = cpuOf(target) - before.micros;
    const kibPerStream = (median(memory) - memoryBefore) / 1024 / (size.streams - firstCount);
    const failures = sumFailures(held.map((streams) => streams.failures()));
    closeAll();
    const left = await streamsLeft(openStreams);
    if (left > 0) failures['left open at the upstream'] = left;
    return {
      perSecond: count / seconds,
      ...cpuFigures(target, { micros, count, seconds }),
      ...(target.processId === undefined || behaviour !== 'paced' ? {} : { kibPerStream }),
      failures,
    };
  } finally {
    closeAll();
  }
}

/** Whole answers make V8's young heap as large as it becomes, which would else count as memory of the first streams. */
async function growYoungHeap(target: Target, size: Size): Promise<void> {
  const load: Load = { port: target.port, requests: target.requests('plain', false) };
  await closedLoop(load, { connections: 256, durationMs: size.durationMs });
}

/** How many streams the upstream still sends a while after all clients have left. 0 when it learned of it. */
async function streamsLeft(openStreams: () => Promise<number>): Promise<number> {
  const looks = 40;
  let left = await openStreams();
  for (let look = 0; look < looks && left > 0; look += 1) {
    await wait(50);
    left = await openStreams();
  }
  return left;
}

function cpuFigures(
  target: Target,
  { micros, count, seconds }: { micros: number; count: number; seconds: number },
): Pick<Figures, 'cpuMicrosEach' | 'coreShare'> {
  if (target.processId === undefined || count === 0) return {};
  return { cpuMicrosEach: micros / count, coreShare: micros / 1e6 / seconds };
}

function cpuOf(target: Target): number {
  return target.processId === undefined ? 0 : cpuMicros(target.processId);
}

function memoryOf(target: Target): number {
  return target.processId === undefined ? 0 : residentBytes(target.processId);
}
