import { describe, expect, it } from 'vitest';
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
import { modelOf } from './testing/fake-engine.ts';

describe('the watchdog', () => {
  it('takes the engine down after two misses and up again when it answers', async () => {
    const { agent, timers, engine, events, changes } = await setUpAgent();
    expect(changes()).toBe(1);
    engine.fault = UNREACHABLE;
    timers.advance(10_000);
    await settle();
    expect(agent.capabilities().slots.text).toBe(2);
    timers.advance(10_000);
    await settle();
    expect(agent.capabilities()).toMatchObject({
      slots: { text: 0 },
      models: [{ alias: 'm', slots: 0, loaded: false }],
    });
    expect(changes()).toBe(2);
    timers.advance(30_000);
    await settle();
    expect(changes()).toBe(2);
    engine.fault = undefined;
    timers.advance(10_000);
    await settle();
    expect(agent.capabilities()).toMatchObject({ slots: { text: 2 }, models: [{ slots: 2, loaded: true }] });
    expect(changes()).toBe(3);
    const kinds = events.map((event) => (typeof event === 'string' ? event : event.type));
    expect(kinds.filter((kind, index) => kind !== kinds[index - 1])).toEqual([
      'engine-up',
      'engine-down',
      'engine-up',
    ]);
  });

  it('forgives one miss', async () => {
    const { agent, timers, engine } = await setUpAgent();
    for (let round = 0; round < 4; round++) {
      engine.fault = UNREACHABLE;
      timers.advance(10_000);
      await settle();
      engine.fault = undefined;
      timers.advance(10_000);
      await settle();
    }
    expect(agent.capabilities().slots.text).toBe(2);
  });

  it('does not ask an engine that is just answering a job', async () => {
    const world = await setUpAgent();
    const { run } = startJob(world);
    world.timers.advance(5_000);
    run.sink.onParts([TEXT]);
    world.timers.advance(5_000);
    await settle();
    expect(world.engine.probes).toBe(0);
    world.timers.advance(10_000);
    await settle();
    expect(world.engine.probes).toBe(1);
  });

  it('looks at once when a job could not reach the engine', async () => {
    const world = await setUpAgent();
    const { run } = startJob(world);
    world.engine.fault = UNREACHABLE;
    run.sink.onFault(UNREACHABLE);
    await settle();
    expect(world.agent.capabilities().slots.text).toBe(0);
  });

  it('waits for an engine that is not there at the start', async () => {
    const { agent, timers, engine, events } = await setUpAgent({ isDown: true });
    expect(events).toEqual([{ type: 'engine-down', engine: 'fake', fault: UNREACHABLE }]);
    expect(agent.models()).toEqual([]);
    timers.advance(10_000);
    await settle();
    expect(events).toHaveLength(1);
    engine.fault = undefined;
    timers.advance(10_000);
    await settle();
    expect(agent.models()).toEqual([{ alias: 'm', slots: 2 }]);
  });

  it('gives a probe up that does not come back', async () => {
    const { agent, timers, engine } = await setUpAgent();
    engine.probe = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(false));
      });
    for (let round = 0; round < 2; round++) {
      timers.advance(10_000);
      await settle();
      timers.advance(2_000);
      await settle();
    }
    expect(agent.capabilities().slots.text).toBe(0);
  });

  it('stops with its engine and leaves no timer', async () => {
    const { host, timers, engine } = await setUpAgent();
    await host.stop();
    expect(engine.isClosed).toBe(true);
    expect(timers.pending()).toBe(0);
  });
});

describe('an engine that stays up', () => {
  it('is asked for its models again each minute, and only news is told', async () => {
    const { agent, timers, engine, events, changes } = await setUpAgent();
    const minute = async () => {
      for (let second = 0; second < 60; second += 10) {
        timers.advance(10_000);
        await settle();
      }
    };
    await minute();
    expect([events.length, changes()]).toEqual([1, 1]);
    engine.models = [...engine.models, modelOf('new')];
    await minute();
    expect(events.at(-1)).toEqual({ type: 'engine-up', engine: 'fake', models: ['m', 'new'] });
    expect(changes()).toBe(2);
    // Loaded or not is no news for the screen, but for the gateway.
    engine.models = engine.models.map((model) => ({ ...model, isLoaded: false, quant: 'Q4_K_M' }));
    await minute();
    expect([events.length, changes()]).toEqual([2, 3]);
    expect(agent.capabilities().models).toMatchObject([
      { loaded: false, quant: 'Q4_K_M' },
      { loaded: false },
    ]);
  });

  it('says itself when it has died or come back', async () => {
    const { agent, engine } = await setUpAgent();
    engine.fault = UNREACHABLE;
    engine.change();
    await settle();
    expect(agent.capabilities().slots.text).toBe(0);
    engine.fault = undefined;
    engine.change();
    await settle();
    expect(agent.capabilities().slots.text).toBe(2);
  });

  it('is down when the look at its models fails twice in a row', async () => {
    const { agent, timers, engine } = await setUpAgent();
    engine.probe = async () => engine.fault === undefined;
    for (let second = 0; second < 50; second += 10) {
      timers.advance(10_000);
      await settle();
    }
    engine.fault = UNREACHABLE;
    timers.advance(10_000);
    await settle();
    expect(agent.capabilities().slots.text).toBe(2);
    timers.advance(10_000);
    await settle();
    expect(agent.capabilities().slots.text).toBe(0);
  });

  it('may be called by its model’s other name', async () => {
    const models = [modelOf('qwen3:latest', { otherNames: ['qwen3'] })];
    const { agent } = await setUpAgent({ models, choices: [{ alias: 'm', localName: 'qwen3' }] });
    expect(agent.capabilities().models).toMatchObject([{ alias: 'm', localName: 'qwen3:latest' }]);
  });

  it('passes on what its owner should know', async () => {
    const { events } = await setUpAgent({ notices: ['mind this'] });
    expect(events[0]).toEqual({ type: 'engine-notice', engine: 'fake', message: 'mind this' });
  });
});

describe('slots', () => {
  it('are no more than the engine has, whatever the owner wants', async () => {
    const world = await setUpAgent({ engineSlots: 1 });
    expect(world.agent.models()).toEqual([{ alias: 'm', slots: 1 }]);
    expect(freeSlots(world)).toBe(1);
    expect(world.events[0]).toMatchObject({
      type: 'engine-notice',
      message: expect.stringContaining('1 at'),
    });
  });

  it('are what the engine has when the owner says nothing', async () => {
    const models = [modelOf('m', { slots: 5 })];
    expect(freeSlots(await setUpAgent({ models, slots: undefined, engineSlots: 5 }))).toBe(5);
    expect(freeSlots(await setUpAgent({ models, slots: undefined }))).toBe(1);
  });

  it('of one model can be taken while another one has some', async () => {
    const { agent } = await setUpAgent({ models: [modelOf('m', { slots: 1 }), modelOf('n')] });
    accepted(agent);
    expect(agent.offer(offerOf())).toEqual({ reject: 'busy' });
    accepted(agent, { model: 'n' });
  });

  it('that other people use are not offered', async () => {
    const world = await setUpAgent();
    const { agent, engine, timers } = world;
    const mine = accepted(agent);
    engine.countRequests = async () => 2;
    timers.advance(10_000);
    await settle();
    expect(agent.offer(offerOf())).toEqual({ reject: 'local_use' });
    mine.abandon();
    expect(freeSlots(world)).toBe(1);
    engine.countRequests = async () => undefined;
    timers.advance(10_000);
    await settle();
    expect(freeSlots(world)).toBe(2);
  });

  it('are gone when the engine cannot count its requests any more', async () => {
    const world = await setUpAgent();
    world.engine.countRequests = () => Promise.reject(new Error('gone'));
    for (let round = 0; round < 2; round++) {
      world.timers.advance(10_000);
      await settle();
    }
    expect(freeSlots(world)).toBe(0);
  });
});
