import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFakeA1111 } from '../packages/connector/src/testing/fake-a1111.ts';
import { startFakeComfy } from '../packages/connector/src/testing/fake-comfy.ts';
import type { FakeEngineServer } from '../packages/connector/src/testing/fake-engine-server.ts';
import { startFakeOpenAiImages } from '../packages/connector/src/testing/fake-openai-images.ts';
import { startFakeSdCpp } from '../packages/connector/src/testing/fake-sd-cpp.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, start, temporaryFolder, type Child } from './support/processes.ts';

const KINDS = ['comfyui', 'a1111', 'sd-cpp', 'openai-images'] as const;
type Kind = (typeof KINDS)[number];

const CONFIG = `
pools: { ${KINDS.map((kind) => `${kind}: {}`).join(', ')} }
models:
${KINDS.map(
  (kind) => `  - id: ${kind}
    kind: image
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: ${kind}, model: sdxl@1 }]
`,
).join('')}`;

let gateway: Gateway;
let key: string;
let engine: FakeEngineServer | undefined;
let connector: Child | undefined;
/** Where the connector of the test is at home. */
let home: string;

beforeAll(async () => {
  gateway = await startGateway({ config: CONFIG });
  ({ key } = await gateway.customer('100'));
});
afterEach(async () => {
  await connector?.stop();
  await engine?.close();
});
afterAll(cleanUp);

/** A node with this engine, once the gateway has taken it. */
async function joinWith(kind: Kind, server: FakeEngineServer): Promise<Child> {
  engine = server;
  const { token } = await gateway.node(kind);
  const words = ['--engine', `${kind}=${server.baseUrl}`, '--json'];
  home = temporaryFolder();
  const program = join(process.cwd(), 'packages/connector/src/main.ts');
  const child = start([program, '--gateway', `http://127.0.0.1:${gateway.port}`, ...words], {
    env: { SWITCHYARD_NODE_TOKEN: token, HOME: home, XDG_CACHE_HOME: home, XDG_STATE_HOME: home },
    cwd: home,
  });
  connector = child;
  await child.line((line) => (line.includes('"online"') ? true : undefined));
  return child;
}

const create = (model: Kind, signal?: AbortSignal): Promise<Response> =>
  fetch(new URL('/api/images/create', gateway.baseUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      prompt: 'a marker-fox',
      negative_prompt: 'marker-fox in rain',
      width: 512,
      height: 576,
      steps: 10,
      seed: 7,
      // No request brings a graph of its own.
      workflow: { '1': { class_type: 'LoadImage', inputs: { image: 'marker-graph' } } },
    }),
    ...(signal === undefined ? {} : { signal }),
  });

function chunkTypes(png: Buffer): string[] {
  const types: string[] = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12)
    types.push(png.toString('latin1', at + 4, at + 8));
  return types;
}

function filesWithMarker(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes('marker-'));
}

const STARTS: Readonly<Record<Kind, () => Promise<FakeEngineServer>>> = {
  comfyui: () => startFakeComfy(),
  a1111: () => startFakeA1111(),
  'sd-cpp': () => startFakeSdCpp(),
  'openai-images': () => startFakeOpenAiImages(),
};

describe('a picture from an image engine', () => {
  it.each(KINDS)('comes from %s through its node, and its prompt stays nowhere', async (kind) => {
    const child = await joinWith(kind, await STARTS[kind]());
    const reply = await create(kind);
    expect(reply.status).toBe(200);
    const made = (await reply.json()) as { image: string };
    expect(made).toMatchObject({ seed: 7, width: 512, height: 576, credits_charged: 18 });
    expect(JSON.stringify(engine?.requests)).toContain('a marker-fox');
    expect(JSON.stringify(engine?.requests)).not.toContain('marker-graph');
    // The engine has written the prompt into the picture.
    const png = Buffer.from(made.image.replace('data:image/png;base64,', ''), 'base64');
    expect(chunkTypes(png)).toEqual(['IHDR', 'IDAT', 'IEND']);
    expect(png.includes('marker')).toBe(false);
    expect(child.output() + gateway.child.output()).not.toContain('marker-');
    expect([...filesWithMarker(home), ...filesWithMarker(gateway.dataDir)]).toEqual([]);
    await child.stop();
    expect([...filesWithMarker(home), ...filesWithMarker(gateway.dataDir)]).toEqual([]);
  });

  it('leaves no prompt in the history of ComfyUI', async () => {
    const comfy = await startFakeComfy();
    await joinWith('comfyui', comfy);
    await (await create('comfyui')).arrayBuffer();
    expect(comfy.left()).toEqual({ queue: [], history: [] });
  });

  it('interrupts ComfyUI when its client leaves', async () => {
    const comfy = await startFakeComfy({ render: 'stays' });
    await joinWith('comfyui', comfy);
    const leave = new AbortController();
    const reply = create('comfyui', leave.signal);
    reply.catch(() => undefined);
    await expect.poll(() => comfy.left().queue.length, { timeout: 10_000 }).toBe(1);
    leave.abort();
    await expect
      .poll(() => comfy.requests.some(({ path }) => path.endsWith('/interrupt')), { timeout: 10_000 })
      .toBe(true);
    await expect.poll(() => comfy.left(), { timeout: 10_000 }).toEqual({ queue: [], history: [] });
  });
});
