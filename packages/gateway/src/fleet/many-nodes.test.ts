import { beforeEach, expect, test } from 'vitest';
import { attemptRequestOf } from '../testing/recording-sink.ts';
import { createSessionBench, IDENTITY, settle, wantOf } from '../testing/session-setup.ts';
import { createRandom } from '../testing/simulation/random.ts';
import type { NodeSlot } from './fleet.ts';

const NODES = 300;
let bench: ReturnType<typeof createSessionBench>;

beforeEach(async () => {
  bench = createSessionBench({}, createRandom(7).next);
  for (let at = 0; at < NODES; at += 1) {
    const { node } = bench.connect({ ...IDENTITY, nodeId: `node_${at}`, name: `node-${at}` });
    node.hello();
    node.capabilities();
  }
  await settle();
});

function acquire(text = 'hi', fields: object = {}): NodeSlot {
  const slot = bench.registry.acquire(wantOf({ chat: attemptRequestOf(text).chat, ...fields }));
  if (typeof slot === 'string') throw new Error(slot);
  return slot;
}

test('of many nodes like each other, each gets its share', () => {
  const counts = new Map<string, number>();
  for (let at = 0; at < 20 * NODES; at += 1) {
    const slot = acquire();
    counts.set(slot.nodeId, (counts.get(slot.nodeId) ?? 0) + 1);
    slot.release();
  }
  expect(counts.size).toBe(NODES);
  expect(Math.max(...counts.values())).toBeLessThan(60);
});

test('every free slot of many nodes is found, to the last one', () => {
  const slots = Array.from({ length: 2 * NODES }, () => acquire());
  expect(new Set(slots.map(({ nodeId }) => nodeId)).size).toBe(NODES);
  expect(bench.registry.acquire(wantOf())).toBe('busy');
  const last = slots.at(-1);
  last?.release();
  expect(acquire().nodeId).toBe(last?.nodeId);
});

test('a node that has read the prompt is found among many', () => {
  const prompt = 'The same long beginning of a conversation. '.repeat(100);
  const needs = { tools: false, vision: false, thinking: false, jsonSchema: false, contextTokens: 8_000 };
  const first = acquire(prompt, { needs });
  first.start(attemptRequestOf(prompt), {
    onParts: () => undefined,
    onAlive: () => undefined,
    onEnd: () => undefined,
    onFault: () => undefined,
  });
  const again = Array.from({ length: 40 }, () => {
    const slot = acquire(prompt, { needs });
    slot.release();
    return slot.nodeId;
  });
  // To read it anew takes longer than all else, so only the one that has it is near the best.
  expect(new Set(again)).toEqual(new Set([first.nodeId]));
});

test('nodes that left are not found any more', () => {
  for (let at = 0; at < NODES; at += 1) {
    if (at !== 123) bench.sessions.disconnect(`node_${at}`, 'revoked');
  }
  expect(acquire().nodeId).toBe('node_123');
  expect(bench.registry.acquire(wantOf({ excludedNodes: new Set(['node_123']) }))).toBe('none');
});
