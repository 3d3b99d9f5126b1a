import { randomInt } from 'node:crypto';
import { IMAGE_LIMITS, IMAGE_STYLES } from '@switchyard/protocol/image.ts';
import type { ImageStyle } from '@switchyard/protocol/image.ts';
import { isAbsent, readBoolean, readName, readNumber, refuse, requireName } from '../../core/json-fields.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';

/** What both forms have in common. Undefined where a refusal was noted. */
export function readCommon(source: FieldSource) {
  const prompt = requireName(source, 'prompt', IMAGE_LIMITS.promptMaxChars);
  if (prompt !== undefined && prompt.trim() === '') refuse(source.refusals, 'prompt', 'must not be empty.');
  return {
    model: readName(source, 'model', LIMITS.nameMaxChars),
    prompt: prompt ?? '',
    negativePrompt: readText(source, 'negative_prompt'),
    seed: readNumber(source, 'seed', { min: 0, max: IMAGE_LIMITS.seedMax, integer: true }) ?? newSeed(),
    nsfw: readBoolean(source, 'nsfw') ?? false,
    dryRun: readBoolean(source, 'dry_run') ?? false,
  };
}

/** An empty text is the same as none. */
function readText(source: FieldSource, key: string): string {
  return source.object[key] === '' ? '' : (readName(source, key, IMAGE_LIMITS.promptMaxChars) ?? '');
}

export function readStyle(source: FieldSource): ImageStyle {
  const value = source.object['style'];
  if (isAbsent(value)) return 'photo';
  const style = IMAGE_STYLES.find((one) => one === value);
  if (style === undefined) refuse(source.refusals, 'style', `must be one of ${IMAGE_STYLES.join(', ')}.`);
  return style ?? 'photo';
}

/** To the nearest size that engines take, ties upwards. Sizes outside the bounds are refused before. */
export function snapSize(pixels: number): number {
  return Math.round(pixels / IMAGE_LIMITS.sizeStep) * IMAGE_LIMITS.sizeStep;
}

function newSeed(): number {
  return randomInt(IMAGE_LIMITS.seedMax + 1);
}

export const DEFAULTS = { size: 1_024, steps: 32, cfg: 4 } as const;
