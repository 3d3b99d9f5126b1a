/**
 * The benchmark of pictures: what the gateway spends on the way of a picture of 2 MB from a node to a client, and how
 * much memory a picture in flight takes. The gateway and the connector are real processes, new ones for each round; the
 * image engine behind the connector is played here and answers with the same picture at once, or with all of a wave
 * together. Nothing here asserts a time.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { decodePng } from '../packages/gateway/src/safety/local/decode-png.ts';
import { shrinkToSquare } from '../packages/gateway/src/safety/local/pixels.ts';
import { createClient, postBytes } from './client.ts';
import { cpuMicros, median, residentBytes } from './measure.ts';
import { getJson } from './mock.ts';
import { freePort, pinThisProcess, startProcess, stopAll, waitUntil, type Running } from './processes.ts';

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
const gatewayProgram = join(repositoryRoot, 'packages/gateway/src/cli/main.ts');
const connectorProgram = join(repositoryRoot, 'packages/connector/src/main.ts');
/** As many as a node may make at once. */
const inFlight = 8;
const side = 1_024;
const pictureBytes = 2 * 2 ** 20;
/** Pictures one after the other, waves of `inFlight` with rests between, and pictures in waves without rests. */
const singles = 40;
const waves = 5;
const crowd = 200;
const settleMs = 400;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    profile: { type: 'boolean', default: false },
  },
});

/** Noise in so many of the rows that the file has about 2 MB. */
function noisePng(): Buffer {
  const rowBytes = side * 3 + 1;
  const noisy = Math.round(pictureBytes / rowBytes);
  const rows = Buffer.alloc(side * rowBytes);
  let state = 1;
  for (let at = 0; at < noisy * rowBytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if (at % rowBytes !== 0) rows[at] = state >>> 24;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const text = chunk('tEXt', Buffer.from('parameters\0a prompt'));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    text,
    chunk('IDAT', deflateSync(rows, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(data.byteLength, 0);
  numbers.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)]);
}

/** An engine with OpenAI's image API. It answers when `wave` requests wait. */
type PlayedEngine = { baseUrl: string; wave: number; close(): void };

async function playEngine(png: Buffer): Promise<PlayedEngine> {
  const reply = JSON.stringify({ created: 1, data: [{ b64_json: png.toString('base64') }] });
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/v1/models') return void response.end('{"data":[{"id":"sd_xl_base_1.0"}]}');
    waiting.push(response);
    if (waiting.length >= played.wave) for (const one of waiting.splice(0)) one.end(reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const played = { baseUrl: `http://127.0.0.1:${port}/v1`, wave: 1, close: () => void server.close() };
  return played;
}

type World = {
  engine: PlayedEngine;
  gateway: Running;
  connector: Running;
  port: number;
  key: string;
  /** How often the gateway has looked through its whole heap. */
  fullCollections(): number;
};

async function startWorld(folder: string, png: Buffer): Promise<World> {
  const engine = await playEngine(png);
  const configFile = join(folder, 'switchyard.yaml');
  writeFileSync(
    configFile,
    `limits: { account_concurrency: 1000, requests_per_minute: 1000000, concurrency: 1000 }
pools: { gpus: {} }
models:
  - id: pictures
    kind: image
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: gpus, model: sdxl@1 }]
`,
  );
  const common = ['--config', configFile, '--data', join(folder, 'data')];
  const cli = (...args: string[]): string =>
    execFileSync(process.execPath, [gatewayProgram, ...args, '--json', ...common], { encoding: 'utf8' });
  cli('account', 'create', 'bench');
  cli('credit', 'add', 'bench', '--usd', '100000', '--reason', 'benchmark');
  const key = (JSON.parse(cli('key', 'create', 'bench', '--name', 'bench')) as { secret: string }).secret;
  const token =
    /"token":\s*"([^"]+)"/.exec(
      cli('node', 'add', '--name', 'bench', '--pool', 'gpus', '--account', 'bench'),
    )?.[1] ?? '';
  const port = await freePort();
  const profile = options.profile
    ? ['--cpu-prof', `--cpu-prof-dir=${join(repositoryRoot, 'bench/results')}`]
    : [];
  let fullCollections = 0;
  const gateway = startProcess({
    command: process.execPath,
    // The heap as packages/gateway/bin/switchyard.mjs sets it.
    args: [
      '--min-semi-space-size=16',
      '--trace-gc',
      ...profile,
      gatewayProgram,
      'start',
      ...common,
      '--port',
      String(port),
    ],
    place: 'target',
    onOutput: (text) => (fullCollections += text.split('Mark-Compact').length - 1),
  });
  const isReady = (path: string, test: (body: unknown) => boolean) => () =>
    getJson(port, path).then(test, () => false);
  await waitUntil(
    gateway,
    'gateway',
    isReady('/readyz', () => true),
  );
  const connectorFile = join(folder, 'connector.yaml');
  writeFileSync(
    connectorFile,
    `gateway: http://127.0.0.1:${port}
engines: [{ kind: openai-images, base_url: ${engine.baseUrl}, slots: ${inFlight} }]
`,
  );
  const connector = startProcess({
    command: process.execPath,
    args: [connectorProgram, '--config', connectorFile, '--json'],
    place: 'helper',
    environment: { SWITCHYARD_NODE_TOKEN: token },
  });
  await waitUntil(connector, 'connector', () => Promise.resolve(connector.output().includes('"online"')));
  return { engine, gateway, connector, port, key, fullCollections: () => fullCollections };
}

/** `count` pictures at once. Returns the bytes of the replies. */
async function render({ engine, port, key }: World, count: number): Promise<number> {
  engine.wave = count;
  const body = JSON.stringify({ prompt: 'a lake', response_format: 'b64_json' });
  const request = postBytes('/v1/images/generations', { authorization: `Bearer ${key}` }, body);
  const sizes = Array.from({ length: count }, () => {
    const client = createClient(port);
    return new Promise<number>((resolve, reject) => {
      let bytes = 0;
      client.send(request, {
        onBody: (part) => (bytes += part.byteLength),
        onEnd: (status) => {
          client.destroy();
          if (status === 200) resolve(bytes);
          else reject(new Error(`the gateway answered ${status}`));
        },
        onFailure: (reason) => reject(new Error(reason)),
      });
    });
  });
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

/** The highest resident memory since `resetPeak`. Source: proc(5), `VmHWM` and `clear_refs`. */
function peakBytes(processId: number): number {
  const text = readFileSync(`/proc/${processId}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1_024;
}

const resetPeak = (processId: number): void => writeFileSync(`/proc/${processId}/clear_refs`, '5');

/** Requests without a picture, so that the heap has the size of one in use. */
async function serveOthers({ port, key }: World, count: number): Promise<void> {
  const body = JSON.stringify({ prompt: 'a lake', dry_run: true });
  const request = postBytes('/v1/images/generations', { authorization: `Bearer ${key}` }, body);
  const client = createClient(port);
  for (let sent = 0; sent < count; sent += 1) {
    await new Promise<void>((resolve, reject) => {
      client.send(request, { onEnd: () => resolve(), onFailure: (reason) => reject(new Error(reason)) });
    });
  }
  client.destroy();
}

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
    const world = await startWorld(folder, png);
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
