import type { Engine, EngineFault, EngineModel } from './engine.ts';
import { EngineError } from './engine.ts';
import type { Timer, Timers } from './timers.ts';

export type EngineWatchOptions = {
  engine: Engine;
  timers: Timers;
  /** Also for each later look at the models of an engine that stays up. */
  onUp(listed: EngineModel[]): void;
  /** The engine is about to be asked how many requests it has, whoever sent them; what this returns takes the answer. */
  askRequests(): (count: number | undefined) => void;
  /** Also when a downed engine has a new reason; `wasUp` tells the two apart. */
  onDown(fault: EngineFault, wasUp: boolean): void;
};

/** The health of one engine. */
export type EngineWatch = {
  isUp(): boolean;
  /** The engine has just shown that it lives. */
  noteAlive(): void;
  /** A job could not reach the engine: look at once. */
  suspect(): void;
  /** Resolves when the engine has named its models or failed to. */
  start(): Promise<void>;
  stop(): void;
};

const PERIOD_MS = 10_000;
/** Models come and go, are loaded and unloaded: they are asked for anew this often. */
const REFRESH_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
const INVENTORY_TIMEOUT_MS = 30_000;
const MISSES_UNTIL_DOWN = 2;

const SILENT: EngineFault = { code: 'engine_unreachable', message: 'The engine does not answer any more.' };

/**
 * Every 10 s a probe of at most 2 s, unless a job has shown life since the last one. Two misses in a row and
 * the engine is down; it is up as soon as it names its models. An engine that says itself that it changed is
 * looked at at once.
 */
export function createEngineWatch(options: EngineWatchOptions): EngineWatch {
  const { engine, timers, onUp, onDown } = options;
  let state: 'starting' | 'up' | 'down' | 'stopped' = 'starting';
  let misses = 0;
  let aliveAtMs = Number.NEGATIVE_INFINITY;
  let refreshedAtMs = timers.nowMs();
  let isChecking = false;
  let isCheckWanted = false;
  let ticker: Timer | undefined;
  let lastReason = '';

  const isStopped = (): boolean => state === 'stopped';

  function goDown(fault: EngineFault): void {
    const isNews = state !== 'down' || fault.message !== lastReason;
    const wasUp = state === 'up';
    state = 'down';
    lastReason = fault.message;
    if (isNews) onDown(fault, wasUp);
  }

  async function takeInventory(): Promise<void> {
    try {
      const listed = await withTimeout(timers, INVENTORY_TIMEOUT_MS, (signal) => engine.inventory(signal));
      if (isStopped()) return;
      misses = 0;
      state = 'up';
      onUp(listed);
    } catch (error) {
      if (!isStopped()) goDown(error instanceof EngineError ? error.fault : SILENT);
    }
    refreshedAtMs = timers.nowMs();
  }

  async function probe(): Promise<void> {
    const isAlive = await withTimeout(timers, PROBE_TIMEOUT_MS, isEngineAlive);
    if (isStopped()) return;
    misses = isAlive ? 0 : misses + 1;
    if (misses >= MISSES_UNTIL_DOWN) goDown(SILENT);
  }

  async function isEngineAlive(signal: AbortSignal): Promise<boolean> {
    if (engine.countRequests === undefined) return engine.probe(signal);
    try {
      const answer = options.askRequests();
      answer(await engine.countRequests(signal));
      return true;
    } catch {
      return false;
    }
  }

  /** A look at the models of an engine that is up: when it fails, that is a miss and no more. */
  async function refresh(): Promise<void> {
    refreshedAtMs = timers.nowMs();
    try {
      const listed = await withTimeout(timers, INVENTORY_TIMEOUT_MS, (signal) => engine.inventory(signal));
      if (isStopped()) return;
      misses = 0;
      onUp(listed);
    } catch {
      if (isStopped()) return;
      misses += 1;
      if (misses >= MISSES_UNTIL_DOWN) goDown(SILENT);
    }
  }

  async function check(): Promise<void> {
    if (isChecking || isStopped()) return;
    isChecking = true;
    if (state !== 'up' || isCheckWanted) await lookAnew();
    else if (timers.nowMs() - refreshedAtMs >= REFRESH_MS) await refresh();
    else await probe();
    isChecking = false;
    if (isCheckWanted) await check();
  }

  async function lookAnew(): Promise<void> {
    isCheckWanted = false;
    await takeInventory();
  }

  return {
    isUp: () => state === 'up',
    noteAlive() {
      aliveAtMs = timers.nowMs();
      misses = 0;
    },
    suspect() {
      if (state === 'up') misses += 1;
      void check();
    },
    async start() {
      engine.onChange?.(() => {
        isCheckWanted = true;
        void check();
      });
      ticker = timers.every(PERIOD_MS, () => {
        // An engine that counts is asked all the same: somebody else may use it now.
        const isAliveEnough = engine.countRequests === undefined && timers.nowMs() - aliveAtMs < PERIOD_MS;
        const isKnownAlive = state === 'up' && isAliveEnough;
        if (!isKnownAlive) void check();
      });
      await check();
    },
    stop() {
      state = 'stopped';
      ticker?.cancel();
    },
  };
}

async function withTimeout<Result>(
  timers: Timers,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timer = timers.after(timeoutMs, () => controller.abort());
  try {
    return await work(controller.signal);
  } finally {
    timer.cancel();
  }
}
