/** Shared by the tests of this package: the shipped model, jobs, and measures of pictures. */

import { readFileSync } from 'node:fs';
import { loadImageModel, type ImageModel } from '../model.ts';
import { createSampler, type SamplerSettings } from '../sampler.ts';
import type { ImageJob } from '../types.ts';

const MODELS = new URL('../../models/', import.meta.url);

export function readModelFile(name: string): Uint8Array {
  return readFileSync(new URL(name, MODELS));
}

export function readModelText(name: string): string {
  return readFileSync(new URL(name, MODELS), 'utf8');
}

let loaded: ImageModel | undefined;

/** The shipped model, loaded once for each test file. */
export function imageModel(): ImageModel {
  loaded ??= loadImageModel(readModelFile('pix-1.0M-v0.2.onnx'), readModelText('vocab.json'));
  return loaded;
}

/** A small, quick job, changed by `changes`. */
export function imageJob(changes: Partial<ImageJob> = {}): ImageJob {
  return {
    prompt: 'a house in the meadow',
    negativePrompt: '',
    width: 64,
    height: 64,
    steps: 4,
    cfg: 4,
    seed: 1,
    ...changes,
  };
}

/** The pixels of the network's own picture. */
export function samplePixels(changes: Partial<SamplerSettings> = {}): Uint8Array {
  const { steps, ...settings } = { ...imageJob(), seed: 1, width: 32, height: 32, ...changes };
  const sampler = createSampler(imageModel(), { ...settings, steps });
  for (let step = 0; step < steps; step++) sampler.step();
  return sampler.pixels();
}

/** By how many grey levels two pictures of one size differ on average. */
export function meanDifference(first: Uint8Array, second: Uint8Array): number {
  let sum = 0;
  for (const [i, value] of first.entries()) sum += Math.abs(value - (second[i] ?? 0));
  return sum / first.length;
}

/** The mean of each colour: red, green, blue. */
export function meanColour(pixels: Uint8Array): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < pixels.length; at += 3) {
    sums[0] += pixels[at] ?? 0;
    sums[1] += pixels[at + 1] ?? 0;
    sums[2] += pixels[at + 2] ?? 0;
  }
  const count = pixels.length / 3;
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}
