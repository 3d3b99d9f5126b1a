import { describe, expect, it } from 'vitest';
import { EngineError } from '../engine.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import type { ImageEngine } from './image-engine.ts';
import { createImageHost } from './image-host.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An engine whose health the test sets. */
function setUp() {
  const timers = createVirtualTimers();
  const heard: unknown[] = [];
  const now = { isThere: true, recipes: ['sdxl@1'] };
  const engine: ImageEngine = {
    kind: 'sd-cpp',
    version: '1',
    get recipes() {
      return now.recipes.map((recipe) => ({ recipe, maxPixels: 1 }));
    },
    slots: 1,
    async start() {
      if (!now.isThere) throw new EngineError({ code: 'engine_unreachable', message: 'not there' });
    },
    probe: () => Promise.resolve(now.isThere),
    render: () => Promise.reject(new Error('not used')),
    close: () => Promise.resolve(),
  };
  const host = createImageHost({
    engine,
    timers,
    onUp: (recipes) => heard.push(recipes),
    onDown: (fault) => heard.push(fault.message),
  });
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10_000) {
      timers.advance(10_000);
      await turn();
    }
  }
  return { timers, heard, now, host, pass };
}

describe('the watch over an image engine', () => {
  it('takes it away after two missed looks, and brings it back', async () => {
    const { heard, now, host, pass } = setUp();
    await host.start();
    now.isThere = false;
    await pass(10_000);
    expect(host.isUp()).toBe(true);
    await pass(10_000);
    expect(host.isUp()).toBe(false);
    expect(host.hasFreeSlot()).toBe(false);
    expect(host.capabilities()).toMatchObject([{ recipe: 'sdxl@1', slots: 0 }]);
    now.isThere = true;
    await pass(30_000);
    expect(host.isUp()).toBe(true);
    expect(heard).toEqual([['sdxl@1'], 'The image engine does not answer any more.', ['sdxl@1']]);
  });

  it('says a reason once, however often the engine is tried', async () => {
    const { heard, now, host, pass } = setUp();
    now.isThere = false;
    await host.start();
    await pass(120_000);
    expect(heard).toEqual(['not there']);
  });

  it('sees within a minute that the engine can make something else', async () => {
    const { heard, now, host, pass } = setUp();
    await host.start();
    now.recipes = ['sd15@1'];
    await pass(60_000);
    expect(heard).toEqual([['sdxl@1'], ['sd15@1']]);
    expect(host.offers('sd15@1')).toBe(true);
    expect(host.offers('sdxl@1')).toBe(false);
  });

  it('looks no more when it is stopped', async () => {
    const { timers, host } = setUp();
    await host.start();
    await host.stop();
    expect(timers.pending()).toBe(0);
  });
});
