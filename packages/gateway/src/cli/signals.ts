import { type Clock, systemClock } from '../core/clock.ts';

/**
 * Within this time signals are one: systemd sends it to every process of a service, and `bin/switchyard.mjs` hands on to
 * this one what it gets itself.
 */
const SAME_MS = 300;

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function nextStopSignal(clock: Pick<Clock, 'monotonicMs'> = systemClock): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stoppingSinceMs: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      const nowMs = clock.monotonicMs();
      if (stoppingSinceMs !== undefined) {
        // 128 + the signal's number is what shells report of a process that a signal ended.
        if (nowMs - stoppingSinceMs >= SAME_MS) process.exit(signal === 'SIGINT' ? 130 : 143);
        return;
      }
      stoppingSinceMs = nowMs;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
