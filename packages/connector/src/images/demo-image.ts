import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import type { ImageEngine, RenderJob, RenderWatch } from './image-engine.ts';
import { DEMO_RECIPE } from './recipes.ts';

/** The loaded demo model. */
export type DemoImageModel = {
  /** Rejects when the signal is aborted. */
  render(job: RenderJob, watch: RenderWatch): Promise<Uint8Array>;
  close(): Promise<void>;
};

const NOT_LOADED: EngineFault = {
  code: 'engine_failed',
  message: 'The demo image model could not be loaded.',
};
const NOT_RENDERED: EngineFault = { code: 'engine_failed', message: 'The demo image model made no picture.' };

/** The built-in model that draws small scenes. It is loaded once, when the connector starts. */
export function createDemoImageEngine(
  slots: number,
  load: (slots: number) => Promise<DemoImageModel> = loadShippedModel,
): ImageEngine {
  let loading: Promise<DemoImageModel> | undefined;

  function model(): Promise<DemoImageModel> {
    loading ??= load(slots).catch(() => {
      loading = undefined;
      throw new EngineError(NOT_LOADED);
    });
    return loading;
  }

  return {
    kind: 'demo-image',
    version: '1',
    recipes: [{ recipe: DEMO_RECIPE, maxPixels: IMAGE_LIMITS.pixelsMax }],
    slots,
    start: async () => void (await model()),
    async render(job, watch) {
      const loaded = await model();
      return loaded.render(job, watch).catch((error: unknown) => {
        throw error instanceof EngineError ? error : new EngineError(NOT_RENDERED);
      });
    },
    async close() {
      const loaded = await loading?.catch(() => undefined);
      await loaded?.close();
    },
  };
}

async function loadShippedModel(slots: number): Promise<DemoImageModel> {
  const { startImageEngine } = await import('@switchyard/demo-image-engine/engine.ts');
  const engine = await startImageEngine({ queueLimit: slots });
  return {
    async render(job, watch) {
      const outcome = await engine.renderImage(job, { signal: watch.signal, onStep: watch.onStep });
      if (outcome.ok) return outcome.value.png;
      const { code, message } = outcome.error;
      throw new EngineError({ code: code === 'cancelled' ? 'engine_failed' : code, message });
    },
    close: () => engine.close(),
  };
}
