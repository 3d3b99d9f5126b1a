import { parseCapabilities } from '@switchyard/protocol/link/capabilities.ts';
import { describe, expect, it } from 'vitest';
import { createAgent } from './agent.ts';
import { createEngineHost } from './engine-host.ts';
import {
  accepted,
  freeSlots,
  offerOf,
  setUpAgent,
  settle,
  startJob,
  TEXT,
  UNREACHABLE,
} from './testing/agent-setup.ts';
import { chatOf } from './testing/chat.ts';
import { createFakeEngine, FINISH_PART, modelOf } from './testing/fake-engine.ts';
import { createFakeJobStream } from './testing/fake-job-stream.ts';
import { createVirtualTimers } from './testing/virtual-timers.ts';

describe('offers', () => {
  it('are taken while slots are free', async () => {
    const { agent } = await setUpAgent();
    const first = accepted(agent);
    accepted(agent);
    expect(agent.offer(offerOf())).toEqual({ reject: 'busy' });
    first.abandon();
    first.abandon();
    accepted(agent);
    expect(agent.offer(offerOf())).toEqual({ reject: 'busy' });
  });

  it('are refused with the reason', async () => {
    const { agent, timers, engine } = await setUpAgent();
    expect(agent.offer(offerOf({ model: 'other' }))).toEqual({ reject: 'unsupported' });
    expect(agent.offer(offerOf({ estimatedInputTokens: 1000 }))).toEqual({ reject: 'context' });
    engine.fault = UNREACHABLE;
    timers.advance(10_000);
    await settle();
    timers.advance(10_000);
    await settle();
    expect(agent.offer(offerOf())).toEqual({ reject: 'unloaded' });
    agent.pause();
    expect(agent.offer(offerOf())).toEqual({ reject: 'paused' });
  });

  it('are taken under the alias and run under the local name', async () => {
    const world = await setUpAgent({
      choices: [{ alias: 'm', localName: 'deep' }],
      models: [modelOf('deep')],
    });
    expect(startJob(world).run.job.localName).toBe('deep');
    expect(world.agent.offer(offerOf({ model: 'deep' }))).toEqual({ reject: 'unsupported' });
  });
});

describe('capabilities', () => {
  it('pass the check of the link', async () => {
    const models = [
      modelOf('m'),
      modelOf('far', { remoteBacked: true }),
      modelOf('bad\nname'),
      modelOf('x'.repeat(300)),
    ];
    const { agent } = await setUpAgent({ models });
    const capabilities = agent.capabilities();
    expect(parseCapabilities(Buffer.from(JSON.stringify(capabilities)))).toEqual({
      ok: true,
      value: capabilities,
    });
    expect(capabilities).toMatchObject({
      engine: { kind: 'fake', version: '1' },
      slots: { text: 2 },
      models: [{ alias: 'm', localName: 'm', slots: 2, tools: true, loaded: true, remoteBacked: false }],
    });
    expect(agent.leftOut().map((model) => model.why)).toEqual(['remote-backed', 'bad-name', 'bad-name']);
  });

  it('hold at most as many models as the link takes', async () => {
    const { agent } = await setUpAgent({
      models: Array.from({ length: 300 }, (_, index) => modelOf(`m${index}`)),
    });
    expect(parseCapabilities(Buffer.from(JSON.stringify(agent.capabilities()))).ok).toBe(true);
  });

  it('hold models that are answered elsewhere only on a private node', async () => {
    const models = [modelOf('m', { remoteBacked: true })];
    const shared = await setUpAgent({ models });
    expect(shared.agent.offer(offerOf())).toEqual({ reject: 'unsupported' });
    const mine = await setUpAgent({ models, isPrivate: true });
    expect(mine.agent.capabilities().models).toMatchObject([{ alias: 'm', remoteBacked: true }]);
    accepted(mine.agent);
  });

  it('report a chosen model that the engine does not have', async () => {
    const { agent, events } = await setUpAgent({ choices: [{ alias: 'a', localName: 'nope' }] });
    expect(agent.models()).toEqual([]);
    expect(events[0]).toEqual({ type: 'model-missing', engine: 'fake', localName: 'nope', listed: ['m'] });
  });

  it('give an alias to the first engine that has it', async () => {
    const timers = createVirtualTimers();
    const hosts = ['one', 'two'].map((name) => {
      const engine = createFakeEngine([modelOf('m')]);
      return createEngineHost({
        name,
        engine,
        slots: 1,
        choices: undefined,
        timers,
        report() {},
        onChange() {},
      });
    });
    const agent = createAgent({ hosts, isPrivate: false, timers, onLinkState() {}, onJobFault() {} });
    await Promise.all(hosts.map((host) => host.start()));
    expect(agent.models()).toEqual([{ alias: 'm', slots: 1 }]);
    expect(agent.leftOut()).toEqual([{ alias: 'm', why: 'same-alias' }]);
    expect(agent.capabilities().slots.text).toBe(2);
  });
});

describe('a job', () => {
  it('hands parts on, ends once, frees its slot and is counted', async () => {
    const world = await setUpAgent();
    const { stream, run } = startJob(world);
    expect(world.agent.counts().running).toBe(1);
    run.sink.onParts([TEXT]);
    run.sink.onParts([FINISH_PART]);
    run.sink.onEnd();
    expect(stream.heard).toEqual(['text-delta', 'finish', 'end']);
    expect(world.agent.counts()).toEqual({
      running: 0,
      done: 1,
      failed: 0,
      cancelled: 0,
      inputTokens: 3,
      outputTokens: 5,
    });
    expect(freeSlots(world)).toBe(2);
  });

  it('that fails says so once and frees its slot', async () => {
    const world = await setUpAgent();
    const { stream, run } = startJob(world);
    run.sink.onFault({ code: 'overloaded', message: 'full' });
    expect(stream.heard).toEqual(['fail overloaded']);
    expect(world.agent.counts()).toMatchObject({ running: 0, failed: 1 });
    expect(world.events).toContain('overloaded');
    expect(freeSlots(world)).toBe(2);
  });

  it('keeps its slot after a cancel until the engine has stopped', async () => {
    const world = await setUpAgent();
    const { stream, job, run } = startJob(world);
    const cancelled = job.cancel();
    expect(run.isCancelled).toBe(true);
    expect(freeSlots(world)).toBe(1);
    run.sink.onParts([TEXT]);
    run.stopped();
    await cancelled;
    expect(stream.heard).toEqual([]);
    expect(freeSlots(world)).toBe(2);
    expect(world.agent.counts()).toMatchObject({ running: 0, cancelled: 1 });
  });

  it('is not counted twice when it is cancelled after its end', async () => {
    const world = await setUpAgent();
    const { job, run } = startJob(world);
    run.sink.onEnd();
    run.stopped();
    await job.cancel();
    expect(world.agent.counts()).toMatchObject({ running: 0, done: 1, cancelled: 0 });
    expect(freeSlots(world)).toBe(2);
  });

  it('pauses and resumes its engine', async () => {
    const { job, run } = startJob(await setUpAgent());
    job.pause();
    expect(run.isPaused).toBe(true);
    job.resume();
    expect(run.isPaused).toBe(false);
  });

  it('that the engine cannot read fails without taking the connector down', async () => {
    const world = await setUpAgent();
    world.engine.isBroken = true;
    const stream = createFakeJobStream();
    const job = accepted(world.agent).start(chatOf('hi'), stream);
    expect(stream.heard).toEqual([]);
    await settle();
    expect(stream.heard).toEqual(['fail invalid_request']);
    expect(freeSlots(world)).toBe(2);
    await job.cancel();
  });

  it('is given up at its deadline', async () => {
    const world = await setUpAgent();
    const { stream, run } = startJob(world);
    world.timers.advance(600_000);
    expect(stream.heard.at(-1)).toBe('fail timeout');
    expect(run.isCancelled).toBe(true);
    expect(freeSlots(world)).toBe(1);
    run.stopped();
    await settle();
    expect(freeSlots(world)).toBe(2);
    expect(world.agent.counts()).toMatchObject({ running: 0, failed: 1 });
  });

  it('leaves no timer behind', async () => {
    const world = await setUpAgent();
    const before = world.timers.pending();
    const jobs = [startJob(world), startJob(world)];
    jobs[0]?.run.sink.onEnd();
    jobs[1]?.run.stopped();
    await jobs[1]?.job.cancel();
    expect(world.timers.pending()).toBe(before);
  });
});

describe('signs of life', () => {
  it('come every five seconds until the first part', async () => {
    const world = await setUpAgent();
    const { stream, run } = startJob(world);
    world.timers.advance(15_000);
    expect(stream.heard).toEqual(['alive', 'alive', 'alive']);
    run.sink.onParts([TEXT]);
    world.timers.advance(30_000);
    expect(stream.heard).toEqual(['alive', 'alive', 'alive', 'text-delta']);
  });

  it('go on between parts when the answer may hold a tool call back', async () => {
    const world = await setUpAgent();
    const { stream, run } = startJob(world, { ...chatOf('hi'), tools: [{ name: 'f' }] });
    run.sink.onParts([TEXT]);
    world.timers.advance(10_000);
    expect(stream.heard).toEqual(['text-delta', 'alive', 'alive']);
  });

  it('of the engine are passed on, not more than one a second', async () => {
    const world = await setUpAgent();
    const { stream, run } = startJob(world);
    run.sink.onParts([TEXT]);
    world.timers.advance(1_000);
    for (let count = 0; count < 50; count++) run.sink.onAlive();
    expect(stream.heard).toEqual(['text-delta', 'alive']);
  });

  it('end when the engine is down', async () => {
    const world = await setUpAgent();
    const { stream } = startJob(world);
    world.engine.fault = UNREACHABLE;
    world.timers.advance(10_000);
    await settle();
    world.timers.advance(10_000);
    await settle();
    const heard = stream.heard.length;
    world.timers.advance(20_000);
    expect(stream.heard.length).toBe(heard);
  });
});
