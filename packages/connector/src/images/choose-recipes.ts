import { EngineError } from '../engine.ts';
import type { ModelChoice } from '../engine-host.ts';
import { bareName, maxPixelsOf, recipeOfModel } from './recipes.ts';
import type { OfferedRecipe } from './image-engine.ts';

/** Which model of the engine each recipe is made with, by the engine's own name of it. */
export type RecipeModels = ReadonlyMap<string, string>;

/**
 * The recipes that an engine can make out of the models that it has. What the owner chose wins, and then nothing else
 * is offered; without a choice models are known by their usual names. Throws an `EngineError` when there is none.
 */
export function chooseRecipes(
  listed: readonly string[],
  choices: readonly ModelChoice[] | undefined,
): RecipeModels {
  const chosen = choices === undefined ? knownModels(listed) : chosenModels(listed, choices);
  if (chosen.size > 0) return chosen;
  throw new EngineError({
    code: 'engine_failed',
    message: 'The image engine has no model that a recipe is for.',
    fix: 'Say which model makes which recipe: --model sdxl@1=NAME, with a name that the engine lists.',
  });
}

function knownModels(listed: readonly string[]): Map<string, string> {
  const chosen = new Map<string, string>();
  for (const model of listed) {
    const recipe = recipeOfModel(model);
    if (recipe !== undefined && !chosen.has(recipe)) chosen.set(recipe, model);
  }
  return chosen;
}

function chosenModels(listed: readonly string[], choices: readonly ModelChoice[]): Map<string, string> {
  const chosen = new Map<string, string>();
  for (const { alias, localName } of choices) {
    const model =
      listed.find((name) => name === localName) ??
      listed.find((name) => bareName(name) === bareName(localName));
    if (model !== undefined) chosen.set(alias, model);
  }
  return chosen;
}

/** What is told of them. `enginePixels`: the engine's own limit, when it has one. */
export function offeredRecipes(models: RecipeModels, enginePixels = Infinity): OfferedRecipe[] {
  return [...models.keys()].map((recipe) => ({
    recipe,
    maxPixels: Math.min(maxPixelsOf(recipe), enginePixels),
  }));
}
