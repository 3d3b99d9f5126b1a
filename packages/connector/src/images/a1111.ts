import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import { engineRoot } from '../engines/engine-http.ts';
import type { JsonObject } from '../engines/json.ts';
import { countAt, isObject, objectAt, textAt } from '../engines/json.ts';
import type { RecipeModels } from './choose-recipes.ts';
import { chooseRecipes, offeredRecipes } from './choose-recipes.ts';
import type { ImageEngine, RenderJob, RenderWatch } from './image-engine.ts';
import type { ImageServer } from './image-http.ts';
import { askImageServer, callImageServer, isImageServerUp, pause, RENDER_MAX_MS } from './image-http.ts';
import { pictureOfBase64 } from './picture.ts';
import type { Sampling } from './recipes.ts';

const MODELS_PATH = '/sdapi/v1/sd-models';
const PROGRESS_PATH = '/sdapi/v1/progress?skip_current_image=true';
const POLL_MS = 1_000;
/** Without a new step for so long the engine hangs. Before the first step it may have to load a model. */
export const STALL_MS = 180_000;
/** A render that was interrupted answers with what it has within a step. After this its connection is ended. */
export const STOP_MS = 30_000;
const INTERRUPT_MS = 2_000;

const SAMPLING: Readonly<Record<Sampling, JsonObject>> = {
  'dpmpp_2m karras': { sampler_name: 'DPM++ 2M', scheduler: 'Karras' },
};

const STALLED: EngineFault = { code: 'timeout', message: 'The image engine made no step for three minutes.' };
const INTERRUPTED: EngineFault = { code: 'engine_failed', message: 'Somebody interrupted the image engine.' };
const NO_API: EngineFault = {
  code: 'engine_failed',
  message: 'The image engine has no API.',
  fix: 'Start it with --api.',
};

/**
 * AUTOMATIC1111's web UI and Forge, started with `--api`: `GET /sdapi/v1/sd-models`, `POST /sdapi/v1/txt2img`, which
 * answers when the picture is there, `GET /sdapi/v1/progress` and `POST /sdapi/v1/interrupt`. Nothing is saved:
 * `save_images` is the API's own switch, the two others are those of the UI. Forge's `modules/api/models.py`, commit
 * 4eadf1b5, and excerpts of forks of A1111's `modules/api/api.py`, seen 2026-11-21, not tried.
 *
 * It makes one picture at a time, and an interrupt stops whatever is being made, so there is one slot. A closed
 * connection stops nothing. An interrupted render answers with an unfinished picture, as if all were well: the state
 * that progress shows tells the two apart.
 */
export function createA1111Engine(options: ImageServer): ImageEngine {
  const server: ImageServer = { ...options, endpoint: engineRoot(options.endpoint) };
  const { timers } = server;
  let models: RecipeModels = new Map();

  async function interrupt(): Promise<void> {
    const call = { method: 'POST', path: '/sdapi/v1/interrupt', body: {}, timeoutMs: INTERRUPT_MS } as const;
    await callImageServer(server, call).catch(() => undefined);
  }

  /** Follows the steps until the signal is aborted. Gives a fault when the render has to be given up. */
  async function follow(watch: RenderWatch, over: AbortSignal): Promise<EngineFault | undefined> {
    let step = 0;
    let movedAtMs = timers.nowMs();
    while (!over.aborted) {
      await pause(timers, POLL_MS, over).catch(() => undefined);
      const state = await askState(over);
      if (over.aborted) break;
      const now = state === undefined ? undefined : countAt(state, 'sampling_step');
      if (now !== undefined && now > step) {
        step = now;
        movedAtMs = timers.nowMs();
        watch.onStep(step);
      }
      if (state?.interrupted === true) return INTERRUPTED;
      if (timers.nowMs() - movedAtMs >= STALL_MS) return STALLED;
    }
    return undefined;
  }

  /** Undefined: it did not answer, which is no fault as long as the render goes on. */
  async function askState(signal: AbortSignal): Promise<JsonObject | undefined> {
    const answer = await callImageServer(server, { method: 'GET', path: PROGRESS_PATH }, signal).catch(
      () => undefined,
    );
    return isObject(answer?.body) ? objectAt(answer.body, 'state') : undefined;
  }

  async function render(job: RenderJob, watch: RenderWatch): Promise<Uint8Array> {
    watch.signal.throwIfAborted();
    const over = new AbortController();
    const connection = new AbortController();
    let limit: { cancel(): void } | undefined;
    const stop = (): void => {
      if (over.signal.aborted) return;
      limit ??= timers.after(STOP_MS, () => connection.abort());
      void interrupt();
    };
    watch.signal.addEventListener('abort', stop, { once: true });
    const following = follow(watch, over.signal).then((fault) => {
      if (fault !== undefined) stop();
      return fault;
    });
    try {
      const body = bodyOf(job, models.get(job.recipe));
      const call = { method: 'POST', path: '/sdapi/v1/txt2img', body, timeoutMs: RENDER_MAX_MS } as const;
      const answer = await askImageServer(server, call, connection.signal).catch((error: unknown) => error);
      over.abort();
      const fault = await following;
      watch.signal.throwIfAborted();
      if (fault !== undefined) throw new EngineError(fault);
      if (answer instanceof Error) throw answer;
      return pictureOfBase64(firstPicture(answer), job);
    } finally {
      over.abort();
      limit?.cancel();
      watch.signal.removeEventListener('abort', stop);
    }
  }

  return {
    kind: 'a1111',
    version: 'unknown',
    get recipes() {
      return offeredRecipes(models);
    },
    slots: 1,
    async start() {
      const answer = await callImageServer(server, { method: 'GET', path: MODELS_PATH });
      if (answer.status === 404) throw new EngineError(NO_API);
      const list =
        answer.status === 200
          ? answer.body
          : await askImageServer(server, { method: 'GET', path: MODELS_PATH });
      const titles = Array.isArray(list) ? list.flatMap((entry: unknown) => titleOf(entry)) : [];
      models = chooseRecipes(titles, server.choices);
    },
    probe: (signal) => isImageServerUp(server, PROGRESS_PATH, signal),
    render,
    async close() {
      // Nothing is held open between calls.
    },
  };
}

function titleOf(entry: unknown): string[] {
  const title = isObject(entry) ? textAt(entry, 'title') : undefined;
  return title === undefined ? [] : [title];
}

/** The model stays loaded afterwards: loading another one for each picture would take longer than the picture. */
function bodyOf(job: RenderJob, model: string | undefined): JsonObject {
  return {
    prompt: job.prompt,
    negative_prompt: job.negativePrompt,
    width: job.width,
    height: job.height,
    steps: job.steps,
    cfg_scale: job.cfg,
    seed: job.seed,
    batch_size: 1,
    n_iter: 1,
    ...(job.sampling === undefined ? {} : SAMPLING[job.sampling]),
    override_settings: { sd_model_checkpoint: model },
    override_settings_restore_afterwards: false,
    send_images: true,
    save_images: false,
    do_not_save_samples: true,
    do_not_save_grid: true,
  };
}

function firstPicture(answer: unknown): unknown {
  return isObject(answer) && Array.isArray(answer.images) ? answer.images[0] : undefined;
}
