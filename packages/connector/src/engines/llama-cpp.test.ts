import { totalInputTokens } from '@switchyard/protocol/usage.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { EngineError } from '../engine.ts';
import type { FakeLlamaCpp } from '../testing/fake-llama-cpp.ts';
import { createFakeLlamaCpp } from '../testing/fake-llama-cpp.ts';
import { sendJson } from '../testing/fake-engine-server.ts';
import type { Outcome } from '../testing/recording-sink.ts';
import type { ServerWorld } from '../testing/server-world.ts';
import { askServer, chatsOf, closeServers, NEVER, setUpServer } from '../testing/server-world.ts';
import type { LlamaCppOptions } from './llama-cpp.ts';
import { createLlamaCppEngine } from './llama-cpp.ts';

afterEach(closeServers);

function setUp(fake: FakeLlamaCpp, change: Partial<LlamaCppOptions> = {}): Promise<ServerWorld> {
  const defaults = { isShared: true, sharesPromptCache: false };
  return setUpServer(fake.handle, (options) => createLlamaCppEngine({ ...options, ...defaults, ...change }));
}

describe('inventory', () => {
  it('takes everything from the server', async () => {
    const { engine } = await setUp(createFakeLlamaCpp({ props: { modalities: { vision: true } } }));
    expect(await engine.inventory(NEVER)).toEqual([
      {
        localName: 'models/Qwen3-8B-Q4_K_M.gguf',
        defaultAlias: 'Qwen3-8B-Q4_K_M',
        otherNames: ['Qwen3-8B-Q4_K_M', 'Qwen3-8B-Q4_K_M.gguf'],
        contextTokens: 16_384,
        maxOutputTokens: 16_384,
        slots: 4,
        capabilities: { tools: true, vision: true, thinking: true, jsonSchema: true },
        remoteBacked: false,
        isLoaded: true,
        quant: 'Q4_K - Medium',
      },
    ]);
    expect([engine.kind, engine.version, engine.slots?.()]).toEqual(['llama-cpp', 'b11434-0123abc', 4]);
    expect(engine.notices?.()).toEqual([]);
  });

  it('takes what the owner says by the name of the file, too', async () => {
    const settings = new Map([['Qwen3-8B-Q4_K_M', { contextTokens: 1000 }]]);
    const { engine } = await setUp(createFakeLlamaCpp(), { settings });
    expect(await engine.inventory(NEVER)).toMatchObject([{ contextTokens: 1000, maxOutputTokens: 1000 }]);
  });

  it('lets the owner say less than the server can, but not more', async () => {
    const id = 'm';
    const more = { contextTokens: 99_999, tools: false, vision: true };
    const { engine } = await setUp(createFakeLlamaCpp({ id }), { settings: new Map([[id, more]]) });
    expect(await engine.inventory(NEVER)).toMatchObject([
      { contextTokens: 16_384, capabilities: { tools: false, vision: true } },
    ]);
  });

  it.each<[string, FakeLlamaCpp['props'], Record<string, boolean>]>([
    ['no tools', { chat_template_caps: { supports_tools: false } }, { tools: false }],
    ['no thinking', { chat_template: 'plain' }, { thinking: false }],
    ['thinking in levels', { chat_template_caps: { supports_reasoning_effort: true } }, { thinking: true }],
    ['nothing about its template', { chat_template_caps: undefined }, { tools: true }],
  ])('reads a template with %s', async (_name, props, expected) => {
    const { engine } = await setUp(createFakeLlamaCpp({ props }));
    expect((await engine.inventory(NEVER))[0]?.capabilities).toMatchObject(expected);
  });

  it('knows a sleeping model, and leaves out one that writes no text', async () => {
    const asleep = await setUp(createFakeLlamaCpp({ props: { is_sleeping: true } }));
    expect(await asleep.engine.inventory(NEVER)).toMatchObject([{ isLoaded: false }]);
    const entry = { architecture: { output_modalities: ['decisions'] } };
    const decides = await setUp(createFakeLlamaCpp({ entry }));
    expect(await decides.engine.inventory(NEVER)).toEqual([]);
  });

  it('says that the server still loads', async () => {
    const fake = createFakeLlamaCpp({ isLoading: true });
    const { engine } = await setUp(fake);
    const failed = await engine.inventory(NEVER).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(EngineError);
    expect((failed as EngineError).fault).toMatchObject({ isStarting: true });
    fake.isLoading = false;
    expect(await engine.inventory(NEVER)).toHaveLength(1);
  });

  it('offers the loaded models of a router', async () => {
    const fake = createFakeLlamaCpp();
    const { engine } = await setUpServer(
      (request, response) => {
        if (request.path === '/props') sendJson(response, 200, { role: 'router', build_info: 'b1' });
        else if (request.path === '/v1/models') {
          const data = [
            { id: 'on', status: { value: 'loaded' } },
            { id: 'on-too', status: { value: 'loaded' } },
            { id: 'off', status: { value: 'unloaded' } },
          ];
          sendJson(response, 200, { data });
        } else fake.handle(request, response);
      },
      (options) => createLlamaCppEngine({ ...options, isShared: true, sharesPromptCache: false }),
    );
    expect(await engine.inventory(NEVER)).toMatchObject([
      { localName: 'on', slots: 4 },
      { localName: 'on-too', slots: 4 },
    ]);
    // Each has a server of its own.
    expect(engine.slots?.()).toBe(8);
  });

  it.each<[Partial<FakeLlamaCpp>, string]>([
    [{ savesSlots: true }, '--slot-save-path'],
    [{ hasTools: true }, '--agent'],
  ])('warns the owner of a shared node of %j', async (change, words) => {
    const shared = await setUp(createFakeLlamaCpp(change));
    await shared.engine.inventory(NEVER);
    expect(shared.engine.notices?.()).toEqual([expect.stringContaining(words)]);
    const mine = await setUp(createFakeLlamaCpp(change), { isShared: false });
    await mine.engine.inventory(NEVER);
    expect(mine.engine.notices?.()).toEqual([]);
  });
});

describe('the prompt cache', () => {
  const cachedOf = ({ parts }: Outcome): number | undefined => {
    const last = parts.at(-1);
    return last?.type === 'finish' ? last.usage?.cacheReadTokens : undefined;
  };

  it('is never used on a shared node', async () => {
    const world = await setUp(createFakeLlamaCpp());
    await askServer(world);
    const second = await askServer(world);
    expect(cachedOf(second)).toBe(0);
    expect(chatsOf(world).map((body) => body['cache_prompt'])).toEqual([false, false]);
  });

  it.each<[string, Partial<LlamaCppOptions>, number]>([
    ['its own node', { isShared: false }, 0],
    ['a shared node whose owner wants it', { sharesPromptCache: true }, 1],
  ])('serves %s', async (_name, change, notices) => {
    const world = await setUp(createFakeLlamaCpp(), change);
    await askServer(world);
    const second = await askServer(world);
    expect(cachedOf(second)).toBe(18);
    const last = second.parts.at(-1);
    expect(last?.type === 'finish' && last.usage !== undefined && totalInputTokens(last.usage)).toBe(19);
    expect(world.engine.notices?.()).toHaveLength(notices);
  });
});

describe('requests of everybody', () => {
  it('are the busy slots', async () => {
    const fake = createFakeLlamaCpp({ busySlots: 3 });
    const { engine, server } = await setUp(fake);
    expect(await engine.countRequests?.(NEVER)).toBe(3);
    fake.hasSlotsEndpoint = false;
    expect(await engine.countRequests?.(NEVER)).toBeUndefined();
    fake.isLoading = true;
    await expect(engine.countRequests?.(NEVER)).rejects.toThrow();
    await server.close();
    await expect(engine.countRequests?.(NEVER)).rejects.toThrow();
  });
});

describe('a chat that fails', () => {
  const tooLong = 'request (3009 tokens) exceeds the available context size (1024 tokens), try increasing it';
  it.each<[string, number, unknown, string]>([
    [
      'that is too long',
      400,
      { error: { message: tooLong, type: 'exceed_context_size_error' } },
      'context_length_exceeded',
    ],
    ['while the model loads', 503, { error: { message: 'Loading model' } }, 'overloaded'],
    [
      'with a picture',
      500,
      { error: { message: 'image input is not supported - hint: mmproj' } },
      'unsupported',
    ],
    ['for another reason', 500, { error: { message: 'private words' } }, 'engine_failed'],
  ])('%s has its own code', async (_name, status, body, code) => {
    const { fault } = await askServer(await setUp(createFakeLlamaCpp({ chatError: { status, body } })));
    expect(fault?.code).toBe(code);
    expect(fault?.message).not.toContain('private');
  });
});
