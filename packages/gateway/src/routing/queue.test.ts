import { describe, expect, test } from 'vitest';
import { modelWith, FLAT } from '../inference/testing-text-world.ts';
import { attemptRequestOf } from '../testing/recording-sink.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createWaitingQueue } from './queue.ts';
import type { Ask, Router } from './router.ts';
import type { Needs, Target } from './target.ts';

const TARGET: Target = {
  kind: 'pool',
  name: 'main',
  nodeId: 'node_1',
  remoteModel: 'm',
  onDisconnect: 'cancel',
  start: () => ({ cancel: () => undefined, pause: () => undefined, resume: () => undefined }),
  release: () => undefined,
};

const TEXT: Needs = { tools: false, vision: false, thinking: false, jsonSchema: false, contextTokens: 1 };

function askOf(accountId: string, triedNodes: string[] = []): Ask {
  return {
    model: modelWith(FLAT),
    accountId,
    chat: attemptRequestOf('hi').chat,
    needs: TEXT,
    tried: { nodes: new Set(triedNodes), upstreams: new Set() },
  };
}

/** A queue in front of a number of free slots that the test sets. */
function createBench(bounds = { waitMs: 20_000, depthPerModel: 100 }) {
  const clock = createVirtualClock();
  const state = { free: 0, isServed: true };
  const router: Pick<Router, 'acquire' | 'hasOwnNodes'> = {
    hasOwnNodes: () => false,
    acquire() {
      if (!state.isServed) return 'none';
      if (state.free === 0) return 'busy';
      state.free -= 1;
      return TARGET;
    },
  };
  const queue = createWaitingQueue(clock, router, bounds);
  const served: string[] = [];
  return {
    clock,
    queue,
    served,
    enter(accountId: string, name = accountId, tried: string[] = []) {
      return queue.enter(askOf(accountId, tried), (outcome) =>
        served.push(typeof outcome === 'string' ? `${name} ${outcome}` : name),
      );
    },
    free(slots: number): void {
      state.free = slots;
      queue.capacityChanged();
    },
    gone(): void {
      state.isServed = false;
      queue.capacityChanged();
    },
  };
}

test('within an account: first come, first served', () => {
  const bench = createBench();
  for (const name of ['a1', 'a2', 'a3']) bench.enter('a', name);
  bench.free(2);
  bench.free(1);
  expect(bench.served).toEqual(['a1', 'a2', 'a3']);
  expect(bench.queue.length()).toBe(0);
});

describe('among accounts', () => {
  test('one that sends many does not keep the others waiting', () => {
    const bench = createBench();
    for (let at = 1; at <= 5; at += 1) bench.enter('a', `a${at}`);
    bench.enter('b', 'b1');
    bench.enter('c', 'c1');
    for (let at = 0; at < 7; at += 1) bench.free(1);
    expect(bench.served).toEqual(['a1', 'b1', 'c1', 'a2', 'a3', 'a4', 'a5']);
  });

  test('slots that become free together are shared out in turn', () => {
    const bench = createBench();
    for (const name of ['a1', 'a2', 'a3']) bench.enter('a', name);
    for (const name of ['b1', 'b2']) bench.enter('b', name);
    bench.free(4);
    expect(bench.served).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  test('who was served before waits behind who was not', () => {
    const bench = createBench();
    bench.enter('a', 'a1');
    bench.enter('a', 'a2');
    bench.free(1);
    bench.enter('b', 'b1');
    bench.free(1);
    expect(bench.served).toEqual(['a1', 'b1']);
  });

  test('one that comes back each time it was served waits behind who was served before it', () => {
    const bench = createBench();
    for (const name of ['b1', 'b2', 'b3']) bench.enter('b', name);
    bench.enter('a', 'a1');
    bench.free(2);
    bench.enter('a', 'a2');
    bench.free(1);
    expect(bench.served).toEqual(['b1', 'a1', 'b2']);
  });
});

test('who waits too long is told so, on the grain of the clock', () => {
  const bench = createBench({ waitMs: 1_000, depthPerModel: 100 });
  bench.enter('a');
  bench.clock.advance(750);
  bench.enter('b');
  bench.clock.advance(250);
  expect(bench.served).toEqual(['a timeout']);
  bench.clock.advance(1_000);
  expect(bench.served).toEqual(['a timeout', 'b timeout']);
});

test('when nothing serves the model any more, all hear it at once', () => {
  const bench = createBench();
  bench.enter('a');
  bench.enter('b');
  bench.gone();
  expect(bench.served).toEqual(['a none', 'b none']);
});

test('a full queue takes nobody, and has room again when one leaves', () => {
  const bench = createBench({ waitMs: 1_000, depthPerModel: 2 });
  bench.enter('a');
  const second = bench.enter('b');
  expect(bench.enter('c')).toBe('full');
  if (second !== 'full') second.leave();
  expect(bench.enter('c')).not.toBe('full');
  bench.free(3);
  expect(bench.served).toEqual(['a', 'c']);
});

test('a request that may not use the free node does not hold up others', () => {
  const bench = createBench();
  bench.enter('a', 'a', ['node_1']);
  bench.enter('b');
  bench.free(1);
  expect(bench.served).toHaveLength(1);
});

describe('a request that finds nothing free', () => {
  /** Lets requests wait one behind the other, and looks once for free slots. Gives who was asked about and served. */
  function lookOnce(asks: Ask[], isFreeFor: (ask: Ask) => boolean, owners: string[] = []) {
    const asked: string[] = [];
    const served: string[] = [];
    const router: Pick<Router, 'acquire' | 'hasOwnNodes'> = {
      hasOwnNodes: (_model, accountId) => owners.includes(accountId),
      acquire(ask) {
        asked.push(ask.accountId);
        return isFreeFor(ask) ? TARGET : 'busy';
      },
    };
    const queue = createWaitingQueue(createVirtualClock(), router, { waitMs: 20_000, depthPerModel: 100 });
    for (const ask of asks) queue.enter(ask, () => served.push(ask.accountId));
    queue.capacityChanged();
    return { asked, served };
  }

  const withNeeds = (accountId: string, needs: Partial<Needs>): Ask => ({
    ...askOf(accountId),
    needs: { ...TEXT, ...needs },
  });

  test.each<[string, Partial<Needs>]>([
    ['more context', { contextTokens: 100_000 }],
    ['vision', { vision: true }],
    ['tools', { tools: true }],
    ['the same weights', { continues: { digest: 'w' } }],
  ])('because it needs %s does not hold up one that does not', (_what, needs) => {
    const asks = [withNeeds('a', needs), askOf('b')];
    expect(lookOnce(asks, (ask) => ask.needs === TEXT).served).toEqual(['b']);
  });

  test('does not hold up one whose account has nodes of its own', () => {
    const look = lookOnce([askOf('a'), askOf('b')], ({ accountId }) => accountId === 'b', ['b']);
    expect(look.served).toEqual(['b']);
  });

  test('does not hold up one that may still go to an upstream that it has tried itself', () => {
    const tried: Ask = { ...askOf('a'), tried: { nodes: new Set(), upstreams: new Set(['main']) } };
    const look = lookOnce([tried, askOf('b')], (ask) => ask.tried.upstreams.size === 0);
    expect(look.served).toEqual(['b']);
  });

  test('speaks for all that need no less, so that a long queue is not asked about one by one', () => {
    const asks = [
      askOf('a'),
      askOf('b'),
      withNeeds('c', { vision: true, contextTokens: 9 }),
      withNeeds('d', { continues: { digest: 'w' } }),
    ];
    expect(lookOnce(asks, () => false)).toEqual({ asked: ['a'], served: [] });
  });
});
