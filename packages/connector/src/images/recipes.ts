import type { ImageRequest, ImageStyle } from '@switchyard/protocol/image.ts';
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
};

export const DEMO_RECIPE = 'demo-image@1';

const RECIPES: ReadonlyMap<string, Recipe> = new Map([
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
    },
  ],
]);

/** Fills a recipe in. Undefined when there is none of this name. */
export function fillRecipe(request: ImageRequest): RenderJob | undefined {
  const recipe = RECIPES.get(request.recipe);
  if (recipe === undefined) return undefined;
  const { width, height, steps, cfg, seed } = request;
  const negativePrompt = [recipe.baselineNegative, request.negativePrompt].filter((text) => text !== '');
  return {
    prompt: `${request.prompt}, ${recipe.styles[request.style]}`,
    negativePrompt: negativePrompt.join(', '),
    width,
    height,
    steps,
    cfg,
    seed,
  };
}
