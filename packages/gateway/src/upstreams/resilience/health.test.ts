import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UPSTREAM_CAUSES } from '../transport/fault-causes.ts';
import { PROBE_MS } from '../../core/breaker.ts';
import { createRetryShare } from './retry-share.ts';
import { answer, createBench, faultOf } from './testing-bench.ts';

const MINUTE_MS = 60_000;

describe('a key', () => {
  test('that is refused is set aside, told once, and tried with one request ever more seldom', () => {
    const bench = createBench();
    const asked = bench.askAndFail(faultOf('auth'));
    answer(bench.last());
    expect(asked.fault).toBeUndefined();
    expect(bench.told).toEqual(['1:A aside: auth', 'next-key']);
    for (let request = 0; request < 3; request += 1) bench.askAndAnswer();
    expect(bench.tries.map(({ key }) => key)).toEqual([1, 2, 2, 2, 2]);
    expect(bench.upstream.status().keys).toEqual({ ready: 1, resting: 0, 'set-aside': 1 });

    bench.clock.advance(MINUTE_MS);
    bench.askAndFail(faultOf('auth'));
    expect(bench.tries.slice(-2).map(({ key }) => key)).toEqual([1, 2]);
    answer(bench.last());
    bench.clock.advance(2 * MINUTE_MS - 1);
    bench.askAndAnswer();
    expect(bench.last().key).toBe(2);
    bench.clock.advance(1);
    bench.askAndAnswer();
    expect(bench.last().key).toBe(1);
    expect(bench.told.filter((line) => line.includes('A'))).toEqual(['1:A aside: auth', '1:A works']);
    expect(bench.upstream.status().keys.ready).toBe(2);
  });

  test('all of them refused: the upstream is not asked, and says until when', () => {
    const bench = createBench();
    const asked = bench.askAndFail(faultOf('auth'));
    bench.last().sink.onFault(faultOf('auth'));
    expect(asked.fault).toMatchObject({ cause: 'auth', retryAfterMs: MINUTE_MS });
    expect(bench.upstream.waitMs('remote')).toBe(MINUTE_MS);
    expect(bench.upstream.waitMs('another')).toBe(MINUTE_MS);
  });

  test('that may not use a model is set aside for that model only, when nothing else is heard of it', () => {
    const bench = createBench({ keys: ['A'] });
    const dear = { remoteModel: 'dear' };
    bench.askAndFail(faultOf('forbidden'), dear);
    bench.askAndFail(faultOf('forbidden'), dear);
    bench.askAndAnswer(dear);
    bench.askAndFail(faultOf('forbidden'), dear);
    bench.askAndFail(faultOf('forbidden'), dear);
    expect(bench.upstream.waitMs('dear')).toBe(0);
    bench.askAndFail(faultOf('forbidden'), dear);
    expect(bench.upstream.waitMs('dear')).toBe(MINUTE_MS);
    expect(bench.upstream.waitMs('remote')).toBe(0);
    expect(bench.told).toEqual(['1:A aside: forbidden']);
    bench.clock.advance(MINUTE_MS);
    bench.askAndAnswer(dear);
    expect(bench.upstream.waitMs('dear')).toBe(0);
  });

  test('without money is set aside when it says so again and again', () => {
    const bench = createBench({ keys: ['A'] });
    for (let request = 0; request < 3; request += 1) {
      expect(bench.upstream.waitMs('remote')).toBe(0);
      bench.askAndFail(faultOf('credits'));
    }
    expect(bench.told).toEqual(['1:A aside: credits']);
    expect(bench.upstream.waitMs('remote')).toBe(MINUTE_MS);
  });

  test('that is too fast rests for as long as the provider says, and then all requests may use it', () => {
    const bench = createBench({ keys: ['A'] });
    const asked = bench.askAndFail(faultOf('http-429', 7_000));
    expect(asked.fault).toMatchObject({ cause: 'http-429', retryAfterMs: 7_000 });
    expect(bench.told).toEqual(['1 rests 7000']);
    bench.clock.advance(6_999);
    expect(bench.upstream.waitMs('remote')).toBe(1);
    expect(bench.upstream.status().keys).toEqual({ ready: 0, resting: 1, 'set-aside': 0 });
    bench.clock.advance(1);
    bench.ask();
    bench.ask();
    expect(bench.tries).toHaveLength(3);
  });

  test('that is not told for how long rests longer each time, and from the start again once it works', () => {
    const bench = createBench({ keys: ['A'] });
    const pauses = (): number[] => {
      const found: number[] = [];
      for (let time = 0; time < 9; time += 1) {
        bench.askAndFail(faultOf('http-429'));
        found.push(bench.upstream.waitMs('remote'));
        bench.clock.advance(bench.upstream.waitMs('remote'));
      }
      return found;
    };
    const growing = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    expect(pauses()).toEqual(growing);
    bench.askAndAnswer();
    expect(pauses()).toEqual(growing);
  });

  test('of many requests that meet one limit together, one makes the pause grow', () => {
    const bench = createBench({ keys: ['A'] });
    for (let request = 0; request < 8; request += 1) bench.ask();
    for (const { sink } of bench.tries) sink.onFault(faultOf('http-429'));
    expect(bench.upstream.waitMs('remote')).toBe(500);
    expect(bench.told).toEqual(['1 rests 500']);
  });

  test('a short wait is waited for by the request itself, a long one is not', () => {
    const bench = createBench({ keys: ['A'] });
    const asked = bench.askAndFail(faultOf('http-429', 2_000));
    expect(asked.ends).toBe(0);
    bench.clock.advance(2_249);
    expect(bench.tries).toHaveLength(1);
    bench.clock.advance(1);
    answer(bench.last());
    expect(asked.fault).toBeUndefined();
    expect(bench.askAndFail(faultOf('http-429', 2_001)).fault).toMatchObject({ retryAfterMs: 2_001 });
  });
});

describe('a model', () => {
  test('that fails is left out, the others of its provider are not', () => {
    const bench = createBench({ retry: { sameUpstream: 0, sharePercent: 0 } });
    const broken = { remoteModel: 'broken' };
    for (let request = 0; request < 3; request += 1) bench.askAndFail(faultOf('http-5xx'), broken);
    expect(bench.upstream.waitMs('broken')).toBe(5_000);
    expect(bench.upstream.waitMs('remote')).toBe(0);
    expect(bench.told).toEqual(['opened broken']);
    expect(bench.upstream.status().breakers).toEqual([
      { model: '', phase: 'closed' },
      { model: 'broken', phase: 'open' },
    ]);
    bench.clock.advance(5_000);
    bench.ask(broken);
    expect(bench.upstream.waitMs('broken')).toBe(PROBE_MS);
    answer(bench.last());
    expect(bench.upstream.waitMs('broken')).toBe(0);
    expect(bench.told).toEqual(['opened broken', 'closed broken']);
  });

  test('a break in the middle of answers counts, though each of them began well', () => {
    const bench = createBench();
    for (let request = 0; request < 10; request += 1) {
      bench.ask();
      bench.last().sink.onParts([{ type: 'text-delta', text: 'x' }]);
      bench.last().sink.onFault(faultOf('stall'));
    }
    expect(bench.told).toEqual(['opened remote']);
  });

  test('rests when its provider asks for it, though no longer than the breaker ever would', () => {
    const bench = createBench();
    expect(bench.askAndFail(faultOf('http-5xx', 9_000)).fault).toMatchObject({ retryAfterMs: 9_000 });
    expect(bench.upstream.waitMs('remote')).toBe(9_000);
    expect(bench.upstream.waitMs('another')).toBe(0);
    bench.askAndFail(faultOf('http-5xx', 500_000), { remoteModel: 'another' });
    expect(bench.upstream.waitMs('another')).toBe(20_000);
  });

  test('a request that the client leaves gives the trial back', () => {
    const bench = createBench({ failures: 1, retry: { sameUpstream: 0, sharePercent: 0 } });
    bench.askAndFail(faultOf('http-5xx'));
    bench.clock.advance(5_000);
    const asked = bench.ask();
    expect(bench.upstream.waitMs('remote')).toBeGreaterThan(0);
    asked.attempt.cancel();
    expect(bench.upstream.waitMs('remote')).toBe(0);
  });
});

test('an upstream that is not reached is left out as a whole', () => {
  const bench = createBench({ retry: { sameUpstream: 0, sharePercent: 0 } });
  for (const remoteModel of ['a', 'b', 'c']) bench.askAndFail(faultOf('connect'), { remoteModel });
  for (const remoteModel of ['a', 'b', 'c', 'd']) expect(bench.upstream.waitMs(remoteModel)).toBe(5_000);
  expect(bench.told).toEqual(['opened ']);
  bench.clock.advance(5_000);
  // Whatever the provider then says, it was reached.
  bench.askAndFail(faultOf('not-found'), { remoteModel: 'd' });
  expect(bench.upstream.waitMs('a')).toBe(0);
});

test('a request that the client leaves gives the trial of the whole upstream back', () => {
  const bench = createBench({ failures: 1, retry: { sameUpstream: 0, sharePercent: 0 } });
  bench.askAndFail(faultOf('connect'));
  bench.clock.advance(5_000);
  const asked = bench.ask();
  expect(bench.upstream.waitMs('another')).toBe(PROBE_MS);
  asked.attempt.cancel();
  expect(bench.upstream.waitMs('another')).toBe(0);
});

test('whatever fails: with time alone it is asked again, and one answer makes all good', () => {
  const faults = fc.record({
    cause: fc.constantFrom(...UPSTREAM_CAUSES),
    retryAfterMs: fc.option(fc.nat(600_000), { nil: undefined }),
    waitMs: fc.nat(20_000),
  });
  fc.assert(
    fc.property(fc.array(faults, { maxLength: 60 }), (story) => {
      const bench = createBench({ keys: ['A'], failures: 2, retry: { sameUpstream: 0, sharePercent: 0 } });
      for (const { cause, retryAfterMs, waitMs } of story) {
        bench.clock.advance(waitMs);
        if (bench.upstream.waitMs('remote') > 0) continue;
        bench.askAndFail(faultOf(cause, retryAfterMs));
      }
      const longestMs = 3_600_000;
      expect(bench.upstream.waitMs('remote')).toBeLessThanOrEqual(longestMs);
      bench.clock.advance(bench.upstream.waitMs('remote'));
      expect(bench.upstream.waitMs('remote')).toBe(0);
      bench.askAndAnswer();
      expect(bench.upstream.waitMs('remote')).toBe(0);
      expect(bench.upstream.status()).toEqual({
        keys: { ready: 1, resting: 0, 'set-aside': 0 },
        breakers: [
          { model: '', phase: 'closed' },
          { model: 'remote', phase: 'closed' },
        ],
      });
    }),
    { numRuns: 500 },
  );
});

describe('the share of tries again', () => {
  test('is full at the start, and filled by requests', () => {
    const share = createRetryShare(25);
    const taken = (times: number) => Array.from({ length: times }, () => share.take()).filter(Boolean).length;
    expect(taken(30)).toBe(10);
    for (let request = 0; request < 8; request += 1) share.noteRequest();
    expect(taken(30)).toBe(2);
    for (let request = 0; request < 1_000; request += 1) share.noteRequest();
    expect(taken(30)).toBe(10);
  });

  test('of nothing is nothing', () => {
    const share = createRetryShare(0);
    for (let request = 0; request < 1_000; request += 1) share.noteRequest();
    expect(share.take()).toBe(false);
  });
});
