import type { StreamPart } from '@switchyard/protocol/parts.ts';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ASK,
  closeWorld,
  FINISH,
  openWorld,
  PER_TOKEN,
  post,
  TEXT,
  type Try,
  USAGE,
  useWorld,
  world,
} from './testing-text-world.ts';

/** A node is lost in the middle of an answer; another one goes on, where that is wanted and possible. */

const STREAM = { ...ASK, stream: true, max_tokens: 100, stream_options: { include_usage: true } };
const WANTED = { headers: { 'x-continue': 'true' } };
const LOST = { code: 'upstream_failed', blame: 'target', cause: 'node-lost' } as const;
const REST: StreamPart = { type: 'text-delta', text: ' And good bye.' };

beforeEach(async () => {
  await openWorld();
  world.targets = ['node', 'node', 'node', 'node'];
});
afterEach(closeWorld);

async function begun(body: object = STREAM, options: { headers?: Record<string, string> } = WANTED) {
  const asked = post(body, options);
  const first = await world.nextTry();
  first.sink.onParts([TEXT]);
  return { ...asked, first };
}

function finish({ sink }: Try, usage = USAGE): void {
  sink.onParts([REST, { type: 'finish', reason: 'stop', usage }]);
  sink.onEnd();
}

function textOf(stream: string): string {
  return [...stream.matchAll(/"delta":\{[^}]*"content":"([^"]*)"/g)].map((match) => match[1]).join('');
}

describe('an answer whose node was lost', () => {
  it('goes on at a node with the same weights, from the text so far, as one clean stream', async () => {
    const { reply, first } = await begun();
    first.sink.onFault(LOST);
    const second = await world.nextTry();
    expect(second.request.chat).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', content: [{ type: 'text', text: 'Hello there, reader.' }] },
      ],
      continuesLast: true,
      maxOutputTokens: 95,
    });
    expect(world.asks.map(({ needs }) => needs.continues)).toEqual([undefined, { digest: 'weights' }]);
    // What the lost node still says is not heard.
    first.sink.onParts([TEXT]);
    finish(second);
    const { text, complete } = await reply;
    expect(textOf(text)).toBe('Hello there, reader. And good bye.');
    expect(text.match(/"finish_reason":"stop"/g)).toHaveLength(1);
    expect(text.match(/"role":"assistant"/g)).toHaveLength(1);
    expect(text).toContain('"continued":true');
    expect(text).not.toContain('"error"');
    expect([complete, text.trimEnd().endsWith('data: [DONE]')]).toEqual([true, true]);
    const settled = { end: 'stop', policy: 'flat-complete', chargedMicros: 80_000, attempts: 2 };
    expect(await world.nextReceipt()).toMatchObject(settled);
  });

  it('is charged for what the client asked and got: the first part is output, not input', async () => {
    useWorld(PER_TOKEN, 1_000_000);
    world.targets = ['node', 'node'];
    const { reply, first } = await begun();
    first.sink.onFault(LOST);
    // 5 tokens of the first part, by our count, are in the second node's input.
    finish(await world.nextTry(), { ...USAGE, inputTokens: 12, outputTokens: 4 });
    expect((await reply).text).toContain('"prompt_tokens":7,"completion_tokens":9');
    expect(await world.nextReceipt()).toMatchObject({
      usage: { inputTokens: 7, outputTokens: 9 },
      usageSource: 'reported',
      chargedMicros: 7 + 9 * 4,
    });
  });

  it('is never charged above the hold, whatever the nodes report', async () => {
    const text = fc.string({ minLength: 1, maxLength: 300 });
    const count = fc.oneof(fc.nat(200), fc.constantFrom(0, 1e6, Number.MAX_SAFE_INTEGER));
    await fc.assert(
      fc.asyncProperty(text, count, count, count, async (sent, input, cached, output) => {
        useWorld(PER_TOKEN, 1_000_000);
        world.targets = ['node', 'node'];
        const { reply } = post(STREAM, WANTED);
        const first = await world.nextTry();
        first.sink.onParts([{ type: 'text-delta', text: sent }]);
        first.sink.onFault(LOST);
        const usage = { ...USAGE, inputTokens: input, cacheReadTokens: cached, outputTokens: output };
        finish(await world.nextTry(), usage);
        await reply;
        const receipt = await world.nextReceipt();
        expect(receipt.chargedMicros).toBeLessThanOrEqual(receipt.heldMicros);
        expect(Object.values(receipt.usage).every((tokens) => tokens >= 0)).toBe(true);
        expect(receipt.usage.outputTokens).toBeLessThanOrEqual(100);
        const spentMicros = receipt.chargedMicros;
        expect(world.ledger.balance('acc')).toMatchObject({ heldMicros: 0, spentMicros });
      }),
      { numRuns: 60 },
    );
  });

  it('goes on twice, and breaks off at the third loss, free of charge', async () => {
    useWorld(PER_TOKEN, 1_000_000);
    world.targets = ['node', 'node', 'node', 'node'];
    const { reply, first } = await begun();
    first.sink.onFault(LOST);
    const second = await world.nextTry();
    second.sink.onParts([REST]);
    second.sink.onFault(LOST);
    const third = await world.nextTry();
    expect(third.request.chat.messages.at(-1)).toMatchObject({
      content: [{ text: 'Hello there, reader. And good bye.' }],
    });
    third.sink.onFault(LOST);
    expect((await reply).text).toContain('"code":"answer_interrupted"');
    expect(world.tries).toHaveLength(3);
    expect(await world.nextReceipt()).toMatchObject({ end: 'interrupted', chargedMicros: 0 });
  });

  it('breaks off when no node can go on', async () => {
    world.targets = ['node'];
    const { reply, first } = await begun();
    first.sink.onFault(LOST);
    const { text } = await reply;
    expect(text).toContain('"code":"answer_interrupted"');
    expect(text).not.toContain('[DONE]');
    expect(await world.nextReceipt()).toMatchObject({ policy: 'flat-interrupted', chargedMicros: 0 });
  });

  it('waits for a node that is busy, and ends when its client leaves meanwhile', async () => {
    world.targets = ['node', 'busy'];
    const { client, first, sees } = await begun();
    await sees('reader');
    first.sink.onFault(LOST);
    expect(world.deps.queue.length()).toBe(1);
    client.destroy();
    expect(await world.nextReceipt()).toMatchObject({ end: 'client-closed', chargedMicros: 80_000 });
    expect([world.deps.queue.length(), world.deps.running.size]).toEqual([0, 0]);
  });
});

describe('an answer is not taken up', () => {
  const cases: [why: string, body: object, options: object, parts: StreamPart[]][] = [
    ['unless somebody wants it', STREAM, {}, [TEXT]],
    ['when the request says no', STREAM, { headers: { 'x-continue': 'false' } }, [TEXT]],
    ['with stop strings', { ...STREAM, stop: ['x'] }, WANTED, [TEXT]],
    ['in JSON', { ...STREAM, response_format: { type: 'json_object' } }, WANTED, [TEXT]],
    [
      'that was begun by the client itself',
      { ...STREAM, messages: [...ASK.messages, { role: 'assistant', content: 'Well,' }] },
      WANTED,
      [TEXT],
    ],
    ['after reasoning', STREAM, WANTED, [{ type: 'reasoning-delta', text: 'Hm.' }, TEXT]],
    ['after a refusal', STREAM, WANTED, [{ type: 'refusal-delta', text: 'No.' }]],
    ['after a tool call', STREAM, WANTED, [TEXT, { type: 'tool-call-start', index: 0, id: 'c', name: 'f' }]],
    ['without room for more', { ...STREAM, max_tokens: 5 }, WANTED, [TEXT]],
  ];
  it.each(cases)('%s', async (_why, body, options, parts) => {
    const { reply } = post(body, options);
    const first = await world.nextTry();
    first.sink.onParts(parts);
    first.sink.onFault(LOST);
    expect((await reply).text).toContain('"code":"answer_interrupted"');
    expect(world.tries).toHaveLength(1);
  });

  it('when the request itself was the fault, or nobody knows the weights', async () => {
    const one = await begun();
    one.first.sink.onFault({ ...LOST, blame: 'request' });
    expect((await one.reply).text).toContain('"code":"answer_interrupted"');
    world.targets = ['target', 'node'];
    const other = await begun();
    other.first.sink.onFault(LOST);
    expect((await other.reply).text).toContain('"code":"answer_interrupted"');
    expect(world.tries).toHaveLength(2);
  });

  it('from its middle when the client has seen nothing: it begins anew', async () => {
    const { reply } = post({ ...ASK, max_tokens: 100 }, WANTED);
    const first = await world.nextTry();
    first.sink.onParts([TEXT]);
    first.sink.onFault(LOST);
    const second = await world.nextTry();
    expect(second.request.chat.continuesLast).toBeUndefined();
    second.sink.onParts([TEXT, FINISH]);
    second.sink.onEnd();
    expect((await reply).text).not.toContain('continued');
  });
});
