import type { Clock } from '../core/clock.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { fullBucket, returnToken, takeToken, tokensAt, type Bucket } from './token-bucket.ts';

/**
 * Requests per minute per key, and requests at once per key and per account; both for all keys of a person together where
 * that is limited. Lives in memory: one process is the gateway.
 */
export type KeyLimits = {
  /** Takes a place, or says why not. A fault carries `retryAfterMs`. */
  admit(who: Asker, limits: Limits): Admission;
};

/** `member`: what the key's person may do with all their keys. */
export type Asker = { keyId: string; accountId: string; member?: SharedLimits | undefined };

/** Of several keys. Undefined: no limit. */
export type SharedLimits = {
  id: string;
  requestsPerMinute: number | undefined;
  concurrency: number | undefined;
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

/** For the `x-ratelimit-*` headers: of the limit that leaves the least. */
export type RateWindow = { limit: number; remaining: number; resetMs: number };

export type Permit = {
  /** The request ended. Idempotent. */
  release(): void;
  /** The request was refused after all (no money, no model): its place in the rate is given back too. Idempotent. */
  refund(): void;
};

const ACCOUNT_IS_FULL = 'Too many requests of this account run at once. Wait for one to end.';
const MEMBER_IS_FULL =
  'Too many requests of the person whom this API key belongs to run at once, over all their keys in this account. Wait for one to end.';
const MEMBER_IS_FAST =
  'The person whom this API key belongs to makes too many requests, over all their keys in this account. Wait and try again.';

/** Of a key, or of a person in an account. `perMinute` is the limit of the last request. */
type Lane = { bucket: Bucket; running: number; perMinute: number };

/**
 * One entry per key, limited person and account that made a request since the start; all are rows of the operator's
 * database, so that is its bound. An account's entry stays at zero: entries that come and go with each request keep what
 * has left (docs/decisions/0017-rosters.md).
 */
export function createKeyLimits(clock: Clock): KeyLimits & RunningRequests {
  const keys = new Map<string, Lane>();
  const members = new Map<string, Lane>();
  const accounts = new Map<string, number>();

  function leaveAccount(accountId: string): void {
    accounts.set(accountId, (accounts.get(accountId) ?? 1) - 1);
  }

  function crowded(key: Lane, shared: Lane | undefined, asker: Asker, limits: Limits): Fault | undefined {
    if (key.running >= limits.concurrency) return tooMany();
    if ((accounts.get(asker.accountId) ?? 0) >= limits.accountConcurrency) return tooMany(ACCOUNT_IS_FULL);
    const concurrency = asker.member?.concurrency;
    if (shared === undefined || concurrency === undefined || shared.running < concurrency) return undefined;
    return tooMany(MEMBER_IS_FULL);
  }

  return {
    running: (accountId) => accounts.get(accountId) ?? 0,
    admit(asker, limits) {
      const nowMs = clock.monotonicMs();
      const key = laneOf(keys, asker.keyId, limits.requestsPerMinute, nowMs);
      const { member } = asker;
      const shared =
        member === undefined
          ? undefined
          : laneOf(members, member.id, member.requestsPerMinute ?? Infinity, nowMs);
      const refusal = crowded(key, shared, asker, limits);
      if (refusal !== undefined) return { result: failed(refusal), window: windowOf(key, nowMs) };
      const own = take(key, nowMs);
      if (own.fault !== undefined) return { result: failed(own.fault), window: own.window };
      let { window } = own;
      if (shared !== undefined && shared.perMinute < Infinity) {
        const together = take(shared, nowMs);
        if (together.fault !== undefined) {
          giveBack(key);
          const fault = { ...together.fault, message: MEMBER_IS_FAST };
          return { result: failed(fault), window: together.window };
        }
        if (together.window.remaining < window.remaining) ({ window } = together);
      }
      key.running += 1;
      if (shared !== undefined) shared.running += 1;
      accounts.set(asker.accountId, (accounts.get(asker.accountId) ?? 0) + 1);
      return { result: ok(permitFor(key, shared, () => leaveAccount(asker.accountId))), window };
    },
  };
}

function laneOf(lanes: Map<string, Lane>, id: string, perMinute: number, nowMs: number): Lane {
  let lane = lanes.get(id);
  if (lane === undefined) {
    lane = { bucket: fullBucket(perMinute, nowMs), running: 0, perMinute };
    lanes.set(id, lane);
  } else if (lane.perMinute !== perMinute) {
    if (lane.perMinute === Infinity) lane.bucket = fullBucket(perMinute, nowMs);
    lane.perMinute = perMinute;
  }
  return lane;
}

function take(lane: Lane, nowMs: number): { fault: Fault | undefined; window: RateWindow } {
  const decision = takeToken(lane.bucket, lane.perMinute, nowMs);
  lane.bucket = decision.bucket;
  const window = {
    limit: lane.perMinute,
    remaining: decision.allowed ? decision.remaining : 0,
    resetMs: decision.fullInMs,
  };
  if (decision.allowed) return { fault: undefined, window };
  return { fault: fault('rate_limit_exceeded', { retryAfterMs: decision.retryInMs }), window };
}

function giveBack(lane: Lane): void {
  if (lane.perMinute < Infinity) lane.bucket = returnToken(lane.bucket, lane.perMinute);
}

function tooMany(message?: string): Fault {
  const retry = { retryAfterMs: 1_000 };
  return fault('concurrency_limit_exceeded', message === undefined ? retry : { ...retry, message });
}

function permitFor(key: Lane, shared: Lane | undefined, leaveAccount: () => void): Permit {
  let open = true;
  const leave = (): boolean => {
    if (!open) return false;
    open = false;
    key.running -= 1;
    if (shared !== undefined) shared.running -= 1;
    leaveAccount();
    return true;
  };
  return {
    release: () => void leave(),
    refund() {
      if (!leave()) return;
      giveBack(key);
      if (shared !== undefined) giveBack(shared);
    },
  };
}

function windowOf({ bucket, perMinute: limit }: Lane, nowMs: number): RateWindow {
  const tokens = Math.max(0, tokensAt(bucket, limit, nowMs));
  return {
    limit,
    remaining: Math.floor(tokens),
    resetMs: limit > 0 ? Math.ceil(((limit - tokens) * 60_000) / limit) : 60_000,
  };
}
