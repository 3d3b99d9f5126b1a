import { SERVER_RECIPES } from '../images/recipes.ts';
import type { EngineConfig, ImageServerKind } from './engine-config.ts';
import { IMAGE_SLOTS, IMAGE_SLOTS_MAX, usualImageUrl } from './engine-config.ts';
import { readServerAccess } from './server-access.ts';
import type { ServerSource } from './server-access.ts';
import type { Section } from './yaml-sections.ts';

/** An image server of a configuration file; its `models` are recipes (`alias`) and what they are made with (`local`). */
export function readImageServerSection(
  source: ServerSource,
  section: Section,
  { kind, models }: { kind: ImageServerKind; models: Section[] | undefined },
): EngineConfig | undefined {
  const { yaml } = source;
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
  const access = readServerAccess(source, section, usualImageUrl(kind));
  return access === undefined ? undefined : { kind, ...access, slots, choices };
}
