import { afterEach, describe, expect, it } from 'vitest';
import type { FakeEngineServer } from '../testing/fake-engine-server.ts';
import type { FakeOpenAiImagesOptions } from '../testing/fake-openai-images.ts';
import { startFakeOpenAiImages } from '../testing/fake-openai-images.ts';
import { createPollTimers, pngOf, serverOf, startRender } from '../testing/render-setup.ts';
import type { ImageServer } from './image-http.ts';
import { RENDER_MAX_MS } from './image-http.ts';
import { createOpenAiImagesEngine } from './openai-images.ts';

let fake: FakeEngineServer | undefined;
afterEach(() => fake?.close());

async function setUp(options: FakeOpenAiImagesOptions = {}, replaced: Partial<ImageServer> = {}) {
  fake = await startFakeOpenAiImages(options);
  return { fake, engine: createOpenAiImagesEngine(serverOf(fake.baseUrl, replaced)) };
}

const untilAsked = async ({ requests }: FakeEngineServer): Promise<void> => {
  while (!requests.some(({ method }) => method === 'POST'))
    await new Promise((resolve) => setImmediate(resolve));
};

describe("OpenAI's image API", () => {
  it('offers what the owner chose, by the names that the engine has', async () => {
    const choices = [
      { alias: 'own-model@1', localName: 'flux' },
      { alias: 'sdxl@1', localName: 'not-there' },
    ];
    const { engine } = await setUp({ models: ['other', 'flux'] }, { choices });
    await engine.start();
    expect(engine.recipes.map(({ recipe }) => recipe)).toEqual(['own-model@1']);
    expect(await engine.probe?.(AbortSignal.timeout(5_000))).toBe(true);
  });

  it('sends the whole recipe and gives the picture', async () => {
    const { fake: server, engine } = await setUp();
    await engine.start();
    expect(Buffer.from(await startRender(engine).picture).equals(pngOf())).toBe(true);
    expect(server.requests.at(-1)).toMatchObject({
      path: '/v1/images/generations',
      body: {
        model: 'sd_xl_base_1.0',
        prompt: 'a fox',
        negative_prompt: 'rain',
        size: '512x576',
        n: 1,
        response_format: 'b64_json',
        seed: 9,
        num_inference_steps: 12,
        guidance_scale: 4.5,
      },
    });
  });

  it.each<[NonNullable<FakeOpenAiImagesOptions['answer']>, string]>([
    [400, 'invalid_request'],
    [401, 'engine_failed'],
    [503, 'overloaded'],
    ['url', 'engine_failed'],
    ['jpeg', 'engine_failed'],
    ['no-json', 'engine_failed'],
    ['empty', 'engine_failed'],
    ['endless', 'engine_failed'],
    ['breaks-off', 'engine_failed'],
  ])('fails with %j as %s, without words of the prompt', async (answer, code) => {
    const { engine } = await setUp({ answer });
    await engine.start();
    const error: unknown = await startRender(engine).picture.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ fault: { code } });
    expect(JSON.stringify(error)).not.toContain('fox');
  });

  it('gives up an engine that stays silent', async () => {
    const timers = createPollTimers();
    const { fake: server, engine } = await setUp({ answer: 'silence' }, { timers });
    await engine.start();
    const { picture } = startRender(engine);
    await untilAsked(server);
    timers.advance(RENDER_MAX_MS);
    await expect(picture).rejects.toMatchObject({ fault: { code: 'timeout' } });
  });

  it('ends the connection of a cancelled render', async () => {
    const { fake: server, engine } = await setUp({ answer: 'silence' });
    await engine.start();
    const render = startRender(engine);
    await untilAsked(server);
    render.cancel();
    await expect(render.picture).rejects.toThrow();
    await server.untilGone();
  });
});
