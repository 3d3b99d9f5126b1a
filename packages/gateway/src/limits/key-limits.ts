import type { Clock } from '../core/clock.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { fullBucket, returnToken, takeToken, type Bucket } from './token-bucket.ts';

/** Requests per minute per key, and requests at once per key and per account. Lives in memory: one process is the gateway. */
export type KeyLimits = {
  /** Takes a place, or says why not. A fault carries `retryAfterMs`. */
  admit(who: { keyId: string; accountId: string }, limits: Limits): Admission;
};

/** How many requests of an account run now. */
export type RunningRequests = { running(accountId: string): number };

export type Limits = {
  requestsPerMinute: number;
  /** Of this key at once. */
  concurrency: number;
  /** Of all keys of the account at once. */
  accountConcurrency: number;
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

const ACCOUNT_IS_FULL = 'Too many requests of this account run at once. Wait for one to end.';

type KeyState = { bucket: Bucket; running: number };

/**
 * One entry per key that was ever used since the start; keys are rows of the operator's database, so that is its bound.
 * Accounts have an entry only while something of theirs runs.
 */
export function createKeyLimits(clock: Clock): KeyLimits & RunningRequests {
  const states = new Map<string, KeyState>();
  const accounts = new Map<string, number>();

  function leaveAccount(accountId: string): void {
    const left = (accounts.get(accountId) ?? 1) - 1;
    if (left > 0) accounts.set(accountId, left);
    else accounts.delete(accountId);
  }

  return {
    running: (accountId) => accounts.get(accountId) ?? 0,
    admit({ keyId, accountId }, limits) {
      const nowMs = clock.monotonicMs();
      let state = states.get(keyId);
      if (state === undefined) {
        state = { bucket: fullBucket(limits.requestsPerMinute, nowMs), running: 0 };
        states.set(keyId, state);
      }
      const accountRunning = accounts.get(accountId) ?? 0;
      const refusal =
        state.running >= limits.concurrency
          ? fault('concurrency_limit_exceeded', { retryAfterMs: 1_000 })
          : accountRunning >= limits.accountConcurrency
            ? fault('concurrency_limit_exceeded', { message: ACCOUNT_IS_FULL, retryAfterMs: 1_000 })
            : undefined;
      if (refusal !== undefined) {
        return { result: failed(refusal), window: windowOf(state.bucket, limits.requestsPerMinute) };
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
      accounts.set(accountId, accountRunning + 1);
      const leave = () => leaveAccount(accountId);
      return { result: ok(permitFor(state, limits.requestsPerMinute, leave)), window };
    },
  };
}

function permitFor(state: KeyState, requestsPerMinute: number, leaveAccount: () => void): Permit {
  let open = true;
  return {
    release() {
      if (!open) return;
      open = false;
      state.running -= 1;
      leaveAccount();
    },
    refund() {
      if (!open) return;
      open = false;
      state.running -= 1;
      leaveAccount();
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
