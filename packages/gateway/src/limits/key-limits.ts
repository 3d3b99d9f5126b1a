import type { Clock } from '../core/clock.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { fullBucket, returnToken, takeToken, type Bucket } from './token-bucket.ts';

/** Requests per minute and requests at once, per key. Lives in memory: one process is the whole gateway. */
export type KeyLimits = {
  /** Takes a place, or says why not. A fault carries `retryAfterMs`. */
  admit(keyId: string, limits: { requestsPerMinute: number; concurrency: number }): Admission;
};

export type Admission = { result: Result<Permit, Fault>; window: RateWindow };

/** For the `x-ratelimit-*` headers. */
export type RateWindow = { limit: number; remaining: number; resetMs: number };

export type Permit = {
  /** The request ended. Idempotent. */
  release(): void;
  /** The request was refused after all (no money, no model): its place in the rate is given back too. Idempotent. */
  refund(): void;
};

type KeyState = { bucket: Bucket; running: number };

/** One entry per key that was ever used since the start; keys are rows of the operator's database, so that is its bound. */
export function createKeyLimits(clock: Clock): KeyLimits {
  const states = new Map<string, KeyState>();

  return {
    admit(keyId, limits) {
      const nowMs = clock.monotonicMs();
      let state = states.get(keyId);
      if (state === undefined) {
        state = { bucket: fullBucket(limits.requestsPerMinute, nowMs), running: 0 };
        states.set(keyId, state);
      }
      if (state.running >= limits.concurrency) {
        return {
          result: failed(fault('concurrency_limit_exceeded', { retryAfterMs: 1_000 })),
          window: windowOf(state.bucket, limits.requestsPerMinute),
        };
      }
      const decision = takeToken(state.bucket, limits.requestsPerMinute, nowMs);
      state.bucket = decision.bucket;
      const window = {
        limit: limits.requestsPerMinute,
        remaining: decision.allowed ? decision.remaining : 0,
        resetMs: decision.fullInMs,
      };
      if (!decision.allowed) {
        return { result: failed(fault('rate_limit_exceeded', { retryAfterMs: decision.retryInMs })), window };
      }
      state.running += 1;
      return { result: ok(permitFor(state, limits.requestsPerMinute)), window };
    },
  };
}

function permitFor(state: KeyState, requestsPerMinute: number): Permit {
  let open = true;
  return {
    release() {
      if (!open) return;
      open = false;
      state.running -= 1;
    },
    refund() {
      if (!open) return;
      open = false;
      state.running -= 1;
      state.bucket = returnToken(state.bucket, requestsPerMinute);
    },
  };
}

function windowOf(bucket: Bucket, limit: number): RateWindow {
  const tokens = Math.max(0, Math.min(limit, bucket.tokens));
  return {
    limit,
    remaining: Math.floor(tokens),
    resetMs: limit > 0 ? Math.ceil(((limit - tokens) * 60_000) / limit) : 60_000,
  };
}
