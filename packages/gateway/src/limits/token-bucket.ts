/**
 * A token bucket as pure state. It holds at most one minute's worth of requests and fills evenly, so a caller may
 * burst up to its limit and is then held to the steady rate.
 */
export type Bucket = { tokens: number; updatedMs: number };

export type BucketDecision =
  | { allowed: true; bucket: Bucket; remaining: number; fullInMs: number }
  | { allowed: false; bucket: Bucket; retryInMs: number; fullInMs: number };

export function fullBucket(perMinute: number, nowMs: number): Bucket {
  return { tokens: perMinute, updatedMs: nowMs };
}

/** Takes one token if there is one. `nowMs` is monotonic; a clock that stands still or a smaller value adds nothing. */
export function takeToken(bucket: Bucket, perMinute: number, nowMs: number): BucketDecision {
  const tokens = tokensAt(bucket, perMinute, nowMs);
  const perMs = perMinute / 60_000;
  if (tokens < 1) {
    return {
      allowed: false,
      bucket: { tokens, updatedMs: nowMs },
      retryInMs: perMs > 0 ? Math.ceil((1 - tokens) / perMs) : 60_000,
      fullInMs: perMs > 0 ? Math.ceil((perMinute - tokens) / perMs) : 60_000,
    };
  }
  const left = tokens - 1;
  return {
    allowed: true,
    bucket: { tokens: left, updatedMs: nowMs },
    remaining: Math.floor(left),
    fullInMs: Math.ceil((perMinute - left) / perMs),
  };
}

/** Gives a token back: the request was refused for another reason and shall not count. */
export function returnToken(bucket: Bucket, perMinute: number): Bucket {
  return { tokens: Math.min(perMinute, bucket.tokens + 1), updatedMs: bucket.updatedMs };
}

/** How many tokens there are by now. */
export function tokensAt(bucket: Bucket, perMinute: number, nowMs: number): number {
  const passedMs = Math.max(0, nowMs - bucket.updatedMs);
  return Math.min(perMinute, bucket.tokens + (passedMs * perMinute) / 60_000);
}
