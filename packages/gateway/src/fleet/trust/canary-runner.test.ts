import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { modelWith } from '../../inference/testing-text-world.ts';
import { flat } from '../../pricing/testing-prices.ts';
import type { AttemptSink } from '../../core/attempt.ts';
import type { NodeSlot, NodeWant } from '../fleet.ts';
import { createCanaryRunner } from './canary-runner.ts';
import { createTrustBench } from './testing-trust.ts';

const MODEL = modelWith(flat(1_000));
const FINISH: StreamPart = { type: 'finish', reason: 'stop' };

/** What a node does with a job; undefined: it keeps it and says nothing. */
type Node = (chat: ChatRequest, sink: AttemptSink) => void;

function textOf(chat: ChatRequest): string {
  const part = chat.messages.at(-1)?.content[0];
  return part?.type === 'text' ? part.text : '';
}

const say = (text: string, sink: AttemptSink): void => {
  sink.onParts([{ type: 'text-delta', text }, FINISH]);
  sink.onEnd();
};

/** Nodes that repeat the whole question have the word in it, as every real model can. */
const honest: Node = (chat, sink) => say(`You said: ${textOf(chat)}`, sink);

function createPool(node: Node) {
  const state = { free: 1, wants: [] as NodeWant[], cancelled: 0, notify: () => undefined as void };
  return {
    state,
    onCapacity(listener: () => void) {
      state.notify = listener;
      return () => void (state.notify = () => undefined);
    },
    acquire(want: NodeWant): NodeSlot | 'busy' | 'none' {
      if (state.free === 0) return 'busy';
      state.wants.push(want);
      return {
        nodeId: 'n',
        nodeName: 'n',
        release: () => undefined,
        forgive: () => undefined,
        start(request, sink) {
          node(request.chat, sink);
          return {
            cancel: () => void (state.cancelled += 1),
            pause: () => undefined,
            resume: () => undefined,
          };
        },
      };
    },
  };
}

let seed: number;
const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
beforeEach(() => {
  seed = 42;
});

function setUp(node: Node) {
  const bench = createTrustBench();
  const pool = createPool(node);
  const { clock, book } = bench;
  const runner = createCanaryRunner({ clock, random, fleet: pool, book });
  const work = (jobs: number): void => {
    for (let at = 0; at < jobs; at += 1)
      runner.jobDone({ nodeId: 'n', pool: 'main', model: MODEL, remoteModel: 'remote' });
  };
  return { bench, pool: pool.state, runner, work };
}

describe('test jobs', () => {
  it('come among a tenth of the jobs of a node on probation, and an honest one passes them all', async () => {
    const { bench, pool, work } = setUp(honest);
    work(1_000);
    await bench.settle();
    expect(pool.wants.length).toBeGreaterThan(70);
    expect(pool.wants.length).toBeLessThan(140);
    expect(bench.book.record('n').canaries).toEqual(Array(20).fill(true));
    expect(bench.book.sanctions()).toEqual([]);
    expect(pool.wants[0]).toMatchObject({ pool: 'main', nodes: ['n'], model: 'remote' });
  });

  it.each<[string, () => Node]>([
    ['answers at random', () => (_chat, sink) => say('The weather is fine today.', sink)],
    ['says nothing', () => (_chat, sink) => say('', sink)],
    [
      'replays the right answer of its first test',
      () => {
        let kept: string | undefined;
        return (chat, sink) => say((kept ??= textOf(chat)), sink);
      },
    ],
  ])('ban a node that %s', async (_what, make) => {
    const { bench, work } = setUp(make());
    for (let at = 0; at < 300 && bench.banned.length === 0; at += 1) {
      work(1);
      await bench.settle();
    }
    expect(bench.banned).toMatchObject([{ nodeId: 'n', reason: 'canaries-failed' }]);
  });

  it('wait for a slot and take the first that becomes free', () => {
    const { pool, work } = setUp(honest);
    pool.free = 0;
    work(30);
    expect(pool.wants).toHaveLength(0);
    pool.notify();
    expect(pool.wants).toHaveLength(0);
    pool.free = 1;
    pool.notify();
    pool.notify();
    expect(pool.wants).toHaveLength(1);
  });

  it('run one at a time, and say nothing when they take too long or fail', () => {
    const { bench, pool, work } = setUp(() => undefined);
    work(100);
    expect(pool.wants).toHaveLength(1);
    bench.clock.advance(300_000);
    expect(pool.cancelled).toBe(1);
    expect(bench.book.record('n').canaries).toEqual([]);
    const faulty = setUp((_chat, sink) =>
      sink.onFault({ code: 'upstream_failed', blame: 'target', cause: 'node-lost' }),
    );
    faulty.work(100);
    expect(faulty.pool.wants.length).toBeGreaterThan(1);
    expect(faulty.bench.book.record('n').canaries).toEqual([]);
  });

  it('end with the runner', () => {
    const { pool, runner, work } = setUp(() => undefined);
    work(20);
    runner.close();
    expect(pool.cancelled).toBe(1);
  });
});
