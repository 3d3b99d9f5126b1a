import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import { engineRoot } from '../engines/engine-http.ts';
import type { JsonObject } from '../engines/json.ts';
import { countAt, isObject, objectAt, textAt } from '../engines/json.ts';
import type { RecipeModels } from './choose-recipes.ts';
import { chooseRecipes, offeredRecipes } from './choose-recipes.ts';
import type { ImageEngine, RenderJob, RenderWatch } from './image-engine.ts';
import type { ImageServer } from './image-http.ts';
import {
  askImageServer,
  callImageServer,
  faultOfImageAnswer,
  isImageServerUp,
  OUT_OF_MEMORY,
  pause,
  saysOutOfMemory,
} from './image-http.ts';
import { pictureOfBase64 } from './picture.ts';
import type { Sampling } from './recipes.ts';

const CAPABILITIES_PATH = '/sdcpp/v1/capabilities';
const POLL_MS = 500;
/** The gateway waits no longer for the end of a cancelled job. */
const CANCEL_MS = 2_000;
/** Questions after a job in a row that may stay without an answer. */
const POLL_MISSES_MAX = 5;
/** Looks after a cancelled job until it is left to itself. */
const STOP_LOOKS_MAX = 60;

const SAMPLING: Readonly<Record<Sampling, JsonObject>> = {
  'dpmpp_2m karras': { sample_method: 'dpm++2m', scheduler: 'karras' },
};

const NOT_ACCEPTED: EngineFault = {
  code: 'engine_failed',
  message: 'The image engine took the job without an id.',
};
const FAILED: EngineFault = {
  code: 'engine_failed',
  message: 'The image engine failed to make the picture.',
};
const GONE: EngineFault = { code: 'engine_failed', message: 'The image engine lost the job.' };
const CANCELLED: EngineFault = {
  code: 'engine_failed',
  message: 'Somebody cancelled the job at the image engine.',
};

/**
 * stable-diffusion.cpp's `sd-server`, by its own API: `GET /sdcpp/v1/capabilities`, `POST /sdcpp/v1/img_gen` (202 with
 * an id, 429 when its queue is full), `GET /sdcpp/v1/jobs/ID` until `completed`, `failed` or `cancelled`, and
 * `POST /sdcpp/v1/jobs/ID/cancel`. It has an OpenAI-like API too, which is not used: that one has no seed or steps but
 * in a block inside of the prompt, no cancel, and puts the prompt into the picture. It serves one model, and tells
 * nothing of single steps. Its `examples/server/api.md`, commit 0137f168, read 2026-11-21.
 */
export function createSdCppEngine(options: ImageServer): ImageEngine {
  const server: ImageServer = { ...options, endpoint: engineRoot(options.endpoint) };
  const { timers } = server;
  let models: RecipeModels = new Map();
  let maxPixels = Infinity;

  /** Not to be given up half-way: a job that is cancelled must have an id. */
  async function submit(job: RenderJob): Promise<string> {
    const call = { method: 'POST', path: '/sdcpp/v1/img_gen', body: bodyOf(job) } as const;
    const answer = await askImageServer(server, call);
    const id = isObject(answer) ? textAt(answer, 'id') : undefined;
    if (id === undefined || !/^[\w-]{1,100}$/u.test(id)) throw new EngineError(NOT_ACCEPTED);
    return id;
  }

  /** The job as soon as it is over. */
  async function follow(id: string, signal: AbortSignal): Promise<JsonObject> {
    let misses = 0;
    for (;;) {
      await pause(timers, POLL_MS, signal);
      try {
        const job = await look(id, signal);
        misses = 0;
        if (job !== undefined) return job;
      } catch (error) {
        misses += 1;
        if (signal.aborted || misses >= POLL_MISSES_MAX || isGone(error)) throw error;
      }
    }
  }

  /** Undefined: it is not over yet. */
  async function look(id: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    const answer = await callImageServer(server, { method: 'GET', path: `/sdcpp/v1/jobs/${id}` }, signal);
    // 410: its result was kept for a while and is thrown away now.
    if (answer.status === 404 || answer.status === 410) throw new EngineError(GONE);
    if (answer.status !== 200 || !isObject(answer.body)) throw new EngineError(faultOfImageAnswer(answer));
    const { status } = answer.body;
    return status === 'queued' || status === 'generating' ? undefined : answer.body;
  }

  /** Settles when the job is over: an engine that cannot cancel what it works on (409) keeps its slot until then. */
  async function cancel(id: string): Promise<void> {
    const path = `/sdcpp/v1/jobs/${id}/cancel`;
    await callImageServer(server, { method: 'POST', path, timeoutMs: CANCEL_MS }).catch(() => undefined);
    const never = new AbortController().signal;
    for (let looks = 0; looks < STOP_LOOKS_MAX; looks += 1) {
      const isOver = await look(id, never).then(
        (job) => job !== undefined,
        () => true,
      );
      if (isOver) return;
      await pause(timers, POLL_MS, never);
    }
  }

  return {
    kind: 'sd-cpp',
    version: 'unknown',
    get recipes() {
      return offeredRecipes(models, maxPixels);
    },
    slots: server.slots,
    async start() {
      const answer = await askImageServer(server, { method: 'GET', path: CAPABILITIES_PATH });
      const seen = isObject(answer) ? answer : {};
      const model = objectAt(seen, 'model');
      models = chooseRecipes([textAt(model, 'stem') ?? textAt(model, 'name') ?? ''], server.choices);
      const limits = objectAt(seen, 'limits');
      maxPixels = (countAt(limits, 'max_width') ?? Infinity) * (countAt(limits, 'max_height') ?? Infinity);
    },
    probe: (signal) => isImageServerUp(server, CAPABILITIES_PATH, signal),
    async render(job: RenderJob, { signal }: RenderWatch) {
      const id = await submit(job);
      const ended = await follow(id, signal).catch(async (error: unknown) => {
        await cancel(id);
        throw error;
      });
      return pictureOf(ended, job);
    },
    async close() {
      // Nothing is held open between calls.
    },
  };
}

function isGone(error: unknown): boolean {
  return error instanceof EngineError && error.fault === GONE;
}

function bodyOf(job: RenderJob): JsonObject {
  return {
    prompt: job.prompt,
    negative_prompt: job.negativePrompt,
    width: job.width,
    height: job.height,
    seed: job.seed,
    batch_count: 1,
    sample_params: {
      sample_steps: job.steps,
      guidance: { txt_cfg: job.cfg },
      ...(job.sampling === undefined ? {} : SAMPLING[job.sampling]),
    },
    output_format: 'png',
    embed_image_metadata: false,
  };
}

function pictureOf(ended: JsonObject, job: RenderJob): Uint8Array {
  if (ended.status === 'cancelled') throw new EngineError(CANCELLED);
  if (ended.status !== 'completed') {
    const words = textAt(objectAt(ended, 'error'), 'message') ?? '';
    throw new EngineError(saysOutOfMemory(words) ? OUT_OF_MEMORY : FAILED);
  }
  const { images } = objectAt(ended, 'result');
  const first: unknown = Array.isArray(images) ? images[0] : undefined;
  return pictureOfBase64(isObject(first) ? first.b64_json : undefined, job);
}
