import { afterEach, describe, expect, it } from 'vitest';
import type { FakeEngineHandler } from '../testing/fake-engine-server.ts';
import { eventsOf, sendJson, sendStream } from '../testing/fake-engine-server.ts';
import type { ServerWorld } from '../testing/server-world.ts';
import { askServer, chatsOf, closeServers, NEVER, setUpServer } from '../testing/server-world.ts';
import { createEngineHost } from '../engine-host.ts';
import { isObject } from './json.ts';
import type { VllmOptions } from './vllm.ts';
import { createVllmEngine } from './vllm.ts';

afterEach(closeServers);

type Change = { hasTools?: boolean; metrics?: string | undefined; isHealthy?: boolean; streams?: string };

const METRICS = `# HELP vllm:num_requests_running Number of requests in model execution batches.
vllm:num_requests_running{engine="0",model_name="qwen"} 3.0
vllm:num_requests_waiting{engine="0",model_name="qwen"} 2.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="qwen",reason="capacity"} 2.0
vllm:kv_cache_usage_perc{engine="0",model_name="qwen"} 0.25
`;

const ANSWER = eventsOf(
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
  { choices: [{ index: 0, delta: { reasoning: 'Hmm.' } }] },
  { choices: [{ index: 0, delta: { content: 'Hi' } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 } },
);

/** Answers as vLLM 0.32.0 is written to (its API server's code, read 2026-11-21). */
function fakeVllm(change: Change = {}): FakeEngineHandler {
  return (request, response) => {
    switch (request.path) {
      case '/v1/models':
        return sendJson(response, 200, {
          object: 'list',
          data: [{ id: 'qwen', object: 'model', owned_by: 'vllm', max_model_len: 32_768 }],
        });
      case '/version':
        return sendJson(response, 200, { version: '0.32.0' });
      case '/health':
        return void response.writeHead(change.isHealthy === false ? 503 : 200).end();
      case '/metrics':
        if (!('metrics' in change)) return void response.end(METRICS);
        return change.metrics === undefined ? sendJson(response, 404, {}) : void response.end(change.metrics);
      case '/v1/chat/completions': {
        const body = isObject(request.body) ? request.body : {};
        if (body['tools'] !== undefined && change.hasTools === false) {
          const message =
            '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set';
          return sendJson(response, 400, { error: { message, type: 'BadRequestError', code: 400 } });
        }
        if (body['stream'] !== true) return sendJson(response, 200, { choices: [] });
        return sendStream(response, change.streams ?? `${ANSWER}data: [DONE]\n\n`);
      }
      default:
        return sendJson(response, 404, { detail: 'Not Found' });
    }
  };
}

function setUp(change: Change = {}, options: Partial<VllmOptions> = {}): Promise<ServerWorld> {
  const defaults = { slots: undefined, isShared: true, sharesPromptCache: false };
  return setUpServer(fakeVllm(change), (server) => createVllmEngine({ ...server, ...defaults, ...options }));
}

describe('inventory', () => {
  it('takes what vLLM tells, and tries tools out once', async () => {
    const world = await setUp();
    const model = {
      localName: 'qwen',
      contextTokens: 32_768,
      maxOutputTokens: 32_768,
      slots: 16,
      capabilities: { tools: true, vision: false, thinking: false, jsonSchema: true },
      remoteBacked: false,
    };
    expect(await world.engine.inventory(NEVER)).toEqual([model]);
    expect(await world.engine.inventory(NEVER)).toEqual([model]);
    expect(world.engine.version).toBe('0.32.0');
    expect(chatsOf(world)).toMatchObject([{ model: 'qwen', max_tokens: 1 }]);
  });

  it.each([
    [16, undefined],
    [3, 3],
    [64, 64],
  ])('is offered with %i jobs at a time where the owner says %s', async (offered, slots) => {
    const { engine, timers } = await setUp({}, { slots });
    const none = () => undefined;
    const host = createEngineHost({
      name: 'vllm',
      engine,
      slots,
      choices: undefined,
      timers,
      report: none,
      onChange: none,
    });
    await host.start();
    const [model] = host.models();
    expect([host.slots(), model?.slots]).toEqual([offered, offered]);
    await host.stop();
  });

  it('offers no tools where vLLM was started without, and says how', async () => {
    const { engine } = await setUp({ hasTools: false });
    expect(await engine.inventory(NEVER)).toMatchObject([{ capabilities: { tools: false } }]);
    expect(engine.notices?.()).toEqual([expect.stringContaining('--enable-auto-tool-choice')]);
  });

  it('tries nothing out that the owner has said', async () => {
    const settings = new Map([
      ['qwen', { tools: false, vision: true, thinking: true, contextTokens: 99_999 }],
    ]);
    const world = await setUp({}, { settings, slots: 3 });
    expect(await world.engine.inventory(NEVER)).toMatchObject([
      { slots: 3, contextTokens: 32_768, capabilities: { tools: false, vision: true, thinking: true } },
    ]);
    expect(chatsOf(world)).toEqual([]);
  });
});

describe('a chat', () => {
  it('on a shared node has a cache salt of its own', async () => {
    const world = await setUp();
    await askServer(world);
    await askServer(world);
    const salts = chatsOf(world)
      .map((body) => body['cache_salt'])
      .filter((salt) => typeof salt === 'string');
    expect(new Set(salts).size).toBe(2);
    // What vLLM takes: 128 characters at most, and none of these.
    for (const salt of salts) expect(salt).toMatch(/^[^@/\\\0]{20,128}$/u);
  });

  it.each<[string, Partial<VllmOptions>, number]>([
    ['its own node', { isShared: false }, 0],
    ['a shared node whose owner wants it', { sharesPromptCache: true }, 1],
  ])('on %s may use the prefix cache', async (_name, options, notices) => {
    const world = await setUp({}, options);
    await askServer(world);
    expect(chatsOf(world).some((body) => 'cache_salt' in body)).toBe(false);
    expect(world.engine.notices?.()).toHaveLength(notices);
  });

  it('brings its reasoning apart', async () => {
    const { parts } = await askServer(await setUp());
    expect(parts.map((part) => part.type)).toEqual(['reasoning-delta', 'text-delta', 'finish']);
  });

  it.each<[string, string, string]>([
    [
      'an error in the stream',
      `${eventsOf({ choices: [{ index: 0, delta: { content: 'H' } }] })}data: {"error":{"message":"private","type":"InternalServerError","param":null,"code":500}}\n\ndata: [DONE]\n\n`,
      'engine_failed',
    ],
    ['no end', eventsOf({ choices: [{ index: 0, delta: { content: 'H' } }] }), 'engine_failed'],
    [
      'an abort',
      eventsOf({ choices: [{ index: 0, delta: { content: 'H' }, finish_reason: 'abort' }] }),
      'engine_failed',
    ],
  ])('with %s is a fault', async (_name, streams, code) => {
    const { fault, parts } = await askServer(await setUp({ streams }));
    expect(fault?.code).toBe(code);
    expect(parts.some((part) => part.type === 'finish')).toBe(false);
  });
});

describe('requests of everybody', () => {
  it.each<[Change, number | undefined]>([
    [{}, 5],
    [{ metrics: undefined }, undefined],
    [{ metrics: 'vllm:num_requests_running 1.0e+01\n' }, 10],
  ])('with %j are %s', async (change, expected) => {
    const { engine } = await setUp(change);
    expect(await engine.countRequests?.(NEVER)).toBe(expected);
  });

  it('cannot be counted when vLLM is dead', async () => {
    const { engine } = await setUp({ metrics: undefined, isHealthy: false });
    await expect(engine.countRequests?.(NEVER)).rejects.toThrow();
    expect(await engine.probe(NEVER)).toBe(false);
  });
});
