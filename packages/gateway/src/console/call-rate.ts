import type { Clock } from '../core/clock.ts';
import { type Bucket, fullBucket, takeToken } from '../limits/token-bucket.ts';

/** Questions in a minute: of one person, and of one network address of which nobody is signed in. */
const PERSON_PER_MINUTE = 600;
const ADDRESS_PER_MINUTE = 300;
/** Callers who are told apart. More than these share one count, so that memory stays bounded. */
const CALLERS_MAX = 10_000;

/** How often somebody may ask. Pages ask a few times a minute; this is for programs that run wild. */
export type CallRate = {
  /** Undefined: go on. Else when to come again. `network`: see `networkOf`. */
  refuse(caller: { personId: string } | { network: string }): { retryAfterMs: number } | undefined;
};

export function createCallRate(clock: Clock): CallRate {
  /** Those that asked last are at the end. */
  const buckets = new Map<string, Bucket>();

  function forgetFull(nowMs: number): void {
    for (const [name, { updatedMs }] of buckets) {
      if (nowMs - updatedMs < 60_000) return;
      buckets.delete(name);
    }
  }

  return {
    refuse(caller) {
      const nowMs = clock.monotonicMs();
      const isPerson = 'personId' in caller;
      const perMinute = isPerson ? PERSON_PER_MINUTE : ADDRESS_PER_MINUTE;
      const own = isPerson ? `person ${caller.personId}` : `address ${caller.network}`;
      forgetFull(nowMs);
      const name = buckets.has(own) || buckets.size < CALLERS_MAX ? own : isPerson ? 'people' : 'addresses';
      const decision = takeToken(buckets.get(name) ?? fullBucket(perMinute, nowMs), perMinute, nowMs);
      buckets.delete(name);
      buckets.set(name, decision.bucket);
      return decision.allowed ? undefined : { retryAfterMs: decision.retryInMs };
    },
  };
}
