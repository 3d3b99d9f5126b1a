import { EngineError } from '../engine.ts';
import type { JsonObject } from '../engines/json.ts';
import { isObject, textAt } from '../engines/json.ts';
import type { RecipeModels } from './choose-recipes.ts';
import { chooseRecipes, offeredRecipes } from './choose-recipes.ts';
import type { ImageEngine, RenderJob } from './image-engine.ts';
import type { ImageServer } from './image-http.ts';
import { askImageServer, isImageServerUp, RENDER_MAX_MS } from './image-http.ts';
import { pictureOfBase64 } from './picture.ts';

const MODELS_PATH = '/models';

/**
 * Any server with OpenAI's `GET /models` and `POST /images/generations` under its base URL (`.../v1`): vLLM-Omni,
 * LocalAI, SGLang and the like. OpenAI's API has no seed, steps, scale or negative prompt, but a recipe needs them, so
 * they are sent under the names that vLLM-Omni's image API gives them (its documents, 2026-11); LocalAI takes `step`
 * for the steps. Servers pass over what they do not know.
 *
 * There is no progress and no cancel in this API. A render that is given up ends with its connection, and a server that
 * does not mind works on to its end.
 */
export function createOpenAiImagesEngine(server: ImageServer): ImageEngine {
  let models: RecipeModels = new Map();

  return {
    kind: 'openai-images',
    version: 'unknown',
    get recipes() {
      return offeredRecipes(models);
    },
    slots: server.slots,
    async start() {
      models = chooseRecipes(
        namesOf(await askImageServer(server, { method: 'GET', path: MODELS_PATH })),
        server.choices,
      );
    },
    probe: (signal) => isImageServerUp(server, MODELS_PATH, signal),
    async render(job, { signal }) {
      const body = bodyOf(job, models.get(job.recipe));
      const call = { method: 'POST', path: '/images/generations', body, timeoutMs: RENDER_MAX_MS } as const;
      const answer = await askImageServer(server, call, signal);
      return pictureOfBase64(firstPicture(answer), job);
    },
    async close() {
      // Nothing is held open between calls.
    },
  };
}

function namesOf(list: unknown): string[] {
  if (!isObject(list) || !Array.isArray(list.data)) {
    const message = 'The image engine gives no list of models; does base_url end with /v1?';
    throw new EngineError({ code: 'engine_failed', message });
  }
  return list.data.flatMap((entry: unknown) => (isObject(entry) ? (textAt(entry, 'id') ?? []) : []));
}

function bodyOf(job: RenderJob, model: string | undefined): JsonObject {
  return {
    model,
    prompt: job.prompt,
    negative_prompt: job.negativePrompt,
    n: 1,
    size: `${job.width}x${job.height}`,
    response_format: 'b64_json',
    output_format: 'png',
    seed: job.seed,
    num_inference_steps: job.steps,
    step: job.steps,
    guidance_scale: job.cfg,
  };
}

function firstPicture(answer: unknown): unknown {
  const data: unknown = isObject(answer) ? answer.data : undefined;
  const first: unknown = Array.isArray(data) ? data[0] : undefined;
  return isObject(first) ? first.b64_json : undefined;
}
