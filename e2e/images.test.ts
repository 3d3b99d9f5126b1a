import { inflateSync } from 'node:zlib';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, startImageConnector, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

const CONFIG = `
pools: { demo: {} }
models:
  - id: demo-image
    kind: image
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: demo, model: demo-image@1 }]
  - id: unwatched
    kind: image
    price: { credits: 18 }
    routes: [{ pool: demo, model: demo-image@1 }]
  - id: nowhere
    kind: image
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: demo, model: other@1 }]
`;

let gateway: Gateway;
let client: OpenAI;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ config: CONFIG });
  await startImageConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('100'));
  client = new OpenAI({ baseURL: gateway.baseUrl, apiKey: key, maxRetries: 0 });
});
afterAll(cleanUp);

const SMALL = { width: 512, height: 512, steps: 10 };

type Balance = { credits: number; held: number };
const balance = (): Promise<Balance> => client.get('/balance');

function ask(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, gateway.baseUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const create = (body: object, headers?: Record<string, string>): Promise<Response> =>
  ask('/api/images/create', body, headers);

/** The types of a PNG's chunks, once each, its size, and that its pixels can be read. */
function readPng(base64: string) {
  const png = Buffer.from(base64.replace('data:image/png;base64,', ''), 'base64');
  const types: string[] = [];
  const pixels: Buffer[] = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    if (!types.includes(type)) types.push(type);
    if (type === 'IDAT') pixels.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const rows = inflateSync(Buffer.concat(pixels));
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), types, rows };
}

async function picture(body: object): Promise<string> {
  const response = await create(body);
  const reply: unknown = await response.json();
  if (typeof reply !== 'object' || reply === null || !('image' in reply))
    throw new Error(JSON.stringify(reply));
  return String(reply.image);
}

describe('a picture', () => {
  it('comes through the official openai client, and is charged exactly', async () => {
    const before = await balance();
    const reply = await client.images.generate({
      prompt: 'a red house on a hill',
      size: '512x512',
      response_format: 'b64_json',
      quality: 'high',
      user: 'someone',
    });
    const { width, height, types, rows } = readPng(reply.data?.[0]?.b64_json ?? '');
    expect({ width, height }).toEqual({ width: 512, height: 512 });
    expect(types.filter((type) => !['IHDR', 'IDAT', 'IEND'].includes(type))).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(512 * 512);
    expect(reply).toMatchObject({ size: '512x512', usage: { cost: 0.18 } });
    expect(await balance()).toMatchObject({ credits: before.credits - 18, held: 0 });
  });

  it('has a form with every control, and tells its seed', async () => {
    const response = await create({ prompt: 'a blue boat', ...SMALL, width: 530, seed: 7 });
    expect(await response.json()).toMatchObject({
      model: 'demo-image',
      seed: 7,
      width: 512,
      height: 512,
      credits_charged: 18,
      image: expect.stringMatching(/^data:image\/png;base64,/),
    });
  });

  it('is the same for the same seed, and another for another seed, number of steps or size', async () => {
    const first = await picture({ prompt: 'a tree', ...SMALL, seed: 1 });
    expect(await picture({ prompt: 'a tree', ...SMALL, seed: 1 })).toBe(first);
    const others = await Promise.all([
      picture({ prompt: 'a tree', ...SMALL, seed: 2 }),
      picture({ prompt: 'a tree', ...SMALL, steps: 11, seed: 1 }),
      picture({ prompt: 'a tree', ...SMALL, height: 576, seed: 1 }),
    ]);
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it('tells how far it is where the client wants to hear it', async () => {
    const response = await create({ prompt: 'a lake', ...SMALL }, { accept: 'text/event-stream' });
    const text = await response.text();
    expect(text).toContain('event: rendering\ndata: {"type":"rendering","step":10,"steps":10}');
    expect(text.trimEnd().split('\n\n').at(-1)).toMatch(/^event: done\ndata: \{"image":"data:image/);
  });

  it('can be asked for its price, and runs once for each Idempotency-Key', async () => {
    const before = await balance();
    const quote = await create({ prompt: 'a lake' }, { 'x-dry-run': 'true' });
    expect(await quote.json()).toMatchObject({ object: 'quote', max_cost_credits: 18 });
    const once = { 'idempotency-key': 'one' };
    expect((await create({ prompt: 'a lake', ...SMALL }, once)).status).toBe(200);
    expect((await create({ prompt: 'a lake', ...SMALL }, once)).status).toBe(409);
    expect((await balance()).credits).toBe(before.credits - 18);
  });

  it('costs nothing when its client leaves, and its node is free again', async () => {
    const before = await balance();
    const leaving = new AbortController();
    const response = await fetch(new URL('/api/images/create', gateway.baseUrl), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ prompt: 'a long one', width: 1_536, height: 1_536, steps: 60 }),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    await picture({ prompt: 'a next one', ...SMALL });
    expect(await balance()).toMatchObject({ credits: before.credits - 18, held: 0 });
  });

  it.each<[string, string, object, number, string]>([
    ['two pictures', '/v1/images/generations', { n: 2 }, 400, 'unsupported_parameter'],
    ['a URL', '/v1/images/generations', { response_format: 'url' }, 400, 'unsupported_parameter'],
    ['a stream by field', '/v1/images/generations', { stream: true }, 400, 'unsupported_parameter'],
    ['a size too small', '/v1/images/generations', { size: '256x256' }, 400, 'invalid_request'],
    ['a width too large', '/api/images/create', { width: 2_000 }, 400, 'invalid_request'],
    ['too many steps', '/api/images/create', { steps: 61 }, 400, 'invalid_request'],
    ['no prompt', '/api/images/create', { prompt: '' }, 400, 'invalid_request'],
    ['no such model', '/api/images/create', { model: 'none' }, 404, 'model_not_found'],
    [
      'a crossed line',
      '/api/images/create',
      { prompt: 'a naked 12 year old' },
      400,
      'content_policy_violation',
    ],
    ['nobody to look at it', '/api/images/create', { model: 'unwatched' }, 503, 'classifier_unavailable'],
    ['no node with the recipe', '/api/images/create', { model: 'nowhere' }, 503, 'server_is_overloaded'],
  ])('is refused uncharged: %s', async (...[, path, change, status, code]) => {
    const before = await balance();
    const response = await ask(path, { prompt: 'a house', ...change });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
    expect(await balance()).toEqual(before);
  });

  it('is listed with its price, and leaves a receipt of metadata', async () => {
    const models: unknown[] = [];
    for await (const model of client.models.list()) models.push(model);
    expect(models).toContainEqual(
      expect.objectContaining({ id: 'demo-image', kind: 'image', available: true }),
    );
    const response = await create({ prompt: 'marker-in-a-prompt', ...SMALL });
    const id = response.headers.get('x-request-id') ?? '';
    const receipt = JSON.stringify(await client.get(`/requests/${id}`));
    expect(receipt).toContain('"images"');
    expect(receipt).not.toContain('marker-in-a-prompt');
  });
});
