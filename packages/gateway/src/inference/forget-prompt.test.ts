import { afterEach, beforeEach, expect, it } from 'vitest';
import { ASK, closeWorld, FINISH, openWorld, post, TEXT, type Try, world } from './testing-text-world.ts';

/** An answer takes minutes: a prompt is kept for as long as somebody may still be asked, and no longer. */

const CAPPED = { ...ASK, max_tokens: 100 };

beforeEach(openWorld);
afterEach(closeWorld);

function promptOf({ request }: Try) {
  return {
    messages: request.chat.messages.length,
    bytes: request.original.body.length,
  };
}

const KEPT = { messages: 1, bytes: expect.toSatisfy((bytes: number) => bytes > 0) };
const FORGOTTEN = { messages: 0, bytes: 0 };

it('is forgotten once a stream has brought content', async () => {
  const { reply } = post({ ...CAPPED, stream: true });
  const first = await world.nextTry();
  first.sink.onAlive();
  expect(promptOf(first)).toEqual(KEPT);
  first.sink.onParts([TEXT]);
  expect(promptOf(first)).toEqual(FORGOTTEN);
  first.sink.onParts([FINISH]);
  first.sink.onEnd();
  expect((await reply).text).toContain('[DONE]');
  expect(await world.nextReceipt()).toMatchObject({ end: 'stop', usage: { outputTokens: 5 } });
});

it('is kept for the next target while there is no content', async () => {
  world.targets = ['target', 'target'];
  const { reply } = post({ ...CAPPED, stream: true });
  const first = await world.nextTry();
  first.sink.onFault({ code: 'upstream_failed', blame: 'target', cause: 'connect' });
  const second = await world.nextTry();
  expect(promptOf(second)).toEqual(KEPT);
  second.sink.onParts([TEXT, FINISH]);
  second.sink.onEnd();
  expect(promptOf(second)).toEqual(FORGOTTEN);
  expect((await reply).text).toContain('[DONE]');
});

it('is kept for the next target until a whole answer has left', async () => {
  world.targets = ['target', 'target'];
  const { reply } = post(CAPPED);
  const first = await world.nextTry();
  first.sink.onParts([TEXT]);
  expect(promptOf(first)).toEqual(KEPT);
  first.sink.onFault({ code: 'upstream_failed', blame: 'target', cause: 'connect' });
  const second = await world.nextTry();
  expect(promptOf(second)).toEqual(KEPT);
  second.sink.onParts([TEXT, FINISH]);
  second.sink.onEnd();
  expect((await reply).status).toBe(200);
});

it('is kept where another node may go on in the answer', async () => {
  world.targets = ['node', 'node'];
  const ask = { ...ASK, stream: true, max_tokens: 100 };
  const { client } = post(ask, { headers: { 'x-continue': 'true' } });
  const first = await world.nextTry();
  first.sink.onParts([TEXT]);
  expect(promptOf(first)).toEqual(KEPT);
  client.destroy();
});
