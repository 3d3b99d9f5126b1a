import { describe, expect, it } from 'vitest';
import { createFakeEngine, FINISH_PART, modelOf } from '../testing/fake-engine.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import { settle, TEXT } from '../testing/agent-setup.ts';
import { measureSpeed } from './measure-speed.ts';

function setUp(contextTokens = 4_096) {
  const timers = createVirtualTimers();
  const engine = createFakeEngine([]);
  const model = modelOf('m', { contextTokens });
  const measuring = measureSpeed(engine, model, { timers, random: () => 0 });
  const run = (index = 0) => {
    const found = engine.runs[index];
    if (found === undefined) throw new Error('the engine was not asked');
    return found;
  };
  return { timers, engine, measuring, run };
}

const USAGE = {
  inputTokens: 500,
  imageInputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 65,
  reasoningTokens: 0,
};
const finishOf = (usage: Partial<typeof USAGE>) =>
  ({ type: 'finish', reason: 'length', usage: { ...USAGE, ...usage } }) as const;

describe('measureSpeed', () => {
  it('asks for 64 tokens behind a prompt of about 512, and divides by the time', async () => {
    const { timers, measuring, run } = setUp();
    const { chat, localName } = run().job;
    expect(localName).toBe('m');
    expect(chat.maxOutputTokens).toBe(64);
    expect(JSON.stringify(chat.messages).length).toBeGreaterThan(2_000);
    timers.advance(500);
    run().sink.onParts([TEXT]);
    timers.advance(2_000);
    run().sink.onParts([TEXT, finishOf({})]);
    run().sink.onEnd();
    expect(await measuring.done).toEqual({
      result: 'measured',
      speed: { promptTokensPerSecond: 1_000, outputTokensPerSecond: 32 },
    });
    expect(timers.pending()).toBe(0);
  });

  it('counts reasoning as output, and nothing that a cache gave as read', async () => {
    const { timers, measuring, run } = setUp();
    timers.advance(100);
    run().sink.onParts([{ type: 'reasoning-delta', text: 'hm' }]);
    timers.advance(1_000);
    run().sink.onParts([
      finishOf({ inputTokens: 10, cacheReadTokens: 490, outputTokens: 1, reasoningTokens: 60 }),
    ]);
    run().sink.onEnd();
    expect(await measuring.done).toMatchObject({
      speed: { promptTokensPerSecond: 100, outputTokensPerSecond: 60 },
    });
  });

  it('never says 0, which the link refuses, of an engine that is slow and counts next to nothing', async () => {
    const { timers, measuring, run } = setUp();
    timers.advance(60_000);
    run().sink.onParts([TEXT]);
    timers.advance(1_000);
    run().sink.onParts([finishOf({ inputTokens: 0 })]);
    run().sink.onEnd();
    expect(await measuring.done).toMatchObject({ speed: { promptTokensPerSecond: 0.1 } });
  });

  it('asks for half as much where the context is too short, four times at most', async () => {
    const { engine, measuring, run } = setUp();
    const sizes: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      sizes.push(JSON.stringify(run(index).job.chat.messages).length);
      run(index).sink.onFault({ code: 'context_length_exceeded', message: 'Too long.' });
      await settle();
    }
    expect(engine.runs).toHaveLength(4);
    for (const [index, size] of sizes.entries())
      if (index > 0) expect(size).toBeLessThan(0.65 * (sizes[index - 1] ?? 0));
    expect(await measuring.done).toEqual({ result: 'failed', reason: 'Too long.' });
  });

  it.each<[string, Partial<typeof USAGE>, number]>([
    ['an answer that is too short', { outputTokens: 3 }, 10],
    ['an answer that took no time', {}, 0],
  ])('makes nothing of %s', async (_what, usage, outputMs) => {
    const { timers, measuring, run } = setUp();
    timers.advance(100);
    run().sink.onParts([TEXT]);
    timers.advance(outputMs);
    run().sink.onParts([finishOf(usage)]);
    run().sink.onEnd();
    expect(await measuring.done).toMatchObject({ result: 'failed' });
  });

  it('fails with an engine that fails, does not count, cannot be asked or hangs', async () => {
    const broken = setUp();
    broken.run().sink.onFault({ code: 'engine_failed', message: 'It broke.' });
    expect(await broken.measuring.done).toEqual({ result: 'failed', reason: 'It broke.' });

    const silent = setUp();
    silent.run().sink.onParts([TEXT, { type: 'finish', reason: 'stop' }]);
    silent.run().sink.onEnd();
    expect(await silent.measuring.done).toMatchObject({ reason: 'The engine does not count its tokens.' });

    const engine = createFakeEngine([]);
    engine.isBroken = true;
    const refused = measureSpeed(engine, modelOf('m'), { timers: createVirtualTimers(), random: () => 0 });
    expect(await refused.done).toMatchObject({ result: 'failed' });

    const hung = setUp();
    hung.timers.advance(120_000);
    expect(await hung.measuring.done).toEqual({ result: 'failed', reason: 'It took too long.' });
    expect(hung.run().isCancelled).toBe(true);
  });

  it('can be cancelled, and hears nothing after that', async () => {
    const { measuring, run, timers } = setUp();
    measuring.cancel();
    run().sink.onParts([TEXT, FINISH_PART]);
    run().sink.onEnd();
    expect(await measuring.done).toEqual({ result: 'cancelled' });
    expect(run().isCancelled).toBe(true);
    expect(timers.pending()).toBe(0);
  });
});
