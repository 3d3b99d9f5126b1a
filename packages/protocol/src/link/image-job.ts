import { IMAGE_LIMITS, IMAGE_STYLES } from '../image.ts';
import type { ImageRequest, PictureInfo } from '../image.ts';
import {
  booleanOf,
  checkFailure,
  checkJson,
  fieldsOf,
  oneOf,
  positiveNumberOf,
  wholeNumberOf,
  wordOf,
} from './check.ts';
import type { Checked } from './check.ts';
import { LINK_LIMITS } from './limits.ts';

/**
 * The bodies of an image job. OFFER has `kind: "image"` and the recipe as its model; its body is an `ImageRequest`.
 * The node answers with PROGRESS after each step, the bytes of the picture as DATA, and FINISH with a `PictureInfo`.
 */
export type Progress = { step: number; steps: number };

export function parseImageRequest(body: Uint8Array): Checked<ImageRequest> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'image');
    const size = (name: string): number => readSize(fields[name], name);
    return {
      recipe: wordOf(fields['recipe'], 'recipe', LINK_LIMITS.nameMaxChars),
      prompt: readPrompt(fields['prompt'], 'prompt'),
      negativePrompt: readPrompt(fields['negativePrompt'], 'negativePrompt'),
      style: oneOf(fields['style'], 'style', IMAGE_STYLES),
      width: size('width'),
      height: size('height'),
      steps: wholeNumberOf(fields['steps'], 'steps', IMAGE_LIMITS.stepsMax),
      cfg: positiveNumberOf(fields['cfg'], 'cfg', IMAGE_LIMITS.cfgMax),
      seed: wholeNumberOf(fields['seed'], 'seed', IMAGE_LIMITS.seedMax),
      nsfw: booleanOf(fields['nsfw'], 'nsfw'),
    };
  });
}

export function parseProgress(body: Uint8Array): Checked<Progress> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'progress');
    const steps = wholeNumberOf(fields['steps'], 'steps', IMAGE_LIMITS.stepsMax);
    return { step: wholeNumberOf(fields['step'], 'step', steps), steps };
  });
}

export function parsePictureInfo(body: Uint8Array): Checked<PictureInfo> {
  return checkJson(body, (value) => {
    const fields = fieldsOf(value, 'finish');
    const sha256 = wordOf(fields['sha256'], 'sha256', LINK_LIMITS.wordMaxChars);
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw checkFailure('sha256');
    return {
      mime: oneOf(fields['mime'], 'mime', ['image/png'] as const),
      sha256,
      seed: wholeNumberOf(fields['seed'], 'seed', IMAGE_LIMITS.seedMax),
      width: readSize(fields['width'], 'width'),
      height: readSize(fields['height'], 'height'),
    };
  });
}

function readSize(value: unknown, path: string): number {
  const size = wholeNumberOf(value, path, IMAGE_LIMITS.sizeMax);
  if (size < IMAGE_LIMITS.sizeMin || size % IMAGE_LIMITS.sizeStep !== 0) throw checkFailure(path);
  return size;
}

function readPrompt(value: unknown, path: string): string {
  if (typeof value !== 'string' || value.length > IMAGE_LIMITS.promptMaxChars) throw checkFailure(path);
  return value;
}
