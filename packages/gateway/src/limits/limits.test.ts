import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createAddressGuard } from './address-guard.ts';
import { createKeyLimits, type Permit } from './key-limits.ts';
import { fullBucket, returnToken, takeToken } from './token-bucket.ts';

describe('token bucket', () => {
  it('never lets more through than one burst plus the rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 300 }),
        (perMinute, stepsMs) => {
          let bucket = fullBucket(perMinute, 0);
          let nowMs = 0;
          let passed = 0;
          for (const stepMs of stepsMs) {
            nowMs += stepMs;
            const decision = takeToken(bucket, perMinute, nowMs);
            bucket = decision.bucket;
            if (decision.allowed) passed += 1;
            expect(bucket.tokens).toBeGreaterThanOrEqual(0);
          }
          expect(passed).toBeLessThanOrEqual(perMinute + (nowMs * perMinute) / 60_000 + 1e-6);
        },
      ),
    );
  });

  it('lets a request through exactly when it said it would', () => {
    let bucket = fullBucket(2, 0);
    bucket = takeToken(bucket, 2, 0).bucket;
    bucket = takeToken(bucket, 2, 0).bucket;
    const refused = takeToken(bucket, 2, 0);
    expect(refused).toMatchObject({ allowed: false, retryInMs: 30_000 });
    expect(takeToken(refused.bucket, 2, 29_999).allowed).toBe(false);
    expect(takeToken(refused.bucket, 2, 30_000).allowed).toBe(true);
  });

  it('never holds more than its size after tokens are given back', () => {
    expect(returnToken(fullBucket(5, 0), 5).tokens).toBe(5);
  });
});

describe('key limits', () => {
  const limits = { requestsPerMinute: 3, concurrency: 2, accountConcurrency: 10 };
  const a = { keyId: 'a', accountId: 'acc' };

  function permit(admission: ReturnType<ReturnType<typeof createKeyLimits>['admit']>): Permit {
    if (!admission.result.ok) throw new Error(`refused: ${admission.result.error.code}`);
    return admission.result.value;
  }

  it('refuses the request over the concurrency and does not count it', () => {
    const guard = createKeyLimits(createVirtualClock());
    const first = permit(guard.admit(a, limits));
    permit(guard.admit(a, limits));
    const third = guard.admit(a, limits);
    expect(third.result).toMatchObject({ ok: false, error: { code: 'concurrency_limit_exceeded' } });
    first.release();
    first.release();
    permit(guard.admit(a, limits));
    expect(guard.admit(a, limits).result.ok).toBe(false);
  });

  it('refuses over the rate with the time to wait, and gives refunded places back', () => {
    const clock = createVirtualClock();
    const guard = createKeyLimits(clock);
    for (let i = 0; i < 3; i++) permit(guard.admit(a, limits)).release();
    const refused = guard.admit(a, limits);
    expect(refused.result).toMatchObject({
      ok: false,
      error: { code: 'rate_limit_exceeded', retryAfterMs: 20_000 },
    });
    expect(refused.window).toEqual({ limit: 3, remaining: 0, resetMs: 60_000 });
    clock.advance(20_000);
    permit(guard.admit(a, limits)).refund();
    permit(guard.admit(a, limits)).release();
    expect(guard.admit(a, limits).result.ok).toBe(false);
    permit(guard.admit({ keyId: 'b', accountId: 'acc' }, limits));
  });
});

describe('account limits', () => {
  it('counts all keys of an account together, and only what runs', () => {
    const guard = createKeyLimits(createVirtualClock());
    const limits = { requestsPerMinute: 100, concurrency: 5, accountConcurrency: 2 };
    const admit = (keyId: string, accountId = 'acc') => guard.admit({ keyId, accountId }, limits).result;
    const first = admit('a');
    const second = admit('b');
    expect(admit('c')).toMatchObject({ ok: false, error: { code: 'concurrency_limit_exceeded' } });
    expect(admit('d', 'other').ok).toBe(true);
    if (!first.ok || !second.ok) throw new Error('refused');
    first.value.release();
    first.value.release();
    second.value.refund();
    expect([admit('a').ok, admit('c').ok, admit('b').ok]).toEqual([true, true, false]);
  });
});

describe('address guard', () => {
  it('refuses an address after its failures and forgets them after two minutes', () => {
    const clock = createVirtualClock();
    const guard = createAddressGuard(clock, 3);
    for (let i = 0; i < 3; i++) guard.noteFailure('x');
    expect(guard.allows('x')).toBe(false);
    expect(guard.allows('y')).toBe(true);
    clock.advance(61_000);
    expect(guard.allows('x')).toBe(false);
    clock.advance(61_000);
    expect(guard.allows('x')).toBe(true);
  });

  it('keeps a bounded number of addresses', () => {
    const guard = createAddressGuard(createVirtualClock(), 2);
    for (let i = 0; i < 30_000; i++) guard.noteFailure(`10.${i >> 8}.${i & 255}`);
    expect(guard.allows('others')).toBe(false);
  });
});
