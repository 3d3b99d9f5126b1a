import { IMAGE_LIMITS, type ImageStyle } from '@switchyard/protocol/image.ts';

export type Aspect = 'square' | 'portrait' | 'landscape';

/** What a picture is made from; kept with it, so that it can be made again. */
export type PictureSettings = {
  model: string;
  prompt: string;
  negativePrompt: string;
  style: ImageStyle;
  aspect: Aspect;
  steps: number;
  guidance: number;
  /** Undefined: another one each time. */
  seed: number | undefined;
  nsfw: boolean;
};

export const STYLE_CHOICES: readonly { value: ImageStyle; label: string }[] = [
  { value: 'photo', label: 'Photo' },
  { value: 'cinematic', label: 'Cinematic' },
  { value: 'anime', label: 'Anime' },
  { value: 'digital-art', label: 'Digital Art' },
  { value: '3d', label: '3D' },
];

/** In pixels; each with about as many as the others. */
export const ASPECT_CHOICES: readonly { value: Aspect; label: string; width: number; height: number }[] = [
  { value: 'square', label: 'Square', width: 1_024, height: 1_024 },
  { value: 'portrait', label: 'Portrait', width: 832, height: 1_216 },
  { value: 'landscape', label: 'Landscape', width: 1_216, height: 832 },
];

export const DEFAULT_SETTINGS: PictureSettings = {
  model: '',
  prompt: '',
  negativePrompt: '',
  style: 'photo',
  aspect: 'square',
  steps: 32,
  guidance: 4,
  seed: undefined,
  nsfw: false,
};

export function sizeOf(aspect: Aspect): { width: number; height: number } {
  const { width = 1_024, height = 1_024 } = ASPECT_CHOICES.find(({ value }) => value === aspect) ?? {};
  return { width, height };
}

/** The body of `POST /api/images/create`. What is left out the server chooses. */
export function pictureBody(settings: PictureSettings): object {
  const { prompt, negativePrompt, guidance, seed, aspect, ...rest } = settings;
  return {
    ...rest,
    ...sizeOf(aspect),
    cfg: guidance,
    prompt: prompt.trim(),
    ...(negativePrompt.trim() === '' ? {} : { negative_prompt: negativePrompt.trim() }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** A seed that a person typed. Undefined: at random. `invalid` where it is none. */
export function readSeed(text: string): number | undefined | 'invalid' {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const seed = Number(trimmed);
  return /^\d+$/.test(trimmed) && seed <= IMAGE_LIMITS.seedMax ? seed : 'invalid';
}
