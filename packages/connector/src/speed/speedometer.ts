import type { ModelSpeed } from '@switchyard/protocol/link/capabilities.ts';
import type { EngineHost, HostedModel } from '../engine-host.ts';
import type { Timer, Timers } from '../timers.ts';
import { measureSpeed } from './measure-speed.ts';
import type { Measuring } from './measure-speed.ts';
import type { SpeedCache } from './speed-cache.ts';

/** Measures each model once, while its engine has nothing else to do. */
export type Speedometer = {
  speedOf(host: EngineHost, model: HostedModel): ModelSpeed | undefined;
  start(): void;
  /** A job is about to run on the engine: the measuring makes way, and is tried again later. */
  makeWay(host: EngineHost): void;
  stop(): void;
};

export type SpeedometerEvent =
  | { type: 'measured'; model: string; speed: ModelSpeed }
  | { type: 'not-measured'; model: string; reason: string };

export type SpeedometerOptions = {
  hosts: readonly EngineHost[];
  cache: SpeedCache;
  timers: Timers;
  random: () => number;
  /** False while the node takes no jobs: its owner wants the machine. */
  mayRun(): boolean;
  report(event: SpeedometerEvent): void;
  /** A speed became known: the gateway is to be told. */
  onSpeed(): void;
};

const LOOK_MS = 10_000;
/** A model that was given up so often is left unmeasured until the next start. */
const TRIES_MAX = 3;

export function createSpeedometer(options: SpeedometerOptions): Speedometer {
  const { hosts, cache, timers } = options;
  const tries = new Map<string, number>();
  let running: { host: EngineHost; measuring: Measuring } | undefined;
  let ticker: Timer | undefined;

  /** The first model that is not known yet and can be measured without disturbing anybody. */
  function findNext(): { host: EngineHost; model: HostedModel; key: string } | undefined {
    for (const host of hosts) {
      if (!host.isUp() || host.busy() > 0 || host.foreign() > 0) continue;
      for (const model of host.models()) {
        // To load a model only for this would push another one out of memory.
        if (model.remoteBacked || model.isLoaded === false) continue;
        const key = keyOf(host, model);
        if (cache.get(key) === undefined && (tries.get(key) ?? 0) < TRIES_MAX) return { host, model, key };
      }
    }
    return undefined;
  }

  function look(): void {
    if (running !== undefined || !options.mayRun()) return;
    const next = findNext();
    if (next !== undefined) void measure(next);
  }

  async function measure({ host, model, key }: NonNullable<ReturnType<typeof findNext>>): Promise<void> {
    const endRequest = host.noteRequest();
    const measuring = measureSpeed(host.engine, model, options);
    running = { host, measuring };
    const measured = await measuring.done;
    running = undefined;
    endRequest();
    if (measured.result !== 'cancelled') tries.set(key, (tries.get(key) ?? 0) + 1);
    if (measured.result === 'measured') {
      cache.set(key, measured.speed);
      options.report({ type: 'measured', model: model.alias, speed: measured.speed });
      options.onSpeed();
    } else if (measured.result === 'failed' && tries.get(key) === TRIES_MAX) {
      options.report({ type: 'not-measured', model: model.alias, reason: measured.reason });
    }
    if (ticker !== undefined && measured.result === 'measured') look();
  }

  return {
    speedOf: (host, model) => cache.get(keyOf(host, model)),
    start() {
      look();
      ticker = timers.every(LOOK_MS, look);
    },
    makeWay(host) {
      if (running?.host === host) running.measuring.cancel();
    },
    stop() {
      ticker?.cancel();
      ticker = undefined;
      running?.measuring.cancel();
    },
  };
}

/** By the weights where the engine tells a digest of them; else by its name at this engine. */
function keyOf({ name, engine }: EngineHost, { digest, quant, localName }: HostedModel): string {
  const weights = digest ?? `${name} ${localName} ${quant ?? ''}`.trim();
  return `${engine.kind} ${engine.version} ${weights}`;
}
