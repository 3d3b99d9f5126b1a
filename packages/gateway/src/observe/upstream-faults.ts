import type { Clock } from '../core/clock.ts';
import type { UpstreamObserver } from './upstreams.ts';

export type UpstreamFault = { atMs: number; cause: string };

export type UpstreamFaults = {
  /** The same observer, and what went wrong is noted. */
  noting(upstream: string, observer: UpstreamObserver): UpstreamObserver;
  /** Undefined: nothing since the start. */
  last(upstream: string): UpstreamFault | undefined;
};

/** Outcomes of tries that say nothing against the upstream. */
const HARMLESS = new Set(['ok', 'cancelled']);

/** The newest fault of each upstream, for the operator's page. `cause` is a word of a closed set, nothing of a request. */
export function createUpstreamFaults(clock: Pick<Clock, 'nowMs'>): UpstreamFaults {
  const faults = new Map<string, UpstreamFault>();
  return {
    noting(upstream, observer) {
      const note = (cause: string) => void faults.set(upstream, { atMs: clock.nowMs(), cause });
      return {
        ...observer,
        tried(outcome) {
          if (!HARMLESS.has(outcome)) note(outcome);
          observer.tried(outcome);
        },
        keySetAside(key, cause) {
          note(`key set aside: ${cause}`);
          observer.keySetAside(key, cause);
        },
      };
    },
    last: (upstream) => faults.get(upstream),
  };
}
