/** One job from its first step to the finished file. */

import { drawDemoMark } from './demo-mark.ts';
import { enlarge } from './enlarge.ts';
import type { ImageModel } from './model.ts';
import { nativeSize } from './native-size.ts';
import { encodePng } from './png.ts';
import { createSampler } from './sampler.ts';
import type { ImageJob } from './types.ts';

/** A job whose seed has been drawn where it had none. */
export type SeededJob = ImageJob & { seed: number };

export type RenderingInProgress = {
  /** Does one step. Call it as many times as the job has steps. */
  step(): void;
  /** The picture in the size that was asked for, marked as a demo, as a PNG file. */
  finish(): Uint8Array<ArrayBuffer>;
};

/** Begins a job. The picture's shape comes from the job's size, its detail does not: that is the network's. */
export function beginRendering(model: ImageModel, job: SeededJob): RenderingInProgress {
  const native = nativeSize(job);
  const sampler = createSampler(model, { ...job, ...native });
  return {
    step: sampler.step,
    finish() {
      const picture = enlarge({ ...native, pixels: sampler.pixels() }, job);
      drawDemoMark(picture);
      return encodePng(picture);
    },
  };
}
