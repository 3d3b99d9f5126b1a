import type { ImageRequest, ImageStyle } from '@switchyard/protocol/image.ts';
import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { RenderJob } from './image-engine.ts';

/**
 * The recipes that this connector has. A gateway names one of them and gives numbers and words; it never sends a graph,
 * a file name or an address. A recipe that changes what comes out gets a new version, so that the same request with the
 * same seed stays the same picture.
 */
type Recipe = {
  /** Stands before every negative prompt. */
  baselineNegative: string;
  /** Words that are put behind the prompt. */
  styles: Readonly<Record<ImageStyle, string>>;
  maxPixels: number;
  /** Absent: as the engine likes it. */
  sampling?: Sampling;
  /** Absent: it belongs to the demo model. */
  models?: ModelNeed;
};

/** In ComfyUI's words. The adapters of other engines have a table. */
export type Sampling = 'dpmpp_2m karras';

/** How a model that the recipe is for is called by those who publish it. Undefined: only the owner can say. */
type ModelNeed = { usualName: RegExp | undefined };

export const DEMO_RECIPE = 'demo-image@1';

const STYLES: Recipe['styles'] = {
  photo: 'photograph, natural light, detailed',
  cinematic: 'cinematic still, dramatic light, shallow depth of field',
  anime: 'anime, clean lines, cel shading',
  'digital-art': 'digital art, vivid colours, detailed',
  '3d': '3d render, soft shadows, global illumination',
};
const BASELINE_NEGATIVE = 'lowres, blurry, jpeg artifacts, watermark, text, bad anatomy';

const RECIPES: ReadonlyMap<string, Recipe> = new Map<string, Recipe>([
  [
    DEMO_RECIPE,
    {
      baselineNegative: 'blurry, noise, artifacts, watermark, text',
      styles: {
        photo: 'natural light, 35mm photo',
        cinematic: 'cinematic, dramatic light',
        anime: 'anime, clean lines, flat colours',
        'digital-art': 'digital art, vivid colours',
        '3d': '3d render, soft shadows',
      },
      maxPixels: IMAGE_LIMITS.pixelsMax,
    },
  ],
  [
    'sdxl@1',
    {
      baselineNegative: BASELINE_NEGATIVE,
      styles: STYLES,
      maxPixels: 1_536 * 1_024,
      sampling: 'dpmpp_2m karras',
      models: { usualName: /^sd_xl_base_1\.0/u },
    },
  ],
  [
    'sd15@1',
    {
      baselineNegative: BASELINE_NEGATIVE,
      styles: STYLES,
      maxPixels: 768 * 768,
      sampling: 'dpmpp_2m karras',
      models: { usualName: /^v1-5-pruned/u },
    },
  ],
  [
    'own-model@1',
    {
      baselineNegative: '',
      styles: STYLES,
      maxPixels: IMAGE_LIMITS.pixelsMax,
      models: { usualName: undefined },
    },
  ],
]);

/** The names of the recipes for engines that are programs of their own. */
export const SERVER_RECIPES: readonly string[] = [...RECIPES.keys()].filter((name) => name !== DEMO_RECIPE);

export function maxPixelsOf(recipe: string): number {
  return RECIPES.get(recipe)?.maxPixels ?? 0;
}

/** The recipe that a model is for, going by its usual name; undefined when only its owner can say. */
export function recipeOfModel(modelName: string): string | undefined {
  const name = bareName(modelName);
  return SERVER_RECIPES.find((recipe) => RECIPES.get(recipe)?.models?.usualName?.test(name));
}

/**
 * The name of a model without its folder, its ending, and the hash that A1111 puts behind it:
 * `xl\sd_xl_base_1.0.safetensors [31e35c80fc]` is `sd_xl_base_1.0`.
 */
export function bareName(modelName: string): string {
  const file =
    modelName
      .replace(/ \[[0-9a-f]+\]$/u, '')
      .split(/[\\/]/u)
      .at(-1) ?? '';
  return file.replace(/\.(?:safetensors|ckpt|gguf|sft|pt)$/u, '');
}

/** Fills a recipe in. Undefined when there is none of this name. */
export function fillRecipe(request: ImageRequest): RenderJob | undefined {
  const recipe = RECIPES.get(request.recipe);
  if (recipe === undefined) return undefined;
  const { width, height, steps, cfg, seed } = request;
  const negatives = [recipe.baselineNegative, request.negativePrompt].filter((text) => text !== '');
  const prompt = `${request.prompt}, ${recipe.styles[request.style]}`;
  const negativePrompt = negatives.join(', ');
  const words =
    recipe.models === undefined
      ? { prompt, negativePrompt }
      : { prompt: withoutCommands(prompt), negativePrompt: withoutCommands(negativePrompt) };
  return { recipe: request.recipe, sampling: recipe.sampling, ...words, width, height, steps, cfg, seed };
}

/**
 * Takes from a prompt what an engine would take for a command: `<lora:FILE:1>` and `<hypernet:...>` of A1111,
 * `<sd_cpp_extra_args>` of stable-diffusion.cpp, which sets any parameter, and `embedding:FILE` of ComfyUI. A prompt
 * comes from a stranger, and none of them chooses files or settings of this machine. Documents of the three, 2026-11.
 */
function withoutCommands(prompt: string): string {
  return prompt.replaceAll(/[<>]/gu, ' ').replaceAll(/embedding\s*:/giu, 'embedding ');
}
