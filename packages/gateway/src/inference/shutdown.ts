import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { InferenceDeps } from './deps.ts';

/** How often the end of the running requests is looked for while the server stops. */
const DRAIN_GRAIN_MS = 50;
/** After their time is over, running requests are ended with an error, which must still be settled. */
const ABORT_GRACE_MS = 3_000;

export type ShutdownParts = {
  clock: Clock;
  log: Pick<Log, 'info'>;
  running: InferenceDeps['running'];
  /** How long requests are still taken after the server said that it is not ready. */
  delayMs: number;
  /** How long running requests may go on then. */
  drainMs: number;
  /** Nothing new is taken from now on: closes the port, sends nodes away. */
  onDraining(): void;
  closeAll(): Promise<void>;
};

/** serving -> leaving (not ready, still takes requests) -> draining (takes nothing, lets running requests end) */
export type Shutdown = {
  /** What load balancers are told. */
  isReady(): boolean;
  isAccepting(): boolean;
  /** Resolves when everything is closed. Idempotent. */
  stop(): Promise<void>;
};

/** The end of a gateway, in an order in which no request is turned away that a load balancer still sends. */
export function createShutdown(parts: ShutdownParts): Shutdown {
  const { clock, log, running } = parts;
  let phase: 'serving' | 'leaving' | 'draining' = 'serving';
  let stopped: Promise<void> | undefined;

  async function run(): Promise<void> {
    phase = 'leaving';
    if (parts.delayMs > 0) {
      log.info('leaving', { durationMs: parts.delayMs });
      await new Promise<void>((resolve) => {
        clock.after(parts.delayMs, resolve);
      });
    }
    phase = 'draining';
    log.info('draining', { count: running.size });
    parts.onDraining();
    await drained(clock, running, parts.drainMs);
    await parts.closeAll();
    log.info('stopped');
  }

  return {
    isReady: () => phase === 'serving',
    isAccepting: () => phase !== 'draining',
    stop: () => (stopped ??= run()),
  };
}

/** Resolves when nothing runs any more. What still runs after `drainMs` is ended with an error. */
function drained(clock: Clock, running: InferenceDeps['running'], drainMs: number): Promise<void> {
  const startedMs = clock.monotonicMs();
  let aborted = false;
  return new Promise((resolve) => {
    const timer = clock.every(DRAIN_GRAIN_MS, () => {
      const passedMs = clock.monotonicMs() - startedMs;
      if (passedMs > drainMs && !aborted) {
        aborted = true;
        for (const run of running) run.abort();
      }
      if (running.size > 0 && passedMs < drainMs + ABORT_GRACE_MS) return;
      timer.cancel();
      resolve();
    });
  });
}
