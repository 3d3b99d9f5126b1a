/**
 * What the benchmark of pictures runs against: a gateway and a connector, real processes, and an image engine behind the
 * connector that is played here and answers with the same picture at once, or with all of a wave together.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { createClient, postBytes } from './client.ts';
import { v8Flags } from '../packages/gateway/bin/v8-flags.mjs';
import { compileCache } from './gateway.ts';
import { getJson } from './mock.ts';
import { freePort, startProcess, waitUntil, type Running } from './processes.ts';

const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
const gatewayProgram = join(repositoryRoot, 'packages/gateway/src/cli/main.ts');
const connectorProgram = join(repositoryRoot, 'packages/connector/src/main.ts');
/** As many as a node may make at once. */
export const inFlight = 8;
export const side = 1_024;
const pictureBytes = 2 * 2 ** 20;

/** Noise in so many of the rows that the file has about 2 MB. */
export function noisePng(): Buffer {
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
  const reply = Buffer.from(JSON.stringify({ created: 1, data: [{ b64_json: png.toString('base64') }] }));
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

export type World = {
  engine: PlayedEngine;
  gateway: Running;
  port: number;
  key: string;
  /** How often the gateway has looked through its whole heap. */
  fullCollections(): number;
};

/** `profileFolder`: where the gateway writes a CPU profile. */
export async function startWorld(folder: string, png: Buffer, profileFolder?: string): Promise<World> {
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
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  let fullCollections = 0;
  const gateway = startProcess({
    command: process.execPath,
    args: [...v8Flags, '--trace-gc', ...profile, gatewayProgram, 'start', ...common, '--port', String(port)],
    place: 'target',
    environment: { NODE_COMPILE_CACHE: compileCache },
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
  return { engine, gateway, port, key, fullCollections: () => fullCollections };
}

/** `count` pictures at once. Returns the bytes of the replies. */
export async function render({ engine, port, key }: World, count: number): Promise<number> {
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

/** Requests without a picture, so that the heap has the size of one in use. */
export async function serveOthers({ port, key }: World, count: number): Promise<void> {
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
