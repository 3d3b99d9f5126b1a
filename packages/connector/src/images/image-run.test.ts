import { createHash } from 'node:crypto';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import { describe, expect, it } from 'vitest';
import { createAgent } from '../agent.ts';
import { EngineError } from '../engine.ts';
import type { ImageStream, JobOffer } from '../link/types.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import type { ImageEngine, RenderJob, RenderWatch } from './image-engine.ts';
import { createImageHost } from './image-host.ts';
import { DEMO_RECIPE } from './recipes.ts';

const REQUEST: ImageRequest = {
  recipe: DEMO_RECIPE,
  prompt: 'a fox',
  negativePrompt: 'rain',
  style: 'anime',
  width: 512,
  height: 576,
  steps: 10,
  cfg: 4,
  seed: 9,
  nsfw: false,
};

const OFFER: JobOffer = {
  kind: 'image',
  jobId: 'job',
  model: DEMO_RECIPE,
  estimatedInputTokens: 0,
  deadlineMs: 60_000,
};

/** A node with one image engine, whose renders the test ends. */
async function setUp() {
  const timers = createVirtualTimers();
  const renders: { job: RenderJob; watch: RenderWatch; work: PromiseWithResolvers<Uint8Array> }[] = [];
  const heard: unknown[] = [];
  const engine: ImageEngine = {
    kind: 'demo-image',
    version: '1',
    recipes: [{ recipe: DEMO_RECIPE, maxPixels: 1_000_000 }],
    slots: 1,
    start: () => Promise.resolve(),
    render(job, watch) {
      const work = Promise.withResolvers<Uint8Array>();
      watch.signal.addEventListener('abort', () => work.reject(new Error('aborted')));
      renders.push({ job, watch, work });
      return work.promise;
    },
    close: () => Promise.resolve(),
  };
  const host = createImageHost({ engine, timers, onUp: () => undefined, onDown: () => undefined });
  await host.start();
  const agent = createAgent({
    hosts: [],
    images: [host],
    isPrivate: false,
    timers,
    onLinkState: () => undefined,
    onJobFault: (fault) => heard.push(['fault', fault.code]),
  });
  const stream: ImageStream = {
    alive: () => heard.push('alive'),
    progress: (progress) => heard.push(progress),
    picture: (bytes, info) => heard.push(['picture', bytes.byteLength, info]),
    fail: (fault) => heard.push(['fail', fault.code]),
  };
  function start(request = REQUEST) {
    const answer = agent.offer(OFFER);
    if (!('acceptImage' in answer)) throw new Error('not accepted');
    return answer.acceptImage.startImage(request, stream);
  }
  return { timers, renders, heard, agent, start };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an image job', () => {
  it('is offered with its slots, and makes one picture at a time', async () => {
    const { agent, start, renders, heard } = await setUp();
    expect(agent.capabilities()).toMatchObject({
      engine: { kind: 'demo-image' },
      slots: { text: 0, image: 1 },
      image: [{ recipe: DEMO_RECIPE, maxPixels: 1_000_000, slots: 1 }],
    });
    start();
    await turn();
    expect(agent.offer(OFFER)).toEqual({ reject: 'busy' });
    expect(agent.offer({ ...OFFER, model: 'other@1' })).toEqual({ reject: 'unsupported' });
    const png = new Uint8Array([1, 2, 3]);
    renders[0]?.watch.onStep(1);
    renders[0]?.work.resolve(png);
    await turn();
    const sha256 = createHash('sha256').update(png).digest('hex');
    expect(heard).toEqual([
      { step: 1, steps: 10 },
      ['picture', 3, { mime: 'image/png', sha256, seed: 9, width: 512, height: 576 }],
    ]);
    expect(agent.offer(OFFER)).toHaveProperty('acceptImage');
    expect(agent.counts()).toMatchObject({ running: 0, done: 1 });
  });

  it('adds the words of its style and the baseline of the recipe', async () => {
    const { start, renders } = await setUp();
    start();
    await turn();
    expect(renders[0]?.job).toMatchObject({ width: 512, height: 576, steps: 10, cfg: 4, seed: 9 });
    expect(renders[0]?.job.prompt).toMatch(/^a fox, .*anime/);
    expect(renders[0]?.job.negativePrompt).toMatch(/^.*artifacts.*, rain$/);
  });

  it('says every five seconds that it lives', async () => {
    const { start, timers, heard } = await setUp();
    start();
    await turn();
    timers.advance(11_000);
    expect(heard).toEqual(['alive', 'alive']);
  });

  it('stops its engine when it is cancelled, and frees the slot then', async () => {
    const { agent, start, renders, heard } = await setUp();
    const running = start();
    await turn();
    await running.cancel();
    await turn();
    expect(renders[0]?.watch.signal.aborted).toBe(true);
    expect(heard).toEqual([]);
    expect(agent.offer(OFFER)).toHaveProperty('acceptImage');
    expect(agent.counts()).toMatchObject({ running: 0, cancelled: 1 });
  });

  it('fails once, with the code of its engine', async () => {
    const { start, renders, heard } = await setUp();
    start();
    await turn();
    renders[0]?.work.reject(new EngineError({ code: 'overloaded', message: 'full' }));
    await turn();
    expect(heard).toEqual([
      ['fail', 'overloaded'],
      ['fault', 'overloaded'],
    ]);
  });

  it('fails at its deadline and frees the slot', async () => {
    const { agent, start, timers, heard } = await setUp();
    start();
    await turn();
    timers.advance(60_000);
    await turn();
    expect(heard.filter((word) => word !== 'alive')).toEqual([
      ['fail', 'timeout'],
      ['fault', 'timeout'],
    ]);
    expect(agent.offer(OFFER)).toHaveProperty('acceptImage');
  });

  it('fails for a recipe of another version', async () => {
    const { start, heard } = await setUp();
    start({ ...REQUEST, recipe: 'demo-image@2' });
    await turn();
    expect(heard[0]).toEqual(['fail', 'unsupported']);
  });
});
