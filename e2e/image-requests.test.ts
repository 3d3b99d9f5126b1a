import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '../packages/gateway/src/safety/local/decode-png.ts';
import { startGateway, startImageConnector, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

const execute = promisify(execFile);

/** What callers were promised of pictures, through one gateway with one node that makes one picture at a time. */
let gateway: Gateway;
let host: string;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({
    config: `
accounts: { welcome_usd: 0.2 }
pools: { demo: {} }
models:
  - id: demo-image
    kind: image
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: demo, model: demo-image@1 }]
`,
  });
  host = `http://127.0.0.1:${gateway.port}`;
  await startImageConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('100'));
});
afterAll(cleanUp);

const headers = (): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
});

async function balance(): Promise<{ credits: number; held: number }> {
  const reply = await fetch(`${host}/v1/balance`, { headers: headers() });
  return (await reply.json()) as { credits: number; held: number };
}

type Made = { image: string; seed: number; width: number; height: number; credits_charged: number };

const SMALL = { prompt: 'a tree beside a lake', width: 512, height: 512, steps: 10, seed: 5 };

async function pixels(change: object = {}): Promise<Uint8Array> {
  const reply = await fetch(`${host}/api/images/create`, {
    method: 'POST',
    headers: headers(),
    body: JSON.stringify({ ...SMALL, ...change }),
  });
  const { image } = (await reply.json()) as Made;
  return decodePng(Buffer.from(image.replace('data:image/png;base64,', ''), 'base64'), 2 ** 22).rgb;
}

/** How many of a hundred numbers differ. */
function differing(one: Uint8Array, other: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) count += 1;
  return (100 * count) / one.length;
}

/** It is nearly everywhere; where it is not, the other forms are still tried. */
const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe('the forms of the reference', () => {
  const curl = async (path: string, body: object): Promise<unknown> => {
    const { stdout } = await execute(
      'curl',
      [
        '-s',
        host + path,
        '-H',
        `Authorization: Bearer ${key}`,
        '-H',
        'Content-Type: application/json',
        '-d',
        JSON.stringify(body),
      ],
      { maxBuffer: 32 * 2 ** 20 },
    );
    return JSON.parse(stdout) as unknown;
  };

  it.skipIf(!hasCurl)('with curl: prompt, width and height', async () => {
    const made = await curl('/api/images/create', { prompt: 'an owl on a fence', width: 1216, height: 832 });
    expect(Object.keys(made as object)).toEqual(
      expect.arrayContaining(['image', 'model', 'seed', 'width', 'height', 'credits_charged']),
    );
    expect(made).toMatchObject({ width: 1216, height: 832, credits_charged: 18, seed: expect.any(Number) });
    expect((made as Made).image).toMatch(/^data:image\/png;base64,/);
  });

  it.skipIf(!hasCurl)('with curl: the OpenAI form with the fields that it adds', async () => {
    const made = await curl('/api/v1/images/generations', {
      prompt: 'an owl on a fence',
      size: '832x1216',
      negative_prompt: 'rain',
      seed: 20260701,
      nsfw: false,
      n: 1,
      response_format: 'b64_json',
    });
    expect(made).toMatchObject({ created: expect.any(Number), data: [{ b64_json: expect.any(String) }] });
  });

  it('with the openai client: a prompt alone', async () => {
    const client = new OpenAI({ baseURL: `${host}/api/v1`, apiKey: key });
    const { data } = await client.images.generate({
      prompt: 'an owl on a fence',
      response_format: 'b64_json',
    });
    const png = Buffer.from(data?.[0]?.b64_json ?? '', 'base64');
    expect(decodePng(png, 2 ** 22)).toMatchObject({ width: 1_024, height: 1_024 });
  });
});

describe('the pixels of a picture', () => {
  it('are the same for the same request', async () => {
    expect(differing(await pixels(), await pixels())).toBe(0);
  });

  it.each<[string, object]>([
    ['seed', { seed: 6 }],
    ['steps', { steps: 14 }],
    ['cfg', { cfg: 8 }],
    ['negative prompt', { negative_prompt: 'water, boats, clouds' }],
    ['prompt', { prompt: 'a red house on a hill' }],
  ])('are others for another %s', async (_name, change) => {
    expect(differing(await pixels(), await pixels(change))).toBeGreaterThan(10);
  });

  it('are others for another size', async () => {
    expect(await pixels({ width: 576 })).toHaveLength(576 * 512 * 3);
  });

  it('are others for each of the five styles', async () => {
    const made: Uint8Array[] = [];
    for (const style of ['photo', 'cinematic', 'anime', 'digital-art', '3d'])
      made.push(await pixels({ style }));
    for (const [index, one] of made.entries()) {
      for (const other of made.slice(index + 1)) expect(differing(one, other)).toBeGreaterThan(10);
    }
    // The first is what a request without a style gets.
    expect(differing(made[0] ?? new Uint8Array(1), await pixels())).toBe(0);
  });
});

type Heard = { type: string; position?: number; expected_wait_seconds?: number; step?: number };

/** A picture whose events are kept. */
function asked(body: object): { events: Heard[]; leave(): void; ended: Promise<void> } {
  const events: Heard[] = [];
  const leaving = new AbortController();
  const ended = (async () => {
    const reply = await fetch(`${host}/api/images/create`, {
      method: 'POST',
      headers: { ...headers(), accept: 'text/event-stream' },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of reply.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const event of whole) {
        const [, type = '', data = '{}'] = /^event: (\w+)\ndata: ([^]*)$/.exec(event) ?? [];
        if (type !== '') events.push({ ...(JSON.parse(data) as object), type });
      }
    }
  })();
  ended.catch(() => undefined);
  return { events, leave: () => leaving.abort(), ended };
}

it('those who wait hear their place and how long it may take; who leaves frees place, node and money', async () => {
  const before = await balance();
  const held = () => expect.poll(async () => (await balance()).held, { timeout: 10_000 });
  const long = asked({ ...SMALL, width: 1_536, height: 1_536, steps: 60 });
  await expect.poll(() => long.events.some(({ type }) => type === 'rendering')).toBe(true);
  const second = asked(SMALL);
  await expect.poll(() => second.events).toMatchObject([{ type: 'queued', position: 1 }]);
  const third = asked(SMALL);
  await expect.poll(() => third.events).toMatchObject([{ type: 'queued', position: 2 }]);
  const [place] = third.events;
  expect(place?.expected_wait_seconds).toBeGreaterThanOrEqual(second.events[0]?.expected_wait_seconds ?? NaN);
  await held().toBe(54);

  second.leave();
  await held().toBe(36);
  await expect
    .poll(() => third.events.at(-1), { timeout: 10_000 })
    .toMatchObject({ type: 'queued', position: 1 });
  long.leave();
  await third.ended;
  const steps = third.events.filter(({ type }) => type === 'rendering').map(({ step }) => step);
  expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(third.events.at(-1)?.type).toBe('done');
  expect(await balance()).toMatchObject({ credits: before.credits - 18, held: 0 });
});

it('a picture is paid with the allowance of the day, then with gifts, then with what was bought', async () => {
  const customer = await gateway.customer('1');
  ({ key } = customer);
  await gateway.cli('credit', 'allowance', customer.accountId, '--credits', '10', '--reason', 'test');
  expect(await balance()).toMatchObject({ kinds: { allowance: 10, promo: 20, paid: 100 } });
  await pixels();
  expect(await balance()).toMatchObject({ kinds: { allowance: 0, promo: 12, paid: 100 } });
  await pixels();
  expect(await balance()).toMatchObject({ kinds: { allowance: 0, promo: 0, paid: 94 }, held: 0 });
});
