import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Engine } from '../engine.ts';
import { chatOf, emptyChat } from '../testing/chat.ts';
import type { FakeEngineHandler, FakeEngineServer } from '../testing/fake-engine-server.ts';
import { sendJson, startFakeEngineServer } from '../testing/fake-engine-server.ts';
import type { FakeOllamaModel, OllamaFault } from '../testing/fake-ollama.ts';
import { fakeOllama, ollamaModel } from '../testing/fake-ollama.ts';
import type { Outcome } from '../testing/recording-sink.ts';
import { createRecordingSink } from '../testing/recording-sink.ts';
import type { VirtualTimers } from '../testing/virtual-timers.ts';
import { createVirtualTimers } from '../testing/virtual-timers.ts';
import type { OllamaOptions } from './ollama.ts';
import { createOllamaEngine } from './ollama.ts';

const folder = mkdtempSync(join(tmpdir(), 'connector-ollama-'));
const servers: FakeEngineServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
});

type World = { engine: Engine; server: FakeEngineServer; timers: VirtualTimers };

async function setUp(handler: FakeEngineHandler, change: Partial<OllamaOptions> = {}): Promise<World> {
  const server = await startFakeEngineServer(handler);
  servers.push(server);
  const timers = createVirtualTimers();
  const engine = createOllamaEngine({
    baseUrl: server.baseUrl,
    apiKey: undefined,
    allowLan: false,
    settings: new Map(),
    timers,
    slots: undefined,
    keepAlive: undefined,
    isShared: true,
    requestLogFolder: folder,
    ...change,
  });
  return { engine, server, timers };
}

const NEVER = AbortSignal.any([]);

/** Lists the models and runs a chat on the first. */
async function ask(world: World, chat: ChatRequest = chatOf('Hello')): Promise<Outcome> {
  const [model] = await world.engine.inventory(NEVER);
  const sink = createRecordingSink();
  world.engine.run({ localName: model?.localName ?? '', chat }, sink);
  return sink.outcome;
}

function bodyOfChat({ server }: World): Record<string, unknown> {
  const request = server.requests.find(({ path }) => path === '/api/chat');
  return request?.body as Record<string, unknown>;
}

describe('inventory', () => {
  const inventoryOf = async (models: FakeOllamaModel[], change: Partial<OllamaOptions> = {}) => {
    const { engine } = await setUp(fakeOllama(models), change);
    return { models: await engine.inventory(NEVER), engine };
  };

  it('tells what each model can do', async () => {
    const { models, engine } = await inventoryOf([
      ollamaModel('qwen3:8b', {
        capabilities: ['completion', 'tools', 'thinking', 'vision'],
        loadedContextTokens: 16_384,
      }),
      ollamaModel('embed', { capabilities: ['embedding'] }),
    ]);
    expect(engine.version).toBe('0.17.4');
    expect(models).toEqual([
      {
        localName: 'qwen3:8b',
        contextTokens: 16_384,
        maxOutputTokens: 16_384,
        slots: 1,
        capabilities: { tools: true, vision: true, thinking: true, jsonSchema: true },
        remoteBacked: false,
        isLoaded: true,
        digest: 'digest-of-qwen3:8b',
        quant: 'Q4_K_M',
      },
    ]);
  });

  it.each<[string, FakeOllamaModel, number | undefined, number]>([
    ['what the owner says', ollamaModel('m'), 20_000, 20_000],
    ['no more than the weights were made for', ollamaModel('m', { contextTokens: 4096 }), 20_000, 4096],
    ['what its Modelfile says', ollamaModel('m', { parameters: 'num_ctx      12288' }), undefined, 12_288],
    ['what it is loaded with', ollamaModel('m', { loadedContextTokens: 32_768 }), undefined, 32_768],
    ['else a modest number', ollamaModel('m'), undefined, 8192],
  ])('gives a model the context of %s', async (_name, model, contextTokens, expected) => {
    const settings = new Map(contextTokens === undefined ? [] : [['m', { contextTokens }]]);
    const { models } = await inventoryOf([model], { settings });
    expect(models[0]?.contextTokens).toBe(expected);
  });

  it('keeps the context of a model that Ollama has loaded differently in between', async () => {
    const model = ollamaModel('m');
    const { engine } = await setUp(fakeOllama([model]));
    await engine.inventory(NEVER);
    model.loadedContextTokens = 4096;
    expect(await engine.inventory(NEVER)).toMatchObject([{ contextTokens: 8192, isLoaded: true }]);
  });

  it('shows each model once, and again when its weights have changed', async () => {
    const model = ollamaModel('m');
    const { engine, server } = await setUp(fakeOllama([model]));
    const shows = () => server.requests.filter(({ path }) => path === '/api/show').length;
    await engine.inventory(NEVER);
    await engine.inventory(NEVER);
    expect(shows()).toBe(1);
    model.entry['digest'] = 'other';
    await engine.inventory(NEVER);
    expect(shows()).toBe(2);
  });

  it('leaves a model out that Ollama cannot describe, until it can', async () => {
    const model = ollamaModel('m:latest');
    const answer = fakeOllama([model]);
    let fails = true;
    const settings = new Map([['m', { contextTokens: 5000 }]]);
    const { engine } = await setUp(
      (request, response) => {
        if (request.path === '/api/show' && fails) sendJson(response, 500, { error: 'busy' });
        else answer(request, response);
      },
      { settings },
    );
    expect(await engine.inventory(NEVER)).toEqual([]);
    fails = false;
    expect(await engine.inventory(NEVER)).toMatchObject([{ otherNames: ['m'], contextTokens: 5000 }]);
  });

  it('does not take a look that was given up for an answer', async () => {
    const answer = fakeOllama([ollamaModel('a'), ollamaModel('b')]);
    const controller = new AbortController();
    const { engine } = await setUp((request, response) => {
      if (request.path === '/api/show') controller.abort();
      answer(request, response);
    });
    await expect(engine.inventory(controller.signal)).rejects.toThrow('takes long');
    expect(await engine.inventory(NEVER)).toHaveLength(2);
  });

  it.each<[string, FakeOllamaModel]>([
    ['its entry', ollamaModel('m', { entry: { remote_host: 'https://ollama.com:443' } })],
    [
      'its description',
      ollamaModel('m', { shown: { remote_model: 'm', remote_host: 'https://ollama.com' } }),
    ],
    ['its name', ollamaModel('gpt-oss:120b-cloud')],
  ])('knows a model of the cloud by %s', async (_name, model) => {
    const { models } = await inventoryOf([model]);
    expect(models).toMatchObject([{ remoteBacked: true }]);
  });

  it('says what the owner of a shared node should know', async () => {
    mkdirSync(join(folder, 'ollama-request-logs-1'), { recursive: true });
    const shared = await inventoryOf([ollamaModel('m')]);
    expect(shared.engine.notices?.()).toEqual([
      expect.stringContaining('8192 of its 40960 tokens'),
      expect.stringContaining('OLLAMA_DEBUG_LOG_REQUESTS'),
    ]);
    const mine = await inventoryOf([ollamaModel('m')], { isShared: false });
    expect(mine.engine.notices?.()).toEqual([expect.stringContaining('8192 of its 40960 tokens')]);
  });

  it.each([
    ['0.17.4', false],
    ['0.30.0', true],
    ['1.0.0', true],
    ['dev', false],
  ])('warns of the prompt memory of version %s: %s', async (version, warns) => {
    const answer = fakeOllama([]);
    const { engine } = await setUp((request, response) => {
      if (request.path === '/api/version') sendJson(response, 200, { version });
      else answer(request, response);
    });
    await engine.inventory(NEVER);
    expect(engine.notices?.().join('').includes('LLAMA_ARG_CACHE_RAM=0')).toBe(warns);
  });

  it.each<[string, FakeEngineHandler, string]>([
    ['another server', (_request, response) => sendJson(response, 404, {}), 'does not know'],
    ['no list', (_request, response) => sendJson(response, 200, { version: '1' }), 'no list'],
    ['a page', (_request, response) => response.end('<html>'), 'no JSON'],
  ])('fails at %s', async (_name, handler, words) => {
    const { engine } = await setUp(handler);
    await expect(engine.inventory(NEVER)).rejects.toThrow(words);
  });

  it('answers a probe while it runs', async () => {
    const { engine, server } = await setUp(fakeOllama([]));
    expect(await engine.probe(NEVER)).toBe(true);
    await server.close();
    expect(await engine.probe(NEVER)).toBe(false);
  });
});

describe('an answer', () => {
  it('is read with its counts', async () => {
    const { parts } = await ask(await setUp(fakeOllama([ollamaModel('m')])));
    expect(parts).toEqual([
      { type: 'text-delta', text: 'Hé' },
      { type: 'text-delta', text: 'llo' },
      {
        type: 'finish',
        reason: 'stop',
        usage: {
          inputTokens: 19,
          imageInputTokens: 0,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          outputTokens: 3,
          reasoningTokens: 0,
        },
      },
    ]);
  });

  it('with calls keeps every digit of their arguments and ends with tool-calls', async () => {
    const chat: ChatRequest = { ...chatOf('Hi'), tools: [{ name: 'f' }, { name: 'g' }] };
    const { parts } = await ask(await setUp(fakeOllama([ollamaModel('m')])), chat);
    expect(parts.filter((part) => part.type.startsWith('tool') || part.type === 'finish')).toMatchObject([
      { type: 'tool-call-start', index: 0, id: 'call_1', name: 'f' },
      { type: 'tool-call-delta', index: 0, argumentsText: '{"id":12345678901234567890,"x":1.0}' },
      { type: 'tool-call-start', index: 1, id: expect.stringMatching(/^call_/u), name: 'g' },
      { type: 'tool-call-delta', index: 1, argumentsText: '{}' },
      { type: 'finish', reason: 'tool-calls' },
    ]);
  });

  it('has one call at most when one was asked for', async () => {
    const chat: ChatRequest = { ...chatOf('Hi'), tools: [{ name: 'f' }], parallelToolCalls: false };
    const { parts } = await ask(await setUp(fakeOllama([ollamaModel('m')])), chat);
    expect(parts.filter((part) => part.type === 'tool-call-start')).toHaveLength(1);
  });

  it('of a thinking model begins with its thoughts', async () => {
    const model = ollamaModel('m', { capabilities: ['completion', 'thinking'] });
    const world = await setUp(fakeOllama([model]));
    const { parts } = await ask(world, { ...chatOf('Hi'), reasoningEffort: 'high' });
    expect(parts[0]).toEqual({ type: 'reasoning-delta', text: 'Hmm.' });
  });

  it.each<[OllamaFault, string]>([
    ['error-line', 'engine_failed'],
    ['error-status', 'engine_failed'],
    ['queue-full', 'overloaded'],
    ['runner-gone', 'engine_failed'],
    ['cut', 'engine_failed'],
    ['garbage', 'engine_failed'],
    ['from-the-cloud', 'engine_failed'],
  ])('with the fault %s ends as %s, never as a finish', async (kind, code) => {
    const { parts, fault } = await ask(await setUp(fakeOllama([ollamaModel('m')], kind)));
    expect(fault?.code).toBe(code);
    expect(parts.some((part) => part.type === 'finish')).toBe(false);
    expect(fault?.message).not.toMatch(/killed|encountered|pending/u);
  });

  it('without counts has no usage', async () => {
    const { parts } = await ask(await setUp(fakeOllama([ollamaModel('m')], 'no-usage')));
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'length' });
  });

  it('may come from the cloud on the node of its owner', async () => {
    const world = await setUp(fakeOllama([ollamaModel('m')], 'from-the-cloud'), { isShared: false });
    expect((await ask(world)).fault).toBeUndefined();
  });

  it('to a chat that does not fit is a fault instead of a cut chat', async () => {
    const settings = new Map([['m', { contextTokens: 50 }]]);
    const world = await setUp(fakeOllama([ollamaModel('m')]), { settings });
    const { fault } = await ask(world, chatOf('word '.repeat(100)));
    expect(fault?.code).toBe('context_length_exceeded');
  });

  it('of a model that is gone is a fault', async () => {
    const models = [ollamaModel('m')];
    const world = await setUp(fakeOllama(models));
    await world.engine.inventory(NEVER);
    models.length = 0;
    const sink = createRecordingSink();
    world.engine.run({ localName: 'm', chat: chatOf('x') }, sink);
    expect((await sink.outcome).fault?.code).toBe('engine_failed');
    const other = createRecordingSink();
    world.engine.run({ localName: 'never', chat: chatOf('x') }, other);
    expect((await other.outcome).fault?.code).toBe('engine_failed');
  });

  it('that stalls is given up, and Ollama sees the end of the connection', async () => {
    const answer = fakeOllama([ollamaModel('m')]);
    const world = await setUp((request, response) => {
      if (request.path !== '/api/chat') return answer(request, response);
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('{"message":{"content":"a"},"done":false}\n');
    });
    const [model] = await world.engine.inventory(NEVER);
    const sink = createRecordingSink();
    world.engine.run({ localName: model?.localName ?? '', chat: chatOf('x') }, sink);
    await sink.firstParts;
    world.timers.advance(61_000);
    expect((await sink.outcome).fault?.code).toBe('timeout');
    await world.server.untilGone();
  });

  it('that is cancelled ends the connection and is heard of no more', async () => {
    const answer = fakeOllama([ollamaModel('m')]);
    const world = await setUp((request, response) => {
      if (request.path !== '/api/chat') return answer(request, response);
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('{"message":{"content":"a"},"done":false}\n');
    });
    await world.engine.inventory(NEVER);
    const sink = createRecordingSink();
    const run = world.engine.run({ localName: 'm', chat: chatOf('x') }, sink);
    await sink.firstParts;
    await run.cancel();
    await world.server.untilGone();
    expect(sink.ends()).toBe(0);
  });
});

describe('a request', () => {
  it('always names the context and forbids cutting', async () => {
    const settings = new Map([['m', { contextTokens: 12_000 }]]);
    const world = await setUp(fakeOllama([ollamaModel('m')]), { settings, keepAlive: '30m' });
    await ask(world, { ...chatOf('Hi'), maxOutputTokens: 77, stop: ['X'], sampling: { seed: 7, topP: 0.5 } });
    expect(bodyOfChat(world)).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      truncate: false,
      shift: false,
      keep_alive: '30m',
      options: { num_ctx: 12_000, num_predict: 77, seed: 7, top_p: 0.5, stop: ['X'] },
    });
  });

  it('refuses what the model cannot do', async () => {
    const { fault } = await ask(
      await setUp(fakeOllama([ollamaModel('m', { capabilities: ['completion'] })])),
      {
        ...emptyChat(),
        messages: [{ role: 'user', content: [{ type: 'image', mime: 'image/png', base64: 'AA==' }] }],
      },
    );
    expect(fault?.code).toBe('unsupported');
  });
});
