import type { DemoEngine, DemoHandlers } from '@switchyard/demo-engine/engine.ts';
import type { DemoJob } from '@switchyard/demo-engine/types.ts';
import { totalOutputTokens } from '@switchyard/protocol/usage.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../engine.ts';
import { chatOf } from '../testing/chat.ts';
import { createRecordingSink } from '../testing/recording-sink.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import { systemTimers } from '../timers.ts';
import { DEMO_MODEL_NAME } from './demo-model.ts';
import { createDemoAdapter } from './demo.ts';

const NEVER = AbortSignal.any([]);

describe('the real demo model', () => {
  let engine: Engine;
  beforeAll(() => {
    engine = createDemoAdapter({ slots: 2, timers: systemTimers });
  });
  afterAll(() => engine.close());

  it('says what it is', async () => {
    const models = await engine.inventory(NEVER);
    expect(models).toMatchObject([{ localName: DEMO_MODEL_NAME, slots: 2, remoteBacked: false }]);
    expect(models[0]?.contextTokens).toBeGreaterThan(100);
    expect(await engine.probe(NEVER)).toBe(true);
  });

  it('generates an answer with its usage', async () => {
    const sink = createRecordingSink();
    const chat = { ...chatOf('Say hello.'), maxOutputTokens: 24, sampling: { seed: 1 } };
    engine.run({ localName: DEMO_MODEL_NAME, chat }, sink);
    const { parts, fault } = await sink.outcome;
    expect(fault).toBeUndefined();
    const text = parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
    expect(text).not.toBe('');
    const finish = parts.at(-1);
    expect(finish).toMatchObject({ type: 'finish', usage: { reasoningTokens: 0 } });
    if (finish?.type !== 'finish' || finish.usage === undefined) throw new Error('no usage');
    expect(totalOutputTokens(finish.usage)).toBeGreaterThan(0);
    expect(totalOutputTokens(finish.usage)).toBeLessThanOrEqual(24);
  });

  it('calls a tool', async () => {
    const sink = createRecordingSink();
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const tools = [{ name: 'get_weather', description: 'Get the weather of a city', parameters }];
    const chat = {
      ...chatOf('What is the weather in Paris?'),
      tools,
      toolChoice: { name: 'get_weather' },
      sampling: { temperature: 0 },
      maxOutputTokens: 200,
    };
    engine.run({ localName: DEMO_MODEL_NAME, chat }, sink);
    const { parts } = await sink.outcome;
    expect(parts.find((part) => part.type === 'tool-call-start')).toMatchObject({
      index: 0,
      name: 'get_weather',
    });
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
  });

  it('refuses a prompt that is too long', async () => {
    const sink = createRecordingSink();
    engine.run({ localName: DEMO_MODEL_NAME, chat: chatOf('word '.repeat(20_000)) }, sink);
    expect((await sink.outcome).fault?.code).toBe('context_length_exceeded');
  });

  it('stops when it is cancelled', async () => {
    const sink = createRecordingSink();
    const run = engine.run({ localName: DEMO_MODEL_NAME, chat: chatOf('Tell a long story.') }, sink);
    await sink.firstParts;
    await run.cancel();
    expect(sink.ends()).toBe(0);
  });
});

/** A demo engine whose events come when the test says so. */
function fakeEngine(): {
  engine: DemoEngine;
  handlers: DemoHandlers[];
  jobs: DemoJob[];
  cancels: () => number;
} {
  const handlers: DemoHandlers[] = [];
  const jobs: DemoJob[] = [];
  let cancels = 0;
  const engine: DemoEngine = {
    contextTokens: 100,
    slots: 1,
    run(job, given) {
      jobs.push(job);
      handlers.push(given);
      return { cancel: () => void (cancels += 1) };
    },
    countTokens: () => new Promise(() => undefined),
    close: async () => undefined,
  };
  return { engine, handlers, jobs, cancels: () => cancels };
}

const RESULT = {
  finish: 'stop' as const,
  usage: { inputTokens: 1, cachedTokens: 0, outputTokens: 1, reasoningTokens: 0 },
};

describe('the adapter', () => {
  async function setUp() {
    const fake = fakeEngine();
    const timers = createVirtualTimers();
    const adapter = createDemoAdapter({ slots: 1, timers, start: async () => fake.engine });
    await adapter.inventory(NEVER);
    const sink = createRecordingSink();
    const run = adapter.run({ localName: DEMO_MODEL_NAME, chat: chatOf('x') }, sink);
    await Promise.resolve();
    const handlers = fake.handlers[0];
    if (handlers === undefined) throw new Error('the job was not started');
    return { fake, timers, adapter, sink, run, handlers };
  }

  it('holds parts and the end back while paused', async () => {
    const { sink, run, handlers } = await setUp();
    run.pause();
    handlers.onEvents([{ type: 'text', text: 'a' }]);
    handlers.onEnd(RESULT);
    expect(sink.parts).toEqual([]);
    expect(sink.ends()).toBe(0);
    run.resume();
    expect(sink.parts).toMatchObject([{ type: 'text-delta' }, { type: 'finish', reason: 'stop' }]);
    expect(sink.ends()).toBe(1);
  });

  it('waits for the engine to stop, and no longer than two seconds', async () => {
    const { fake, timers, sink, run } = await setUp();
    const cancelled = run.cancel();
    expect(fake.cancels()).toBe(1);
    timers.advance(2_000);
    await cancelled;
    expect(sink.ends()).toBe(0);
    expect(timers.pending()).toBe(0);
  });

  it('is silent after a cancel although the engine still talks', async () => {
    const { sink, run, handlers, timers } = await setUp();
    const cancelled = run.cancel();
    handlers.onPrefill?.(1, 2);
    handlers.onEvents([{ type: 'text', text: 'a' }]);
    handlers.onEnd({ ...RESULT, finish: 'cancelled' });
    await cancelled;
    expect(sink.parts).toEqual([]);
    expect(sink.ends()).toBe(0);
    expect(timers.pending()).toBe(0);
  });

  it('reports progress in the prompt as a sign of life, and faults as they are', async () => {
    const { sink, handlers } = await setUp();
    handlers.onPrefill?.(1, 2);
    handlers.onFault({ code: 'overloaded', message: 'full' });
    expect(await sink.outcome).toMatchObject({ alive: 1, fault: { code: 'overloaded' } });
  });

  it('takes a job that the engine cancelled by itself for failed', async () => {
    const { sink, handlers } = await setUp();
    handlers.onEnd({ ...RESULT, finish: 'cancelled' });
    expect((await sink.outcome).fault?.code).toBe('engine_failed');
  });

  it('gives a probe up when it is told to', async () => {
    const { adapter } = await setUp();
    const controller = new AbortController();
    const probe = adapter.probe(controller.signal);
    controller.abort();
    expect(await probe).toBe(false);
  });

  it('tries a failed start again', async () => {
    let starts = 0;
    const adapter = createDemoAdapter({
      slots: 1,
      timers: createVirtualTimers(),
      start: async () => {
        starts += 1;
        if (starts === 1) throw new Error('no file');
        return fakeEngine().engine;
      },
    });
    const sink = createRecordingSink();
    adapter.run({ localName: DEMO_MODEL_NAME, chat: chatOf('x') }, sink);
    expect((await sink.outcome).fault?.code).toBe('engine_failed');
    expect(await adapter.inventory(NEVER)).toHaveLength(1);
  });

  it('refuses pictures and schemas', async () => {
    const { adapter } = await setUp();
    const sink = createRecordingSink();
    const responseFormat = { type: 'json-schema' as const, name: 'n', schema: {} };
    adapter.run({ localName: DEMO_MODEL_NAME, chat: { ...chatOf('x'), responseFormat } }, sink);
    expect((await sink.outcome).fault?.code).toBe('unsupported');
  });
});
