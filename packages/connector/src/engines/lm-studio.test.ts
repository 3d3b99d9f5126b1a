import { afterEach, describe, expect, it } from 'vitest';
import type { FakeEngineHandler } from '../testing/fake-engine-server.ts';
import { sendJson, sendStream } from '../testing/fake-engine-server.ts';
import { DONE, HELLO } from '../testing/engine-setup.ts';
import type { ServerWorld } from '../testing/server-world.ts';
import { askServer, chatsOf, closeServers, NEVER, setUpServer } from '../testing/server-world.ts';
import type { LmStudioOptions } from './lm-studio.ts';
import { createLmStudioEngine } from './lm-studio.ts';

afterEach(closeServers);

/** The examples of lmstudio.ai/docs/developer/rest/list (read 2026-11-21), with one model loaded. */
const V1 = {
  models: [
    {
      type: 'llm',
      key: 'qwen/qwen3-8b',
      quantization: { name: 'Q4_K_M', bits_per_weight: 4 },
      loaded_instances: [{ id: 'qwen/qwen3-8b', config: { context_length: 16_384, parallel: 4 } }],
      max_context_length: 40_960,
      capabilities: {
        vision: false,
        trained_for_tool_use: true,
        reasoning: { allowed_options: ['off', 'on'], default: 'on' },
      },
    },
    {
      type: 'llm',
      key: 'gemma-3-4b',
      quantization: null,
      loaded_instances: [],
      max_context_length: 131_072,
      capabilities: { vision: true, trained_for_tool_use: false },
    },
    { type: 'embedding', key: 'nomic', loaded_instances: [], max_context_length: 2048 },
  ],
};

const V0 = {
  object: 'list',
  data: [
    {
      id: 'qwen2-vl-7b',
      type: 'vlm',
      quantization: '4bit',
      state: 'loaded',
      max_context_length: 32_768,
      loaded_context_length: 8192,
      capabilities: ['tool_use'],
    },
    { id: 'old', type: 'llm', state: 'not-loaded', max_context_length: 2048 },
    { id: 'nomic', type: 'embeddings', state: 'loaded', max_context_length: 2048 },
  ],
};

function fakeLmStudio(answers: { v1?: unknown; v0?: unknown }): FakeEngineHandler {
  return (request, response) => {
    const models = request.path === '/api/v1/models' ? answers.v1 : answers.v0;
    if (request.path === '/v1/chat/completions') sendStream(response, HELLO + DONE);
    else if (request.path === '/v1/models') sendJson(response, 200, { data: [] });
    else if (models === undefined) sendJson(response, 200, { error: 'Unexpected endpoint or method.' });
    else sendJson(response, 200, models);
  };
}

function setUp(
  answers: { v1?: unknown; v0?: unknown } = { v1: V1 },
  change: Partial<LmStudioOptions> = {},
): Promise<ServerWorld> {
  return setUpServer(fakeLmStudio(answers), (options) =>
    createLmStudioEngine({
      ...options,
      slots: undefined,
      chosen: new Set(),
      isShared: true,
      askLink: async () => ({ state: 'off' }),
      ...change,
    }),
  );
}

describe('inventory', () => {
  it('offers the loaded models', async () => {
    const { engine } = await setUp();
    expect(await engine.inventory(NEVER)).toEqual([
      {
        localName: 'qwen/qwen3-8b',
        contextTokens: 16_384,
        maxOutputTokens: 16_384,
        slots: 4,
        capabilities: { tools: true, vision: false, thinking: true, jsonSchema: true },
        remoteBacked: false,
        isLoaded: true,
        quant: 'Q4_K_M',
      },
    ]);
    expect([engine.slots?.(), engine.notices?.()]).toEqual([4, []]);
  });

  it('offers a model that the owner names before it is loaded, with the context that it will get', async () => {
    const { engine } = await setUp({ v1: V1 }, { chosen: new Set(['gemma-3-4b']), slots: 1 });
    expect(await engine.inventory(NEVER)).toMatchObject([
      { localName: 'qwen/qwen3-8b' },
      {
        localName: 'gemma-3-4b',
        isLoaded: false,
        contextTokens: 4096,
        slots: 1,
        capabilities: { vision: true },
      },
    ]);
    expect(engine.slots?.()).toBe(1);
  });

  it('reads the API of older versions', async () => {
    const { engine } = await setUp({ v0: V0 });
    expect(await engine.inventory(NEVER)).toMatchObject([
      {
        localName: 'qwen2-vl-7b',
        contextTokens: 8192,
        slots: 1,
        capabilities: { tools: true, vision: true, thinking: false },
        quant: '4bit',
      },
    ]);
  });

  it('says what to do when nothing is loaded', async () => {
    const { engine } = await setUp({ v0: { data: [V0.data[1]] } });
    expect(await engine.inventory(NEVER)).toEqual([]);
    expect(engine.notices?.()).toEqual([expect.stringContaining('(old)')]);
  });

  it('fails where LM Studio is not', async () => {
    const { engine } = await setUp({});
    await expect(engine.inventory(NEVER)).rejects.toThrow('is it LM Studio?');
  });
});

describe('LM Link', () => {
  const chosen = new Set(['gemma-3-4b']);
  const inventoryWith = async (change: Partial<LmStudioOptions>) => {
    const { engine } = await setUp({ v1: V1 }, { chosen, ...change });
    const models = await engine.inventory(NEVER);
    return { remote: models.map((model) => model.remoteBacked), notices: engine.notices?.() };
  };

  it('makes models of other machines, and those that may be loaded there, known as such', async () => {
    const remoteModels = new Set(['qwen/qwen3-8b']);
    const on = await inventoryWith({ askLink: async () => ({ state: 'on', remoteModels }) });
    expect(on.remote).toEqual([true, true]);
    const others = await inventoryWith({ askLink: async () => ({ state: 'on', remoteModels: new Set() }) });
    expect(others.remote).toEqual([false, true]);
  });

  it('is pointed out when nobody can be asked', async () => {
    const unknown = await inventoryWith({ askLink: async () => ({ state: 'unknown' }) });
    expect(unknown.remote).toEqual([false, false]);
    expect(unknown.notices).toEqual([expect.stringContaining('LM Link')]);
  });

  it('is the business of the owner on their own node', async () => {
    const askLink = () => Promise.reject(new Error('nobody asks'));
    const mine = await inventoryWith({ isShared: false, askLink });
    expect(mine).toEqual({ remote: [false, false], notices: [] });
  });
});

it('answers chats at its OpenAI-compatible address', async () => {
  const world = await setUp();
  const { parts, fault } = await askServer(world);
  expect(fault).toBeUndefined();
  expect(parts.at(-1)?.type).toBe('finish');
  expect(chatsOf(world)).toMatchObject([{ model: 'qwen/qwen3-8b' }]);
  expect(await world.engine.probe(NEVER)).toBe(true);
});
