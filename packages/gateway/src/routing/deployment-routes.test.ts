import { describe, expect, test } from 'vitest';
import { deploymentModel, type Deployment } from '../catalog/deployment.ts';
import { modelKey, type Model, type Route } from '../catalog/model.ts';
import type { NodeIdentity } from '../fleet/fleet.ts';
import { FLAT, modelWith } from '../inference/testing-text-world.ts';
import { testDeployment } from '../accounts/fixtures.ts';
import { createSessionBench, wantOf } from '../testing/session-setup.ts';
import { createWaitingQueue } from './queue.ts';
import { createRouter, type Ask } from './router.ts';

const PRIVATE: NodeIdentity = {
  nodeId: 'node_a',
  name: 'a',
  pool: '',
  kind: 'private',
  accountId: 'acc_a',
};
const NODES: Record<string, NodeIdentity> = {
  a: PRIVATE,
  'a in a pool': { ...PRIVATE, nodeId: 'node_a_pool', pool: 'main' },
  'a, shared': { ...PRIVATE, nodeId: 'node_a_shared', pool: 'main', kind: 'shared' },
  b: { ...PRIVATE, nodeId: 'node_b', accountId: 'acc_b' },
  'b in a pool': { ...PRIVATE, nodeId: 'node_b_pool', accountId: 'acc_b', pool: 'main' },
};

const own = (fields: Partial<Deployment> = {}): Model =>
  deploymentModel(
    testDeployment({ accountId: 'acc_a', remoteModel: 'small', ...fields }),
    undefined,
    modelWith(FLAT).prices,
  );
const pooled = (): Model => {
  const routes: Route[] = [{ kind: 'pool', pool: 'main', remoteModel: 'small' }];
  return { ...modelWith(FLAT), routes };
};

const askOf = (model: Model, accountId: string): Ask => {
  const { chat, needs } = wantOf();
  return { model, accountId, chat, needs, tried: { nodes: new Set(), upstreams: new Set() } };
};

async function setUp(names: readonly string[]) {
  const bench = createSessionBench();
  for (const name of names) await bench.ready(NODES[name]);
  return { bench, router: createRouter(bench.registry, new Map()) };
}

/** Which nodes a request can get, all of them taken one after the other. */
function served(router: ReturnType<typeof createRouter>, ask: Ask): string[] {
  const seen = new Set<string>();
  for (let found = router.acquire(ask); typeof found !== 'string'; found = router.acquire(ask))
    seen.add(found.nodeId);
  return [...seen].sort();
}

describe('only nodes that may serve a request get it', () => {
  test.each<[string, Model, string, string[]]>([
    ['a deployment of a', own(), 'acc_a', ['node_a', 'node_a_pool']],
    ['one that is bound to a node', own({ nodes: ['node_a_pool'] }), 'acc_a', ['node_a_pool']],
    ['one that is bound to a node of b', own({ nodes: ['node_b'] }), 'acc_a', []],
    ['one that is bound to a shared node', own({ nodes: ['node_a_shared'] }), 'acc_a', []],
    ['a model that no node has', own({ remoteModel: 'other' }), 'acc_a', []],
    ['the deployment of a, asked for by b', own(), 'acc_b', []],
    ['a deployment of b', own({ accountId: 'acc_b' }), 'acc_b', ['node_b', 'node_b_pool']],
    ['a model of the pool, for a', pooled(), 'acc_a', ['node_a_pool', 'node_a_shared']],
    ['a model of the pool, for b', pooled(), 'acc_b', ['node_a_shared', 'node_b_pool']],
    ['a model of the pool, for c', pooled(), 'acc_c', ['node_a_shared']],
  ])('%s', async (_what, model, accountId, nodes) => {
    const { router } = await setUp(Object.keys(NODES));
    const slots = 2 * nodes.length;
    expect(router.availability(model, accountId)).toMatchObject({
      available: slots > 0,
      nodesOnline: nodes.length,
      slots,
      freeSlots: slots,
    });
    expect(served(router, askOf(model, accountId))).toEqual(nodes);
    expect(router.acquire(askOf(model, accountId))).toBe(nodes.length > 0 ? 'busy' : 'none');
  });
});

test('a target says that it is a deployment, so that nobody is paid for it', async () => {
  const { router } = await setUp(['a']);
  const found = router.acquire(askOf(own(), 'acc_a'));
  expect(found).toMatchObject({
    kind: 'deployment',
    name: 'dep_1',
    nodeId: 'node_a',
    onDisconnect: 'cancel',
  });
});

test('a private node is found no more once it has gone, in no group', async () => {
  const { bench, router } = await setUp([]);
  const { line } = await bench.ready(NODES['a in a pool']);
  line.onSocketClosed(1006);
  for (const model of [own(), pooled()])
    expect(router.availability(model, 'acc_a')).toMatchObject({ available: false, nodesOnline: 0 });
});

describe('the expected wait', () => {
  test('is told while all slots are busy, longer behind others, shorter with more slots', async () => {
    const { bench, router } = await setUp(['a']);
    const model = own();
    expect(router.expectedWaitSeconds(model, 0, 'acc_a')).toBeUndefined();
    served(router, askOf(model, 'acc_a'));
    // 200 tokens at 20 a second and a prompt of 500 at 400, in a node with all slots in use: 22.5 s in 2 slots.
    expect(router.expectedWaitSeconds(model, 0, 'acc_a')).toBeCloseTo(11.25);
    expect(router.expectedWaitSeconds(model, 3, 'acc_a')).toBeCloseTo(45);
    await bench.ready(NODES['a in a pool']);
    expect(router.expectedWaitSeconds(model, 0, 'acc_a')).toBeUndefined();
    served(router, askOf(model, 'acc_a'));
    expect(router.expectedWaitSeconds(model, 0, 'acc_a')).toBeCloseTo(5.625);
  });

  test('is not told when nobody serves the model, nor to others', async () => {
    const { router } = await setUp(['a']);
    served(router, askOf(own(), 'acc_a'));
    expect(router.expectedWaitSeconds(own(), 0, 'acc_b')).toBeUndefined();
    expect(router.expectedWaitSeconds(own({ remoteModel: 'other' }), 0, 'acc_a')).toBeUndefined();
  });
});

test('two deployments of one name do not wait for each other', async () => {
  const { bench, router } = await setUp(['a', 'b']);
  const mine = own();
  const theirs = own({ id: 'dep_2', accountId: 'acc_b' });
  expect(mine.id).toBe(theirs.id);
  expect(modelKey(mine)).not.toBe(modelKey(theirs));
  served(router, askOf(mine, 'acc_a'));
  const queue = createWaitingQueue(bench.clock, router, { waitMs: 20_000, depthPerModel: 1 });
  const outcomes: string[] = [];
  const enter = (model: Model, accountId: string) =>
    queue.enter(askOf(model, accountId), (outcome) =>
      outcomes.push(typeof outcome === 'string' ? outcome : outcome.nodeId),
    );
  expect(enter(mine, 'acc_a')).not.toBe('full');
  expect(enter(mine, 'acc_a')).toBe('full');
  expect(enter(theirs, 'acc_b')).not.toBe('full');
  expect([queue.waiting(mine), queue.waiting(theirs)]).toEqual([1, 1]);
  queue.capacityChanged();
  expect(outcomes).toEqual(['node_b']);
  expect([queue.waiting(mine), queue.waiting(theirs)]).toEqual([1, 0]);
});

test('who waits for a shared node does not hold up an account that has a free node of its own', async () => {
  const { bench, router } = await setUp(['a, shared', 'b']);
  const model = pooled();
  served(router, askOf(model, 'acc_c'));
  const queue = createWaitingQueue(bench.clock, router, { waitMs: 20_000, depthPerModel: 9 });
  const outcomes: string[] = [];
  for (const accountId of ['acc_c', 'acc_b']) {
    queue.enter(askOf(model, accountId), (outcome) =>
      outcomes.push(typeof outcome === 'string' ? outcome : outcome.nodeId),
    );
  }
  expect(['acc_b', 'acc_c'].map((accountId) => router.hasOwnNodes(model, accountId))).toEqual([true, false]);
  await bench.ready(NODES['b in a pool']);
  queue.capacityChanged();
  expect(outcomes).toEqual(['node_b_pool']);
});
