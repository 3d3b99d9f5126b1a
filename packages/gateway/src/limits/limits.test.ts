import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { byNetwork, createAddressGuard } from './address-guard.ts';
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

  it('tells what is left of the rate at the moment of a refusal for concurrency', () => {
    const clock = createVirtualClock();
    const guard = createKeyLimits(clock);
    permit(guard.admit(a, limits));
    permit(guard.admit(a, limits));
    expect(guard.admit(a, limits).window).toEqual({ limit: 3, remaining: 1, resetMs: 40_000 });
    clock.advance(60_000);
    expect(guard.admit(a, limits).window).toEqual({ limit: 3, remaining: 3, resetMs: 0 });
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

describe('limits of a person', () => {
  const limits = { requestsPerMinute: 100, concurrency: 50, accountConcurrency: 90 };
  const ann = { id: 'acc/ann', requestsPerMinute: 4, concurrency: undefined };

  function setUp() {
    const clock = createVirtualClock();
    const guard = createKeyLimits(clock);
    const admit = (keyId: string, member?: Parameters<typeof guard.admit>[0]['member']) =>
      guard.admit({ keyId, accountId: 'acc', member }, limits);
    return { clock, admit };
  }

  it('count all their keys by the minute, and a refusal costs the key nothing', () => {
    const { clock, admit } = setUp();
    for (const keyId of ['a', 'b', 'a']) expect(admit(keyId, ann).result.ok).toBe(true);
    expect(admit('b', ann)).toMatchObject({ result: { ok: true }, window: { limit: 4, remaining: 0 } });
    for (const keyId of ['a', 'b']) {
      const refused = admit(keyId, ann);
      expect(refused.result).toMatchObject({
        ok: false,
        error: {
          code: 'rate_limit_exceeded',
          retryAfterMs: 15_000,
          message: expect.stringMatching(/person/),
        },
      });
      expect(refused.window).toEqual({ limit: 4, remaining: 0, resetMs: 60_000 });
    }
    expect(admit('a').window.remaining).toBe(97);
    clock.advance(15_000);
    expect([admit('b', ann).result.ok, admit('a', ann).result.ok]).toEqual([true, false]);
  });

  it('count all their keys at once, and give the place back once', () => {
    const { admit } = setUp();
    const two = { id: 'acc/ann', requestsPerMinute: undefined, concurrency: 2 };
    const first = admit('a', two).result;
    const second = admit('b', two).result;
    expect(admit('c', two).result).toMatchObject({
      ok: false,
      error: { code: 'concurrency_limit_exceeded', message: expect.stringMatching(/person/) },
    });
    expect(admit('c').result.ok).toBe(true);
    if (!first.ok || !second.ok) throw new Error('refused');
    first.value.release();
    first.value.refund();
    expect([admit('b', two).result.ok, admit('a', two).result.ok]).toEqual([true, false]);
    second.value.refund();
    expect(admit('a', two).result.ok).toBe(true);
  });

  it('start full when they are set, and a refunded request gives both places back', () => {
    const { admit } = setUp();
    const slow = { ...ann, requestsPerMinute: 1 };
    admit('a', { ...ann, requestsPerMinute: undefined });
    const only = admit('a', slow).result;
    expect(admit('b', slow).result.ok).toBe(false);
    if (!only.ok) throw new Error('refused');
    only.value.refund();
    expect(admit('b', slow)).toMatchObject({ result: { ok: true }, window: { limit: 1, remaining: 0 } });
    expect(admit('a').window.remaining).toBe(98);
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

  it('takes the addresses of one network for one, and nobody else for them', () => {
    const guard = byNetwork(createAddressGuard(createVirtualClock(), 2));
    for (let i = 0; i < 30_000; i++) guard.noteFailure(`2001:db8::${i.toString(16)}`);
    expect(guard.allows('2001:db8::ffff:1')).toBe(false);
    expect(guard.allows('2001:db8:0:1::1')).toBe(true);
    expect(guard.allows('192.0.2.1')).toBe(true);
  });
});
