import { SERVER_RECIPES } from '../images/recipes.ts';
import type { EngineConfig, ImageServerKind } from './engine-config.ts';
import { findBaseUrlProblem, IMAGE_SLOTS, IMAGE_SLOTS_MAX, usualImageUrl } from './engine-config.ts';
import type { EngineSource } from './engine-sections.ts';
import type { Section } from './yaml-sections.ts';

/** An image server of a configuration file; its `models` are recipes (`alias`) and what they are made with (`local`). */
export function readImageServerSection(
  { yaml, environment }: Pick<EngineSource, 'yaml' | 'environment'>,
  section: Section,
  { kind, models }: { kind: ImageServerKind; models: Section[] | undefined },
): EngineConfig | undefined {
  const allowLan = yaml.boolean(section, 'allow_lan') ?? false;
  const apiKeyEnv = yaml.text(section, 'api_key_env');
  const apiKey = apiKeyEnv === undefined ? undefined : environment[apiKeyEnv];
  if (apiKeyEnv !== undefined && (apiKey === undefined || apiKey === '')) {
    yaml.problem(section, 'api_key_env', 'names an environment variable that is not set');
  }
  const choices = models?.flatMap((model) => {
    const alias = yaml.text(model, 'alias');
    const localName = yaml.text(model, 'local');
    if (alias === undefined || !SERVER_RECIPES.includes(alias)) {
      yaml.problem(model, 'alias', `must be a recipe: ${SERVER_RECIPES.join(', ')}`);
    }
    if (localName === undefined) yaml.problem(model, 'local', 'must be the name of a model of the engine');
    return alias === undefined || localName === undefined ? [] : [{ alias, localName }];
  });
  const slots = yaml.wholeNumber(section, 'slots', { min: 1, max: IMAGE_SLOTS_MAX }) ?? IMAGE_SLOTS;
  const isUrlMissing = !section.entries.has('base_url');
  const baseUrl = yaml.text(section, 'base_url') ?? (isUrlMissing ? usualImageUrl(kind) : undefined);
  if (baseUrl === undefined) {
    if (isUrlMissing) yaml.problem(section, 'base_url', 'is missing');
    return undefined;
  }
  const urlProblem = findBaseUrlProblem(baseUrl, allowLan);
  if (urlProblem !== undefined) yaml.problem(section, 'base_url', urlProblem);
  return { kind, baseUrl, apiKey, allowLan, slots, choices };
}
