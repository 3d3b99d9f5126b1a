import type { Sampling } from './recipes.ts';

/** A local program that makes pictures, as the connector drives it. */
export type ImageEngine = {
  /** For capability reports: `demo-image`. */
  kind: string;
  version: string;
  /** Recipes of `recipes.ts` that it can make, with the largest picture in pixels. As of the last `start`. */
  readonly recipes: readonly OfferedRecipe[];
  /** Pictures at once. */
  slots: number;
  /**
   * Makes it ready and finds out what it can make. Called again now and then when there is a `probe`. Rejects with an
   * `EngineError` when it cannot be used.
   */
  start(): Promise<void>;
  /** True when the engine answers. Never throws. Absent: it lives as long as the connector does. */
  probe?(signal: AbortSignal): Promise<boolean>;
  /**
   * Makes one picture: the bytes of a PNG. Rejects with an `EngineError`, or with anything once the signal is aborted;
   * it settles when the work has stopped.
   */
  render(job: RenderJob, watch: RenderWatch): Promise<Uint8Array>;
  close(): Promise<void>;
};

export type OfferedRecipe = { recipe: string; maxPixels: number };

/** A recipe filled in: what the engine itself understands. */
export type RenderJob = {
  recipe: string;
  /** Undefined: as the engine likes it. */
  sampling: Sampling | undefined;
  prompt: string;
  negativePrompt: string;
  /** In pixels. */
  width: number;
  height: number;
  steps: number;
  cfg: number;
  seed: number;
};

export type RenderWatch = {
  signal: AbortSignal;
  /** After each step, counted from 1. */
  onStep(step: number): void;
};
