import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptFault } from '../../core/attempt.ts';
import { UPSTREAM_CAUSES, type UpstreamCause } from '../transport/fault-causes.ts';
import { answer, budgetOf, createBench, faultOf, FINISH, TEXT, type Try } from './testing-bench.ts';

const REFUSED: AttemptFault = { code: 'invalid_request', blame: 'request', cause: 'refused' };

test('an answer goes through as it is', () => {
  const bench = createBench();
  const asked = bench.askAndAnswer();
  expect(asked.parts).toEqual([TEXT, FINISH]);
  expect([asked.ends, asked.fault, asked.alive]).toEqual([1, undefined, 1]);
  expect(bench.outcomes).toEqual(['ok']);
  expect(bench.told).toEqual([]);
});

test('keys are used in turn, the one first that was used least recently', () => {
  const bench = createBench({ keys: ['A', 'B', 'C'] });
  for (let request = 0; request < 6; request += 1) bench.askAndAnswer();
  expect(bench.tries.map(({ key }) => key)).toEqual([1, 2, 3, 1, 2, 3]);
});

/** What happens after the first try failed with a cause, with two keys, one pause allowed and no `retry-after`. */
const NEXT: Record<UpstreamCause, 'next key at once' | 'again after a pause' | 'fails'> = {
  connect: 'again after a pause',
  'connect-timeout': 'fails',
  dns: 'again after a pause',
  tls: 'fails',
  'address-refused': 'fails',
  reset: 'again after a pause',
  closed: 'fails',
  protocol: 'fails',
  timeout: 'fails',
  stall: 'fails',
  redirect: 'fails',
  encoding: 'fails',
  auth: 'next key at once',
  forbidden: 'next key at once',
  credits: 'next key at once',
  'not-found': 'fails',
  'http-408': 'fails',
  'http-409': 'fails',
  'http-4xx': 'fails',
  'http-429': 'next key at once',
  'http-5xx': 'again after a pause',
  refused: 'fails',
  'too-large': 'fails',
  'context-length': 'fails',
  'content-policy': 'fails',
  truncated: 'again after a pause',
  'bad-reply': 'fails',
  'bad-event': 'fails',
  'event-too-large': 'fails',
  'reply-too-large': 'fails',
  'error-in-reply': 'again after a pause',
  resting: 'fails',
};

describe('after a failed try', () => {
  test.each(UPSTREAM_CAUSES)('%s', (cause) => {
    const bench = createBench();
    const asked = bench.askAndFail(faultOf(cause));
    const triedAtOnce = bench.tries.length;
    bench.clock.advance(1_000);
    const happened =
      triedAtOnce === 2
        ? 'next key at once'
        : bench.tries.length === 2
          ? 'again after a pause'
          : asked.ends === 1
            ? 'fails'
            : 'nothing';
    expect(happened).toBe(NEXT[cause]);
    if (bench.tries.length === 2) {
      expect(bench.last().key).toBe(2);
      answer(bench.last());
      expect(asked.fault).toBeUndefined();
      expect(asked.parts).toEqual([TEXT, FINISH]);
    } else expect(asked.fault?.cause).toBe(cause);
    expect(asked.ends).toBe(1);
    expect(bench.clock.pendingTimers()).toBe(0);
  });

  test('what the request is to blame for is not tried again, and says nothing about the provider', () => {
    const bench = createBench({ failures: 1 });
    for (let request = 0; request < 9; request += 1) {
      const asked = bench.askAndFail({ ...REFUSED, cause: 'http-5xx' });
      expect(asked.fault).toEqual({ ...REFUSED, cause: 'http-5xx' });
    }
    expect(bench.tries).toHaveLength(9);
    expect(bench.upstream.waitMs('remote')).toBe(0);
  });

  test('a 504 is not tried again: the client has waited for long', () => {
    const bench = createBench();
    expect(bench.askAndFail({ ...faultOf('http-5xx'), code: 'upstream_timeout' }).ends).toBe(1);
  });

  test('so often and not more: the second failure is told', () => {
    const bench = createBench({ failures: 99, retry: { sameUpstream: 2, sharePercent: 100 } });
    const asked = bench.askAndFail(faultOf('http-5xx'));
    bench.clock.advance(249);
    expect(bench.tries).toHaveLength(1);
    bench.clock.advance(1);
    bench.last().sink.onFault(faultOf('reset'));
    bench.clock.advance(499);
    expect(bench.tries).toHaveLength(2);
    bench.clock.advance(1);
    expect(bench.tries).toHaveLength(3);
    bench.last().sink.onFault(faultOf('http-5xx'));
    expect(asked.fault?.cause).toBe('http-5xx');
    expect(bench.told).toEqual(['again', 'again']);
    expect(bench.outcomes).toEqual(['http-5xx', 'reset', 'http-5xx']);
  });

  test('the pause is drawn between half of it and all of it', () => {
    const bench = createBench({ random: () => 0 });
    bench.askAndFail(faultOf('connect'));
    bench.clock.advance(125);
    expect(bench.tries).toHaveLength(2);
  });
});

describe('content', () => {
  test('after the first content nothing is tried again', () => {
    const bench = createBench();
    const asked = bench.ask();
    bench.last().sink.onParts([TEXT]);
    bench.last().sink.onFault(faultOf('reset'));
    bench.clock.advance(10_000);
    expect(asked.parts).toEqual([TEXT]);
    expect([asked.ends, asked.fault?.cause]).toEqual([1, 'reset']);
    expect(bench.tries).toHaveLength(1);
  });

  test('what came before content of a try that failed is never seen', () => {
    const bench = createBench();
    const asked = bench.ask();
    bench.last().sink.onParts([{ type: 'text-delta', text: '' }], Buffer.from('role of the first;'));
    bench.last().sink.onFault(faultOf('reset'));
    bench.clock.advance(1_000);
    bench.last().sink.onParts([], Buffer.from('role of the second;'));
    expect(asked.calls).toBe(0);
    bench.last().sink.onParts([TEXT], Buffer.from('content'));
    expect(Buffer.concat(asked.relay).toString()).toBe('role of the second;content');
    expect(asked.parts).toEqual([TEXT]);
  });

  test('an answer without any content still comes whole, and is an answer', () => {
    const bench = createBench();
    const asked = bench.ask();
    bench.last().sink.onParts([], Buffer.from('role;'));
    expect(asked.calls).toBe(0);
    // The client may leave now: what the provider reports is known.
    bench.last().sink.onParts([FINISH]);
    expect(asked.parts).toEqual([FINISH]);
    bench.last().sink.onEnd();
    expect([asked.parts, asked.ends, asked.fault]).toEqual([[FINISH], 1, undefined]);
    expect(Buffer.concat(asked.relay).toString()).toBe('role;');
  });

  test.each([
    ['in many pieces', 65, 10],
    ['of many bytes', 3, 30_000],
  ])('only so much is kept back: %s', (_what, pushes, bytes) => {
    const bench = createBench();
    const asked = bench.ask();
    for (let push = 0; push < pushes; push += 1) {
      expect(asked.calls).toBe(0);
      bench.last().sink.onParts([], Buffer.alloc(bytes));
    }
    expect(asked.calls).toBe(pushes);
    bench.last().sink.onFault(faultOf('reset'));
    expect(asked.fault?.cause).toBe('reset');
  });
});

describe('the budget of the request', () => {
  test('bounds the tries, over all of its targets', () => {
    const bench = createBench({ keys: ['A', 'B', 'C'] });
    const asked = bench.askAndFail(faultOf('auth'), budgetOf(bench.clock, 2));
    expect(bench.tries).toHaveLength(2);
    bench.last().sink.onFault(faultOf('auth'));
    expect(bench.tries).toHaveLength(2);
    expect(asked.fault?.cause).toBe('auth');
  });

  test('no pause that would end after the time', () => {
    const bench = createBench();
    const asked = bench.ask(budgetOf(bench.clock, 9, 1_000));
    bench.clock.advance(800);
    bench.last().sink.onFault(faultOf('http-5xx'));
    expect(asked.ends).toBe(1);
    expect(bench.clock.pendingTimers()).toBe(0);
  });

  test('another target may have used it up during the pause', () => {
    const bench = createBench();
    const request = budgetOf(bench.clock, 2);
    const asked = bench.askAndFail(faultOf('http-5xx'), request);
    request.tries?.take();
    bench.clock.advance(1_000);
    expect([bench.tries.length, asked.ends, asked.fault?.cause]).toEqual([1, 1, 'http-5xx']);
  });

  test('an outage does not multiply the load: tries again are a share of the requests', () => {
    const bench = createBench({ failures: 1_000, retry: { sameUpstream: 1, sharePercent: 20 } });
    const rounds = 300;
    let requests = 0;
    for (let round = 0; round < rounds; round += 1) {
      // A third of the requests meets a failure: not so many that the breaker opens.
      requests += 3;
      bench.askAndAnswer();
      bench.askAndAnswer();
      bench.askAndFail(faultOf('http-5xx'));
      bench.clock.advance(1_000);
      if (bench.told.at(-1) === 'again') answer(bench.last());
    }
    const again = bench.told.filter((line) => line === 'again').length;
    expect(bench.tries).toHaveLength(requests + again);
    expect(again).toBeGreaterThanOrEqual(0.2 * requests);
    expect(again).toBeLessThanOrEqual(0.2 * requests + 10);
    expect(bench.told).toContain('share used up');
  });
});

describe('a client that leaves, or is slow', () => {
  test('cancel stops the try', () => {
    const bench = createBench();
    const asked = bench.ask();
    asked.attempt.cancel();
    asked.attempt.cancel();
    expect(bench.last().isCancelled).toBe(true);
    bench.last().sink.onFault(faultOf('reset'));
    bench.clock.advance(1_000);
    expect([bench.tries.length, asked.ends]).toEqual([1, 0]);
    expect(bench.outcomes).toEqual(['cancelled']);
  });

  test('cancel in a pause ends it', () => {
    const bench = createBench();
    const asked = bench.askAndFail(faultOf('reset'));
    asked.attempt.cancel();
    expect(bench.clock.pendingTimers()).toBe(0);
    bench.clock.advance(1_000);
    expect([bench.tries.length, asked.ends]).toEqual([1, 0]);
  });

  test('cancel from inside the sink, while kept parts are handed on', () => {
    const bench = createBench();
    const asked = bench.ask();
    const seen: StreamPart[] = [];
    asked.sink.onParts = (parts) => {
      seen.push(...parts);
      asked.attempt.cancel();
    };
    bench.last().sink.onParts([{ type: 'text-delta', text: '' }]);
    bench.last().sink.onParts([TEXT]);
    bench.last().sink.onEnd();
    expect(seen).toEqual([{ type: 'text-delta', text: '' }]);
    expect([asked.ends, bench.last().isCancelled]).toEqual([0, true]);
  });

  test('pause and resume reach the try that runs, also one that begins later', () => {
    const bench = createBench();
    const asked = bench.ask();
    asked.attempt.pause();
    expect(bench.last().isPaused).toBe(true);
    asked.attempt.resume();
    expect(bench.last().isPaused).toBe(false);
    asked.attempt.pause();
    bench.last().sink.onFault(faultOf('auth'));
    expect([bench.last().key, bench.last().isPaused]).toEqual([2, true]);
  });
});

test('an end without a finish is handed on, with what was kept back', () => {
  const bench = createBench();
  const asked = bench.ask();
  bench.last().sink.onParts([], Buffer.from('role;'));
  bench.last().sink.onEnd();
  expect([Buffer.concat(asked.relay).toString(), asked.ends, asked.fault]).toEqual(['role;', 1, undefined]);
});

test('closing ends what pauses', async () => {
  const bench = createBench();
  const asked = bench.askAndFail(faultOf('reset'));
  await bench.upstream.close();
  expect([asked.ends, asked.fault?.cause]).toEqual([1, 'closed']);
  expect(bench.clock.pendingTimers()).toBe(0);
});

test('an upstream that rests says so, though not before its start has returned', async () => {
  const bench = createBench({ keys: ['A'] });
  bench.askAndFail(faultOf('http-429', 30_000));
  const asked = bench.ask();
  expect(asked.ends).toBe(0);
  await asked.ended;
  expect(asked.fault).toEqual({
    code: 'server_is_overloaded',
    blame: 'target',
    cause: 'resting',
    retryAfterMs: 30_000,
  });
  expect(bench.tries).toHaveLength(1);
});

test('tries that speak before their start returns', () => {
  const bench = createBench({
    keys: ['A', 'B', 'C'],
    onStart: (started) => {
      if (started.key === 3) answer(started);
      else started.sink.onFault(faultOf('auth'));
    },
  });
  const asked = bench.ask();
  expect(bench.tries.map(({ key }) => key)).toEqual([1, 2, 3]);
  expect([asked.parts, asked.ends, asked.fault]).toEqual([[TEXT, FINISH], 1, undefined]);
});

test('after tries that spoke before their start returned, cancel reaches the one that runs', () => {
  const bench = createBench({
    onStart: (started) => {
      if (started.key === 1) started.sink.onFault(faultOf('auth'));
    },
  });
  const asked = bench.ask();
  asked.attempt.pause();
  expect(bench.tries.map(({ isPaused }) => isPaused)).toEqual([false, true]);
  asked.attempt.cancel();
  expect(bench.tries.map(({ isCancelled }) => isCancelled)).toEqual([false, true]);
});

type Move = 'alive' | 'empty' | 'text' | 'end' | 'fault' | 'wait' | 'cancel' | 'pause' | 'resume';
const move = fc.record({
  move: fc.constantFrom<Move>('alive', 'empty', 'text', 'end', 'fault', 'fault', 'wait', 'wait', 'cancel'),
  cause: fc.constantFrom(...UPSTREAM_CAUSES),
  retryAfterMs: fc.option(fc.nat(5_000), { nil: undefined }),
  byMs: fc.nat(4_000),
});

test('whatever the provider says: one end, the parts of one try, no more tries than allowed, no timer left', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(move, { maxLength: 40 }), (keys, moves) => {
      const bench = createBench({ keys: Array.from({ length: keys }, (_, index) => `K${index}`) });
      const seenOf = new Set<Try>();
      let current: Try | undefined;
      const attempts = 4;
      const asked = bench.ask(budgetOf(bench.clock, attempts));
      asked.sink.onParts = () => {
        if (asked.ends > 0) throw new Error('parts after the end');
        if (current !== undefined) seenOf.add(current);
      };
      let isCancelled = false;
      const over = new Set<Try>();
      for (const { move, cause, retryAfterMs, byMs } of moves) {
        const target = bench.last();
        const mayTalk = !over.has(target) && !target.isCancelled;
        current = target;
        if (move === 'wait') bench.clock.advance(byMs);
        else if (move === 'cancel') {
          asked.attempt.cancel();
          isCancelled = true;
        } else if (!mayTalk) continue;
        else if (move === 'alive') target.sink.onAlive();
        else if (move === 'empty') target.sink.onParts([], Buffer.from('x'));
        else if (move === 'text') target.sink.onParts([TEXT]);
        else {
          over.add(target);
          if (move === 'end') target.sink.onEnd();
          else target.sink.onFault(faultOf(cause, retryAfterMs));
        }
      }
      bench.clock.advance(10_000);
      if (!over.has(bench.last()) && !bench.last().isCancelled) bench.last().sink.onFault(faultOf('tls'));
      expect(asked.ends).toBeLessThanOrEqual(1);
      if (!isCancelled) expect(asked.ends).toBe(1);
      expect(seenOf.size).toBeLessThanOrEqual(1);
      expect(bench.tries.length).toBeLessThanOrEqual(attempts);
      expect(bench.clock.pendingTimers()).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});
