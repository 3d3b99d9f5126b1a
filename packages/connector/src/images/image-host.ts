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
/** An engine with a probe is asked this often whether it lives, and every sixth time what it can make. */
const PROBE_MS = 10_000;
const PROBE_TIMEOUT_MS = 2_000;
const LOOK_EVERY = 6;
const MISSES_UNTIL_DOWN = 2;
/** How much of a new measure goes into the speed. */
const SPEED_WEIGHT = 0.2;

const NOT_STARTED: EngineFault = { code: 'engine_failed', message: 'The image engine did not start.' };
const SILENT: EngineFault = {
  code: 'engine_unreachable',
  message: 'The image engine does not answer any more.',
};

export function createImageHost({ engine, timers, onUp, onDown }: ImageHostOptions): ImageHost {
  let isUp = false;
  let isStopped = false;
  let busy = 0;
  let pixelStepsPerSecond: number | undefined;
  let retry: Timer | undefined;
  let ticker: Timer | undefined;
  let ticks = 0;
  let misses = 0;
  let isLooking = false;
  let shown = '';
  let lastReason = '';

  async function start(): Promise<void> {
    try {
      await engine.start();
    } catch (error) {
      if (!isStopped) goDown(error instanceof EngineError ? error.fault : NOT_STARTED);
      return;
    }
    if (isStopped) return;
    goUp();
    if (engine.probe !== undefined) ticker ??= timers.every(PROBE_MS, () => void look());
  }

  function goUp(): void {
    misses = 0;
    lastReason = '';
    const now = JSON.stringify(engine.recipes);
    if (isUp && now === shown) return;
    isUp = true;
    shown = now;
    onUp(engine.recipes.map(({ recipe }) => recipe));
  }

  /** A reason is told once, however often the engine is tried meanwhile. */
  function goDown(fault: EngineFault): void {
    isUp = false;
    ticker?.cancel();
    ticker = undefined;
    retry = timers.after(RETRY_MS, () => void start());
    if (fault.message === lastReason) return;
    lastReason = fault.message;
    onDown(fault);
  }

  /** Two misses in a row and the engine is down. It is tried again from the beginning. */
  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    ticks += 1;
    const isThere = ticks % LOOK_EVERY === 0 ? await looksGood() : await probe();
    isLooking = false;
    if (isStopped || !isUp) return;
    misses = isThere ? 0 : misses + 1;
    if (misses >= MISSES_UNTIL_DOWN) goDown(SILENT);
  }

  async function looksGood(): Promise<boolean> {
    try {
      await engine.start();
    } catch {
      return false;
    }
    if (!isStopped) goUp();
    return true;
  }

  async function probe(): Promise<boolean> {
    const controller = new AbortController();
    const timer = timers.after(PROBE_TIMEOUT_MS, () => controller.abort());
    const isThere = await engine.probe?.(controller.signal);
    timer.cancel();
    return isThere !== false;
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
      ticker?.cancel();
      await engine.close();
    },
  };
}
