import { describe, expect, it } from 'vitest';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';
import type { BatchOutcome, JournalItem } from './journal.ts';

/** One item is as good as another here. */
const ITEM: JournalItem = { type: 'earnings', step: { do: 'fold', hour: 0 }, atMs: 0 };

type World = {
  group: GroupCommit;
  push(count: number): void;
  /** One turn of the event loop. */
  turn(): void;
  pass(ms: number): void;
  /** The batch at the disk becomes durable. */
  commit(): Promise<void>;
  sizes: number[];
  acknowledged: () => number;
};

/** Turns and time only pass when the test says so. */
function setUp(): World {
  const sizes: number[] = [];
  let works: (() => void)[] = [];
  let nowMs = 0;
  let atDisk = Promise.withResolvers<BatchOutcome>();
  let acknowledged = 0;
  const group = createGroupCommit(
    {
      write(batch) {
        sizes.push(batch.length);
        atDisk = Promise.withResolvers();
        return atDisk.promise;
      },
      close: () => Promise.resolve(),
    },
    () => undefined,
    { soon: (work) => void works.push(work), monotonicMs: () => nowMs },
  );
  return {
    group,
    push(count) {
      for (let at = 0; at < count; at += 1) group.push(ITEM, () => (acknowledged += 1));
    },
    turn() {
      const due = works;
      works = [];
      for (const work of due) work();
    },
    pass: (ms) => void (nowMs += ms),
    async commit() {
      atDisk.resolve(new Map());
      await atDisk.promise;
    },
    sizes,
    acknowledged: () => acknowledged,
  };
}

/** A first commit behind which so many wait, so that the next batch is as large. */
async function makeBusy(world: World, waiting: number): Promise<void> {
  world.push(1);
  world.turn();
  world.push(waiting);
  await world.commit();
  world.turn();
  await world.commit();
  expect(world.sizes.splice(0)).toEqual([1, waiting]);
}

describe('a group commit', () => {
  it('hands all that one turn brings to an idle writer at the end of it', () => {
    const world = setUp();
    world.push(2);
    expect(world.sizes).toEqual([]);
    world.turn();
    expect(world.sizes).toEqual([2]);
  });

  it('collects what comes during a commit', async () => {
    const world = setUp();
    world.push(1);
    world.turn();
    world.push(3);
    world.turn();
    expect(world.sizes).toEqual([1]);
    await world.commit();
    world.turn();
    expect(world.sizes).toEqual([1, 3]);
    expect(world.acknowledged()).toBe(1);
  });

  it('does not wait for more while batches are small', async () => {
    const world = setUp();
    await makeBusy(world, 3);
    world.push(1);
    world.turn();
    expect(world.sizes).toEqual([1]);
  });

  it('waits for more turns when it is busy, until one brings nothing', async () => {
    const world = setUp();
    await makeBusy(world, 4);
    world.push(1);
    world.turn();
    world.push(2);
    world.turn();
    expect(world.sizes).toEqual([]);
    world.turn();
    expect(world.sizes).toEqual([3]);
  });

  it('waits 2 ms at most', async () => {
    const world = setUp();
    await makeBusy(world, 4);
    world.push(1);
    world.turn();
    world.pass(1.9);
    world.push(1);
    world.turn();
    expect(world.sizes).toEqual([]);
    world.pass(0.1);
    world.push(1);
    world.turn();
    expect(world.sizes).toEqual([3]);
  });

  it('acknowledges each item once, also those that are waited with', async () => {
    const world = setUp();
    await makeBusy(world, 8);
    world.push(2);
    world.turn();
    const drained = world.group.drain();
    world.turn();
    await world.commit();
    await drained;
    expect(world.acknowledged()).toBe(11);
    expect(world.group.pending()).toBe(0);
  });
});
