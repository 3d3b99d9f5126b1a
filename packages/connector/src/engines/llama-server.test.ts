import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Engine, EngineFault, EngineModel } from '../engine.ts';
import { EngineError } from '../engine.ts';
import { chatOf } from '../testing/chat.ts';
import { askServer, NEVER } from '../testing/server-world.ts';
import type { VirtualTimers } from '../testing/virtual-timers.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import type { LlamaServerOptions } from './llama-server.ts';
import { createLlamaServerEngine } from './llama-server.ts';

const SCRIPT = fileURLToPath(new URL('../testing/fake-llama-server.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'connector-llama-server-'));
afterAll(() => rmSync(folder, { recursive: true }));
const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

type World = { engine: Engine; timers: VirtualTimers; changes: () => number };

/** The real child of a real process, on virtual time. */
function setUp(environment: Record<string, string> = {}, change: Partial<LlamaServerOptions> = {}): World {
  const timers = createVirtualTimers();
  let changes = 0;
  const engine = createLlamaServerEngine({
    program: process.execPath,
    words: [SCRIPT],
    file: '/models/Tiny-Q4_0.gguf',
    alias: 'Tiny-Q4_0',
    slots: 2,
    contextTokens: 1024,
    isShared: true,
    environment: { ...process.env, ...environment },
    settings: new Map(),
    timers,
    ...change,
  });
  engine.onChange?.(() => (changes += 1));
  engines.push(engine);
  return { engine, timers, changes: () => changes };
}

async function look({ engine }: World): Promise<EngineModel[] | EngineFault> {
  try {
    return await engine.inventory(NEVER);
  } catch (error) {
    if (error instanceof EngineError) return error.fault;
    throw error;
  }
}

/** Lets virtual time pass, half a second at a time, until the look is as wanted. */
async function lookUntil<Found extends EngineModel[] | EngineFault>(
  world: World,
  isWanted: (found: EngineModel[] | EngineFault) => found is Found,
): Promise<Found> {
  for (;;) {
    const found = await look(world);
    if (isWanted(found)) return found;
    world.timers.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const isList = (found: EngineModel[] | EngineFault): found is EngineModel[] => Array.isArray(found);
const isFault =
  (words: string) =>
  (found: EngineModel[] | EngineFault): found is EngineFault =>
    !Array.isArray(found) && found.message.includes(words);

/** What the server is started with. */
async function environmentOf(
  environment: Record<string, string>,
  change: Partial<LlamaServerOptions> = {},
): Promise<Record<string, string | undefined>> {
  const file = join(folder, 'environment.json');
  const world = setUp({ ...environment, FAKE_ENVIRONMENT_FILE: file }, change);
  await lookUntil(world, isList);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | undefined>;
}

describe('a model file on llama-server', () => {
  it('is loaded, told of meanwhile, and answers', async () => {
    const world = setUp({ FAKE_LOADS: '3' });
    expect(await look(world)).toMatchObject({ isStarting: true, message: expect.stringContaining('loads') });
    const models = await lookUntil(world, isList);
    expect(models).toMatchObject([{ localName: 'Tiny-Q4_0', contextTokens: 1024, slots: 2 }]);
    expect(world.changes()).toBe(1);
    expect([world.engine.kind, world.engine.slots?.()]).toEqual(['llama-cpp', 2]);
    expect(await world.engine.probe(NEVER)).toBe(true);
    const { parts, fault } = await askServer(world);
    expect(fault).toBeUndefined();
    expect(parts).toContainEqual({ type: 'text-delta', text: 'Hello' });
  });

  it('is started again after a crash, and says so at once', async () => {
    const world = setUp();
    await lookUntil(world, isList);
    const { fault } = await askServer(world, chatOf('Die now.'), 'Tiny-Q4_0');
    expect(fault?.code).toBe('engine_failed');
    await lookUntil(world, isFault('exit code 3'));
    expect(await world.engine.probe(NEVER)).toBe(false);
    await lookUntil(world, isList);
    expect(world.changes()).toBe(3);
  });

  it('is ended and started again when it hangs', async () => {
    const world = setUp();
    await lookUntil(world, isList);
    // A look that is given up at once is one without an answer.
    const miss = () => world.engine.countRequests?.(AbortSignal.abort()).catch(() => undefined);
    await miss();
    await miss();
    expect(await world.engine.countRequests?.(NEVER)).toBe(0);
    await miss();
    await miss();
    await miss();
    await lookUntil(world, isFault('it did not answer any more'));
    expect(await lookUntil(world, isList)).toHaveLength(1);
  });

  it('that cannot be loaded gives the reason and is tried again ever more rarely', async () => {
    const world = setUp({ FAKE_DIES: 'start' });
    const waits: number[] = [];
    for (let tries = 1; tries <= 4; tries++) {
      const before = world.changes();
      while (world.changes() === before) {
        await look(world);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const found = await lookUntil(world, isFault('exit code 1'));
      expect(found.message).toBe(
        'llama-server ended (exit code 1): llama_model_load: error loading model: unknown architecture.',
      );
      waits.push(Number(/in (\d+) s/u.exec(found.fix ?? '')?.[1]));
      world.timers.advance(60_000);
    }
    expect(waits).toEqual([1, 2, 4, 8]);
  });

  it('that cannot be started says so', async () => {
    const world = setUp({}, { program: '/no/such/llama-server' });
    expect(await lookUntil(world, isFault('cannot be started'))).toMatchObject({
      code: 'engine_unreachable',
    });
  });

  it('ends with the connector, also when it does not want to', async () => {
    const others = process.listenerCount('exit');
    const world = setUp({ FAKE_IGNORES_END: '1' });
    await lookUntil(world, isList);
    const closed = world.engine.close();
    await new Promise((resolve) => setImmediate(resolve));
    // It still runs: if the connector ends now, it must take it along.
    expect(process.listenerCount('exit')).toBe(others + 1);
    world.timers.advance(1_500);
    await closed;
    expect(process.listenerCount('exit')).toBe(others);
    expect(await world.engine.probe(NEVER)).toBe(false);
    expect(await look(world)).toMatchObject({ message: 'llama-server is not running.' });
    expect(world.timers.pending()).toBe(0);
  });

  it('runs behind a key, with what the owner set and without what would tell or keep something', async () => {
    const environment = await environmentOf({
      SWITCHYARD_NODE_TOKEN: 'nk_secret',
      LLAMA_ARG_N_GPU_LAYERS: '99',
      LLAMA_ARG_LOG_FILE: 'prompts.log',
      LLAMA_ARG_TOOLS: 'all',
      LLAMA_SERVER_SLOTS_DEBUG: '1',
      LLAMA_API_KEY: 'of-the-owner',
      LLAMA_ARG_HOST: '0.0.0.0',
    });
    expect(environment).toMatchObject({
      LLAMA_ARG_MODEL: '/models/Tiny-Q4_0.gguf',
      LLAMA_ARG_HOST: '127.0.0.1',
      LLAMA_ARG_N_PARALLEL: '2',
      LLAMA_ARG_CTX_SIZE: '2048',
      LLAMA_ARG_CACHE_RAM: '0',
      LLAMA_ARG_N_GPU_LAYERS: '99',
    });
    const names = Object.keys(environment).join(' ');
    expect(names).not.toMatch(/SWITCHYARD_|LOG_FILE|TOOLS|SLOTS_DEBUG/u);
    expect(environment['LLAMA_API_KEY']).not.toBe('of-the-owner');
  });

  it('keeps finished prompts of its owner, who is alone', async () => {
    const environment = await environmentOf({}, { isShared: false, contextTokens: undefined });
    expect(environment['LLAMA_ARG_CACHE_RAM']).toBeUndefined();
    expect(environment['LLAMA_ARG_CTX_SIZE']).toBeUndefined();
  });
});
