/**
 * The demo image engine's own words: what a job is, what comes out of it, how it can fail.
 * They stand apart from the gateway's canonical types on purpose, so that this package depends on nothing.
 */

/** One picture. Ranges of the numbers are checked by `findJobProblem` in `check-job.ts`. */
export type ImageJob = {
  prompt: string;
  /** What the picture should move away from; empty for none. */
  negativePrompt: string;
  /** Pixels of the finished picture. */
  width: number;
  height: number;
  /** Passes of the sampler. More give more detail and take longer. */
  steps: number;
  /** Guidance: 1 follows the prompt as trained, more exaggerates it, 0 follows the negative prompt only. */
  cfg: number;
  /** The same seed, job and model give the same picture. Without it every run differs. */
  seed?: number;
};

export type Rendering = {
  /** A whole PNG file, 8-bit RGB, without metadata. */
  png: Uint8Array<ArrayBuffer>;
  /** The one of the job, or the one that was drawn for it. */
  seed: number;
  steps: number;
};

/** A job that gave no picture. The message is safe to show and to log: it never holds content of the job. */
export type ImageFault = {
  code: 'invalid_request' | 'overloaded' | 'cancelled' | 'engine_failed';
  message: string;
};

export type ImageOutcome = { ok: true; value: Rendering } | { ok: false; error: ImageFault };
