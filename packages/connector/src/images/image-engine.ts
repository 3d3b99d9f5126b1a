/** A local program that makes pictures, as the connector drives it. */
export type ImageEngine = {
  /** For capability reports: `demo-image`. */
  kind: string;
  version: string;
  /** Recipes of `recipes.ts` that it can make, with the largest picture in pixels. */
  recipes: readonly { recipe: string; maxPixels: number }[];
  /** Pictures at once. */
  slots: number;
  /** Makes it ready, once. Rejects with an `EngineError` when it cannot start. */
  start(): Promise<void>;
  /**
   * Makes one picture: the bytes of a PNG. Rejects with an `EngineError`, or with anything once the signal is aborted;
   * it settles when the work has stopped.
   */
  render(job: RenderJob, watch: RenderWatch): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** A recipe filled in: what the engine itself understands. */
export type RenderJob = {
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
