/** From noise to a picture, step by step: Euler's method along the velocity that the network predicts. */

import { readPrompt } from './condition.ts';
import { emptyMap, type FeatureMap } from './feature-map.ts';
import { PATCH, type ImageModel } from './model.ts';
import { predictVelocity } from './network.ts';
import { normalNoise } from './noise.ts';

export type SamplerSettings = {
  prompt: string;
  negativePrompt: string;
  /** Pixels of the network's own picture: multiples of 4. */
  width: number;
  height: number;
  steps: number;
  cfg: number;
  seed: number;
};

export type Sampler = {
  /** Does one step. Call it `steps` times. */
  step(): void;
  /** The picture as it is now: three bytes for each pixel, row after row. */
  pixels(): Uint8Array;
};

export function createSampler(model: ImageModel, settings: SamplerSettings): Sampler {
  const { steps, cfg } = settings;
  const wanted = readPrompt(model, settings.prompt);
  const unwanted = readPrompt(model, settings.negativePrompt);
  const picture = noisePicture(settings);
  const { data } = picture;
  let done = 0;
  return {
    step() {
      const time = done / steps;
      const towards = predictVelocity(model, picture, wanted, time).data;
      const away = predictVelocity(model, picture, unwanted, time).data;
      done += 1;
      const span = done / steps - time;
      for (let i = 0; i < data.length; i++) {
        const base = away[i] ?? 0;
        data[i] = (data[i] ?? 0) + span * (base + cfg * ((towards[i] ?? 0) - base));
      }
    },
    pixels: () => toPixels(picture),
  };
}

/** The index of a pixel's colour in a picture whose places hold 2×2 pixels, one colour after the other. */
function patchIndex(width: number, colour: number, y: number, x: number): number {
  const place = (y >> 1) * (width >> 1) + (x >> 1);
  return place * PATCH + colour * 4 + (y & 1) * 2 + (x & 1);
}

/** The noise is drawn colour by colour and row by row, as the reference does. */
function noisePicture({ width, height, seed }: SamplerSettings): FeatureMap {
  const picture = emptyMap(height / 2, width / 2, PATCH);
  const noise = normalNoise(3 * width * height, seed);
  let from = 0;
  for (let colour = 0; colour < 3; colour++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) picture.data[patchIndex(width, colour, y, x)] = noise[from++] ?? 0;
    }
  }
  return picture;
}

function toPixels(picture: FeatureMap): Uint8Array {
  const height = picture.height * 2;
  const width = picture.width * 2;
  const pixels = new Uint8Array(height * width * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let colour = 0; colour < 3; colour++) {
        const value = picture.data[patchIndex(width, colour, y, x)] ?? 0;
        pixels[at++] = Math.max(0, Math.min(255, Math.round((value + 1) * 127.5)));
      }
    }
  }
  return pixels;
}
