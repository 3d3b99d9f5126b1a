import { describe, expect, it } from 'vitest';
import { setUpAgent, settle, startJob, TEXT, UNREACHABLE } from './testing/agent-setup.ts';

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
