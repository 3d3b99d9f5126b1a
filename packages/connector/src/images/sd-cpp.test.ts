import { afterEach, describe, expect, it } from 'vitest';
import type { FakeEngineServer } from '../testing/fake-engine-server.ts';
import type { FakeSdCppOptions } from '../testing/fake-sd-cpp.ts';
import { startFakeSdCpp } from '../testing/fake-sd-cpp.ts';
import { pngOf, renderJobOf, serverOf, startRender } from '../testing/render-setup.ts';
import { createSdCppEngine } from './sd-cpp.ts';

let fake: FakeEngineServer | undefined;
afterEach(() => fake?.close());

async function setUp(options: FakeSdCppOptions = {}) {
  fake = await startFakeSdCpp(options);
  return { fake, engine: createSdCppEngine(serverOf(fake.baseUrl)) };
}

const untilPath = async ({ requests }: FakeEngineServer, path: string): Promise<void> => {
  while (!requests.some((request) => request.path === path))
    await new Promise((resolve) => setImmediate(resolve));
};

describe('stable-diffusion.cpp', () => {
  it('offers the recipe of its model, no larger than it can', async () => {
    const { engine } = await setUp();
    await engine.start();
    expect(engine.recipes).toEqual([{ recipe: 'sdxl@1', maxPixels: 1024 * 1024 }]);
    expect(await engine.probe?.(AbortSignal.timeout(5_000))).toBe(true);
  });

  it('cannot be used with a model that no recipe is for', async () => {
    const { engine } = await setUp({ stem: 'something-else' });
    await expect(engine.start()).rejects.toMatchObject({ fault: { code: 'engine_failed' } });
  });

  it('submits a job, asks after it and gives its picture', async () => {
    const { fake: server, engine } = await setUp();
    await engine.start();
    const picture = await startRender(engine).picture;
    expect(Buffer.from(picture).equals(pngOf())).toBe(true);
    const submitted = server.requests.find(({ path }) => path === '/sdcpp/v1/img_gen');
    expect(submitted?.body).toEqual({
      prompt: 'a fox',
      negative_prompt: 'rain',
      width: 512,
      height: 576,
      seed: 9,
      batch_count: 1,
      sample_params: {
        sample_steps: 12,
        guidance: { txt_cfg: 4.5 },
        sample_method: 'dpm++2m',
        scheduler: 'karras',
      },
      output_format: 'png',
      embed_image_metadata: false,
    });
  });

  it.each<[FakeSdCppOptions, string]>([
    [{ submit: 400 }, 'invalid_request'],
    [{ submit: 429 }, 'overloaded'],
    [{ submit: 'no-id' }, 'engine_failed'],
    [{ job: 'fails' }, 'engine_failed'],
    [{ job: 'out-of-memory' }, 'overloaded'],
    [{ job: 'gone' }, 'engine_failed'],
    [{ job: 'errors' }, 'engine_failed'],
    [{ job: 'cancelled' }, 'engine_failed'],
    [{ job: 'no-picture' }, 'engine_failed'],
    [{ job: 'other-size' }, 'engine_failed'],
  ])('fails with %j as %s, without words of the prompt', async (options, code) => {
    const { engine } = await setUp(options);
    await engine.start();
    const error: unknown = await startRender(engine).picture.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ fault: { code } });
    expect(JSON.stringify(error)).not.toContain('fox');
  });

  it('cancels the job at the engine', async () => {
    const { fake: server, engine } = await setUp({ job: 'stays' });
    await engine.start();
    const render = startRender(engine, renderJobOf());
    await untilPath(server, '/sdcpp/v1/jobs/job_01');
    render.cancel();
    await expect(render.picture).rejects.toThrow();
    expect(server.requests.map(({ path }) => path).slice(-2)).toEqual([
      '/sdcpp/v1/jobs/job_01/cancel',
      '/sdcpp/v1/jobs/job_01',
    ]);
  });

  it('is unreachable when it is not there', async () => {
    const { fake: server, engine } = await setUp();
    await server.close();
    await expect(engine.start()).rejects.toMatchObject({ fault: { code: 'engine_unreachable' } });
    expect(await engine.probe?.(AbortSignal.timeout(5_000))).toBe(false);
  });
});
