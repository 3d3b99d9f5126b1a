import { afterEach, describe, expect, it } from 'vitest';
import type { FakeComfy, FakeComfyOptions } from '../testing/fake-comfy.ts';
import { startFakeComfy } from '../testing/fake-comfy.ts';
import { createPollTimers, pngOf, serverOf, startRender } from '../testing/render-setup.ts';
import { createComfyEngine, PICTURE_MS, STALL_MS } from './comfy.ts';

let fake: FakeComfy | undefined;
afterEach(() => fake?.close());

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function setUp(options: FakeComfyOptions = {}) {
  const server = await startFakeComfy(options);
  fake = server;
  const timers = createPollTimers();
  const engine = createComfyEngine(serverOf(server.baseUrl, { timers }));
  const asked = (path: string) => server.requests.filter((request) => request.path.startsWith(path));
  const untilAsked = async (path: string): Promise<void> => {
    while (asked(path).length === 0) await turn();
  };
  return { server, timers, engine, asked, untilAsked };
}

describe('ComfyUI', () => {
  it.each([[{ isOld: true }], [{ isOld: false }]])(
    'offers recipes by its checkpoints (%j)',
    async (options) => {
      const { engine } = await setUp({
        ...options,
        checkpoints: ['x.ckpt', 'xl/sd_xl_base_1.0.safetensors'],
      });
      await engine.start();
      expect(engine.recipes).toEqual([{ recipe: 'sdxl@1', maxPixels: 1536 * 1024 }]);
      expect(engine.version).toBe('0.9.2');
      expect(await engine.probe?.(AbortSignal.timeout(5_000))).toBe(true);
    },
  );

  it.each<[FakeComfyOptions, string]>([
    [{ checkpoints: [] }, 'no model'],
    [{ lacks: 'SaveImageWebsocket' }, 'SaveImageWebsocket'],
    [{ replaced: 'KSampler' }, 'KSampler'],
  ])('cannot be used with %j', async (options, words) => {
    const { engine } = await setUp(options);
    await expect(engine.start()).rejects.toThrow(words);
  });

  it('makes a picture out of a graph of its own, and leaves nothing behind', async () => {
    const { server, engine, asked } = await setUp();
    await engine.start();
    const { picture, steps } = startRender(engine);
    expect(Buffer.from(await picture).equals(pngOf())).toBe(true);
    expect(steps).toEqual([1, 2, 3]);
    expect(asked('/prompt')[0]?.body).toMatchObject({
      prompt: {
        '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sd_xl_base_1.0.safetensors' } },
        '2': { inputs: { text: 'a fox' } },
        '3': { inputs: { text: 'rain' } },
        '4': { inputs: { width: 512, height: 576, batch_size: 1 } },
        '5': { inputs: { seed: 9, steps: 12, cfg: 4.5, sampler_name: 'dpmpp_2m', scheduler: 'karras' } },
        '7': { class_type: 'SaveImageWebsocket' },
      },
    });
    expect(server.left()).toEqual({ queue: [], history: [] });
  });

  it('connects again when its line breaks', async () => {
    const { engine } = await setUp({ render: 'cuts-line' });
    await engine.start();
    expect(Buffer.from(await startRender(engine).picture).equals(pngOf())).toBe(true);
  });

  it.each<[FakeComfyOptions, string]>([
    [{ render: 'invalid' }, 'engine_failed'],
    [{ render: 'missing-model' }, 'engine_failed'],
    [{ render: 'out-of-memory' }, 'overloaded'],
    [{ render: 'fails' }, 'engine_failed'],
    [{ render: 'interrupted' }, 'engine_failed'],
    [{ render: 'lost' }, 'engine_failed'],
    [{ render: 'other-size' }, 'engine_failed'],
    [{ hasSocket: false }, 'engine_unreachable'],
  ])('fails with %j as %s, and leaves nothing behind', async (options, code) => {
    const { server, engine } = await setUp(options);
    await engine.start();
    const error: unknown = await startRender(engine).picture.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ fault: { code } });
    expect(JSON.stringify(error)).not.toContain('fox');
    expect(server.left()).toEqual({ queue: [], history: [] });
  });

  it('fails when the picture does not come', async () => {
    const { engine, timers } = await setUp({ render: 'no-picture' });
    await engine.start();
    const ended: unknown[] = [];
    const { picture } = startRender(engine);
    picture.catch((error: unknown) => ended.push(error));
    // Time passes slowly, so that the answers come before it is over.
    while (ended.length === 0) {
      for (let turns = 0; turns < 50; turns += 1) await turn();
      if (fake?.left().history.length === 1) timers.advance(PICTURE_MS);
    }
    expect(ended).toMatchObject([
      { fault: { code: 'engine_failed', message: expect.stringContaining('send') } },
    ]);
  });

  it.each<[NonNullable<FakeComfyOptions['render']>, number]>([
    ['stays', 1],
    ['waits', 0],
  ])('stops a cancelled prompt that %s, and no other', async (render, interrupts) => {
    const { server, engine, asked, untilAsked } = await setUp({ render });
    await engine.start();
    const run = startRender(engine);
    await untilAsked('/history/');
    run.cancel();
    await expect(run.picture).rejects.toThrow();
    expect(asked('/interrupt')).toHaveLength(interrupts);
    expect(server.left()).toEqual({ queue: [], history: [] });
  });

  it('gives up a prompt that makes no step', async () => {
    const { engine, asked, untilAsked, timers } = await setUp({ render: 'hangs' });
    await engine.start();
    const { picture } = startRender(engine);
    await untilAsked('/history/');
    timers.advance(STALL_MS);
    await expect(picture).rejects.toMatchObject({ fault: { code: 'timeout' } });
    expect(asked('/interrupt').length).toBeGreaterThan(0);
  });
});
