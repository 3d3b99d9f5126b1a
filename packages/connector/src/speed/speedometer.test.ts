import type { ModelSpeed } from '@switchyard/protocol/link/capabilities.ts';
import { describe, expect, it } from 'vitest';
import { accepted, settle, setUpAgent, TEXT } from '../testing/agent-setup.ts';
import { modelOf } from '../testing/fake-engine.ts';
import type { SpeedometerEvent } from './speedometer.ts';
import { createSpeedometer } from './speedometer.ts';

type Setting = NonNullable<Parameters<typeof setUpAgent>[0]>;

async function setUp(setting: Setting = {}, known: Record<string, ModelSpeed> = {}) {
  const world = await setUpAgent(setting);
  const cache = new Map(Object.entries(known));
  const events: SpeedometerEvent[] = [];
  const state = { mayRun: true, told: 0 };
  const speedometer = createSpeedometer({
    hosts: [world.host],
    cache: { get: (key) => cache.get(key), set: (key, speed) => void cache.set(key, speed) },
    timers: world.timers,
    random: () => 0.5,
    mayRun: () => state.mayRun,
    report: (event) => events.push(event),
    onSpeed: () => (state.told += 1),
  });
  /** Lets the engine answer what it was asked last. */
  async function answer(tokens = 65): Promise<void> {
    const run = world.engine.runs.at(-1);
    world.timers.advance(100);
    run?.sink.onParts([TEXT]);
    world.timers.advance(1_000);
    const usage = {
      inputTokens: 500,
      imageInputTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: tokens,
      reasoningTokens: 0,
    };
    run?.sink.onParts([{ type: 'finish', reason: 'stop', usage }]);
    run?.sink.onEnd();
    await settle();
  }
  const speeds = () => world.host.models().map((model) => speedometer.speedOf(world.host, model));
  return { ...world, cache, events, state, speedometer, answer, speeds };
}

const SPEED = { promptTokensPerSecond: 5_000, outputTokensPerSecond: 64 };

describe('a speedometer', () => {
  it('measures one model after the other, once', async () => {
    const models = [modelOf('m', { digest: 'sha256:1' }), modelOf('n', { quant: 'Q4' })];
    const world = await setUp({ models });
    world.speedometer.start();
    await world.answer();
    await world.answer();
    world.timers.advance(60_000);
    expect(world.engine.runs.map((run) => run.job.localName)).toEqual(['m', 'n']);
    expect(world.speeds()).toEqual([SPEED, SPEED]);
    expect([...world.cache.keys()]).toEqual(['fake 1 sha256:1', 'fake 1 fake n Q4']);
    expect(world.events).toEqual([
      { type: 'measured', model: 'm', speed: SPEED },
      { type: 'measured', model: 'n', speed: SPEED },
    ]);
    expect(world.state.told).toBe(2);
  });

  it('takes what is known of the same weights and the same version', async () => {
    const models = [modelOf('renamed', { digest: 'sha256:1' })];
    const world = await setUp({ models }, { 'fake 1 sha256:1': SPEED });
    world.speedometer.start();
    world.timers.advance(60_000);
    expect([world.engine.runs.length, world.speeds()]).toEqual([0, [SPEED]]);
  });

  it.each<[string, Setting]>([
    ['answered elsewhere', { models: [modelOf('m', { remoteBacked: true })], isPrivate: true }],
    ['not loaded', { models: [modelOf('m', { isLoaded: false })] }],
    ['of an engine that is down', { isDown: true }],
  ])('leaves a model alone that is %s', async (_what, setting) => {
    const world = await setUp(setting);
    world.speedometer.start();
    world.timers.advance(60_000);
    expect(world.engine.runs).toEqual([]);
  });

  it('waits until nobody uses the engine and its owner lets it', async () => {
    const world = await setUp();
    world.state.mayRun = false;
    const job = accepted(world.agent);
    world.speedometer.start();
    world.timers.advance(20_000);
    world.state.mayRun = true;
    world.timers.advance(20_000);
    await settle();
    expect(world.engine.runs).toHaveLength(0);
    // Besides this job somebody else has one.
    world.engine.countRequests = async () => 2;
    world.timers.advance(10_000);
    await settle();
    job.abandon();
    world.timers.advance(10_000);
    await settle();
    expect(world.engine.runs).toHaveLength(0);
    world.engine.countRequests = async () => 0;
    world.timers.advance(10_000);
    await settle();
    world.timers.advance(10_000);
    expect(world.engine.runs).toHaveLength(1);
  });

  it('makes way for a job at once, takes no slot from it, and comes back', async () => {
    const world = await setUp({ slots: 1 });
    world.speedometer.start();
    expect(world.host.findSlot('m')).toBe('free');
    world.engine.countRequests = async () => 1;
    world.timers.advance(10_000);
    await settle();
    expect(world.host.findSlot('m')).toBe('free');
    world.speedometer.makeWay(world.host);
    await settle();
    expect(world.engine.runs[0]?.isCancelled).toBe(true);
    world.engine.countRequests = async () => 0;
    world.timers.advance(10_000);
    await settle();
    expect(world.engine.runs).toHaveLength(2);
    await world.answer();
    expect(world.speeds()).toEqual([SPEED]);
  });

  it('gives a model up after three tries, with one line', async () => {
    const world = await setUp();
    world.speedometer.start();
    for (let round = 0; round < 5; round += 1) {
      await world.answer(2);
      world.timers.advance(10_000);
      await settle();
    }
    expect(world.engine.runs).toHaveLength(3);
    expect(world.events).toEqual([{ type: 'not-measured', model: 'm', reason: 'The answer was too short.' }]);
  });

  it('ends with the program', async () => {
    const world = await setUp();
    world.speedometer.start();
    world.speedometer.stop();
    await settle();
    world.timers.advance(60_000);
    expect(world.engine.runs.map((run) => run.isCancelled)).toEqual([true]);
  });
});
