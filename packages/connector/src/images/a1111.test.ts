import { afterEach, describe, expect, it } from 'vitest';
import type { FakeA1111Options } from '../testing/fake-a1111.ts';
import { startFakeA1111 } from '../testing/fake-a1111.ts';
import type { FakeEngineServer } from '../testing/fake-engine-server.ts';
import { createPollTimers, pngOf, renderJobOf, serverOf, startRender } from '../testing/render-setup.ts';
import { createA1111Engine, STALL_MS, STOP_MS } from './a1111.ts';

let fake: FakeEngineServer | undefined;
afterEach(() => fake?.close());

async function setUp(options: FakeA1111Options = {}) {
  const server = await startFakeA1111(options);
  fake = server;
  const timers = createPollTimers();
  const engine = createA1111Engine(serverOf(server.baseUrl, { timers, slots: 4 }));
  const asked = (path: string): number => server.requests.filter((request) => request.path === path).length;
  const untilAsked = async (path: string): Promise<void> => {
    while (asked(path) === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  return { server, timers, engine, asked, untilAsked };
}

describe('A1111 and Forge', () => {
  it('offers recipes by the names of its checkpoints, one picture at a time', async () => {
    const { engine } = await setUp({
      titles: ['x.ckpt', 'xl/sd_xl_base_1.0.safetensors [31e35c80fc]', 'v1-5-pruned.ckpt'],
    });
    await engine.start();
    expect(engine.recipes.map(({ recipe }) => recipe)).toEqual(['sdxl@1', 'sd15@1']);
    expect(engine.slots).toBe(1);
    expect(await engine.probe?.(AbortSignal.timeout(5_000))).toBe(true);
  });

  it.each<[FakeA1111Options, string]>([
    [{ hasApi: false }, 'has no API'],
    [{ titles: ['x.ckpt'] }, 'no model'],
  ])('cannot be used with %j', async (options, words) => {
    const { engine } = await setUp(options);
    await expect(engine.start()).rejects.toThrow(words);
  });

  it('makes a picture, tells its steps, and has nothing saved', async () => {
    const { server, engine } = await setUp();
    await engine.start();
    const { picture, steps } = startRender(engine);
    expect(Buffer.from(await picture).equals(pngOf())).toBe(true);
    expect(steps.length).toBeGreaterThan(1);
    expect(steps).toEqual(steps.toSorted((one, other) => one - other));
    expect(server.requests.find(({ path }) => path === '/sdapi/v1/txt2img')?.body).toEqual({
      prompt: 'a fox',
      negative_prompt: 'rain',
      width: 512,
      height: 576,
      steps: 12,
      cfg_scale: 4.5,
      seed: 9,
      batch_size: 1,
      n_iter: 1,
      sampler_name: 'DPM++ 2M',
      scheduler: 'Karras',
      override_settings: { sd_model_checkpoint: 'sd_xl_base_1.0.safetensors [31e35c80fc]' },
      override_settings_restore_afterwards: false,
      send_images: true,
      save_images: false,
      do_not_save_samples: true,
      do_not_save_grid: true,
    });
  });

  it.each<[NonNullable<FakeA1111Options['render']>, string]>([
    ['out-of-memory', 'overloaded'],
    ['fails', 'engine_failed'],
    ['refuses', 'invalid_request'],
    ['no-picture', 'engine_failed'],
    ['breaks-off', 'engine_failed'],
    ['interrupted', 'engine_failed'],
  ])('fails with %j as %s, without words of the prompt', async (render, code) => {
    const { engine } = await setUp({ render });
    await engine.start();
    const error: unknown = await startRender(engine).picture.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ fault: { code } });
    expect(JSON.stringify(error)).not.toContain('fox');
  });

  it('interrupts a cancelled render and waits until it has stopped', async () => {
    const { engine, asked, untilAsked, timers } = await setUp({ render: 'stays' });
    await engine.start();
    const render = startRender(engine);
    await untilAsked('/sdapi/v1/txt2img');
    render.cancel();
    await expect(render.picture).rejects.toThrow('aborted');
    expect(asked('/sdapi/v1/interrupt')).toBe(1);
    expect(timers.pending()).toBe(0);
  });

  it('leaves an engine that does not stop after half a minute', async () => {
    const { server, engine, untilAsked, timers } = await setUp({ render: 'hangs' });
    await engine.start();
    const render = startRender(engine);
    await untilAsked('/sdapi/v1/txt2img');
    render.cancel();
    await untilAsked('/sdapi/v1/interrupt');
    timers.advance(STOP_MS);
    await expect(render.picture).rejects.toThrow('aborted');
    await server.untilGone();
  });

  it('gives up a render that makes no step', async () => {
    const { engine, untilAsked, timers } = await setUp({ render: 'hangs' });
    await engine.start();
    const render = startRender(engine);
    await untilAsked('/sdapi/v1/txt2img');
    timers.advance(STALL_MS);
    await untilAsked('/sdapi/v1/interrupt');
    timers.advance(STOP_MS);
    await expect(render.picture).rejects.toMatchObject({ fault: { code: 'timeout' } });
  });

  it('asks for nothing when it was cancelled before', async () => {
    const { engine, asked } = await setUp();
    await engine.start();
    const signal = AbortSignal.abort();
    await expect(engine.render(renderJobOf(), { signal, onStep: () => undefined })).rejects.toThrow(
      'aborted',
    );
    expect(asked('/sdapi/v1/txt2img')).toBe(0);
  });
});
