/**
 * The benchmark of pictures: what the gateway spends on the way of a picture of 2 MB from a node to a client, and how
 * much memory a picture in flight takes. The gateway and the connector are real processes; the image engine behind the
 * connector is played here and answers with the same picture at once, or with all of a wave together. Nothing here
 * asserts a time.
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

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
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

type World = { engine: PlayedEngine; gateway: Running; port: number; key: string };

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
  const gateway = startProcess({
    command: process.execPath,
    // The heap as packages/gateway/bin/switchyard.mjs sets it.
    args: [
      '--min-semi-space-size=16',
      ...profile,
      gatewayProgram,
      'start',
      ...common,
      '--port',
      String(port),
    ],
    place: 'target',
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
  return { engine, gateway, port, key };
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

async function measure(world: World, png: Buffer): Promise<void> {
  const { processId } = world.gateway;
  const rounds = options.quick ? 20 : 100;
  await wait(1_000);
  const fresh = residentBytes(processId);
  for (let round = 0; round < 20; round += 1) await render(world, 1);
  await wait(1_000);
  const each: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = cpuMicros(processId);
    await render(world, 1);
    each.push((cpuMicros(processId) - before) / 1_000);
  }
  const before = cpuMicros(processId);
  for (let round = 0; round < rounds / 4; round += 1) await render(world, inFlight);
  const crowded = (cpuMicros(processId) - before) / 1_000 / ((rounds / 4) * inFlight);
  const size = png.byteLength / 2 ** 20;
  console.log(
    `one picture of ${size.toFixed(2)} MiB at a time: ${median(each).toFixed(1)} ms CPU each (target: 40)`,
  );
  console.log(`${inFlight} at a time: ${crowded.toFixed(1)} ms CPU each`);

  const growths: number[] = [];
  let highest = 0;
  for (let round = 0; round < 8; round += 1) {
    await wait(1_500);
    const idle = residentBytes(processId);
    resetPeak(processId);
    await render(world, inFlight);
    highest = Math.max(highest, peakBytes(processId) - fresh);
    growths.push((peakBytes(processId) - idle) / inFlight / png.byteLength);
  }
  console.log(
    `memory of a picture in flight, ${inFlight} of them: ${median(growths).toFixed(1)} times its size (target: 4), at most ${Math.max(...growths).toFixed(1)}`,
  );
  console.log(
    `memory above a gateway that has made no picture yet: at most ${(highest / 2 ** 20).toFixed(0)} MiB, ${(highest / inFlight / png.byteLength).toFixed(1)} times ${inFlight} pictures`,
  );
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
    `where a classifier of the gateway looks at it: ${median(each).toFixed(1)} ms more in its thread to decode and shrink it, before the model`,
  );
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}
mkdirSync(join(repositoryRoot, '.tmp'), { recursive: true });
const folder = mkdtempSync(join(repositoryRoot, '.tmp', 'bench-images-'));
const png = noisePng();
pinThisProcess();
try {
  const world = await startWorld(folder, png);
  await measure(world, png);
  measureLook(png);
  world.engine.close();
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
