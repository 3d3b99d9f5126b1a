import type { IncomingMessage } from 'node:http';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptFault } from '../core/attempt.ts';
import type { ImageSink, Picture } from '../core/image-attempt.ts';
import { LIMITS } from '../core/limits.ts';
import { ok } from '../core/result.ts';
import { createImageQueue } from '../routing/image-router.ts';
import type { ImageTarget } from '../routing/image-router.ts';
import { nativeImages } from '../surfaces/images/native.ts';
import { testPng } from '../testing/test-png.ts';
import type { OutputClassifier } from '../safety/output-classifier.ts';
import type { ImageDeps } from './image-deps.ts';
import { serveImage } from './serve-image.ts';
import {
  allClientsGone,
  closeWorld,
  FLAT,
  modelWith,
  openWorldWith,
  post,
  world,
} from './testing-text-world.ts';

type Render = { request: ImageRequest; sink: ImageSink; cancelled: boolean };

const SMALL = { prompt: 'a fox', width: 512, height: 512, steps: 10, seed: 5 };
const PNG = testPng({ width: 512, height: 512, seed: 5 });
/** What a node hands in; each its own, since a picture is taken up when it is sent. */
const picture = (): Picture => ({ png: Buffer.from(PNG), release: () => void (released += 1) });
const LOST: AttemptFault = { code: 'upstream_failed', blame: 'target', cause: 'node-lost' };

let renders: Render[];
let released: number;
let free: number;
let nextRender: PromiseWithResolvers<Render>;
let deps: ImageDeps;

/** Nodes whose renders the test ends. `free` slots are there. */
function acquire(): ImageTarget | 'busy' {
  if (free === 0) return 'busy';
  free -= 1;
  const nodeId = `node_${renders.length}`;
  return {
    pool: 'main',
    nodeId,
    recipe: 'demo-image@1',
    release: () => undefined,
    start(request, sink) {
      const render: Render = { request, sink, cancelled: false };
      renders.push(render);
      queueMicrotask(() => nextRender.resolve(render));
      return {
        cancel: () => void (render.cancelled = true),
        pause: () => undefined,
        resume: () => undefined,
      };
    },
  };
}

async function rendering(): Promise<Render> {
  const render = await nextRender.promise;
  nextRender = Promise.withResolvers();
  return render;
}

let blocked: string[] = [];

/** A model whose pictures have to be looked at, unless it is safe. */
function useModel(options: { safeOutput: boolean; classifier?: OutputClassifier }): void {
  const model = { ...modelWith(FLAT), kind: 'image' as const, safeOutput: options.safeOutput };
  deps = {
    inference: { ...world.deps, resolveModel: () => ok(model) },
    defaultModel: () => model,
    acquire,
    queue: createImageQueue(world.clock, acquire, { waitMs: 20_000, depthPerModel: 2 }),
    expectedWaitSeconds: (_model, ahead) => (ahead === 0 ? 6.4 : undefined),
    classifier: options.classifier,
    onBlocked: (accountId) => void blocked.push(accountId),
  };
}

beforeEach(async () => {
  blocked = [];
  renders = [];
  released = 0;
  free = 9;
  nextRender = Promise.withResolvers();
  await openWorldWith((exchange) => serveImage(deps, nativeImages, exchange));
  useModel({ safeOutput: true });
});
afterEach(closeWorld);

const spent = (): number => 1_000_000 - world.ledger.balance('acc').availableMicros;

describe('a picture', () => {
  it('is charged when it is there', async () => {
    const { reply } = post(SMALL);
    const render = await rendering();
    expect(spent()).toBe(80_000);
    render.sink.onEnd(picture());
    expect(await reply).toMatchObject({ status: 200, complete: true });
    expect(released).toBe(1);
    expect(JSON.parse((await reply).text)).toMatchObject({
      image: `data:image/png;base64,${PNG.toString('base64')}`,
      seed: 5,
      credits_charged: 8,
    });
    expect(await world.nextReceipt()).toMatchObject({
      surface: 'images',
      end: 'stop',
      chargedMicros: 80_000,
      nodeId: 'node_0',
      policy: 'flat-complete',
    });
  });

  it('tells once that it took the balance below the mark', async () => {
    const told: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { reply } = post(SMALL);
      (await rendering()).sink.onEnd(picture());
      await reply;
      await world.nextReceipt();
      told.push(world.lowNotices());
    }
    // 920 000, 840 000, 760 000 µ$ are left; the mark is 900 000.
    expect(told).toEqual([0, 1, 1]);
  });

  it('is tried once more, on another node with the same request, and then given up for free', async () => {
    const { reply } = post(SMALL);
    const first = await rendering();
    first.sink.onFault(LOST);
    const second = await rendering();
    expect(second.request).toEqual(first.request);
    first.sink.onEnd(picture());
    second.sink.onFault(LOST);
    expect((await reply).status).toBe(502);
    expect(await world.nextReceipt()).toMatchObject({ end: 'failed', chargedMicros: 0, attempts: 2 });
    expect(spent()).toBe(0);
    expect(renders).toHaveLength(2);
  });

  it('is not tried again when the request itself is at fault', async () => {
    const { reply } = post(SMALL);
    (await rendering()).sink.onFault({
      code: 'invalid_request',
      blame: 'request',
      cause: 'fail-invalid-request',
    });
    expect((await reply).status).toBe(400);
    expect(renders).toHaveLength(1);
    expect(spent()).toBe(0);
  });

  it('stops its node and costs nothing when its client leaves', async () => {
    const { client } = post(SMALL);
    const render = await rendering();
    client.destroy();
    expect(await world.nextReceipt()).toMatchObject({ end: 'client-closed', chargedMicros: 0 });
    expect(render.cancelled).toBe(true);
    expect(spent()).toBe(0);
  });

  it('is no picture without its charge', async () => {
    world.failWrites = true;
    const { reply } = post(SMALL);
    (await rendering()).sink.onEnd(picture());
    expect((await reply).status).toBe(503);
    expect((await reply).text).not.toContain('base64');
  });

  it('tells its place, its steps, and its end', async () => {
    free = 0;
    const waiting = post(SMALL, { headers: { accept: 'text/event-stream' } });
    await waiting.sees('event: queued\ndata: {"type":"queued","position":1,"expected_wait_seconds":7}');
    const behind = post(SMALL, { headers: { accept: 'text/event-stream' } });
    await behind.sees('event: queued\ndata: {"type":"queued","position":2}');
    free = 1;
    deps.queue.capacityChanged();
    const render = await rendering();
    render.sink.onProgress(4, 10);
    await waiting.sees('{"type":"rendering","step":4,"steps":10}');
    render.sink.onEnd(picture());
    // The one behind has no node yet: its place is told again when it changes.
    world.clock.advance(1_000);
    await behind.sees('{"type":"queued","position":1,"expected_wait_seconds":7}');
    expect((await waiting.reply).text).toMatch(/event: done\ndata: \{"image":"data:image[^\n]*\}\n\n$/);
  });

  it('breaks a stream off with an error', async () => {
    const asked = post(SMALL, { headers: { accept: 'text/event-stream' } });
    (await rendering()).sink.onFault(LOST);
    (await rendering()).sink.onFault(LOST);
    const reply = await asked.reply;
    expect(reply.complete).toBe(false);
    expect(reply.text).toMatch(/event: error\ndata: \{"error":\{[^\n]*"code":"upstream_failed"\}\}\n\n$/);
  });

  it('waits for a node as long as it may, and not behind too many', async () => {
    free = 0;
    const waiting = [post(SMALL), post(SMALL), post(SMALL)];
    const full = await Promise.race(waiting.map(({ reply }) => reply));
    expect(full.status).toBe(503);
    world.clock.advance(21_000);
    const replies = await Promise.all(waiting.map(({ reply }) => reply));
    expect(replies.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(spent()).toBe(0);
  });
});

describe('a picture on its way to a client that reads slowly', () => {
  /** More than sockets hold, so that the rest waits in the gateway. */
  const LARGE = Buffer.alloc(24 * 2 ** 20, 'pixels');

  /** Charged, the head of its reply read, and no more. */
  async function unread(headers: Record<string, string> = {}) {
    const asked = post(SMALL, { headers });
    const response = new Promise<IncomingMessage>((resolve) => {
      asked.client.on('response', (one: IncomingMessage) => resolve(one.pause()));
    });
    (await rendering()).sink.onEnd({ png: LARGE, release: () => void (released += 1) });
    await world.nextReceipt();
    expect(spent()).toBe(80_000);
    expect(world.deps.running.size).toBe(1);
    expect(released).toBe(0);
    return { ...asked, response: await response };
  }

  const expectOver = (): void => {
    expect(world.deps.running.size).toBe(0);
    expect(released).toBe(1);
  };

  it.each<[string, Record<string, string>]>([
    ['JSON', {}],
    ['events', { accept: 'text/event-stream' }],
  ])('waits for it as %s, and counts as under way', async (_name, headers) => {
    const { response, reply } = await unread(headers);
    response.resume();
    const { complete, text } = await reply;
    expect(complete).toBe(true);
    expect(text.includes(`;base64,${LARGE.toString('base64')}","model"`)).toBe(true);
    expectOver();
  });

  it('is cut when the client takes nothing for too long', async () => {
    const { response, reply } = await unread();
    world.clock.advance(LIMITS.clientStallMs + 2_000);
    response.resume();
    expect((await reply).complete).toBe(false);
    expectOver();
  });

  it('is let go when the client leaves', async () => {
    const { client } = await unread();
    client.destroy();
    await allClientsGone();
    expectOver();
  });

  it('is cut when the time to stop is over', async () => {
    const { response, reply } = await unread();
    for (const run of world.deps.running) run.abort();
    response.resume();
    expect((await reply).complete).toBe(false);
    expectOver();
  });
});

describe('without adult content', () => {
  it.each<[string, () => Promise<number>, number]>([
    ['handed out', () => Promise.resolve(0.1), 200],
    ['kept back', () => Promise.resolve(0.9), 400],
    ['kept back for a score that is none', () => Promise.resolve(Number.NaN), 400],
    ['kept back when it cannot be looked at', () => Promise.reject(new Error('down')), 503],
  ])('a picture is looked at, and %s', async (_name, adultScore, status) => {
    useModel({ safeOutput: false, classifier: { adultScore } });
    const { reply } = post(SMALL);
    (await rendering()).sink.onEnd(picture());
    expect((await reply).status).toBe(status);
    expect(spent()).toBe(status === 200 ? 80_000 : 0);
  });

  it('nothing is rendered when nobody can look at it', async () => {
    useModel({ safeOutput: false });
    expect(await post(SMALL).reply).toMatchObject({ status: 503 });
    expect(renders).toHaveLength(0);
  });

  it('nobody looks at it where adult content is allowed', async () => {
    useModel({ safeOutput: false });
    const { reply } = post({ ...SMALL, nsfw: true });
    (await rendering()).sink.onEnd(picture());
    expect((await reply).status).toBe(200);
  });
});

it('a prompt over the hard line holds and renders nothing, and counts against its account', async () => {
  const { reply } = post({ ...SMALL, prompt: 'a naked child' });
  expect((await reply).text).toContain('content_policy_violation');
  expect(blocked).toEqual(['acc']);
  expect(renders).toHaveLength(0);
  expect(world.receipts).toHaveLength(0);
});
