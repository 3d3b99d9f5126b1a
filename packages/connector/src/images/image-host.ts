import type { ImageCapability } from '@switchyard/protocol/link/messages.ts';
import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import type { Timer, Timers } from '../timers.ts';
import type { ImageEngine } from './image-engine.ts';

/** An image engine with its slots, its health and its measured speed. */
export type ImageHost = {
  readonly engine: ImageEngine;
  isUp(): boolean;
  slots(): number;
  /** What the gateway is told of it. */
  capabilities(): ImageCapability[];
  offers(recipe: string): boolean;
  hasFreeSlot(): boolean;
  /** Takes a slot; the returned function gives it back, once. */
  takeSlot(): () => void;
  /** A picture of so many pixels times steps took so long. */
  measured(pixelSteps: number, durationMs: number): void;
  start(): Promise<void>;
  stop(): Promise<void>;
};

export type ImageHostOptions = {
  engine: ImageEngine;
  timers: Timers;
  onUp(recipes: string[]): void;
  onDown(fault: EngineFault): void;
};

/** Between two tries to start an engine that did not. */
const RETRY_MS = 30_000;
/** How much of a new measure goes into the speed. */
const SPEED_WEIGHT = 0.2;

const NOT_STARTED: EngineFault = { code: 'engine_failed', message: 'The image engine did not start.' };

export function createImageHost({ engine, timers, onUp, onDown }: ImageHostOptions): ImageHost {
  let isUp = false;
  let isStopped = false;
  let busy = 0;
  let pixelStepsPerSecond: number | undefined;
  let retry: Timer | undefined;

  async function start(): Promise<void> {
    try {
      await engine.start();
    } catch (error) {
      if (isStopped) return;
      retry = timers.after(RETRY_MS, () => void start());
      onDown(error instanceof EngineError ? error.fault : NOT_STARTED);
      return;
    }
    if (isStopped) return;
    isUp = true;
    onUp(engine.recipes.map(({ recipe }) => recipe));
  }

  return {
    engine,
    isUp: () => isUp,
    slots: () => (isUp ? engine.slots : 0),
    capabilities: () =>
      engine.recipes.map(({ recipe, maxPixels }) => ({
        recipe,
        maxPixels,
        slots: isUp ? engine.slots : 0,
        ...(pixelStepsPerSecond === undefined ? {} : { pixelStepsPerSecond }),
      })),
    offers: (recipe) => engine.recipes.some((one) => one.recipe === recipe),
    hasFreeSlot: () => isUp && busy < engine.slots,
    takeSlot() {
      busy += 1;
      let isTaken = true;
      return () => {
        if (isTaken) busy -= 1;
        isTaken = false;
      };
    },
    measured(pixelSteps, durationMs) {
      const speed = (pixelSteps * 1_000) / Math.max(durationMs, 1);
      pixelStepsPerSecond =
        pixelStepsPerSecond === undefined
          ? speed
          : pixelStepsPerSecond * (1 - SPEED_WEIGHT) + speed * SPEED_WEIGHT;
    },
    start,
    async stop() {
      isStopped = true;
      isUp = false;
      retry?.cancel();
      await engine.close();
    },
  };
}
