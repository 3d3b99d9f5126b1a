import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ASK,
  FINISH,
  FLAT,
  TEXT,
  closeWorld,
  openWorld,
  post,
  useWorld,
  world,
} from './testing-text-world.ts';

beforeEach(openWorld);
afterEach(closeWorld);

it('tells once that a balance is low', async () => {
  world.targets = ['target', 'target', 'target'];
  const told: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { reply } = post(ASK);
    const attempt = await world.nextTry();
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    await reply;
    await world.nextReceipt();
    told.push(world.lowNotices());
  }
  // 920 000, 840 000, 760 000 µ$ are left; the mark is 900 000.
  expect(told).toEqual([0, 1, 1]);
});

it.each([2, 4])('tells once that a balance is low when %i requests are charged together', async (count) => {
  world.targets = Array.from({ length: count }, () => 'target' as const);
  const replies = world.targets.map(() => post(ASK).reply);
  const tries = [];
  for (let i = 0; i < count; i++) tries.push(await world.nextTry());
  // All holds are resolved before the disk has answered for any.
  for (const { sink } of tries) {
    sink.onParts([TEXT, FINISH]);
    sink.onEnd();
  }
  await Promise.all(replies);
  for (let i = 0; i < count; i++) await world.nextReceipt();
  expect(world.lowNotices()).toBe(1);
});

it('does not tell that a balance is low when the disk has failed and nothing was charged', async () => {
  useWorld(FLAT, 910_000);
  const { reply } = post(ASK);
  const attempt = await world.nextTry();
  world.failWrites = true;
  attempt.sink.onParts([TEXT, FINISH]);
  attempt.sink.onEnd();
  expect((await reply).status).toBe(503);
  await world.nextReceipt();
  expect(world.lowNotices()).toBe(0);
});
