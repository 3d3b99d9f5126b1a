/**
 * The benchmark of pictures: what the gateway spends on the way of a picture of 2 MB from a node to a client, and how
 * much memory a picture in flight takes. Each round has new processes. Nothing here asserts a time.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodePng } from '../packages/gateway/src/safety/local/decode-png.ts';
import { shrinkToSquare } from '../packages/gateway/src/safety/local/pixels.ts';
import { inFlight, noisePng, render, serveOthers, side, startWorld, type World } from './image-world.ts';
import { cpuMicros, median, residentBytes } from './measure.ts';
import { pinThisProcess, stopAll } from './processes.ts';

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
/** Pictures one after the other, waves of `inFlight` with rests between, and pictures in waves without rests. */
const singles = 30;
const waves = 3;
const crowd = 200;
const settleMs = 400;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    profile: { type: 'boolean', default: false },
  },
});

/** The highest resident memory since `resetPeak`. Source: proc(5), `VmHWM` and `clear_refs`. */
function peakBytes(processId: number): number {
  const text = readFileSync(`/proc/${processId}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1_024;
}

const resetPeak = (processId: number): void => writeFileSync(`/proc/${processId}/clear_refs`, '5');

/** What one gateway showed. Memory in bytes, CPU in milliseconds. */
type Round = {
  singleCpu: number;
  crowdCpu: number;
  singleCollections: number;
  crowdCollections: number;
  /** Peak of waves above the memory just before each, in the middle and at most, for each picture of the wave. */
  inFlight: number;
  inFlightMost: number;
  /** The highest peak above the gateway as it was before its first picture: just started, and in use. */
  aboveFresh: number;
  aboveUsed: number;
  /** What requests without a picture alone added to a gateway that had just started. */
  usedAboveFresh: number;
  /** Resident memory between waves: after the first pictures of the crowd and after the last. */
  settledEarly: number;
  settledLate: number;
};

async function measure(world: World): Promise<Round> {
  const { processId } = world.gateway;
  await wait(settleMs);
  const fresh = residentBytes(processId);
  await serveOthers(world, 3_000);
  await wait(settleMs);
  const used = residentBytes(processId);

  const growths: number[] = [];
  let highest = 0;
  for (let wave = 0; wave < waves; wave += 1) {
    await wait(settleMs);
    const idle = residentBytes(processId);
    resetPeak(processId);
    await render(world, inFlight);
    const peak = peakBytes(processId);
    highest = Math.max(highest, peak);
    growths.push((peak - idle) / inFlight);
  }

  for (let picture = 0; picture < 10; picture += 1) await render(world, 1);
  const singleCpus: number[] = [];
  const beforeSingles = world.fullCollections();
  for (let picture = 0; picture < singles; picture += 1) {
    const before = cpuMicros(processId);
    await render(world, 1);
    singleCpus.push((cpuMicros(processId) - before) / 1_000);
  }
  const beforeCrowd = world.fullCollections();

  resetPeak(processId);
  let settledEarly = 0;
  let crowdCpu = 0;
  for (let wave = 0; wave < crowd / inFlight; wave += 1) {
    const before = cpuMicros(processId);
    await render(world, inFlight);
    crowdCpu += (cpuMicros(processId) - before) / 1_000;
    if (wave + 1 !== Math.round(crowd / inFlight / 4)) continue;
    await wait(settleMs);
    settledEarly = residentBytes(processId);
  }
  highest = Math.max(highest, peakBytes(processId));
  await wait(settleMs);
  return {
    singleCpu: singleCpus.reduce((sum, one) => sum + one, 0) / singles,
    crowdCpu: crowdCpu / crowd,
    singleCollections: (beforeCrowd - beforeSingles) / singles,
    crowdCollections: (world.fullCollections() - beforeCrowd) / crowd,
    inFlight: median(growths),
    inFlightMost: Math.max(...growths),
    aboveFresh: (highest - fresh) / inFlight,
    aboveUsed: (highest - used) / inFlight,
    usedAboveFresh: (used - fresh) / inFlight,
    settledEarly,
    settledLate: residentBytes(processId),
  };
}

/** One line: the middle of the rounds, the worst of them, and the target where there is one. */
function report(
  name: string,
  figures: readonly number[],
  { unit, target, digits = 1 }: { unit: string; target?: number; digits?: number },
): void {
  const texts = [median(figures), Math.max(...figures)].map((figure) => figure.toFixed(digits).padStart(7));
  const told = target === undefined ? '-' : String(target);
  console.log(`${name.padEnd(62)}${texts.join(' ')} ${told.padStart(7)}  ${unit}`);
}

function measureLook(png: Buffer): void {
  const each: number[] = [];
  for (let look = 0; look < 20; look += 1) {
    const begun = process.cpuUsage();
    shrinkToSquare(decodePng(png, side * side), 224);
    const { user, system } = process.cpuUsage(begun);
    each.push((user + system) / 1_000);
  }
  console.log(
    `Where a classifier of the gateway looks at it: ${median(each).toFixed(1)} ms more in its thread to decode and shrink it, before the model.`,
  );
}

async function runRound(png: Buffer): Promise<Round> {
  const folder = mkdtempSync(join(repositoryRoot, '.tmp', 'bench-images-'));
  try {
    const world = await startWorld(
      folder,
      png,
      options.profile ? join(repositoryRoot, 'bench/results') : undefined,
    );
    const round = await measure(world);
    world.engine.close();
    return round;
  } finally {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

function reportAll(rounds: readonly Round[], png: Buffer): void {
  const of = (figure: (round: Round) => number): number[] => rounds.map(figure);
  const sizes = (figure: (round: Round) => number): number[] =>
    rounds.map((round) => figure(round) / png.byteLength);
  const mebibytes = (figure: (round: Round) => number): number[] =>
    rounds.map((round) => figure(round) / 2 ** 20);
  const size = (png.byteLength / 2 ** 20).toFixed(2);
  console.log(`A picture of ${size} MiB, ${rounds.length} rounds, each in new processes.\n`);
  console.log(`${''.padEnd(62)} median   worst  target`);
  const cpu = { unit: 'ms CPU each', target: 40 };
  report(
    'one at a time',
    of(({ singleCpu }) => singleCpu),
    cpu,
  );
  report(
    `${inFlight} at a time`,
    of(({ crowdCpu }) => crowdCpu),
    cpu,
  );
  const collections = { unit: 'in 100 pictures' };
  report(
    'collections of the whole heap, one at a time',
    of((round) => 100 * round.singleCollections),
    collections,
  );
  report(
    `collections of the whole heap, ${inFlight} at a time`,
    of((round) => 100 * round.crowdCollections),
    collections,
  );
  const memory = { unit: 'x its size', target: 4 };
  report(
    `memory of a picture, ${inFlight} in flight, waves with rests`,
    sizes(({ inFlight: one }) => one),
    memory,
  );
  report(
    '  the highest wave',
    sizes(({ inFlightMost }) => inFlightMost),
    memory,
  );
  report(
    'highest of all, above a gateway in use without pictures',
    sizes(({ aboveUsed }) => aboveUsed),
    memory,
  );
  report(
    'highest of all, above a gateway that has served nothing',
    sizes(({ aboveFresh }) => aboveFresh),
    memory,
  );
  report(
    '  of it what other requests alone take',
    sizes(({ usedAboveFresh }) => usedAboveFresh),
    {
      unit: memory.unit,
    },
  );
  const resident = { unit: 'MiB resident' };
  report(
    `at rest after ${crowd / 4} pictures, ${inFlight} at a time`,
    mebibytes(({ settledEarly }) => settledEarly),
    resident,
  );
  report(
    `at rest after ${crowd} pictures, ${inFlight} at a time`,
    mebibytes(({ settledLate }) => settledLate),
    resident,
  );
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}
mkdirSync(join(repositoryRoot, '.tmp'), { recursive: true });
const png = noisePng();
pinThisProcess();
try {
  const rounds: Round[] = [];
  for (let round = 0; round < Number(options.rounds); round += 1) rounds.push(await runRound(png));
  reportAll(rounds, png);
  measureLook(png);
} finally {
  await stopAll();
}
